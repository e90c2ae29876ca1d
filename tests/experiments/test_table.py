import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from zoo.experiments.run import measure as runner
from zoo.experiments.run.cells import Cell, DataUnavailable, Settings, Table
from zoo.experiments.run.measure import SCHEMA
from zoo.experiments.run.reasons import reasons_path
from zoo.experiments.run.report import missing, plot_table, print_table
from zoo.metrics import Estimate

SETTINGS = Settings("smoke", seed=5)
VOLATILE = ["seconds"]


def _unavailable():
    raise DataUnavailable("the licensed set")


def _table(calls=None):
    calls = [] if calls is None else calls

    def cells(settings):
        for row in ("a", "b"):
            for column in range(5):

                def measure(row=row, column=column):
                    calls.append((row, column))
                    value = 50 + 10 * column + (row == "b") + settings.seed / 10
                    return Estimate(value, value - 3, value + 2, 4, 9)

                yield Cell(row, str(column), "AUC", 60.0 + column, measure, comparable=row == "b", weights="w")
        yield Cell("c", "0", "AUC", 1.0, _unavailable)
        yield Cell("c", "1", "AUC", 2.0, status="not-run", why="no network here")
        yield Cell("c", "2", "AUC", 3.0, status="quoted")

    return Table("demo", "table_1", cells, units={"AUC": "%"}, title="Demonstration")


def _read(output):
    return pd.read_csv(output / "smoke" / "demo_table_1.csv").drop(columns=VOLATILE)


def test_csv_has_the_schema_and_honest_statuses(tmp_path):
    runner.run(_table(), SETTINGS, tmp_path, progress=False)
    frame = pd.read_csv(tmp_path / "smoke" / "demo_table_1.csv")
    assert list(frame.columns) == list(SCHEMA)
    assert list(frame["status"]) == ["measured"] * 10 + ["data-unavailable", "not-run", "quoted"]
    assert frame["value"][:10].tolist() == [50.5, 60.5, 70.5, 80.5, 90.5, 51.5, 61.5, 71.5, 81.5, 91.5]
    assert frame["value"][10:].isna().all()
    assert set(frame["seed"]) == {5}
    assert set(frame["unit"]) == {"%"}
    # A difference is a claim of comparability.
    assert frame["difference"].notna().tolist() == [False] * 5 + [True] * 5 + [False] * 3
    assert frame["difference"][5] == pytest.approx(51.5 - 60)
    assert set(frame["comparable"]) == {"yes", "no"}
    assert not list((tmp_path / "smoke").glob(".*"))


