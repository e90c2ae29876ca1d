"""Add missing reasons to older published CSVs. Nothing is measured.

Command: python -m zoo.experiments.publish.fill_reasons
"""

from pathlib import Path

import pandas as pd

from zoo.experiments.publish import ROOT
from zoo.experiments.run import tables
from zoo.experiments.run.cells import Settings
from zoo.experiments.run.measure import csv_path
from zoo.experiments.run.reasons import cell_key, read_reasons, without_reason, write_reasons


def fill(output: Path, scale: str) -> dict[str, int]:
    """Add what the tables' cells say where the CSVs of ``scale`` lack a reason.

    A cell says why only while it cannot be measured, so that a reason may stay unknown, as of networks that have been
    trained since.

    Returns:
        How many cells of each CSV still lack one, by its name.
    """
    left = {}
    for paper, name, _ in tables.overview():
        table = tables.find(paper, name)
        csv = csv_path(table, scale, output)
        lacking = dict(without_reason(csv)) if csv.is_file() else {}
        if not lacking:
            continue
        first = pd.read_csv(csv, nrows=1, dtype={"dataset": str}).iloc[0]
        cells = table.cells(Settings(scale, first["dataset"], seed=int(first["seed"])))
        said = {cell_key(c.row, c.column, c.metric): c.why for c in cells if c.measure is None and c.why}
        found = {name: said[name] for name in lacking if name in said}
        write_reasons(csv, read_reasons(csv) | found)
        left[csv.name] = len(lacking) - len(found)
    return left


def main() -> None:
    """Fill in the reasons of ``results/laptop`` of this checkout."""
    for name, count in fill(ROOT / "results", "laptop").items():
        print(f"{name}: {count} cells are left without a reason")


if __name__ == "__main__":
    main()
