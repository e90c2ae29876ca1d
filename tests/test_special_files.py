"""Pipes and devices are named and not opened: reading them might never end."""

import os

import numpy as np
import pytest

from zoo.adversarial import KNNDetector
from zoo.adversarial.digits import digits
from zoo.adversarial.small import SmallOverFeat
from zoo.datasets.embedded import photograph
from zoo.datasets.folder import scan
from zoo.experiments.run import measure
from zoo.experiments.run.page import is_page
from zoo.images import ImageError, lossy_coding, read_image, read_photograph, time_taken, write_png
from zoo.imaging import raw
from zoo.imaging.prnu import read_fingerprint
from zoo.weights import find

pytestmark = pytest.mark.timeout(30)


@pytest.fixture
def pipe(tmp_path):
    def make(name):
        os.mkfifo(tmp_path / name)
        return tmp_path / name

    return make


@pytest.mark.parametrize(
    ("read", "name"),
    [
        (read_image, "x.png"),
        (read_photograph, "x.jpg"),
        (read_photograph, "x.dng"),
        (raw.read, "x.dng"),
        (read_fingerprint, "x.npz"),
    ],
)
def test_a_pipe_is_no_picture(pipe, read, name):
    with pytest.raises(ImageError, match="is not a regular file"):
        read(pipe(name))
    with pytest.raises(ImageError, match="is not a regular file"):
        read(os.devnull)


def test_what_is_asked_of_a_file_is_unknown_of_a_pipe(pipe):
    path = pipe("x.jpg")
    assert (lossy_coding(path), time_taken(path), is_page(path), measure._read(path, [])) == (None,) * 2 + (False, None)


def test_a_folder_of_photographs_leaves_them_out_and_says_so(pipe, tmp_path):
    write_png(tmp_path / "good.png", photograph("astronaut")[:96, :96])
    for name in ("x.png", "x.dng", "without a suffix"):
        pipe(name)
    (tmp_path / "device.png").symlink_to(os.devnull)
    (tmp_path / "nowhere.png").symlink_to("nothing")
    found = scan(tmp_path)
    assert [photo.path.name for photo in found.photos] == ["good.png"]
    reasons = {item.path.name: item.reason for item in found.left_out}
    special = {"x.png", "x.dng", "without a suffix", "device.png"}
    assert {name for name, reason in reasons.items() if reason == "is not a regular file"} == special
    assert "does not exist" in reasons["nowhere.png"]


def test_weights_are_regular_files(pipe):
    with pytest.raises(ValueError, match="weights must be a file or the name of stored weights"):
        find(pipe("x.npz"))


@pytest.mark.parametrize("part", ["detector.json", "arrays.npz", "neighbours.faiss", "model.keras"])
def test_a_saved_detector_has_regular_files(pipe, tmp_path, part):
    images, labels = (values[:40] for values in digits("train"))
    model = SmallOverFeat(weights="adversarial-overfeat.digits")
    KNNDetector(model, "pool5", k=3, processing="none").fit((images.astype(np.float32), labels)).save(
        tmp_path / "saved"
    )
    (tmp_path / "saved" / part).unlink()
    os.mkfifo(tmp_path / "saved" / part)
    with pytest.raises(ValueError, match=rf"Not a folder of a saved detector. .*{part} is not a regular file"):
        KNNDetector.load(tmp_path / "saved")


@pytest.mark.parametrize(
    "arguments",
    [
        ("contrast", "detect", "x.png"),
        ("imaging", "detect", "x.jpg"),
        ("imaging", "develop", "x.dng", "-o", "out.png"),
        ("imaging", "prnu", "match", "x.npz", "good.png"),
        ("imaging", "prnu", "fingerprint", "x.png", "-o", "out.npz"),
        ("steganography", "hide", "good.png", "x.png", "-o", "out.png"),
        ("steganography", "reveal", "x.png", "-o", "out.png"),
        ("contrast", "detect", "good.png", "--weights", "x.npz"),
        ("reproduce", "--report", "x.html"),
    ],
)
def test_no_command_waits_for_a_pipe(pipe, tmp_path, command, monkeypatch, arguments):
    monkeypatch.chdir(tmp_path)
    write_png(tmp_path / "good.png", photograph("astronaut")[:96, :96])
    for name in {part for part in arguments if part.startswith("x.")}:
        pipe(name)
    code, _, err = command(*arguments)
    # Where all else is right, the code is the number of pictures that cannot be read.
    assert code == (
        1 if arguments[1:] in (("detect", "x.png"), ("detect", "x.jpg")) or "fingerprint" in arguments else 2
    )
    assert err.startswith("zoo: ") and "Traceback" not in err
