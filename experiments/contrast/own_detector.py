"""The user's detector in the tables: ``module:function``, or the folder of a SavedModel."""

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from zoo import tiles
from zoo.contrast.detector import PATCH

Detector = Callable[[list[np.ndarray]], np.ndarray]
"""Scores of units, (n,), higher for adjusted; a unit is uint8 RGB (height, width, 3)."""
SIGNATURES = ("serve", "serving_default")


def of_function(name: str) -> Detector:
    """Return a function, ``module:function``, of one uint8 RGB picture (height, width, 3) that returns a number.

    Raises:
        ValueError: For one that cannot be imported; when called, for anything but one finite number per picture.
    """
    module, _, attribute = name.partition(":")
    try:
        function = getattr(importlib.import_module(module), attribute)
    except Exception as error:  # a user's module may raise anything at import, for example a SyntaxError
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        raise ValueError(
            f"--detector must name an importable module:function. Received: {name!r} ({reason})"
        ) from error
    if not callable(function):
        raise ValueError(f"--detector must name a function. Received: {name!r}, a {type(function).__name__}")

    def score(units: list[np.ndarray]) -> np.ndarray:
        try:
            # A copy, because a detector may write into its picture.
            scores = np.array([function(unit.copy()) for unit in units], np.float64)
        except Exception as error:  # the user's code may raise anything
            reason = " ".join(f"{type(error).__name__}: {error}".split())[:200]
            raise ValueError(f"{name} must return one finite number per picture. Received: {reason}") from error
        if scores.shape != (len(units),) or not np.isfinite(scores).all():
            raise ValueError(f"{name} must return one finite number per picture. Received: {scores}")
        return scores

    return score


def of_saved_model(path: Path) -> Detector:
    """Return a SavedModel by its ``serve`` or ``serving_default``, which takes one of two inputs.

    Either uint8 pictures of any size, (n, height, width, 3), as what `zoo export` writes: a unit is handed over whole.
    Or patches, (n, 64, 64, 3), uint8 or float32 in [0, 1]: a unit's score is the mean over its patches. The output is
    the one called ``score``, or the only one: scores (n,) or (n, 1), or probabilities (n, 2) whose second is that of
    "adjusted".

    Raises:
        ValueError: For a folder that cannot be loaded, or another input or output; when called, where it fails.
    """
    import tensorflow as tf

    try:
        loaded = tf.saved_model.load(str(path))
    except Exception as error:  # protobuf errors, missing files, operations that this TensorFlow lacks
        raise ValueError(
            f"Not a SavedModel that can be loaded. Received: {path} ({' '.join(str(error).split())[:200]})"
        ) from error
    signature = next((name for name in SIGNATURES if name in loaded.signatures), None)
    if signature is None:
        raise ValueError(f"A SavedModel must have the signature serve or serving_default. Received: {path}")
    given, output = _input(path, loaded.signatures[signature]), _output(path, loaded.signatures[signature])

    def score(units: list[np.ndarray]) -> np.ndarray:
        serve = loaded.signatures[signature]  # keep ``loaded`` alive: its functions are deleted with it
        scores = []
        for unit in units:
            height, width = unit.shape[:2]
            batch = unit[None] if given.whole else tiles.cut(unit, tiles.grid(height, width, PATCH), PATCH)
            batch = batch / np.float32(255) if given.dtype == "float32" else batch
            try:
                found = serve(**{given.name: tf.constant(batch)})[output].numpy()
            except tf.errors.OpError as error:
                reason = " ".join(str(error).split())[:200]
                raise ValueError(f"{path} must score {batch.dtype} {batch.shape}. Received: {reason}") from error
            if found.shape not in ((len(batch),), (len(batch), 1), (len(batch), 2)):
                raise ValueError(f"{output} of {path} must be (n,), (n, 1) or (n, 2). Received: {found.shape}")
            scores.append(found.reshape(len(batch), -1)[:, -1].mean())
        return np.array(scores, np.float64)

    return score


class _Input(NamedTuple):
    name: str
    dtype: str
    whole: bool


def _input(path: Path, serve: Any) -> _Input:
    inputs = serve.structured_input_signature[1]
    if len(inputs) == 1:
        ((name, spec),) = inputs.items()
        shape = [None] * 4 if spec.shape.rank is None else spec.shape.as_list()
        if len(shape) == 4 and shape[3] in (None, 3):
            if spec.dtype.name == "uint8" and shape[0] in (None, 1) and shape[1:3] == [None, None]:
                return _Input(name, "uint8", whole=True)
            if spec.dtype.name in ("uint8", "float32") and shape[0] is None and {*shape[1:3]} <= {None, PATCH}:
                return _Input(name, spec.dtype.name, whole=False)
    found = ", ".join(f"{name} {spec.dtype.name} {spec.shape}" for name, spec in sorted(inputs.items())) or "none"
    raise ValueError(
        "A SavedModel must take one input: pictures, uint8 (None, None, None, 3), or patches, uint8 or float32 in "
        f"[0, 1], (None, {PATCH}, {PATCH}, 3). Received: {path} with {found}"
    )


def _output(path: Path, serve: Any) -> str:
    outputs = sorted(serve.structured_outputs)
    if "score" not in outputs and len(outputs) != 1:
        raise ValueError(
            f"A SavedModel must have an output called score, or a single output. Received: {path} with "
            f"{', '.join(outputs)}"
        )
    return "score" if "score" in outputs else outputs[0]
