"""Users measure into a folder of their own; what is published is shown, marked, and changed by publishing alone."""

import dataclasses
import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from rich.console import Console

from zoo.experiments.publish import results
from zoo.experiments.run import measure, published, tables
from zoo.experiments.run.cells import Cell, Settings, Table, unit_of
from zoo.experiments.run.report import print_table
from zoo.metrics import Estimate

ROOT = Path(__file__).parent.parent.parent
READING = (
    "tests/experiments/test_card.py",
    "tests/experiments/test_headlines.py",
    "tests/experiments/test_measured.py",
    "tests/experiments/test_reasons.py",
    "tests/test_models.py::test_the_package_says_what_the_csvs_say",
)
"""Tests that read the published results."""


def _table(trained=True, needs="trained:net", columns=("1", "2")):
    def cells(settings):
        yield Cell("always", "1", "AUC", 7.0, lambda: Estimate(61.0, 60.0, 62.0, 3, 4), weights="a.generated")
        for column in columns if trained else columns[:1]:
            if trained:
                yield Cell("of a network", column, "AUC", 9.0, lambda: Estimate(80.5, 79, 82, 3, 4), weights=needs)
            else:
                yield Cell("of a network", column, "AUC", 9.0, status="not-run", why="no network", needs=needs)

    return Table("demo", "table_1", cells, title="Demonstration")


@pytest.fixture
def folder(tmp_path):
    """Published results in which every cell was measured."""
    measure.run(_table(), Settings("smoke"), tmp_path / "published", progress=False)
    return tmp_path / "published"


def _shown(tmp_path, folder, table, settings=None):
    settings = settings or Settings("smoke")
    frame = measure.run(table, settings, tmp_path / "own", progress=False)
    return published.with_published(frame, table, settings, folder).set_index(["row", "column"])


def test_a_cell_that_cannot_be_measured_shows_what_is_published_and_its_csv_does_not(tmp_path, folder):
    shown = _shown(tmp_path, folder, _table(trained=False))
    assert tuple(shown.loc[("of a network", "1"), ["value", "ci_low", "status"]]) == (80.5, 79, "published")
    assert shown.loc[("always", "1"), "status"] == "measured"
    own = pd.read_csv(tmp_path / "own" / "smoke" / "demo_table_1.csv").set_index("row")
    assert own.loc["of a network", "status"] == "not-run" and pd.isna(own.loc["of a network", "value"])
    text = io.StringIO()
    print_table(shown.reset_index(), "T", console=Console(file=text))
    assert "80.5* | 9.0" in text.getvalue() and "61.0 | 7.0" in text.getvalue()
    assert "* published, not measured here" in text.getvalue()


def test_a_curve_of_points_that_are_not_known_here_is_shown_whole(tmp_path, folder):
    shown = _shown(tmp_path, folder, _table(trained=False, columns=(published.ANY_COLUMN,)))
    assert list(shown.loc["of a network"].index) == ["1", "2"]


@pytest.mark.parametrize(
    "other",
    [{"seed": 1}, {"dataset": "clic"}, {"weights": "of the user"}, {"needs": "trained:another"}, {"folder": None}],
    ids=lambda other: next(iter(other)),
)
def test_other_data_seeds_or_weights_show_nothing_of_it(tmp_path, folder, other):
    given = {key: other[key] for key in ("seed", "dataset") if key in other}
    if "weights" in other:
        given["weights"] = tmp_path
    table = _table(trained=False, needs=other.get("needs", "trained:net"))
    shown = _shown(tmp_path, other.get("folder", folder), table, Settings("smoke", **given))
    assert shown.loc[("of a network", "1"), "status"] == "not-run"


def test_the_published_folder_is_no_place_to_measure_into(command, tmp_path, monkeypatch):
    (tmp_path / "link").symlink_to(ROOT / "results")
    monkeypatch.chdir(ROOT)
    for output in ("results", "docs/../results", tmp_path / "link"):
        code, _, err = command("reproduce", "adversarial", "table-1", "--output", output)
        assert code == 2
        assert err.startswith("zoo: The published results change by `make publish` alone") and "Received" in err


