"""Every cell without a value says why."""

import json
from pathlib import Path

import pytest

from zoo.experiments.publish import fill_reasons
from zoo.experiments.run import measure as runner
from zoo.experiments.run import reasons, tables
from zoo.experiments.run.cells import Cell, Settings, Table
from zoo.metrics import Estimate

ROOT = Path(__file__).parent.parent.parent
CSVS = sorted((ROOT / "results" / "laptop").glob("*.csv"))


@pytest.mark.parametrize("csv", CSVS, ids=lambda csv: csv.stem)
def test_every_cell_of_the_results_without_a_value_has_a_reason(csv):
    assert reasons.without_reason(csv) == [], "run: python -m zoo.experiments.publish.fill_reasons"


@pytest.mark.parametrize(
    "given", [{"status": "not-run"}, {"status": "data-unavailable"}, {}, {"why": "a reason, but no status"}]
)
def test_a_cell_without_measure_and_reason_is_refused(given):
    with pytest.raises(ValueError, match=r"must be quoted, or not-run or data-unavailable .* Received: r, c, AUC: "):
        Cell("r", "c", "AUC", **given)
    assert Cell("r", "c", "AUC", status="quoted").why == ""


@pytest.mark.parametrize("scale", ["smoke", "laptop", "paper"])
@pytest.mark.parametrize(
    "name",
    [
        "steganography table-1",
        "steganography table-2",
        "steganography table-3",
        "hyperimage table-2",
        "hyperimage table-3",
    ],
)
def test_the_papers_rows_say_what_they_need(name, scale):
    cells = list(tables.find(*name.split()).cells(Settings(scale)))  # a cell that does not is refused
    for cell in cells:
        if cell.status == "data-unavailable":
            assert cell.why.startswith("needs ") and "--dataset" in cell.why


def _table(why, trained=False):
    def cells(settings):
        yield Cell("a", "0.5", "AUC", measure=lambda: Estimate(1.0, 0.0, 2.0, 3, 4))
        yield Cell("b", "0.5", "AUC", status="not-run", why=why)
        ready = {"measure": lambda: Estimate(1.0, 0.0, 2.0, 3, 4)} if trained else {"status": "not-run", "why": why}
        yield Cell("c", "0.5", "AUC", **ready)

    return Table("demo", "table_1", cells, title="Demonstration")


def test_reasons_are_filled_in_and_nothing_else_changes(tmp_path, monkeypatch):
    runner.run(_table("no network"), Settings("smoke", seed=3), tmp_path, progress=False)
    csv = tmp_path / "smoke" / "demo_table_1.csv"
    before = csv.read_bytes()
    path = reasons.reasons_path(csv)
    path.unlink()
    monkeypatch.setattr(tables, "overview", lambda: [("demo", "table-1", "Demonstration")])
    monkeypatch.setattr(tables, "find", lambda paper, name: _table("no network", trained=True))
    assert fill_reasons.fill(tmp_path, "smoke") == {"demo_table_1.csv": 1}  # c could be measured now
    assert json.loads(path.read_text()) == {"b|0.5|AUC": "no network"}
    monkeypatch.setattr(tables, "find", lambda paper, name: _table("another reason"))
    assert fill_reasons.fill(tmp_path, "smoke") == {"demo_table_1.csv": 0}
    assert json.loads(path.read_text()) == {"b|0.5|AUC": "no network", "c|0.5|AUC": "another reason"}
    assert csv.read_bytes() == before
