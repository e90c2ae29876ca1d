"""Calibrations of every product: what is made of photographs, error rates by group, and the commands that use them."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import zoo.hyperimage.detector
import zoo.imaging.joint.detector
from zoo.datasets.embedded import photograph
from zoo.experiments.cli.calibrate import products
from zoo.experiments.cli.calibrated import Question
from zoo.experiments.cli.calibration_contents import Scores, calibrate, format_group, size_group
from zoo.experiments.cli.reference_scores import _measurer
from zoo.experiments.cli.score_pictures import checksums
from zoo.experiments.families import load
from zoo.experiments.hyperimage.commands import FORGERY
from zoo.images import write_png
from zoo.imaging.joint.manipulations import CLASSES

PHOTO = photograph("coffee")[:320, 150:470]
PROCESSING = [name for name, place in products().items() if isinstance(load(place), Question)]
"""Products whose processed pictures are made from untouched ones."""


@pytest.mark.parametrize("product", PROCESSING)
def test_processes_change_a_photograph_each_in_its_way_and_always_alike(product):
    question = load(products()[product])
    made = {name: process(PHOTO) for name, process in question.processes().items()}
    again = {name: process(PHOTO) for name, process in question.processes().items()}
    for name, image in made.items():
        assert image.dtype == np.uint8 and image.shape == PHOTO.shape and (image != PHOTO).any()
        np.testing.assert_array_equal(image, again[name])
    assert len({image.tobytes() for image in made.values()}) == len(made) >= 2
    assert not question.yes.endswith(".") and question.yes != question.no and question.caution
    if question.mapper is not None:
        assert question.map_shows.endswith(".") and question.map_errors.endswith(".") and question.map_high > 0


def test_the_twin_of_a_splice_differs_from_it_in_the_spliced_part_alone():
    (twin,) = {FORGERY.control(PHOTO).tobytes() for _ in range(2)}
    twin = np.frombuffer(twin, np.uint8).reshape(PHOTO.shape).astype(int)
    spliced = FORGERY.processes()["part of another photograph"](PHOTO).astype(int)
    changed = (np.abs(spliced - twin).max(2) > 0).mean()
    assert 0.01 < changed < 0.4


def test_the_control_takes_the_place_of_the_untouched_photograph():
    question = Question(
        yes="darker",
        no="not darker",
        processes=lambda: {"half": lambda image: image // 2},
        qualities=(0,),
        weights=(),
        scorer=lambda weights: lambda image: float(image.mean()),
        control=lambda image: image // 4,
    )
    found = _measurer(question, ())(PHOTO)
    assert found["scores"] == {
        "untouched": [pytest.approx((PHOTO // 4).mean(), abs=1e-6)],
        "half": [pytest.approx((PHOTO // 2).mean(), abs=1e-6)],
    }
    assert found["pixels"] == 320 * 320 and found["patches"] == 25


def test_sizes_and_formats_fall_into_groups():
    assert [size_group(pixels) for pixels in (100, 999_999, 10**6, 12 * 10**6, 10**9)] == [
        [0, 1],
        [0, 1],
        [1, 4],
        [4, 16],
        [64, None],
    ]
    assert [format_group(Path(name)) for name in ("a.PNG", "b.nef", "c.Dng", "d")] == ["PNG", "RAW", "RAW", "no suffix"]


def test_error_rates_of_groups_add_up_to_those_of_all():
    rng = np.random.default_rng(2)
    scores = Scores(rng.normal(0, 1, (120, 2)), {"one": rng.normal(2, 1, (120, 2))})
    scores.untouched[:40] += 1  # the photographs of one group look processed
    groups = {"format": ["RAW"] * 40 + ["PNG"] * 80, "megapixels": [[0, 1]] * 60 + [[64, None]] * 60}
    one, five = calibrate(scores, (0, 75), "logistic", resamples=5, groups=groups)["false_alarms"]
    assert "refused" in one and "by_format" not in one
    assert [group["format"] for group in five["by_format"]] == ["PNG", "RAW"]
    assert [group["sources"] for group in five["by_format"]] == [80, 40]
    assert [group["megapixels"] for group in five["by_megapixels"]] == [[0, 1], [64, None]]
    for name in ("by_format", "by_megapixels"):
        for number, whole in enumerate(five["by_quality"]):
            parts = [group["by_quality"][number] for group in five[name]]
            assert {part["jpeg_quality"] for part in parts} == {whole["jpeg_quality"]}
            assert sum(part["false_alarms"]["events"] for part in parts) == whole["false_alarms"]["events"]
            assert sum(part["missed"]["one"]["events"] for part in parts) == whole["missed"]["one"]["events"]
            assert sum(part["missed"]["one"]["trials"] for part in parts) == 120
    png, raw = (group["by_quality"][0]["false_alarms"]["value"] for group in five["by_format"])
    assert raw > png
    assert json.loads(json.dumps(five, allow_nan=False)) == json.loads(json.dumps(five))


class FakeScorer:
    """In place of a hyper-image detector."""

    network = SimpleNamespace(first=SimpleNamespace(input_shape=(None, 32, 32, 3)))
    heatmap = None

    def __init__(self, weights):
        self.score = lambda image: 0.3


class FakeDetector:
    """In place of the FAN's detector."""

    def __init__(self, weights, patch, track):
        self.patch, self.heatmap = patch, None

    def patches(self, image):
        return np.zeros((1, 2), int), np.array([[0.3, 0.2, 0.1, 0.25, 0.15]])

    def overall(self, corners, found):
        return found[0]


@pytest.mark.parametrize(
    ("verb", "product", "score"),
    [
        (("hyperimage", "quality"), "quality", -0.3),  # higher is better there
        (("hyperimage", "forgery"), "forgery", 0.3),
        (("imaging", "detect"), "imaging", 0.2 + 0.1 + 0.15),
    ],
)
def test_commands_answer_with_the_likelihood_ratio_of_the_number_that_was_calibrated(
    verb, product, score, tmp_path, command, monkeypatch
):
    assert CLASSES == ("native", "sharpen", "gaussian", "jpg", "resample")
    for name in ("QualityScorer", "ForgeryDetector"):
        monkeypatch.setattr(zoo.hyperimage.detector, name, FakeScorer)
    monkeypatch.setattr(zoo.imaging.joint.detector, "ManipulationDetector", FakeDetector)
    question = load(products()[product])
    write_png(tmp_path / "photo.png", PHOTO)
    contents = {
        "forensics_zoo_calibration": 1,
        "product": product,
        "networks": checksums(question.weights),
        "propositions": {"yes": question.yes, "no": question.no},
        "reference": {"sources": 70, "fewest_patches": 20},
        "mapping": {"kind": "logistic", "intercept": 0.25, "slope": 1.0},
        "bounds": {"low": -1.5, "high": 1.5},
        "false_alarms": [{"rate": 0.05, "threshold": score - 0.01}, {"rate": 0.01, "threshold": score + 0.01}],
    }
    path = tmp_path / "calibration.json"
    path.write_text(json.dumps(contents))
    code, out, err = command(*verb, tmp_path / "photo.png", "--calibration", path, "--json")
    assert code == 0, err
    found = json.loads(out)
    assert found["log10_lr"] == pytest.approx(score + 0.25, abs=1e-4) and found["above_false_alarm_rates"] == [0.05]
    if product != "forgery":
        assert found["calibrated_score"] == pytest.approx(score, abs=1e-6)
    if product == "imaging":
        code, _, err = command(*verb, tmp_path / "photo.png", "--calibration", path, "--patch", 32)
        assert code == 2 and "--calibration needs --patch 64, with which it was measured" in err
