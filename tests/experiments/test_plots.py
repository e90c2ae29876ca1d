"""Plots find what they draw by how the rows were made, and not in the words of their labels."""

import numpy as np
import pandas as pd
import pytest

from zoo.experiments.adversarial import curves
from zoo.experiments.imaging.joint.tables import table_s1_and_figure_9
from zoo.experiments.imaging.prnu.tables import figure_5
from zoo.experiments.run import plots, tables
from zoo.experiments.run.cells import Settings
from zoo.experiments.steganography.tables import comparison

SMOKE = Settings("smoke")


def _frame(table):
    cells = list(table.cells(SMOKE))
    value = np.random.default_rng(3).uniform(0.2, 0.9, len(cells))
    rows = [(cell.row, cell.column, cell.metric, cell.paper_value) for cell in cells]
    frame = pd.DataFrame(rows, columns=["row", "column", "metric", "paper_value"]).astype({"paper_value": float})
    return frame.assign(value=value, ci_low=value - 0.1, ci_high=value + 0.1, status="measured")


@pytest.mark.parametrize(
    ("paper", "name", "module", "function"),
    [
        ("adversarial", "figure_2", curves, "row_of"),
        ("imaging", "figure_9", table_s1_and_figure_9, "_row"),
        ("imaging", "figure_s1", figure_5, "_row_of"),
        ("steganography", "comparison", comparison, "_row"),
    ],
)
def test_rows_called_otherwise_are_drawn_alike(tmp_path, monkeypatch, paper, name, module, function):
    table = tables.find(paper, name)
    before = _frame(table)
    plots.plot(table, before, SMOKE, tmp_path / "before.png")
    monkeypatch.setattr(module, function, lambda one, other: f"{other}; {one}")
    after = _frame(table)
    assert (before["row"] != after["row"]).any()
    plots.plot(table, after, SMOKE, tmp_path / "after.png")
    assert (tmp_path / "after.png").read_bytes() == (tmp_path / "before.png").read_bytes()