def test_a_run_killed_in_the_middle_and_resumed_equals_an_uninterrupted_one(tmp_path):
    runner.run(_table(), SETTINGS, tmp_path / "whole", progress=False)
    script = (
        "import os, sys; sys.path.insert(0, os.environ['HERE'])\n"
        "from pathlib import Path\n"
        "from test_table import *\n"
        "from test_table import _table\n"
        "table = _table()\n"
        "def dying(settings):\n"
        "    for i, cell in enumerate(table.cells(settings)):\n"
        "        yield cell if i != 4 else Cell(cell.row, cell.column, 'AUC', 60.0, lambda: os._exit(9))\n"
        "runner.run(Table('demo', 'table_1', dying, units='%'), SETTINGS, Path(sys.argv[1]), progress=False)\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "killed")]
    killed = subprocess.run(command, env={**os.environ, "HERE": str(Path(__file__).parent)}, check=False)
    assert killed.returncode == 9
    assert not (tmp_path / "killed" / "smoke" / "demo_table_1.csv").exists()
    cells = tmp_path / "killed" / "smoke" / ".demo_table_1.cells"
    assert len(list(cells.glob("*.json"))) == 4
    # One of the four was cut short by the crash: measured again, not trusted.
    torn = sorted(cells.glob("*.json"))[0]
    torn.write_text(torn.read_text()[:20])
    calls = []
    runner.run(_table(calls), SETTINGS, tmp_path / "killed", progress=False)
    assert len(calls) == 7
    pd.testing.assert_frame_equal(_read(tmp_path / "killed"), _read(tmp_path / "whole"))


def test_a_finished_table_is_measured_anew(tmp_path):
    calls = []
    for _ in range(2):
        runner.run(_table(calls), SETTINGS, tmp_path, progress=False)
    assert len(calls) == 20


def test_cells_of_another_seed_are_not_taken_for_this_ones(tmp_path):
    calls = []
    runner.run(_table(calls), Settings("smoke", seed=1), tmp_path, shard=(1, 2), progress=False)
    before = len(calls)
    runner.run(_table(calls), Settings("smoke", seed=2), tmp_path, progress=False)
    assert len(calls) - before == 10


@pytest.mark.parametrize("elsewhere", [False, True])
def test_shards_merged_equal_one_run(tmp_path, elsewhere):
    runner.run(_table(), SETTINGS, tmp_path / "one", progress=False)
    folders = []
    for i in (1, 2, 3):
        output = tmp_path / (f"machine{i}" if elsewhere else "shards")
        assert runner.run(_table(), SETTINGS, output, shard=(i, 3), progress=False) is None
        folders.append(output / "smoke" / ".demo_table_1.cells")
    runner.merge(_table(), SETTINGS, tmp_path / "shards", folders if elsewhere else [])
    pd.testing.assert_frame_equal(_read(tmp_path / "shards"), _read(tmp_path / "one"))


def test_merging_refuses_cells_of_other_code_or_data_and_keeps_them(tmp_path, monkeypatch):
    runner.run(_table(), SETTINGS, tmp_path, shard=(1, 2), progress=False)
    kept = sorted((tmp_path / "smoke" / ".demo_table_1.cells").glob("*.json"))
    for settings, commit in ((SETTINGS, "another"), (Settings("smoke", seed=6), runner.commit())):
        with (
            monkeypatch.context() as patch,
            pytest.raises(ValueError, match=r"merge needs cells of demo table_1 .*none"),
        ):
            patch.setattr(runner, "commit", lambda commit=commit: commit)
            runner.merge(_table(), settings, tmp_path, [])
    # Neither does a run of other code remove what it has not used.
    with monkeypatch.context() as patch:
        patch.setattr(runner, "commit", lambda: "another")
        runner.run(_table(), SETTINGS, tmp_path, rows=("c",), progress=False)
    assert sorted((tmp_path / "smoke" / ".demo_table_1.cells").glob("*.json")) == [
        p for p in kept if "c_" not in p.name
    ]


def test_networks_of_ones_own_are_named_by_their_folder_and_not_mixed_with_stored_ones(tmp_path):
    (tmp_path / "mine").mkdir()
    own = Settings("smoke", seed=5, weights=tmp_path / "mine")
    frame = runner.run(_table(), own, tmp_path, progress=False)
    assert set(frame["weights"][:10]) == {"mine/w"}
    assert not runner.is_finished(_table(), SETTINGS, tmp_path)
    frame = runner.run(_table(), SETTINGS, tmp_path, rows=("b",), progress=False)
    assert frame["status"].tolist()[:10] == ["not-run"] * 5 + ["measured"] * 5
    assert set(frame["weights"][:10]) == {"w"}


def test_merging_some_shards_says_what_was_not_run(tmp_path):
    runner.run(_table(), SETTINGS, tmp_path, shard=(1, 2), progress=False)
    frame = runner.merge(_table(), SETTINGS, tmp_path, [])
    assert frame["status"].tolist()[:4] == ["measured", "not-run", "measured", "not-run"]


def test_why_a_cell_has_no_value_is_kept_and_counted(tmp_path):
    def cells(settings):
        for row in ("a", "b"):
            yield Cell(row, "1", "AUC", status="not-run", why="no network here; train one")
        yield Cell("c", "1", "AUC", measure=lambda: Estimate(1.0, 0.0, 2.0, 3, 4))

    table = Table("demo", "table_1", cells, title="Demonstration")
    runner.run(table, SETTINGS, tmp_path, progress=False)
    assert missing(runner.csv_path(table, "smoke", tmp_path)) == {"no network here; train one": 2}
    runner.run(table, SETTINGS, tmp_path / "rows", rows=("c",), progress=False)
    assert missing(runner.csv_path(table, "smoke", tmp_path / "rows")) == {}  # nobody asked for the others


def test_merging_some_shards_of_some_rows_keeps_the_rest_of_a_finished_table(tmp_path):
    runner.run(_table(), SETTINGS, tmp_path, progress=False)
    whole = _read(tmp_path)
    runner.run(_table(), SETTINGS, tmp_path, rows=("b*",), shard=(1, 2), progress=False)
    runner.merge(_table(), SETTINGS, tmp_path, [])
    pd.testing.assert_frame_equal(_read(tmp_path), whole)


def test_rows_by_pattern(tmp_path):
    calls = []
    frame = runner.run(_table(calls), SETTINGS, tmp_path, rows=("b*",), progress=False)
    assert {row for row, _ in calls} == {"b"}
    assert frame["status"].tolist()[:6] == ["not-run"] * 5 + ["measured"]
    with pytest.raises(ValueError, match=r"'a', 'b', 'c'.*Received: 'z'"):
        runner.run(_table(), SETTINGS, tmp_path, rows=("z",), progress=False)


def test_rows_by_pattern_leave_the_rest_of_a_finished_table_as_it_is(tmp_path):
    runner.run(_table(), SETTINGS, tmp_path, progress=False)
    why = reasons_path(runner.csv_path(_table(), "smoke", tmp_path))
    whole, reasons = _read(tmp_path), why.read_text()
    runner.run(_table(), SETTINGS, tmp_path, rows=("b*",), progress=False)
    pd.testing.assert_frame_equal(_read(tmp_path), whole)
    assert why.read_text() == reasons
    other = runner.run(_table(), Settings("smoke", seed=6), tmp_path, rows=("b*",), progress=False)
    assert other["status"].tolist()[:6] == ["not-run"] * 5 + ["measured"]  # those were of another seed


@pytest.mark.parametrize("text", ["0/4", "5/4", "1", "a/b", "1/0", "-1/2"])
def test_bad_shards(text):
    with pytest.raises(ValueError, match="Received"):
        runner.parse_shard(text)


def test_merge_without_cells(tmp_path):
    with pytest.raises(ValueError, match="Received"):
        runner.merge(_table(), SETTINGS, tmp_path, [tmp_path / "none"])
    with pytest.raises(ValueError, match="Received"):
        runner.merge(_table(), SETTINGS, tmp_path, [tmp_path])


def test_report_prints_ours_beside_the_papers_and_draws_a_picture(tmp_path, capsys):
    frame = runner.run(_table(), SETTINGS, tmp_path, progress=False)
    print_table(frame, "Demonstration")
    shown = capsys.readouterr().out
    for text in ("61.5 | 61.0", "[58.5, 63.5]", "data-unavailable | 1.0", "not-run | 2.0", "quoted | 3.0"):
        assert text in shown
    plot_table(frame, "Demonstration", tmp_path / "plot.png")
    assert (tmp_path / "plot.png").read_bytes()[:4] == b"\x89PNG"
    assert not list(tmp_path.glob(".*"))


def test_cells_are_plain_json(tmp_path):
    runner.run(_table(), SETTINGS, tmp_path, shard=(1, 5), progress=False)
    for path in (tmp_path / "smoke" / ".demo_table_1.cells").glob("*.json"):
        assert set(json.loads(path.read_text())["entry"]) == set(SCHEMA)
