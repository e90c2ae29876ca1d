"""``zoo score``: a row a picture, whatever becomes of it, in one process, in several, and on Ray; and after a kill."""

import csv
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import scores_job
from PIL import Image

from zoo.experiments.cli import score, score_bucket
from zoo.experiments.cli.score_rows import Row, Rows
from zoo.experiments.families import load
from zoo.experiments.run import workers_local

TESTS = Path(__file__).parent.parent


PRODUCTS = score.products()


@pytest.fixture(autouse=True)
def bright(monkeypatch):
    """A product without a network."""
    monkeypatch.setattr(score, "products", lambda: {"bright": scores_job.PLACE})


@pytest.fixture
def archive(tmp_path, rng):
    """Pictures of three sizes, and files that are none."""
    folder = tmp_path / "archive"
    folder.mkdir()
    for number in range(9):
        side = (20, 30, 40)[number % 3]
        Image.fromarray(rng.integers(0, 256, (side, side, 3), np.uint8)).save(folder / f"{number}.png")
    Image.fromarray(np.zeros((11, 11, 3), np.uint8)).save(folder / "refused.png")
    (folder / "cut.png").write_bytes((folder / "0.png").read_bytes()[:200])
    (folder / "empty.png").write_bytes(b"")
    return folder


def _read(path):
    if path.suffix == ".csv":
        with open(path, newline="") as file:
            return sorted(csv.DictReader(file), key=lambda row: row["path"])
    from pyarrow import parquet

    rows = parquet.read_table(path).sort_by("path").to_pylist()
    return [{name: "" if value is None else str(value) for name, value in row.items()} for row in rows]


