"""Dataclasses that describe a family of models, for ``zoo/<family>/family.py``. Nothing here imports Keras."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any


@dataclasses.dataclass(frozen=True)
class Network:
    """The network behind names of a pattern, and the command that trains it."""

    pattern: str
    """Shell pattern of the part of a name before its last dot."""
    constructor: str
    """``module:function``."""
    command: str
    """The command that trains such weights."""
    arguments: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """What the constructor is called with, where that is not its default."""


@dataclasses.dataclass(frozen=True)
class Product:
    """What becomes a SavedModel: names of a pattern, and the function that makes a ``Serving`` of the networks."""

    pattern: str
    """Shell pattern of a name."""
    serving: str
    """``module:function`` of the networks in ``parts``."""
    parts: tuple[str, ...] = ()
    """Networks whose weights it needs, where the name is not one itself."""
    phased: bool = False
    """Whether ``serving`` takes the phase of a mosaic, ``cfa``."""


@dataclasses.dataclass(frozen=True)
class Family:
    """One paper's networks.

    Of networks, and of products, the first whose pattern fits a name is taken.
    """

    name: str
    """Name of the family in ``zoo.<name>``, the ``zoo`` command and the CSVs."""
    cited: str
    """Authors and year, as in the README's table."""
    paper: str
    """Authors, title, place and year."""
    folder: Path
    """Where ``weights.json`` lies, if there is one: the index of the stored weights, relative to this folder."""
    networks: tuple[Network, ...]
    stored: tuple[str, ...] = ()
    """Names of the weights in the index, ``network.training``."""
    products: tuple[Product, ...] = ()
    weightless: tuple[str, ...] = ()
    """Names of models whose networks need no weights: nothing is trained."""
