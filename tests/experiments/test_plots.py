"""Plots find what they draw by how the rows were made, and not in the words of their labels."""

import shutil

import numpy as np
import pandas as pd
import pytest

from zoo.datasets import keyed
from zoo.experiments.adversarial import curves
from zoo.experiments.imaging.joint.tables import table_s1_and_figure_9
from zoo.experiments.imaging.prnu.tables import figure_5
from zoo.experiments.publish import ROOT, overview
from zoo.experiments.publish import plots as published
from zoo.experiments.run import plots, tables
from zoo.experiments.run.cells import Settings
from zoo.experiments.run.plotting import pyplot
from zoo.experiments.steganography.tables import comparison, trade_off

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


def test_plots_of_cards_are_drawn_into_the_assets(tmp_path, monkeypatch):
    folder = tmp_path / "results" / "laptop" / "open_photographs"
    for made in (folder, tmp_path / "docs" / "assets"):
        made.mkdir(parents=True)
    shutil.copy(ROOT / "results" / "laptop" / "open_photographs" / "steganography_trade_off.csv", folder)
    monkeypatch.setattr(published, "ROOT", tmp_path)
    monkeypatch.setattr(published.tables, "overview", list)  # the plots next to the CSVs
    published.main()
    assert [path.name for path in tmp_path.rglob("*.png")] == ["steganography_trade_off.png"]
    assert (tmp_path / "docs" / "assets" / "steganography_trade_off.png").stat().st_size < 80_000


def test_the_depths_of_lsb_are_one_line(tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr(trade_off, "save", lambda figure, path: drawn.append(figure))
    plots.plot(tables.find("steganography", "trade_off"), _frame(trade_off.TABLE), SMOKE, tmp_path / "plot.png")
    (axis,) = drawn[0].axes
    lines = {container.get_label(): container.lines[0] for container in axis.containers}
    assert len(lines["baseline: LSB 1, 2, 3, 4"].get_xdata()) == 4
    assert {len(line.get_xdata()) for line in lines.values()} == {1, 4}
    pyplot().close(drawn[0])


def test_photographs_of_the_overview_are_drawn_by_a_seed():
    one, other = (overview._drawn(keyed.generator(0), 256, 300, count=3) for _ in range(2))
    assert all((a == b).all() for a, b in zip(one, other, strict=True))
    assert {image.shape for image in one} == {(256, 256, 3)}
    assert not any((one[i] == one[i - 1]).all() for i in range(3))
    assert len({image.shape for image in overview._drawn(keyed.generator(0), 256, count=7)}) > 1
