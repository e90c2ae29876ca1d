"""All tables of all families by name."""

import warnings
from collections.abc import Iterator

from zoo.experiments.families import experiments, load
from zoo.experiments.run.cells import Table
from zoo.families import BUILT_IN


def find(paper: str, name: str) -> Table:
    """The table ``name`` (``table-1`` or ``table_1``) of the family ``paper``.

    Raises:
        ValueError: For a paper or table that does not exist; the message lists those that do.
        ImportError: For a table of another package that cannot be imported.
    """
    known = _places()
    if paper not in known:
        raise ValueError(f"PAPER must be one of {', '.join(known)}. Received: {paper!r}")
    module = name.replace("-", "_")
    if module not in known[paper]:
        tables = ", ".join(m.replace("_", "-") for m in known[paper])
        raise ValueError(f"TABLE of {paper} must be one of {tables}. Received: {name!r}")
    table = load(known[paper][module])
    if not isinstance(table, Table):
        raise ImportError(f"{known[paper][module]} must be a zoo.experiments.run.cells.Table. Received: {table!r}")
    return table


def overview() -> list[tuple[str, str, str]]:
    """Paper, name on the command line and title of every table; one that cannot be imported is named and left out."""
    return [(paper, name, table.title) for paper, name, table in _all()]


def with_detector() -> list[str]:
    """The tables that measure a detector of the user's, as one types them."""
    return [f"{paper} {name}" for paper, name, table in _all() if table.takes_detector]


def _all() -> Iterator[tuple[str, str, Table]]:
    for paper, places in _places().items():
        for module in places:
            try:
                yield paper, module.replace("_", "-"), find(paper, module)
            except ImportError as error:
                if paper in BUILT_IN:
                    raise
                warnings.warn(f"{paper} {module} cannot be imported: {error}", stacklevel=1)


def _places() -> dict[str, dict[str, str]]:
    """Where the tables of each paper stand. Packages may add tables to a family of the zoo, and replace none."""
    known: dict[str, dict[str, str]] = {}
    for page in experiments():
        known[page.name] = {**page.tables, **known.get(page.name, {})}
    return known
