"""Every cell without a value says why."""

import importlib
import re
import shlex
from functools import cache
from pathlib import Path

import pytest

from zoo.experiments.cli import main as cli
from zoo.experiments.run import measure, tables
from zoo.experiments.run.cells import Cell, Settings
from zoo.experiments.run.reasons import UNASKED, cell_key, read_reasons, reasons_path
from zoo.experiments.run.scales import NAMES

ROOT = Path(__file__).parent.parent.parent
CSVS = sorted((ROOT / "results" / "laptop").rglob("*.csv"))
COMMAND = re.compile(r"`((?:zoo|python -m) .*?)`")


@pytest.mark.parametrize("csv", CSVS, ids=lambda csv: csv.stem)
def test_every_cell_of_the_results_without_a_value_has_a_reason(csv):
    frame = measure.read_csv(csv)
    absent, reasons = frame[frame["status"].isin(["not-run", "data-unavailable"])], read_reasons(csv)
    assert set(map(cell_key, absent["row"], absent["column"], absent["metric"])) <= set(reasons)
    # This reason tells a reader nothing. Rows that --rows left out must be measured and published, too.
    assert UNASKED not in reasons.values()


@cache
def _parser(module):
    return importlib.import_module(module)._parser()


def _accept(reasons):
    """Parse every command that reasons name; a parser ends the test at what it does not know."""
    for command in sorted({command for reason in reasons for command in COMMAND.findall(reason)}):
        words = shlex.split(command)
        first = {"zoo": 1, "python": 3}[words[0]]
        options = _parser(cli.__name__ if first == 1 else words[2]).parse_args(words[first:])
        if first == 1 and options.command == "reproduce":
            assert tables.find(options.paper, options.table)


@pytest.mark.parametrize("scale", NAMES)
def test_every_command_that_a_reason_names_is_accepted(scale):
    reasons = set()
    for paper, name, _ in tables.overview():
        try:
            reasons |= {cell.why for cell in tables.find(paper, name).cells(Settings(scale))}
        except ValueError as error:
            assert "scale" in str(error)
    assert any(COMMAND.search(reason) for reason in reasons)
    _accept(reasons)


@pytest.mark.parametrize("csv", [csv for csv in CSVS if reasons_path(csv).is_file()], ids=lambda csv: csv.stem)
def test_published_reasons_are_those_that_the_tables_give_now(csv, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # a checkout may have trainings in its runs
    frame, reasons = measure.read_csv(csv), read_reasons(csv)
    _accept(reasons.values())
    names = map(cell_key, frame["row"], frame["column"], frame["metric"])
    statuses, first = dict(zip(names, frame["status"], strict=True)), frame.iloc[0]
    settings = Settings(first["scale"], first["dataset"], seed=int(first["seed"]))
    for cell in tables.find(first["paper"], first["table"]).cells(settings):
        key = cell_key(cell.row, cell.column, cell.metric)
        if key in reasons and cell.measure is None:
            # Which of several missing models is named depends on those that were there.
            now, then = (re.sub(r"the model \S+ is", "the model is", why) for why in (cell.why, reasons[key]))
            assert (statuses[key], then) == (cell.status, now)


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
