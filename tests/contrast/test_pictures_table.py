"""Numbers of the text and of whole pictures, from scores that are made up, against a calculation by hand."""

import numpy as np
import pytest

from zoo.contrast.detector import DEFAULT_WEIGHTS
from zoo.experiments.contrast import evaluation
from zoo.experiments.contrast.tables import pictures, text
from zoo.experiments.run.cells import Settings

SHIFT = {None: 0.0, "CLAHE 0.005": 3.0, "gamma 1.5": -0.2, "gamma 0.7": 0.2, "HS 5": 1.0}


class Scores(evaluation.Evaluation):
    """Scores of patches drawn from a normal distribution that each operator shifts; no network, no picture."""

    @property
    def sources(self):
        return [f"{self.split} {i}" for i in range(30)]

    def patch_scores(self, weights, operator, quality, first=None):
        rng = np.random.default_rng([self.split == "test", list(SHIFT).index(operator), quality])
        return list(1 / (1 + np.exp(-rng.normal(SHIFT[operator], 1, (30, 5)))))

    def scores(self, weights, operator, quality, first=None):
        return np.array([s.mean() for s in self.patch_scores(weights, operator, quality, first)])


@pytest.fixture
def made_up(monkeypatch):
    monkeypatch.setattr(
        pictures, "evaluation_of", lambda settings, split="test", whole=False: Scores(settings, False, split, whole)
    )


def test_the_text_weighs_the_three_families_alike():
    scores = Scores(Settings("smoke"))
    found = text.patch_accuracy(scores, DEFAULT_WEIGHTS, tuple(text.FAMILIES), (0,)).value

    def above(operator):
        return np.mean(np.array(scores.patch_scores("", operator, 0)) >= 0.5)

    adjusted = (above("CLAHE 0.005") + (above("gamma 1.5") + above("gamma 0.7")) / 2 + above("HS 5")) / 3
    assert found == pytest.approx(100 * (1 - above(None) + adjusted) / 2)

    def auc(operator):
        one, two = scores.scores("", None, 0), scores.scores("", operator, 0)
        return np.mean(two[None] > one[:, None])

    expected = (auc("CLAHE 0.005") + (auc("gamma 1.5") + auc("gamma 0.7")) / 2 + auc("HS 5")) / 3
    assert text.mean_auc(scores, DEFAULT_WEIGHTS, 0).value == pytest.approx(100 * expected)


@pytest.mark.parametrize("dataset", ["embedded", "open_photographs"])
def test_thresholds_are_set_and_judged_on_different_scenes(made_up, dataset):
    alarms = pictures.Alarms(Settings("smoke", dataset))
    test = Scores(Settings("smoke"))
    if dataset == "embedded":
        setting, judging = (test.scores("", None, 90)[first::2] for first in (0, 1))
        detected = test.scores("", "HS 5", 90)[1::2]
    else:
        setting = Scores(Settings("smoke"), split="calibration").scores("", None, 90)
        judging, detected = test.scores("", None, 90), test.scores("", "HS 5", 90)
    limit = np.sort(setting)[-1 - int(0.05 * len(setting))]
    assert alarms.threshold(90).value == limit
    false = alarms.rate(None, 90)
    assert (false.value, false.n_sources) == (pytest.approx(100 * np.mean(judging > limit)), len(judging))
    assert alarms.rate("HS 5", 90).value == pytest.approx(100 * np.mean(detected > limit))


def test_the_interval_of_a_rate_is_the_exact_one(made_up, monkeypatch):
    alarms = pictures.Alarms(Settings("smoke", "open_photographs"))
    scores = np.linspace(0, 1, 100)
    monkeypatch.setattr(Scores, "scores", lambda self, *key: scores)
    monkeypatch.setattr(Scores, "sources", [str(i) for i in range(100)])
    found = alarms.rate(None, 90)
    # Five of a hundred: Clopper and Pearson's 1.64 and 11.28 %, as tables of it print them.
    assert (found.value, found.ci_low, found.ci_high) == pytest.approx((5, 1.64, 11.28), abs=0.01)


def test_whole_pictures_are_the_units():
    settings = Settings("smoke")
    units = next(evaluation.Evaluation(settings, whole=True).units(None, 0))
    (crop,) = next(evaluation.Evaluation(settings).units(None, 0))
    assert crop.shape == (64, 64, 3)
    assert len(units) == 1 and min(units[0].shape[:2]) > 200
    assert evaluation.evaluation_of(settings) is evaluation.evaluation_of(Settings("smoke"))
    assert evaluation.evaluation_of(settings) is not evaluation.evaluation_of(settings, whole=True)


def test_patches_of_several_pictures_are_scored_together_and_belong_to_their_picture(monkeypatch):
    counts = []

    class Mean:
        def score_patches(self, patches):
            counts.append(len(patches))
            return patches.mean((1, 2, 3))

    monkeypatch.setattr(evaluation, "TOGETHER", 5)
    rng = np.random.default_rng(0)
    units = [rng.integers(0, 256, (64 * rows, 130, 3), np.uint8) for rows in (1, 2, 1, 3, 1)]
    found = list(evaluation._patch_scores(Mean(), iter(units)))
    assert counts == [6, 8, 2]
    assert len(found) == len(units)
    for unit, scores in zip(units, found, strict=True):
        patches = [unit[y : y + 64, x : x + 64] for y in range(0, len(unit), 64) for x in (0, 64)]
        np.testing.assert_allclose(scores, [p.mean() for p in patches])


def test_networks_of_the_papers_scale_are_measured_as_they_were_trained(tmp_path):
    """The rehearsal of the paper's scale loads such a file."""
    whole, packed = tmp_path / "aware.keras", tmp_path / f"{DEFAULT_WEIGHTS}.npz"
    whole.touch()
    packed.touch()  # of 8 and 6 bits
    where = {
        scale: evaluation.Evaluation(Settings(scale, weights=tmp_path)).where(DEFAULT_WEIGHTS)
        for scale in ("laptop", "paper")
    }
    assert where == {"laptop": str(packed), "paper": str(whole)}
