"""The experiments of all families: the built-in ones, then those of other packages."""

import functools
import importlib
from typing import Any

from zoo import extensions
from zoo.experiments.family import Experiments, Listed
from zoo.families import BUILT_IN


def experiments() -> tuple[Experiments, ...]:
    """Those of every family; one of another package that cannot be loaded is named in a warning and left out."""
    return (*(_page(name) for name in BUILT_IN), *extensions.loaded("experiments", Experiments))


def listed() -> dict[str, dict[str, Listed]]:
    """Return tables and figures of all families by name. Packages may add tables to a family, but not replace any."""
    known: dict[str, dict[str, Listed]] = {}
    for page in experiments():
        known[page.name] = {**page.tables, **known.get(page.name, {})}
    return known


def check_table(paper: str, name: str) -> Listed:
    """Return the listing of a family's table ``name`` (``table-1`` or ``table_1``) without importing it.

    Raises:
        ValueError: For a paper or table that does not exist; the message lists those that do.
    """
    known = listed()
    if paper not in known:
        raise ValueError(f"PAPER must be one of {', '.join(known)}. Received: {paper!r}")
    module = name.replace("-", "_")
    if module not in known[paper]:
        tables = ", ".join(m.replace("_", "-") for m in known[paper])
        raise ValueError(f"TABLE of {paper} must be one of {tables}. Received: {name!r}")
    return known[paper][module]


def load(place: str) -> Any:
    """Return the object at ``module:name``.

    Raises:
        ImportError: When it cannot be imported; the message says what is missing.
    """
    module, _, name = place.partition(":")
    found = importlib.import_module(module)
    if not hasattr(found, name):
        raise ImportError(f"{module} must hold {name}, as a family.py says. Received: {place}")
    return getattr(found, name)


@functools.cache
def _page(name: str) -> Experiments:
    return load(f"zoo.experiments.{name}.family:EXPERIMENTS")
