"""All models by name: ``network.training``, as ``contrast-aware.photographs`` or ``unet-birch.photographs``."""

import importlib
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from zoo.families import network_of
from zoo.weights import absent, all_names, arguments_of, loaded, names

if TYPE_CHECKING:
    import keras


def list_models(pattern: str = "*") -> list[str]:
    """Return the names of the models whose weights are here, in the package, the local store or another package.

    ``pattern`` is a shell pattern:

    >>> zoo.list_models("contrast-*")
    ['contrast-aware.photographs', 'contrast-round-trip.photographs', 'contrast-unaware.photographs']

    ``zoo.provenance(name)`` returns the provenance of each.
    """
    return [name for name in all_names() if fnmatchcase(name, pattern)]


def load(name: str, weights: str | Path | None = None) -> "keras.Model":
    """Build the network ``name`` and load its stored weights, verified by their checksum; nothing is downloaded.

    >>> model = zoo.load("contrast-aware.photographs")

    Args:
        name: One of ``list_models()``.
        weights: A weights file to load instead of the stored weights.

    Returns:
        The Keras model; its constructor's docstring describes inputs and outputs.

    Raises:
        ValueError: For a name whose weights are not available (the message says how to train them and lists those that
            are), and for missing or changed files.
    """
    network, weightless = network_of(name), name not in names()
    if network is None or (weights is None and name not in all_names()):
        raise ValueError(absent(name))
    module, _, function = network.constructor.partition(":")
    build = getattr(importlib.import_module(module), function)
    if weightless and name in all_names():
        return loaded(build(**network.arguments), weights)
    arguments = {} if weightless else arguments_of(name)
    return build(**{**network.arguments, **arguments}, weights=name if weights is None else weights)