def test_publishing_keeps_what_has_no_value_now(tmp_path, folder, monkeypatch):
    monkeypatch.setattr(measure, "commit", lambda: "0123456789ab")
    table = _table(trained=False, columns=("1", "3"))
    measure.run(table, Settings("smoke"), tmp_path / "own", progress=False)
    target = results.publish(table, "smoke", tmp_path / "own", folder)
    frame = pd.read_csv(target, dtype=str).set_index(["row", "column"])
    assert tuple(frame.loc[("of a network", "1"), ["value", "status"]]) == ("80.5", "measured")
    assert frame.loc[("always", "1"), "commit"] == "0123456789ab"
    assert frame.loc[("of a network", "1"), "commit"] != "0123456789ab"
    assert not target.with_suffix(".why.json").exists()


@pytest.mark.parametrize("rows", [(), ("always",)], ids=["no network", "not asked for"])
def test_publishing_keeps_a_curve_whose_points_are_not_known_now_and_drops_what_is_no_more(
    tmp_path, folder, monkeypatch, rows
):
    monkeypatch.setattr(measure, "commit", lambda: "0123456789ab")
    target = folder / "smoke" / "demo_table_1.csv"
    before = pd.read_csv(target, dtype=str).set_index("row")
    renamed = before.reset_index().replace({"row": {"of a network": "of a network, renamed since"}})
    pd.concat([before.reset_index(), renamed]).to_csv(target, index=False)
    table = _table(trained=False, columns=(published.ANY_COLUMN,))
    measure.run(table, Settings("smoke"), tmp_path / "own", rows, progress=False)
    results.publish(table, "smoke", tmp_path / "own", folder)
    frame = pd.read_csv(target, dtype=str).set_index("row")
    pd.testing.assert_frame_equal(frame.loc[["of a network"]], before.loc[["of a network"]])
    assert list(frame.index) == ["always", "of a network", "of a network"]
    assert not target.with_suffix(".why.json").exists()


def test_publishing_replaces_a_whole_curve_by_new_points(tmp_path, folder, monkeypatch):
    monkeypatch.setattr(measure, "commit", lambda: "0123456789ab")
    table = _table(columns=("1", "3", "5"))
    measure.run(table, Settings("smoke"), tmp_path / "own", progress=False)
    frame = pd.read_csv(results.publish(table, "smoke", tmp_path / "own", folder), dtype=str)
    assert list(frame["column"]) == ["1", "1", "3", "5"] and set(frame["commit"]) == {"0123456789ab"}


def test_publishing_keeps_the_status_of_what_was_not_asked_for(tmp_path, folder, monkeypatch):
    monkeypatch.setattr(measure, "commit", lambda: "0123456789ab")
    target = folder / "smoke" / "demo_table_1.csv"
    frame = pd.read_csv(target, dtype=str, keep_default_na=False)
    of_network = (frame["row"] == "of a network") & (frame["column"] == "1")
    frame.loc[of_network, ["value", "ci_low", "ci_high", "status"]] = "", "", "", "data-unavailable"
    frame.to_csv(target, index=False)
    key = "of a network|1|AUC"
    target.with_suffix(".why.json").write_text(json.dumps({key: "needs other data"}))
    table = _table(trained=False)
    for rows, status, reason in ((("always",), "data-unavailable", "needs other data"), ((), "not-run", "no network")):
        measure.run(table, Settings("smoke"), tmp_path / str(len(rows)), rows, progress=False)
        results.publish(table, "smoke", tmp_path / str(len(rows)), folder)
        found = pd.read_csv(target, dtype=str).set_index(["row", "column"])
        assert found.loc[("of a network", "1"), "status"] == status
        assert json.loads(target.with_suffix(".why.json").read_text())[key] == reason


@pytest.mark.parametrize("word", ["runs/net", "module:function", "a.generated index:IVF4"])
def test_what_was_measured_with_ones_own_networks_is_not_published(tmp_path, folder, monkeypatch, word):
    monkeypatch.setattr(measure, "commit", lambda: "0123456789ab")
    measure.run(_table(needs=word), Settings("smoke"), tmp_path, progress=False)
    with pytest.raises(ValueError, match=rf"stored networks or those that it trains. Received: {word.split()[-1]}"):
        results.publish(_table(needs=word), "smoke", tmp_path, folder)


