"""Why cells of a table have no value: stored next to its CSV, as ``<paper>_<table>.why.json``."""

import json
from pathlib import Path

from zoo.images import atomic

UNASKED = "was not asked for"
"""Reason of cells that --rows or a shard left out."""


def reasons_path(csv: Path) -> Path:
    """Return the path of a CSV's reasons; the file is absent if every cell has a value."""
    return csv.with_suffix(".why.json")


def cell_key(row: str, column: str, metric: str) -> str:
    """Return a cell's key in the file."""
    return f"{row}|{column}|{metric}"


def read_reasons(csv: Path) -> dict[str, str]:
    """Read the reasons of a CSV, by ``cell_key``."""
    path = reasons_path(csv)
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def write_reasons(csv: Path, reasons: dict[str, str]) -> None:
    """Write the reasons of a CSV next to it; without any, no file is left."""
    path = reasons_path(csv)
    if not reasons:
        path.unlink(missing_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic(path) as partial:
        partial.write_text(json.dumps(reasons, indent=1) + "\n", encoding="utf-8")
