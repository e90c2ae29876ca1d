"""All models by name: ``architecture.training``, as ``contrast-aware.generated`` or ``unet-birch.generated``."""

import dataclasses
import importlib
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo import extensions, store
from zoo.weights import load_into, names, provenance

if TYPE_CHECKING:
    import keras


@dataclasses.dataclass(frozen=True)
class Architecture:
    """The network behind names of a pattern, and the command that trains it."""

    pattern: str
    """Shell pattern of the part of a name before its last dot."""
    constructor: str
    """``module:function``."""
    command: str
    arguments: Mapping[str, Any] = dataclasses.field(default_factory=dict)


_IMAGING, _ANY_SIDES = "zoo pretrain imaging", {"input_shape": (None, None, 3)}
_JOINT = f"{_IMAGING} --joint"
_HYPER, _SMALL = "zoo.hyperimage.model", "zoo.adversarial.small"
_TRAIN_HYPER = "zoo pretrain hyperimage"
ARCHITECTURES = (
    Architecture("contrast-*", "zoo.contrast.model:ContrastNet", "zoo pretrain contrast"),
    Architecture("adversarial-overfeat", f"{_SMALL}:SmallOverFeat", "zoo pretrain adversarial"),
    Architecture("adversarial-inception", f"{_SMALL}:SmallInception", "zoo pretrain adversarial"),
    Architecture("steganography-h-net", "zoo.steganography.h_net:HNet", "zoo pretrain steganography"),
    Architecture("steganography-r-net", "zoo.steganography.r_net:RNet", "zoo pretrain steganography"),
    Architecture("fan-*", "zoo.imaging.joint.fan:FAN", _JOINT, _ANY_SIDES),
    Architecture("*-low-light", "zoo.imaging.developing.model:UNet", f"{_IMAGING} --low-light"),
    Architecture("inet-joint-*", "zoo.imaging.developing.model:INet", _JOINT),
    Architecture("unet-joint-*", "zoo.imaging.developing.model:UNet", _JOINT),
    Architecture("dnet-joint-*", "zoo.imaging.developing.model:DNet", _JOINT),
    Architecture("inet-*", "zoo.imaging.developing.model:INet", _IMAGING),
    Architecture("unet-*", "zoo.imaging.developing.model:UNet", _IMAGING),
    Architecture("dnet-*", "zoo.imaging.developing.model:DNet", _IMAGING),
    Architecture("hyperimage-quality-stage-two", f"{_HYPER}:TIDStageTwo", _TRAIN_HYPER),
    Architecture("hyperimage-quality-*", f"{_HYPER}:CNNIQA", _TRAIN_HYPER),
    Architecture("hyperimage-forgery-channel", f"{_HYPER}:ForgeryChannel", _TRAIN_HYPER),
    Architecture("hyperimage-forgery-stage-two", f"{_HYPER}:ForgeryStageTwo", _TRAIN_HYPER),
    Architecture("hyperimage-forgery-end-to-end", f"{_HYPER}:ForgeryEndToEnd", _TRAIN_HYPER),
    Architecture("hyperimage-synthetic-patches", f"{_HYPER}:SyntheticPatchNet", _TRAIN_HYPER),
    Architecture("hyperimage-synthetic-*", f"{_HYPER}:SyntheticStageTwo", _TRAIN_HYPER),
)
"""The first whose pattern fits is taken."""


def list_models(pattern: str = "*") -> list[str]:
    """Names of the models whose weights are here, in the package, the local store or another package.

    ``pattern`` as of a shell:

    >>> zoo.list_models("contrast-*")
    ['contrast-aware.generated', 'contrast-round-trip.generated', 'contrast-unaware.generated']

    ``zoo.provenance(name)`` says where each comes from.
    """
    return [name for name in sorted({*names(), *extensions.names("models")}) if fnmatchcase(name, pattern)]


def load(name: str, weights: str | Path | None = None) -> "keras.Model":
    """Build the network ``name`` and load its stored weights, verified by their checksum; nothing is downloaded.

    >>> model = zoo.load("contrast-aware.generated")

    Args:
        name: One of ``list_models()``.
        weights: A file for an architecture that is named, instead of what is stored.

    Returns:
        The Keras model; its constructor's docstring says what it takes and gives.

    Raises:
        ValueError: For a name whose weights are not here, saying what makes them and which are here; for files that
            are missing or changed.
    """
    stored = name in names()
    if not stored and name in extensions.names("models"):
        model = extensions.load("models", name)()
        if weights is not None:
            load_into(model, weights)
        return model
    kind = architecture(name)
    if weights is None and not stored:
        raise ValueError(absent(name))
    module, _, function = kind.constructor.partition(":")
    given = provenance(name).arguments if stored else {}
    given = {key: tuple(value) if isinstance(value, list) else value for key, value in given.items()}
    build = getattr(importlib.import_module(module), function)
    return build(**{**kind.arguments, **given}, weights=name if weights is None else weights)


def architecture(name: str) -> Architecture:
    """The architecture of a name.

    Raises:
        ValueError: For a name that fits none; the message lists what exists.
    """
    stem, _, training = name.rpartition(".")
    for kind in ARCHITECTURES:
        if training and fnmatchcase(stem, kind.pattern):
            return kind
    raise ValueError(absent(name))


def absent(name: str) -> str:
    """Say that there is no model ``name`` here, what would make it, and what there is."""
    here = f"Here are {', '.join(list_models()) or 'none yet'}."
    stem, _, training = name.rpartition(".")
    for kind in ARCHITECTURES:
        if training and fnmatchcase(stem, kind.pattern):
            how = f"`{kind.command}` trains such weights and keeps them in {store.home()} ({store.VARIABLE} moves it)"
            return f"The weights of this model are not here: {how}. {here} Received: {name!r}"
    return f"A model is called architecture.training; `zoo pretrain PAPER` trains others. {here} Received: {name!r}"