def test_at_paper_networks_of_a_folder_are_published(tmp_path, monkeypatch):
    monkeypatch.setattr(measure, "commit", lambda: "0123456789ab")
    (tmp_path / "runs").mkdir()
    measure.run(_table(needs="net"), Settings("paper", weights=tmp_path / "runs"), tmp_path, progress=False)
    target = results.publish(_table(needs="net"), "paper", tmp_path, tmp_path / "published")
    assert "runs/net" in set(pd.read_csv(target)["weights"])


def test_every_number_has_its_unit():
    found = [*(ROOT / "results").glob("*/*.csv"), *(ROOT / "results").glob("*/*/*.csv")]
    assert len(found) > 60
    for path in found:
        frame = pd.read_csv(path, keep_default_na=False, dtype={"metric": str, "unit": str})
        table = tables.find(frame["paper"].iloc[0], frame["table"].iloc[0])
        assert frame["unit"].tolist() == [unit_of(table.units, metric) for metric in frame["metric"]], path
        assert not frame["metric"].str.contains(r", %$|\[|, dB|percent|seconds|levels").any(), path
        numbers = pd.to_numeric(frame["value"])
        share = frame["metric"].str.contains("AUC|accuracy|SSIM|share|rate|correlation|agreement|F1")
        assert (numbers[share & (frame["unit"] == "")].dropna().abs() <= 1).all(), path
        parts = frame["metric"].str.contains("PSNR")
        assert set(frame.loc[parts, "unit"]) <= {"dB"}, path


def test_publishing_says_why_a_new_cell_has_no_value(tmp_path, folder, monkeypatch):
    monkeypatch.setattr(measure, "commit", lambda: "0123456789ab")
    table = _table(trained=False, columns=("3",))
    measure.run(table, Settings("smoke"), tmp_path / "own", progress=False)
    target = results.publish(table, "smoke", tmp_path / "own", folder)
    assert json.loads(target.with_suffix(".why.json").read_text()) == {"of a network|3|AUC": "no network"}


def test_a_changed_tree_other_data_and_what_was_not_measured_are_not_published(tmp_path, folder, monkeypatch):
    before = (folder / "smoke" / "demo_table_1.csv").read_bytes()
    monkeypatch.setattr(measure, "commit", lambda: "0123456789ab+")
    measure.run(_table(), Settings("smoke"), tmp_path / "own", progress=False)
    with pytest.raises(ValueError, match=r"without uncommitted changes. Received: 0123456789ab\+"):
        results.publish(_table(), "smoke", tmp_path / "own", folder)
    monkeypatch.setattr(measure, "commit", lambda: "0123456789ab")
    measure.run(_table(), Settings("smoke", seed=4), tmp_path / "seed", progress=False)
    with pytest.raises(ValueError, match=r"is of seed 0; remove it to publish others. Received: 4"):
        results.publish(_table(), "smoke", tmp_path / "seed", folder)
    with pytest.raises(ValueError, match="measured before it is published: zoo reproduce demo table-1 --scale smoke"):
        results.publish(_table(), "smoke", tmp_path / "nowhere", folder)
    assert (folder / "smoke" / "demo_table_1.csv").read_bytes() == before


@pytest.mark.parametrize(
    ("dataset", "name"), [("open_photographs", "open_photographs"), ("folder:my cameras", "my cameras")]
)
def test_results_on_another_data_set_have_a_folder_of_their_own(tmp_path, folder, monkeypatch, dataset, name):
    before = (folder / "smoke" / "demo_table_1.csv").read_bytes()
    monkeypatch.setattr(measure, "commit", lambda: "0123456789ab")
    settings = Settings("smoke", dataset)
    measure.run(_table(), settings, tmp_path / "own", progress=False)
    target = results.publish(_table(), "smoke", tmp_path / "own", folder)
    assert target == folder / "smoke" / name / "demo_table_1.csv"
    assert (folder / "smoke" / "demo_table_1.csv").read_bytes() == before
    shown = _shown(tmp_path, folder, _table(trained=False), settings)
    assert shown.loc[("of a network", "1"), "status"] == published.PUBLISHED


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """A clone of this tree as it stands, with the present environment."""
    folder = tmp_path_factory.mktemp("clone") / "zoo"
    ignored = shutil.ignore_patterns(".git", ".venv*", "runs", "site", "build", "dist", "*.egg-info", "*_cache")
    shutil.copytree(ROOT, folder, ignore=ignored, symlinks=True)
    _git(folder, "init", "-q")
    _git(folder, "add", ".")
    _git(folder, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "as it stands")
    assert _git(folder, "status", "--porcelain") == ""
    return folder