def test_a_row_a_picture(tmp_path, archive, command):
    absent = tmp_path / "absent.png"
    code, out, _ = command("score", "bright", archive, absent, "-o", tmp_path / "out.csv")
    assert (code, out) == (0, f"written: {tmp_path / 'out.csv'} (13 pictures, 4 of them failed)\n")
    rows = {Path(row["path"]).name: row for row in _read(tmp_path / "out.csv")}
    assert set(rows) == {path.name for path in archive.iterdir()} | {"absent.png"}
    for number in range(9):
        row, path = rows[f"{number}.png"], archive / f"{number}.png"
        assert row["path"] == str(path) and int(row["size"]) == path.stat().st_size
        assert row["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
        assert float(row["score"]) == np.asarray(Image.open(path)).mean() / 3
        assert (row["status"], row["reason"]) == ("scored", "")
    for name in ("refused.png", "cut.png", "empty.png", "absent.png"):
        assert (rows[name]["status"], rows[name]["score"]) == ("failed", "") and rows[name]["reason"]
    assert rows["refused.png"]["reason"] == "not for this product"
    assert (rows["absent.png"]["size"], rows["absent.png"]["sha256"]) == ("", "")
    assert rows["empty.png"]["sha256"] == hashlib.sha256(b"").hexdigest()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    assert command("score", "bright", archive, "-o", tmp_path / "out.csv")[0] == 2
    assert command("score", "bright", archive, "-o", tmp_path / "out.csv", "--force")[0] == 0


@pytest.mark.parametrize(("side", "reason"), [(15, "smaller than a patch of 16 pixels, and filled up"), (16, "")])
def test_a_picture_smaller_than_a_patch_is_scored_and_says_so(tmp_path, side, reason):
    Image.fromarray(np.full((side, 20, 3), 60, np.uint8)).save(tmp_path / "small.png")
    scoring = score_bucket.Scoring(scores_job.PLACE, ())
    (row,) = score_bucket.score_bucket(scoring, [str(tmp_path / "small.png")])
    assert (row.score, row.status, row.reason) == (20, "scored", reason)


@pytest.mark.slow  # loads each network twice
@pytest.mark.parametrize(
    ("product", "verb", "score_of"),
    [
        ("contrast", ("contrast", "detect"), lambda answer: answer["score"]),
        ("quality", ("hyperimage", "quality"), lambda answer: answer["score"]),
        ("forgery", ("hyperimage", "forgery"), lambda answer: answer["score"]),
        ("imaging", ("imaging", "detect"), lambda answer: 1 - answer["native"]),
    ],
)
def test_a_score_is_that_of_the_products_command(tmp_path, rng, command, monkeypatch, product, verb, score_of):
    monkeypatch.setattr(score, "products", lambda: PRODUCTS)
    Image.fromarray(rng.integers(0, 256, (270, 300, 3), np.uint8)).save(tmp_path / "a.png")
    code, out, _ = command(*verb, tmp_path / "a.png", "--json")
    assert code == 0
    assert command("score", product, tmp_path / "a.png", "-o", tmp_path / "out.csv")[0] == 0
    (row,) = _read(tmp_path / "out.csv")
    assert float(row["score"]) == pytest.approx(score_of(json.loads(out)), abs=2e-6)


def test_transparent_pictures_are_flattened_on_request(tmp_path, command):
    Image.fromarray(np.full((20, 20, 4), (9, 9, 9, 0), np.uint8)).save(tmp_path / "clear.png")
    arguments = ("score", "bright", tmp_path / "clear.png", "-o", tmp_path / "out.csv", "--force")
    assert command(*arguments)[0] == 0
    (row,) = _read(tmp_path / "out.csv")
    assert row["status"] == "failed" and "--flatten" in row["reason"]
    for background, score_of in (("white", "85.0"), ("black", "0.0")):
        assert command(*arguments, "--flatten", background)[0] == 0
        (row,) = _read(tmp_path / "out.csv")
        assert (row["status"], row["score"]) == ("scored", score_of)


def test_parquet_has_the_rows_of_csv_and_says_where_they_come_from(tmp_path, archive, command):
    parquet = pytest.importorskip("pyarrow.parquet")
    (archive / 'new\nline, "quoted".png').write_bytes((archive / "1.png").read_bytes())
    (tmp_path / "list.txt").write_text(f"{archive}\n{tmp_path / 'absent.png'}\n")
    for name in ("out.csv", "out.parquet"):
        assert command("score", "bright", f"@{tmp_path / 'list.txt'}", "-o", tmp_path / name)[0] == 0
    assert _read(tmp_path / "out.parquet") == _read(tmp_path / "out.csv")
    schema = parquet.read_schema(tmp_path / "out.parquet")
    assert b'"product": "bright"' in schema.metadata[b"forensics_zoo"]
    assert [str(kind) for kind in schema.types] == ["string", "int64", "string", "double", "string", "string"]


def test_several_processes_give_the_rows_of_one_and_a_picture_that_ends_them_is_a_row(
    tmp_path, archive, command, monkeypatch
):
    monkeypatch.setattr(workers_local, "ATTEMPTS", 1)  # a process takes a second to start
    command("score", "bright", archive, "-o", tmp_path / "one.csv")
    Image.fromarray(np.zeros((13, 13, 3), np.uint8)).save(archive / "deadly.png")
    code, out, _ = command("score", "bright", archive, "-o", tmp_path / "two.csv", "--on", "local:1")
    assert code == 0 and "(13 pictures, 4 of them failed)" in out
    one, two = _read(tmp_path / "one.csv"), _read(tmp_path / "two.csv")
    (deadly,) = (row for row in two if row not in one)
    assert deadly["reason"].startswith("its worker died") and deadly["path"].endswith("deadly.png")
    assert [row for row in two if row is not deadly] == one
    assert not list(tmp_path.glob(".*"))


@pytest.mark.slow
def test_ray_gives_the_rows_of_one_process_and_loads_networks_once_a_worker(
    tmp_path, archive, command, monkeypatch, ray_cluster
):
    command("score", "bright", archive, "-o", tmp_path / "one.csv")
    monkeypatch.setattr(score, "MOST", 2)
    monkeypatch.setenv("SCORES_JOB", str(tmp_path))
    monkeypatch.setattr("zoo.experiments.run.workers_ray.PASSED_ON", ("SCORES_JOB",))
    code, _, err = command("score", "bright", archive, "-o", tmp_path / "two.csv", "--on", "ray")
    assert code == 0, err
    assert _read(tmp_path / "two.csv") == _read(tmp_path / "one.csv")
    pids = [path.name.split(".")[1] for path in tmp_path.glob("loaded.*")]
    assert 1 <= len(pids) == len(set(pids)) <= 2


def test_a_run_that_is_killed_goes_on(tmp_path, archive, command):
    """Killed by a picture, the last one as it is the smallest."""
    Image.fromarray(np.zeros((13, 13, 3), np.uint8)).save(archive / "deadly.png")
    for name in ("empty.png", "refused.png"):
        (archive / name).unlink()
    code = (
        "import sys; import scores_job; from zoo.experiments.cli import main, score\n"
        "score.products = lambda: {'bright': scores_job.PLACE}\n"
        "main.main(sys.argv[1:])\n"
    )
    run = [sys.executable, "-c", code, "score", "bright", str(archive), "-o", str(tmp_path / "out.csv")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), str(TESTS.parent)])}
    assert subprocess.run(run, env=environment, check=False).returncode == -9
    (kept,) = tmp_path.glob(".out.csv.*.csv")
    before = kept.read_text()
    assert before.count("\n") == 1 + 10
    kept.write_text(before[: before.rindex(",")])  # the last row is cut short
    (archive / "deadly.png").unlink()
    scorer = load(scores_job.PLACE).scorer(())
    seen = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(score_bucket, "_scorer", lambda place, weights: seen.append(1) or scorer)
        _, out, err = command("score", "bright", archive, "-o", tmp_path / "out.csv")
    assert "zoo: 9 pictures were scored by an earlier run\n" in err
    assert len(seen) == 1 and "(10 pictures, 1 of them failed)" in out
    assert (tmp_path / "out.csv").read_text() == before
    assert not list(tmp_path.glob(".out*"))


