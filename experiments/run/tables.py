"""All tables of all families by name."""

import dataclasses
import warnings
from collections.abc import Iterator

from zoo.experiments.families import check_table, listed, load
from zoo.experiments.run.cells import Table
from zoo.families import BUILT_IN


def find(paper: str, name: str) -> Table:
    """Return the table ``name`` (``table-1`` or ``table_1``) of the family ``paper``.

    Raises:
        ValueError: For a paper or table that does not exist; the message lists those that do.
        ImportError: For a table of another package that cannot be imported.
    """
    there = check_table(paper, name)
    table = load(there.place)
    if not isinstance(table, Table):
        raise ImportError(f"{there.place} must be a zoo.experiments.run.cells.Table. Received: {table!r}")
    return dataclasses.replace(table, title=there.title)


def overview() -> list[tuple[str, str, str]]:
    """Paper, name on the command line and title of every table; nothing is imported."""
    return [
        (paper, name.replace("_", "-"), one.title) for paper, found in listed().items() for name, one in found.items()
    ]


def with_detector() -> list[str]:
    """Return the names of the tables that measure the user's detector, as on the command line."""
    return [f"{paper} {name}" for paper, name, table in _all() if table.takes_detector]


def with_index() -> list[str]:
    """Return the names of the tables that take ``--index``, as on the command line."""
    return [f"{paper} {name}" for paper, name, table in _all() if table.takes_index]


def _all() -> Iterator[tuple[str, str, Table]]:
    for paper, places in listed().items():
        for module in places:
            try:
                yield paper, module.replace("_", "-"), find(paper, module)
            except ImportError as error:
                if paper in BUILT_IN:
                    raise
                warnings.warn(f"{paper} {module} cannot be imported: {error}", stacklevel=1)
