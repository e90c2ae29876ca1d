"""No command writes onto a file that it reads, and none replaces a file without being told."""

import os

import cv2
import numpy as np
import pytest

from zoo.datasets.camera import CAMERAS, Body, expose, write_dng
from zoo.images import write_png

COMMANDS = {
    "contrast detect": ("contrast", "detect", "{a.png}", "--heatmap", "{out.png}"),
    "contrast detect, weights": ("contrast", "detect", "{a.png}", "--weights", "{w.png}", "--heatmap", "{out.png}"),
    "hyperimage forgery": ("hyperimage", "forgery", "{a.png}", "--heatmap", "{out.png}"),
    "imaging detect": ("imaging", "detect", "{a.png}", "--heatmap", "{out.png}"),
    "imaging develop": ("imaging", "develop", "{e.tif}", "-o", "{out.tif}"),
    "prnu fingerprint": ("imaging", "prnu", "fingerprint", "{a.png}", "{f.npz}", "-o", "{out.npz}"),
    "steganography hide": ("steganography", "hide", "{a.png}", "{b.png}", "-o", "{out.png}"),
    "steganography sheet": ("steganography", "hide", "{a.png}", "{b.png}", "-o", "{new.png}", "--sheet", "{out.png}"),
    "steganography reveal": ("steganography", "reveal", "{a.png}", "-o", "{out.png}"),
}
"""Commands with the files that they read, in braces; ``out`` is what they write."""
ATTACK = ("adversarial", "attack", "a.png", "--attack", "random_noise", "--output", "attacked")


@pytest.fixture
def files(tmp_path, monkeypatch):
    """A folder with pictures, a RAW file called .tif as some cameras do, and what may be taken for weights."""
    monkeypatch.chdir(tmp_path)
    scene = np.random.default_rng(3).random((64, 64, 3), np.float32)
    body = Body(CAMERAS["birch"], serial=1)
    write_dng(tmp_path / "e.dng", expose(scene, body, np.random.default_rng(4)), body)
    (tmp_path / "e.dng").rename(tmp_path / "e.tif")
    for name in ("a.png", "b.png", "w.png"):
        write_png(tmp_path / name, np.full((64, 64, 3), 90, np.uint8))
    np.savez(tmp_path / "f.npz", x=np.zeros(3))
    return tmp_path


def _filled(name, output):
    return [output if part.startswith("{out") else part.strip("{}") for part in COMMANDS[name]]


def _inputs(name):
    """What the command reads and could write over by its suffix."""
    parts = COMMANDS[name]
    (wanted,) = [part for part in parts if part.startswith("{out")]
    return [p.strip("{}") for p in parts if p.endswith(wanted[-5:]) and p not in (wanted, "{new.png}")]


@pytest.mark.parametrize("way", ["itself", "another spelling", "symbolic link", "hard link"])
@pytest.mark.parametrize(("name", "read"), [(name, read) for name in COMMANDS for read in _inputs(name)])
def test_an_input_is_never_written_onto(files, command, name, read, way):
    output = {"itself": read, "another spelling": f"x/../{read}"}.get(way, f"link{os.path.splitext(read)[1]}")
    (files / "x").mkdir()
    if way == "symbolic link":
        (files / output).symlink_to(read)
    elif way == "hard link":
        os.link(files / read, files / output)
    before = {path.name: path.read_bytes() for path in files.iterdir() if path.is_file()}
    for force in ((), ("--force",)):
        code, _, err = command(*_filled(name, output), *force)
        assert code == 2
        assert err == f"zoo: {_option(name)} must not be a file that the command reads. Received: {output}\n"
    assert {path.name: path.read_bytes() for path in files.iterdir() if path.is_file()} == before


def _option(name):
    parts = COMMANDS[name]
    option = next(parts[i - 1] for i, part in enumerate(parts) if part.startswith("{out"))
    return {"-o": "--output"}.get(option, option)


@pytest.mark.parametrize("name", COMMANDS)
def test_an_existing_file_is_replaced_only_when_told(files, command, name):
    (wanted,) = [part.strip("{}") for part in COMMANDS[name] if part.startswith("{out")]
    (files / wanted).write_text("mine")
    code, _, err = command(*_filled(name, wanted))
    assert code == 2
    assert err == f"zoo: {_option(name)} names a file that exists; --force replaces it. Received: {wanted}\n"
    assert (files / wanted).read_text() == "mine"


def test_force_replaces(files, command):
    (files / "out.png").write_text("mine")
    code, _, err = command("steganography", "hide", "a.png", "b.png", "-o", "out.png", "--force")
    assert code == 0, err
    assert cv2.imread(str(files / "out.png")).shape == (64, 64, 3)
    # A file system without room for the new one keeps the old one: it is written beside, and then moved.
    assert not [path for path in files.iterdir() if path.name.startswith(".")]


def test_two_outputs_are_two_files(files, command):
    code, _, err = command("steganography", "hide", "a.png", "b.png", "-o", "c.png", "--sheet", "./c.png")
    assert code == 2
    assert "--sheet must be another file than the command's other outputs. Received: c.png" in err


def test_a_folder_is_no_output(files, command):
    (files / "out.png").mkdir()
    code, _, err = command("steganography", "reveal", "a.png", "-o", "out.png", "--force")
    assert (code, err) == (2, "zoo: --output must be a file. Received: a folder, out.png\n")


def test_attacked_pictures_replace_nothing(files, command):
    (files / "attacked").mkdir()
    (files / "attacked" / "a.random_noise.png").write_text("mine")
    code, _, err = command(*ATTACK)
    assert code == 2 and "--output for a.png names a file that exists" in err
    code, _, err = command("adversarial", "attack", "a.png", "x/a.png", "--output", "attacked")
    assert code == 2 and "Pictures with the same file name need separate --output folders" in err
    assert (files / "attacked" / "a.random_noise.png").read_text() == "mine"
    (files / "a.random_noise.png").symlink_to("a.png")
    code, _, err = command(*ATTACK[:-1], ".", "--force")
    assert code == 2 and "--output for a.png must not be a file that the command reads" in err


def test_a_report_replaces_a_report_and_no_other_page(files, command):
    (files / "page.html").write_text("<title>mine</title>")
    code, _, err = command("reproduce", "--report", "page.html")
    assert code == 2
    assert err == "zoo: --report must be a new file or an existing report. Received: page.html\n"
    assert (files / "page.html").read_text() == "<title>mine</title>"