def test_rows_of_another_run_are_not_taken_over(tmp_path):
    row = Row("a.png", 3, "00", 0.1, "scored", "")
    with Rows(tmp_path / "out.csv", "key", ["a.png"]) as rows:
        rows.write([row])
    with Rows(tmp_path / "out.csv", "other", ["a.png"]) as rows:
        assert rows.done == set()
    with Rows(tmp_path / "out.csv", "key", ["a.png"]) as rows:
        assert rows.done == {"a.png"}


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_rows_of_other_pictures_are_kept_for_their_run_and_not_written(tmp_path, archive, command, monkeypatch, suffix):
    if suffix == "parquet":
        pytest.importorskip("pyarrow")
    (tmp_path / "others").mkdir()
    for name in ("0.png", "cut.png"):
        (archive / name).rename(tmp_path / "others" / name)
    arguments, finish = ("-o", tmp_path / f"out.{suffix}"), Rows.finish

    def killed(self, about):
        raise KeyboardInterrupt

    monkeypatch.setattr(Rows, "finish", killed)
    assert command("score", "bright", tmp_path / "others", *arguments)[0] == 130
    assert command("score", "bright", archive / "1.png", *arguments)[0] == 130
    code, _, err = command("score", "bright", tmp_path / "others", *arguments)
    assert code == 130 and "zoo: 2 pictures were scored by an earlier run\n" in err
    monkeypatch.setattr(Rows, "finish", finish)
    code, out, err = command("score", "bright", archive, *arguments)
    assert code == 0 and "(10 pictures, 2 of them failed)" in out
    assert "zoo: 1 pictures were scored by an earlier run\n" in err
    assert [row["path"] for row in _read(arguments[1])] == sorted(map(str, archive.iterdir()))


def test_buckets_hold_pictures_of_similar_size_each_once(tmp_path, monkeypatch):
    monkeypatch.setattr(score, "MOST", 4)
    monkeypatch.setattr(score, "MOST_BYTES", 100)
    sizes = [1, 250, 90, 20, 30, 3, 2, 40, 1, 1]
    for number, size in enumerate(sizes):
        (tmp_path / str(number)).write_bytes(bytes(size))
    found = score.buckets([str(tmp_path / str(n)) for n in range(10)])
    assert [[Path(path).stat().st_size for path in paths] for paths in found] == [
        [250],
        [90],
        [40, 30, 20, 3],
        [2, 1, 1, 1],
    ]
    assert score.buckets([]) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("dark", "a.png", "-o", "out.csv"), "PRODUCT must be one of bright. Received: 'dark'"),
        (("bright", "a.png", "-o", "out.txt"), "-o must end in .csv or .parquet, in a folder that exists"),
        (("bright", "a.png", "-o", "none/out.csv"), "-o must end in .csv or .parquet, in a folder that exists"),
        (("bright", "a.png", "-o", "out.csv", "--on", "slurm"), "zoo score takes --on local:N or --on ray"),
    ],
)
def test_bad_arguments_are_one_line(command, monkeypatch, tmp_path, arguments, said):
    monkeypatch.chdir(tmp_path)
    code, out, err = command("score", *arguments)
    assert (code, out, len(err.splitlines())) == (2, "", 1) and said in err


def test_parquet_without_pyarrow(command, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    code, _, err = command("score", "bright", tmp_path / "a.png", "-o", tmp_path / "out.parquet")
    assert (code, err) == (
        2,
        "zoo: Parquet needs pyarrow: pip install 'forensics-zoo[parquet]'. Received: no pyarrow\n",
    )