def _git(folder, *arguments):
    done = subprocess.run(["git", "-C", folder, *arguments], capture_output=True, text=True, check=True)
    return done.stdout


def _run(clone, *command):
    environment = os.environ | {"PYTHONPATH": str(clone)}
    done = subprocess.run(command, cwd=clone, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


def _tests_that_read_results_pass(clone):
    out = _run(clone, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *READING)
    assert " passed" in out and "failed" not in out
    assert _git(clone, "status", "--porcelain") == ""


@pytest.mark.slow  # half a minute
@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_a_row_measured_in_a_clone_changes_no_file_of_it(clone):
    row = "baseline: histogram, HS 5"
    code = "import sys; from zoo.experiments.cli.main import main; sys.exit(main())"
    out = _run(clone, sys.executable, "-c", code, "reproduce", "contrast", "table-1", "--rows", row)
    assert row in out and "baseline: histogram, HS 7" not in out
    frames = [pd.read_csv(clone / part / "laptop" / "contrast_table_1.csv") for part in ("runs/tables", "results")]
    own, there = (frame[frame["row"] == row]["value"].tolist() for frame in frames)
    assert own == pytest.approx(there, abs=1e-9) and len(own) == 8
    _tests_that_read_results_pass(clone)


@pytest.mark.slow
@pytest.mark.timeout(3000)
@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_the_readmes_first_command_changes_no_file_of_a_clone(clone):
    (command,) = [line for line in (ROOT / "README.md").read_text().splitlines() if line.startswith("make reproduce")]
    environment = Path(sys.prefix)
    out = _run(clone, *command.split(), f"VENV={environment}", "-o", f"{environment}/.installed")
    assert "written: runs/tables/laptop/contrast_table_1.csv" in out
    frame = pd.read_csv(clone / "runs" / "tables" / "laptop" / "contrast_table_1.csv")
    assert set(frame["status"]) == {"measured"}
    _tests_that_read_results_pass(clone)


@pytest.mark.parametrize("width", [60, 100, 160])
def test_a_wide_table_is_printed_in_blocks_and_nothing_of_it_is_cut_off(width):
    frame = measure.read_csv(ROOT / "results" / "laptop" / "contrast_table_1.csv").head(48)
    text = io.StringIO()
    print_table(frame, "T", console=Console(file=text, width=width, force_terminal=True, no_color=True))
    assert "…" not in text.getvalue()
    for column in frame["column"].unique():
        assert column in text.getvalue()
    for value, paper in zip(frame["value"], frame["paper_value"], strict=True):
        assert f"{value:.1f} | {paper:.1f}" in text.getvalue()


@pytest.mark.parametrize(("dataset", "kept"), [("embedded", True), ("clothing", False), ("folder:mine", False)])
def test_pictures_of_other_data_sets_do_not_enter_the_project(tmp_path, monkeypatch, dataset, kept):
    monkeypatch.setattr(measure, "commit", lambda: "0123456789ab")
    monkeypatch.setattr(results, "ROOT", tmp_path / "root")
    (tmp_path / "root" / "docs" / "assets").mkdir(parents=True)
    table = dataclasses.replace(_table(), plots_pictures=True)
    measure.run(table, Settings("smoke", dataset), tmp_path / "own", progress=False)
    measure.csv_path(table, "smoke", tmp_path / "own").with_suffix(".png").write_bytes(b"picture")
    results.publish(table, "smoke", tmp_path / "own", tmp_path / "published")
    assert (tmp_path / "root" / "docs" / "assets" / "demo_table_1.png").is_file() == kept
