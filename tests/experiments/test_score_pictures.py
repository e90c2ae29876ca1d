"""Folders, patterns and lists of pictures: each is scored, none stops the others, and everything is on record."""

import csv
import hashlib
import io
import json
import os

import numpy as np
import pytest
from PIL import Image

from zoo.datasets.folder import scan
from zoo.experiments.cli.picture_inputs import MOST_FAILURES, expand
from zoo.images import write_png
from zoo.imaging.prnu import write_fingerprint

COMMANDS = {
    "contrast": ("contrast", "detect"),
    "quality": ("hyperimage", "quality"),
    "forgery": ("hyperimage", "forgery"),
    "imaging": ("imaging", "detect"),
    "prnu": ("imaging", "prnu", "match", "camera.npz"),
}
WITH_HEATMAP = ("contrast", "forgery", "imaging")


@pytest.fixture
def evidence(tmp_path, monkeypatch, rng):
    """Two good pictures in folders, a bad one, and files that are none."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "evidence" / "b").mkdir(parents=True)
    for name in ("evidence/one.png", "evidence/b/two.png"):
        write_png(tmp_path / name, rng.integers(0, 256, (96, 100, 3), np.uint8))
    (tmp_path / "evidence" / "b" / "bad.jpg").write_bytes(b"no picture")
    (tmp_path / "evidence" / "notes.txt").write_text("case 7")
    (tmp_path / "evidence" / ".hidden.png").write_bytes(b"")
    write_fingerprint("camera.npz", rng.standard_normal((96, 100)).astype(np.float32))
    return tmp_path


ALL = ["evidence/b/bad.jpg", "evidence/b/two.png", "evidence/one.png"]


def test_what_pictures_are_given_by(evidence):
    os.symlink("one.png", evidence / "evidence" / "link.png")
    (evidence / "list.txt").write_text("evidence/one.png\n\nevidence/b\n")
    (evidence / "evidence" / "[1].png").write_bytes(b"x")
    names = lambda given: [path.as_posix() for path in expand(given)]  # noqa: E731
    assert names(["evidence"]) == [
        "evidence/[1].png",
        "evidence/b/bad.jpg",
        "evidence/b/two.png",
        "evidence/link.png",
        "evidence/one.png",
    ]
    assert names(["evidence/**/*.jpg"]) == ["evidence/b/bad.jpg"]
    assert names(["evidence/*/t*.png", "evidence/b"]) == ["evidence/b/two.png", "evidence/b/bad.jpg"]
    assert names(["evidence/[1].png"]) == ["evidence/[1].png"]  # a file of that name goes before the pattern
    everything = ["evidence/[1].png", *ALL[:2], "evidence/link.png", ALL[2]]
    for pattern in (
        "evidence/**",
        "evidence/**/",
        "evidence/**/*",
        "e*/**",
        "**/evidence/**",
        f"{evidence}/evidence/**",
    ):
        assert {path.removeprefix(f"{evidence}/") for path in names([pattern])} == set(everything), pattern
    assert set(names(["**"])) == set(everything)
    assert names(["evidence/*"]) == [
        "evidence/[1].png",
        *ALL[:2],
        "evidence/link.png",
        "evidence/notes.txt",
        "evidence/one.png",
    ]
    for pattern in ("evidence/*/", "evidence/[b]", "**/b", "evidence/**/b/*"):
        assert names([pattern]) == ALL[:2], pattern
    assert names(["@list.txt"]) == ["evidence/one.png", "evidence/b/bad.jpg", "evidence/b/two.png"]
    assert names(["absent.png", "*.gif"]) == ["absent.png", "*.gif"]


@pytest.mark.parametrize("verb", COMMANDS)
def test_a_folder_is_scored_by_every_command(evidence, command, verb):
    heatmap = ("--heatmap", "maps") if verb in WITH_HEATMAP else ()
    code, out, err = command(*COMMANDS[verb], "evidence", "--json", "--csv", "out.csv", *heatmap)
    assert code == 1
    assert "bad.jpg: is not an image" in err and err.splitlines()[-1] == "zoo: 1 of 3 pictures failed"
    entries = [json.loads(line) for line in out.splitlines()]
    assert [entry["image"] for entry in entries] == ALL[1:]
    with open("out.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["image"] for row in rows] == ALL
    assert "is not an image" in rows[0]["error"] and not rows[0]["sha256"]
    for row, entry in zip(rows[1:], entries, strict=True):
        assert row["sha256"] == entry["sha256"] == hashlib.sha256((evidence / row["image"]).read_bytes()).hexdigest()
        assert entry["file"] == {"damage": [], "frames": 1}
        assert all(len(digest) == 64 for digest in entry["networks"].values()) and entry["networks"]
        assert row["networks"] == " ".join(f"{name}:{digest}" for name, digest in entry["networks"].items())
        scores = [name for name in row if name in entry and isinstance(entry[name], float)]
        assert scores and all(float(row[name]) == entry[name] for name in scores)
        assert row["error"] == ""
    if heatmap:
        assert sorted(os.listdir("maps")) == ["one.png.heatmap.png", "two.png.heatmap.png"]
        with Image.open("maps/one.png.heatmap.png") as drawn:
            text = drawn.text
        assert text["Picture SHA-256"] == entries[1]["sha256"] and text["Picture"] == "one.png"
        assert text["Networks SHA-256"].split(", ") == list(entries[1]["networks"].values())
        assert text["Comment"] == entries[1]["note"]
        assert text["Range"].startswith("0 to ")


def test_lines_for_people_name_damage_and_further_frames(evidence, command):
    (evidence / "evidence" / "b" / "bad.jpg").unlink()
    with open(evidence / "evidence" / "one.png", "ab") as file:
        file.write(b"hidden here")
    pages = [Image.fromarray(np.full((70, 70, 3), 80 * i, np.uint8)) for i in range(3)]
    pages[0].save(evidence / "evidence" / "pages.tif", save_all=True, append_images=pages[1:])
    code, out, _ = command("contrast", "detect", "evidence")
    assert code == 0
    assert [line.split("  ", 2)[1:] for line in out.splitlines()] == [
        ["evidence/b/two.png"],
        ["evidence/one.png", "(damaged file: 11 bytes after the end)"],
        ["evidence/pages.tif", "(only the first of 3 frames is scored)"],
    ]
    _, out, _ = command("contrast", "detect", "evidence", "--json")
    files = [json.loads(line)["file"] for line in out.splitlines()]
    assert files[1:] == [{"damage": ["11 bytes after the end"], "frames": 1}, {"damage": [], "frames": 3}]


def test_a_damaged_container_is_named(evidence, command):
    with open(evidence / "evidence" / "one.png", "ab") as file:
        file.write(b"hidden here")
    code, _, err = command("steganography", "reveal", "evidence/one.png", "-o", "secret.png")
    assert code == 0
    assert err.splitlines()[0] == "zoo: warning: evidence/one.png is damaged: 11 bytes after the end"


def test_the_exit_code_counts_failures_up_to_a_limit(evidence, command):
    code, _, err = command("contrast", "detect", *(f"absent{n}.png" for n in range(MOST_FAILURES + 7)))
    assert code == MOST_FAILURES
    assert err.splitlines()[-1] == f"zoo: {MOST_FAILURES + 7} of {MOST_FAILURES + 7} pictures failed"


@pytest.mark.parametrize(
    "arguments",
    [
        (*COMMANDS["contrast"], "evidence/one.png", "evidence/b/two.png"),
        ("report", "evidence/one.png", "evidence/b/two.png", "--json"),
        ("imaging", "prnu", "fingerprint", "evidence/one.png", "evidence/b/two.png", "-o", "new.npz"),
    ],
)
def test_a_picture_too_large_for_memory_fails_alone(evidence, command, monkeypatch, arguments):
    opened = Image.open

    def full(file, *rest, **options):
        if file.getvalue() == (evidence / "evidence" / "one.png").read_bytes():
            raise MemoryError
        return opened(file, *rest, **options)

    monkeypatch.setattr(Image, "open", full)
    code, _, err = command(*arguments)
    assert code == 1 and "zoo: evidence/one.png: does not fit into memory\n" in err and "two.png:" not in err


@pytest.fixture
def locked(evidence, monkeypatch):
    """A folder that cannot be opened and one whose files cannot be reached; file modes do not stop root."""
    for name in ("evidence/shut", "evidence/listed", "evidence/.hidden"):
        (evidence / name).mkdir()
        (evidence / name / "three.png").write_bytes((evidence / "evidence" / "one.png").read_bytes())

    def refusing(function, *names):
        def ask(path=".", *arguments, **options):
            parts = os.fspath(path).split("/") if isinstance(path, (str, os.PathLike)) else []
            if any(name in parts for name in names) or "listed" in parts[:-1]:
                raise PermissionError(13, "Permission denied", os.fspath(path))
            return function(path, *arguments, **options)

        return ask

    for function in ("scandir", "listdir"):
        monkeypatch.setattr(os, function, refusing(getattr(os, function), "shut", ".hidden"))
    monkeypatch.setattr(os, "stat", refusing(os.stat))
    monkeypatch.setattr(io, "open", refusing(io.open))
    return evidence


UNREACHABLE = (
    "zoo: evidence/listed/three.png: cannot be read (Permission denied); an image file is needed. ",
    "zoo: evidence/shut: is a folder that cannot be opened (Permission denied); a readable folder is needed. ",
)


@pytest.mark.parametrize(
    "arguments",
    [
        (*COMMANDS["contrast"], "evidence", "--csv", "out.csv"),
        ("report", "evidence/shut", "evidence", "--json"),
        ("imaging", "prnu", "fingerprint", "evidence", "-o", "new.npz"),
    ],
)
def test_what_may_not_be_read_is_named_and_the_others_are_scored(locked, command, arguments):
    code, out, err = command(*arguments)
    assert code == 3  # with bad.jpg
    for line in UNREACHABLE:
        assert sum(said.startswith(line) for said in err.splitlines()) == 1, line
    assert ".hidden" not in err and ("two.png" in out or "fingerprint" in arguments)


@pytest.mark.parametrize(
    "pattern", ["e*", "e*/**", "evidence/*", "evidence/**", "**", "evidence/**/*.png", "*/*/*.png"]
)
def test_a_pattern_names_folders_that_it_cannot_search(locked, pattern):
    names = {path.as_posix() for path in expand([pattern])}
    assert "evidence/shut" in names and "evidence/b/two.png" in names
    assert ".hidden" not in str(names)


def test_zoo_score_does_not_succeed_without_the_rows_of_a_folder(locked, command):
    code, _, err = command("score", "contrast", "evidence", "-o", "out.csv")
    assert (code, err.splitlines()[-1]) == (1, "zoo: 1 folders cannot be opened; pictures in them have no row")
    with open("out.csv", newline="") as file:
        reasons = {row["path"]: row["reason"] for row in csv.DictReader(file)}
    assert reasons.keys() == {*ALL, "evidence/listed/three.png", "evidence/shut"}
    assert all(f"zoo: {reasons[line.split()[1][:-1]]}".startswith(line) for line in UNREACHABLE)


def test_a_picture_that_may_not_be_read_does_not_stop_a_scan(locked):
    reasons = {path.name: reason for path, reason in scan("evidence", minimum_side=8).left_out}
    assert reasons["three.png"] == "cannot be read (Permission denied)"
    assert reasons["shut"] == "folder cannot be opened (Permission denied)"


def test_an_empty_folder_is_an_error(evidence, command):
    (evidence / "nothing").mkdir()
    code, out, err = command("hyperimage", "quality", "nothing")
    assert (code, out) == (1, "")
    assert "zoo: nothing: is a folder without a picture; an image file, or a folder of them, is needed" in err


def test_pictures_of_one_name_have_a_heatmap_each(evidence, command):
    (evidence / "evidence" / "b" / "bad.jpg").unlink()
    os.rename(evidence / "evidence" / "b" / "two.png", evidence / "evidence" / "b" / "one.png")
    code, _, err = command("contrast", "detect", "evidence", "--heatmap", "maps")
    assert code == 0, err
    assert sorted(os.listdir("maps")) == ["one.png-1.heatmap.png", "one.png-2.heatmap.png"]
    code, _, err = command("contrast", "detect", "evidence", "--heatmap", "maps")
    assert code == 2 and "--heatmap for one.png names a file that exists; --force replaces it" in err
    for kept in ("one.png-1.heatmap.png", "one.png-2.heatmap.png"):  # either of them alone is protected
        (evidence / "others").mkdir(exist_ok=True)
        (evidence / "others" / kept).write_text("mine")
        code, _, err = command("contrast", "detect", "evidence", "--heatmap", "others")
        assert code == 2 and f"Received: others/{kept}" in err
        (evidence / "others" / kept).unlink()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("evidence", "--heatmap", "one.png"), "--heatmap must be a folder for several pictures"),
        (("evidence", "--heatmap", "map.jpg"), "--heatmap must end in .png, or be a folder"),
        (("evidence", "--csv", "camera.npz"), "--csv must end in .csv"),
        (("evidence", "--csv", "old.csv"), "--csv names a file that exists; --force replaces it"),
        (("@evidence/one.png",), "@FILE must be a text file in UTF-8"),
        (("@empty.txt",), "@FILE must name at least one picture"),
    ],
)
def test_bad_arguments_are_one_line_before_anything_is_scored(evidence, command, arguments, message):
    (evidence / "old.csv").write_text("mine")
    (evidence / "empty.txt").write_text("\n")
    code, out, err = command("contrast", "detect", *arguments)
    assert (code, out) == (2, "")
    assert message in err and len(err.splitlines()) == 1 and "Received: " in err
    assert (evidence / "old.csv").read_text() == "mine"


def test_a_csv_keeps_what_was_scored_before_a_kill(evidence, command, monkeypatch):
    from zoo.contrast.detector import ContrastDetector

    scored = []

    def score(self, image):
        if scored:
            raise KeyboardInterrupt
        scored.append(image)
        return 0.25

    monkeypatch.setattr(ContrastDetector, "score", score)
    code, _, err = command("contrast", "detect", "evidence/one.png", "evidence/b/two.png", "--csv", "out.csv")
    assert code == 130 and "interrupted" in err
    with open("out.csv", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["image"], row["score"]) == ("evidence/one.png", "0.25")


def test_names_that_are_no_text_come_back_out_of_the_csv(evidence, command):
    name = os.fsdecode(b"\xff\xfe,\n.png")
    os.rename(evidence / "evidence" / "one.png", evidence / name)
    code, _, err = command("hyperimage", "quality", name, "--csv", "out.csv")
    assert code == 0, err
    with open("out.csv", encoding="utf-8", errors="surrogateescape", newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["image"] == name


def test_a_list_may_come_from_another_program(evidence, command, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("evidence/one.png\nevidence/b/two.png\n"))
    code, out, err = command("contrast", "detect", "@-")
    assert code == 0, err
    assert [line.split()[1] for line in out.splitlines()] == ["evidence/one.png", "evidence/b/two.png"]
    os.mkfifo(evidence / "pipe")
    code, _, err = command("contrast", "detect", "@pipe")
    assert code == 2 and "@FILE must be a text file" in err


def test_progress_is_shown_on_a_terminal_alone(monkeypatch, capsys):
    from rich.console import Console

    from zoo.experiments.cli import score_pictures
    from zoo.experiments.run import progress

    for terminal in (True, False):
        shown = io.StringIO()
        console = Console(file=shown, force_terminal=terminal, width=100)
        monkeypatch.setattr(progress, "Console", lambda stderr, console=console: console)
        track = score_pictures.Track(2)
        done = [(path, list(track(range(0, 30, 10)))) for path in track.each(["a", "b"])]
        assert done == [("a", [0, 10, 20]), ("b", [0, 10, 20])]
        assert ("pictures" in shown.getvalue()) is terminal
        assert ("0/2" in shown.getvalue()) is terminal
