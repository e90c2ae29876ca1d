"""Every cell without a value says why."""

from pathlib import Path

import pytest

from zoo.experiments.run import measure, tables
from zoo.experiments.run.cells import Cell, Settings
from zoo.experiments.run.reasons import UNASKED, cell_key, read_reasons

ROOT = Path(__file__).parent.parent.parent
CSVS = sorted((ROOT / "results" / "laptop").rglob("*.csv"))


@pytest.mark.parametrize("csv", CSVS, ids=lambda csv: csv.stem)
def test_every_cell_of_the_results_without_a_value_has_a_reason(csv):
    frame = measure.read_csv(csv)
    absent, reasons = frame[frame["status"].isin(["not-run", "data-unavailable"])], read_reasons(csv)
    assert set(map(cell_key, absent["row"], absent["column"], absent["metric"])) <= set(reasons)
    # This reason tells a reader nothing. Rows that --rows left out must be measured and published, too.
    assert UNASKED not in reasons.values()


@pytest.mark.parametrize(
    "given", [{"status": "not-run"}, {"status": "data-unavailable"}, {}, {"why": "a reason, but no status"}]
)
def test_a_cell_without_measure_and_reason_is_refused(given):
    with pytest.raises(ValueError, match=r"must be quoted, or not-run or data-unavailable .* Received: r, c, AUC: "):
        Cell("r", "c", "AUC", **given)
    assert Cell("r", "c", "AUC", status="quoted").why == ""


@pytest.mark.parametrize("dataset", ["embedded", "imagenet2012", "holidays"])
@pytest.mark.parametrize("name", ["table_1", "table_2"])
def test_the_papers_rows_are_data_unavailable_on_other_data(name, dataset):
    of_paper = {"Imagenet": "imagenet2012", "Holiday": "holidays"}
    cells = tables.find("steganography", name).cells(Settings(dataset=dataset))
    found = [(cell.status, data) for cell in cells for word, data in of_paper.items() if word in cell.row]
    assert {data for _, data in found} == set(of_paper.values())
    assert all((status == "data-unavailable") == (data != dataset) for status, data in found)


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
