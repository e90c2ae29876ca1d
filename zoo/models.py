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
    """Names of the models whose weights are here, in the package, the local store or another package.

    ``pattern`` as of a shell:

    >>> zoo.list_models("contrast-*")
    ['contrast-aware.photographs', 'contrast-round-trip.photographs', 'contrast-unaware.photographs']

    ``zoo.provenance(name)`` says where each comes from.
    """
    return [name for name in all_names() if fnmatchcase(name, pattern)]


def load(name: str, weights: str | Path | None = None) -> "keras.Model":
    """Build the network ``name`` and load its stored weights, verified by their checksum; nothing is downloaded.

    >>> model = zoo.load("contrast-aware.photographs")

    Args:
        name: One of ``list_models()``.
        weights: A file for a network that is named, instead of what is stored.

    Returns:
        The Keras model; its constructor's docstring says what it takes and gives.

    Raises:
        ValueError: For a name whose weights are not here, saying what makes them and which are here; for files that
            are missing or changed.
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
