"""Scoring pictures of every kind, by class and on the command line, with untrained networks."""

import json

import cv2
import keras
import numpy as np
import pytest
from PIL import Image

from zoo.experiments.hyperimage.forgery import training as forgery
from zoo.experiments.hyperimage.quality import training as quality
from zoo.hyperimage import CNNIQA, ForgeryChannel, ForgeryStageTwo, TIDStageTwo
from zoo.hyperimage.detector import ForgeryDetector, QualityScorer, to_end_to_end
from zoo.weights import pack


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder as `zoo pretrain hyperimage` leaves it, untrained."""
    keras.utils.set_random_seed(4)
    path = tmp_path_factory.mktemp("hyper")
    width = 0.25
    for name, model in {
        quality.SELECTED: CNNIQA(),
        quality.SECOND: TIDStageTwo(),
        forgery.CHANNEL: ForgeryChannel(width=width),
        forgery.SECOND: ForgeryStageTwo(width=width),
    }.items():
        pack(model, path / f"{name}.npz")
    return path


def _pictures(folder, rng):
    rgb = rng.integers(0, 256, (70, 90, 3), np.uint8)
    Image.fromarray(rgb).save(folder / "rgb.png")
    Image.fromarray(rgb[:1, :1]).save(folder / "one.png")
    Image.fromarray(np.full((20, 300, 3), 99, np.uint8)).save(folder / "constant.png")
    Image.fromarray(rgb[..., 0]).save(folder / "grey.png")
    cv2.imwrite(str(folder / "deep.png"), rng.integers(0, 65536, (40, 50, 3), np.uint16))
    good = sorted(p.name for p in folder.iterdir())
    Image.fromarray(np.dstack([rgb, np.full((70, 90), 7, np.uint8)])).save(folder / "transparent.png")
    (folder / "text.png").write_text("no picture")
    return good, ["transparent.png", "text.png", "absent.png"]


@pytest.mark.parametrize("verb", ["quality", "forgery"])
def test_every_kind_of_picture_is_scored_or_named(tmp_path, rng, command, folder, verb):
    good, bad = _pictures(tmp_path, rng)
    paths = [tmp_path / name for name in (*good, *bad)]
    code, out, err = command("hyperimage", verb, *paths, "--json", "--weights", folder)
    assert code == len(bad)
    entries = {entry["image"]: entry for entry in map(json.loads, out.splitlines())}
    assert set(entries) == {str(tmp_path / name) for name in good}
    assert all(np.isfinite(entry["score"]) and "trained on" in entry["note"] for entry in entries.values())
    lines = [line for line in err.splitlines() if line.startswith("zoo: ")]
    assert [any(name in line for line in lines) for name in bad] == [True] * 3
    assert lines[-1] == f"zoo: 3 of {len(paths)} pictures failed"


def test_forgery_draws_what_the_score_rests_on(tmp_path, rng, command, folder):
    Image.fromarray(rng.integers(0, 256, (80, 100, 3), np.uint8)).save(tmp_path / "a.png")
    heat = tmp_path / "heat.png"
    arguments = ("hyperimage", "forgery", tmp_path / "a.png", "--weights", folder)
    code, out, err = command(*arguments, "--heatmap", heat)
    assert code == 0
    assert 0 <= float(out.split()[0]) <= 1
    assert "never on real forgeries" in err
    np.testing.assert_array_equal(np.asarray(Image.open(heat))[:80, :100], np.asarray(Image.open(tmp_path / "a.png")))
    two = ("hyperimage", "forgery", tmp_path / "a.png", tmp_path / "a.png", "--heatmap", heat)
    for wrong in ((*arguments, "--heatmap", tmp_path / "heat.jpg"), two):
        code, _, err = command(*wrong)
        assert code == 2
        assert "Received" in err


@pytest.mark.parametrize(
    "arguments",
    [
        ("hyperimage",),
        ("hyperimage", "quality", "picture.png", "--weights", "absent"),
        ("pretrain", "hyperimage", "--scale", "huge"),
        ("pretrain", "hyperimage", "--dataset", "tid2013"),
        ("reproduce", "hyperimage", "table-1", "--scale", "huge"),
        ("reproduce", "hyperimage", "table-2", "--dataset", "tid2013"),
        ("reproduce", "hyperimage", "table-2", "--scale", "paper", "--dataset", "tid2013", "--data-dir", "absent"),
        ("reproduce", "hyperimage", "table-2", "--scale", "paper", "--dataset", "live_iqa", "--data-dir", "absent"),
        ("reproduce", "hyperimage", "table-3", "--scale", "paper", "--dataset", "casia2", "--data-dir", "absent"),
        ("reproduce", "hyperimage", "fusion", "--dataset", "raise8k"),
    ],
)
def test_bad_input_is_one_line(tmp_path, command, monkeypatch, arguments):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "picture.png").write_text("a file, so that the network is looked for")
    code, _, err = command(*arguments)
    assert code == 2
    assert "Received" in err or "required" in err
    assert "Traceback" not in err


def test_heatmap_shows_the_cell_that_decides(folder):
    names = [folder / f"{name}.npz" for name in (forgery.CHANNEL, forgery.SECOND)]
    detector = ForgeryDetector(tuple(names))

    class Corner:
        """Calls an image tampered by the first feature of the top left cell alone."""

        def predict(self, hyper, **options):
            return 1 - hyper[:, 0, 0, :1]

    hyper = np.zeros((1, 15, 15, 500), np.float32)
    hyper[0, 0, 0, 0] = 1
    detector.network.second = Corner()
    detector.network.hyper_images = lambda images: hyper
    heat = detector.heatmap(np.zeros((150, 300, 3), np.uint8))
    assert heat.shape == (150, 300)
    assert heat[0, 0] == np.float32(1 - 1 / 15**2)  # the mean of all cells took its place
    assert heat[40:].max() == heat[:, 80:].max() == 0


def test_forgery_takes_weights_of_every_scale(tmp_path, rng, command):
    width = forgery.SCALES["smoke"].width
    pack(ForgeryChannel(width=width), tmp_path / f"{forgery.CHANNEL}.npz")
    pack(ForgeryStageTwo(width=width), tmp_path / f"{forgery.SECOND}.npz")
    Image.fromarray(rng.integers(0, 256, (80, 100, 3), np.uint8)).save(tmp_path / "a.png")
    code, out, err = command("hyperimage", "forgery", tmp_path / "a.png", "--weights", tmp_path)
    assert code == 0, err
    assert 0 <= float(out.split()[0]) <= 1


@pytest.mark.parametrize(
    "image", [np.zeros((70, 70), np.uint8), np.zeros((70, 70, 3), np.float32), np.zeros((0, 70, 3), np.uint8), [[0]]]
)
def test_other_arrays_are_refused(folder, image):
    scorer = QualityScorer(tuple(folder / f"{name}.npz" for name in (quality.SELECTED, quality.SECOND)))
    with pytest.raises(ValueError, match="Received"):
        scorer.score(image)


def test_end_to_end_input_turns_portraits():
    image = np.zeros((384, 256, 3), np.uint8)
    image[:, :10] = 255
    found = to_end_to_end(image)
    assert found.shape == (256, 384, 3)
    assert found[-10:].min() > 0.3  # the left edge is now at the bottom
    assert found[:-10].max() < 0
    assert to_end_to_end(np.zeros((50, 90, 3), np.uint8)).shape == (256, 384, 3)
