"""Endpoints of a SavedModel: functions of batches of tensors with their signatures. ``zoo.export`` writes it to disk.

A family describes its product in its own ``serving.py``, by plain functions in ``keras.ops``.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
from keras import ops

Spec = tuple[tuple[int | None, ...], str]
"""Shape of one example and dtype of an input."""
PICTURE = (None, None, 3)


@dataclasses.dataclass(frozen=True)
class Signature:
    """A function from keyword tensors, each with a leading batch axis, to a dict of such tensors."""

    call: Callable[..., dict[str, Any]]
    inputs: Mapping[str, Spec]


@dataclasses.dataclass(frozen=True)
class Serving:
    """A product: what users have in, what they want out; and the same in float32 with gradients."""

    serve: Signature
    differentiable: Signature
    layers: Sequence[keras.layers.Layer]
    """What owns the variables."""
    meaning: Mapping[str, str]
    """Each input and output in a line."""
    name: str = ""
    """What it is called where it is written down."""
    weights: Sequence[str] = ()
    """Names or files of the weights that its networks hold."""


def of_pictures(
    core: Callable[..., dict[str, Any]],
    layers: Sequence[keras.layers.Layer],
    meaning: Mapping[str, str],
    inputs: Mapping[str, tuple[int | None, ...]] | None = None,
    scale: float = 255.0,
    pictures: Sequence[str] = (),
) -> Serving:
    """Serve ``core``, a function of float32 pictures, for uint8 pictures as well.

    Args:
        core: Takes keyword tensors (batch, height, width, channels), float32 in [0, 255 / ``scale``].
        layers: As in ``Serving``.
        meaning: As in ``Serving``; the range of inputs is added.
        inputs: Names and shapes of the pictures; by default one RGB ``image`` of any size.
        scale: What 8-bit values are divided by: 255, or 1 for networks that take 0..255.
        pictures: Outputs in [0, 1] that are pictures: ``serve`` gives them as uint8.
    """
    shapes = inputs or {"image": PICTURE}

    def serve(**given: Any) -> dict[str, Any]:
        found = core(**{name: ops.cast(value, "float32") / scale for name, value in given.items()})
        return found | {name: to_bytes(found[name]) for name in pictures}

    return Serving(
        Signature(serve, {name: (shape, "uint8") for name, shape in shapes.items()}),
        Signature(core, {name: (shape, "float32") for name, shape in shapes.items()}),
        layers,
        {name: f"{text}{_range(name, shapes, scale)}" for name, text in meaning.items()},
    )


def _range(name: str, inputs: Mapping[str, tuple[int | None, ...]], scale: float) -> str:
    return f"; uint8, for differentiable float32 in [0, {255 / scale:g}]" if name in inputs else ""


def to_bytes(images: Any) -> Any:
    """Return the pictures in [0, 1] as uint8, clipped and rounded."""
    return ops.cast(ops.round(ops.clip(images, 0.0, 1.0) * 255.0), "uint8")
