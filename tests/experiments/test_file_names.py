"""Names of files are printed so that they neither colour the terminal nor write lines of their own."""

import hashlib
import json
import os
from pathlib import Path

import numpy as np
import pytest

from zoo.datasets.folder import scan
from zoo.images import ImageError, read_image, write_png
from zoo.imaging.joint.manipulations import CLASSES
from zoo.imaging.prnu import write_fingerprint
from zoo.printing import shown

NAMES = ("\x1b[31mred.png", "a.png\n0.999  forged.png", "bell\a.png", os.fsdecode(b"\xff\xfe.png"))
COMMANDS = {
    "contrast": ("contrast", "detect"),
    "quality": ("hyperimage", "quality"),
    "forgery": ("hyperimage", "forgery"),
    "imaging": ("imaging", "detect"),
    "prnu": ("imaging", "prnu", "match", "camera.npz"),
}


@pytest.mark.parametrize(("name", "text"), [("photo (1).png", "photo (1).png"), ("Häuser 家.png", "Häuser 家.png")])
def test_an_ordinary_name_is_printed_as_it_is(name, text):
    assert shown(name) == text


@pytest.mark.parametrize("name", NAMES)
def test_another_is_quoted_on_one_line_and_can_be_written_to_any_stream(name):
    text = shown(name)
    assert text.isprintable() and text.startswith("'") and text.endswith("'")
    assert eval(text) == name  # what a shell's user can read back
    text.encode()


@pytest.mark.parametrize("verb", COMMANDS)
def test_scores_stand_on_a_line_each(tmp_path, command, monkeypatch, verb):
    monkeypatch.chdir(tmp_path)
    picture = np.random.default_rng(5).integers(0, 256, (96, 96, 3), np.uint8)
    write_fingerprint("camera.npz", np.random.default_rng(6).standard_normal((96, 96)).astype(np.float32))
    for name in NAMES:
        write_png(name, picture)
    code, out, err = command(*COMMANDS[verb], *NAMES)
    assert code == 0, err
    assert len(out.splitlines()) == len(NAMES)
    for line, name in zip(out.splitlines(), NAMES, strict=True):
        assert shown(name) in line
    assert all(line.isprintable() for line in (*out.splitlines(), *err.splitlines()))
    code, out, _ = command(*COMMANDS[verb], *NAMES, "--json")
    found = [json.loads(line) for line in out.splitlines()]
    assert [entry["image"] for entry in found] == list(NAMES)
    for entry in found:
        assert entry["sha256"] == hashlib.sha256(Path(entry["image"]).read_bytes()).hexdigest()
        assert entry["higher_is"] and entry["note"]
        low, high = entry["range"]
        scores = [v for k, v in entry.items() if k in ("score", "p_value", *CLASSES)]
        assert scores and all((low is None or low <= s) and (high is None or s <= high) for s in scores)


@pytest.mark.parametrize("name", NAMES)
def test_errors_are_one_line(tmp_path, command, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_text("no picture")
    with pytest.raises(ImageError) as error:
        read_image(name)
    assert str(error.value).isprintable()
    for arguments in (
        ("contrast", "detect", name),
        ("contrast", "detect", name, "--weights", name),
        ("contrast", "detect", "a.png", "--heatmap", name.replace("png", "jpg")),
        ("steganography", "reveal", name, "-o", "out.png"),
        ("reproduce", "contrast", "table-1", "--dataset", name),
    ):
        code, _, err = command(*arguments)
        assert code == (1 if arguments[:2] == ("contrast", "detect") and len(arguments) == 3 else 2)
        assert len(err.splitlines()) == 1 and err.strip().isprintable()
    assert all(line.isprintable() for line in str(_scanned(tmp_path)).splitlines())


def _scanned(folder):
    write_png(folder / "good.png", np.full((96, 96, 3), 7, np.uint8))
    return scan(folder)
