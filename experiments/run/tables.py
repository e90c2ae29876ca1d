"""All tables of all papers, by name, and those that other packages add."""

import importlib
import sys
from collections.abc import Iterator

from zoo import extensions
from zoo.experiments.run.cells import Table

_MODULES = {
    "adversarial": {
        "table_1": "tables.table_1",
        "table_2": "tables.table_2",
        "table_3": "tables.table_3",
        "table_4": "tables.table_4",
        "figure_2": "tables.figure_2",
        "figure_3": "tables.figure_3",
        "figure_4": "tables.figure_4",
        "figure_5": "tables.figure_5",
        "figure_6": "tables.figure_6",
        "text": "tables.text",
        "adaptive": "tables.adaptive",
    },
    "contrast": {
        "table_1": "tables.table_1",
        "table_2": "tables.table_2",
        "text": "tables.text",
    },
    "imaging": {
        "table_1": "developing.tables.table_1",
        "table_2": "developing.tables.table_2",
        "table_3": "prnu.tables.table_3",
        "table_4": "joint.tables.table_4",
        "table_s1": "joint.tables.table_s1",
        "identification": "prnu.tables.identification",
        "inside": "joint.tables.inside",
        "figure_5": "prnu.tables.figure_5",
        "figure_7": "joint.tables.figure_7",
        "figure_8": "joint.tables.figure_8",
        "figure_9": "joint.tables.figure_9",
        "figure_10": "joint.tables.figure_10",
        "figure_s4": "joint.tables.figure_s4",
        "figure_s5": "joint.tables.figure_s5",
    },
    "hyperimage": {
        "table_1": "synthetic.tables.table_1",
        "table_2": "quality.tables",
        "table_3": "forgery.tables",
        "table_4": "tables.table_4",
        "table_5": "tables.table_5",
        "sweep": "synthetic.tables.sweep",
        "fusion": "tables.fusion",
    },
    "steganography": {
        "table_1": "tables.table_1",
        "table_2": "tables.table_2",
        "table_3": "tables.table_3",
        "table_4": "tables.table_4",
        "figure_4": "tables.figure_4",
        "figure_5": "tables.figure_5",
        "figure_6": "tables.figure_6",
        "trade_off": "tables.trade_off",
        "detectability": "tables.detectability",
        "comparison": "tables.comparison",
    },
}


def find(paper: str, name: str) -> Table:
    """The table ``name`` (``table-1`` or ``table_1``) of ``paper``.

    Raises:
        ValueError: For a paper or table that does not exist; the message lists those that do.
        ImportError: For a table of another package that cannot be imported.
    """
    known = _known()
    if paper not in known:
        raise ValueError(f"PAPER must be one of {', '.join(known)}. Received: {paper!r}")
    module = name.replace("-", "_")
    if module not in known[paper]:
        tables = ", ".join(m.replace("_", "-") for m in known[paper])
        raise ValueError(f"TABLE of {paper} must be one of {tables}. Received: {name!r}")
    if module in _MODULES.get(paper, ()):
        return importlib.import_module(f"zoo.experiments.{paper}.{_MODULES[paper][module]}").TABLE
    return extensions.load("tables", f"{paper}.{module}")


def overview() -> list[tuple[str, str, str]]:
    """Paper, name on the command line and title of every table; one that cannot be imported is named and left out."""
    return [(paper, name, table.title) for paper, name, table in _all()]


def with_detector() -> list[str]:
    """The tables that measure a detector of the user's, as one types them."""
    return [f"{paper} {name}" for paper, name, table in _all() if table.takes_detector]


def _all() -> Iterator[tuple[str, str, Table]]:
    for paper, modules in _known().items():
        for module in modules:
            try:
                yield paper, module.replace("_", "-"), find(paper, module)
            except (ImportError, ValueError) as error:
                if module in _MODULES.get(paper, ()):
                    raise
                print(f"zoo: {' '.join(str(error).split())}", file=sys.stderr)


def _known() -> dict[str, tuple[str, ...]]:
    """Papers and their tables: the zoo's, then those of other packages, whose names are PAPER.TABLE."""
    known = {paper: tuple(modules) for paper, modules in _MODULES.items()}
    for full in extensions.names("tables"):
        paper, _, module = full.partition(".")
        if module and module not in known.get(paper, ()):
            known[paper] = (*known.get(paper, ()), module)
    return known
