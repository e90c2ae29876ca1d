"""All tables of all papers, by name."""

import importlib

from zoo.experiments.table import Table

_MODULES = {
    "adversarial": (
        *("table_1", "table_2", "table_3", "table_4"),
        *("figure_2", "figure_3", "figure_4", "figure_5", "figure_6", "text", "adaptive"),
    ),
    "contrast": ("table_1", "table_2", "text"),
    "imaging": (
        *("table_1", "table_2", "table_3", "table_4", "table_s1", "identification"),
        *("figure_5", "figure_7", "figure_8", "figure_9", "figure_10", "figure_s4", "figure_s5"),
    ),
    "hyperimage": ("table_1", "table_2", "table_3", "table_4", "table_5", "sweep", "fusion"),
    "steganography": (
        *("table_1", "table_2", "table_3", "table_4", "figure_4", "figure_5", "figure_6"),
        *("trade_off", "detectability", "comparison"),
    ),
}


def find(paper: str, name: str) -> Table:
    """The table ``name`` (``table-1`` or ``table_1``) of ``paper``.

    Raises:
        ValueError: For a paper or table that does not exist; the message lists those that do.
    """
    if paper not in _MODULES:
        raise ValueError(f"PAPER must be one of {', '.join(_MODULES)}. Received: {paper!r}")
    module = name.replace("-", "_")
    if module not in _MODULES[paper]:
        known = ", ".join(m.replace("_", "-") for m in _MODULES[paper])
        raise ValueError(f"TABLE of {paper} must be one of {known}. Received: {name!r}")
    return importlib.import_module(f"zoo.experiments.{paper}.{module}").TABLE


def overview() -> list[tuple[str, str, str]]:
    """Paper, name on the command line and title of every table."""
    pairs = [(paper, module) for paper, modules in _MODULES.items() for module in modules]
    return [(paper, module.replace("_", "-"), find(paper, module).title) for paper, module in pairs]
