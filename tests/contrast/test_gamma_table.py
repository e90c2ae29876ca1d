"""The table of footnote 3: four trainings that differ in what they say, judged on photographs that none saw."""

from types import SimpleNamespace

import numpy as np
import pytest

from zoo.datasets import keyed
from zoo.datasets.embedded import generate_scene
from zoo.datasets.photographs import Photograph
from zoo.datasets.varied_scenes import VariedScenes
from zoo.experiments.contrast.tables import gamma
from zoo.experiments.run.cells import DataUnavailable, Settings
from zoo.images import write_png


@pytest.fixture
def trained_on(monkeypatch, tmp_path):
    """What each training was given, in place of training."""
    monkeypatch.chdir(tmp_path)
    given = []

    def fit_step(model, batches, epochs, folder, name, recipe):
        given.append((batches, str(folder), name))
        return model

    monkeypatch.setattr(gamma, "fit_step", fit_step)
    return given


def test_the_cases_differ_in_tone_and_jpeg_alone(trained_on, monkeypatch):
    photograph = Photograph("p", "p", lambda: np.zeros((300, 300, 3), np.uint8))
    asked = []
    monkeypatch.setattr(gamma, "photographs", lambda *given: asked.append(given) or [photograph])
    here = gamma.Gamma(Settings("smoke", "open_photographs"))
    for case in gamma.CASES:
        here.detector(case)
    assert {given[2] for given in asked} == {"train"}
    for case, (batches, folder, _) in zip(gamma.CASES, trained_on, strict=True):
        assert isinstance(batches.scene, VariedScenes)
        assert (batches.scene.tone, batches.qualities is not None) == case
        assert batches.scene.pictures == (photograph,)
        assert folder == "runs/contrast-gamma-open_photographs-smoke-0"
    assert len({name for _, _, name in trained_on}) == 4
    ramp = np.tile(np.arange(256, dtype=np.uint8)[:, None, None], (1, 2, 3))
    label, operator = gamma.gamma_alone(np.random.default_rng(0))
    assert label == "gamma 1.5"
    np.testing.assert_array_equal(operator(ramp)[128, 0], 161)


def test_a_folder_is_judged_on_the_half_that_is_not_trained_on(trained_on, tmp_path):
    (tmp_path / "own").mkdir()
    for number in range(6):
        write_png(tmp_path / "own" / f"{number}.png", generate_scene(keyed.generator(41, number), 300, 300))
    here = gamma.Gamma(Settings("smoke", "folder:own", tmp_path / "own"))
    estimate = here.measure(gamma.CASES[0], "gamma 1.5", gamma.QUALITIES["95"])
    ((batches, _, _),) = trained_on
    trained, judged = {p.name for p in batches.scene.pictures}, {p.name for p in here.evaluation.pictures}
    assert trained and judged and not trained & judged
    assert estimate.n_sources == len(judged)


def test_brightness_is_the_other_way_round_for_the_two_gammas(trained_on, monkeypatch):
    """A detector that looks at brightness alone finds gamma 1.5, which brightens, and takes .7 for pristine."""
    here = gamma.Gamma(Settings("smoke"))
    bright = SimpleNamespace(score=lambda unit: float(unit.mean()))
    monkeypatch.setattr(here, "detector", lambda case: bright)
    assert (
        here.measure(gamma.CASES[0], "gamma 1.5", gamma.QUALITIES["95"]).value
        > here.measure(gamma.CASES[0], "gamma 0.7", gamma.QUALITIES["95"]).value
    )
    assert here.measure(None, "gamma 1.5", gamma.QUALITIES["no jpg"]).value == 100  # the gaps of its table


def test_without_photographs_to_train_on_nothing_is_trained(trained_on):
    with pytest.raises(DataUnavailable, match="photographs to train on"):
        gamma.Gamma(Settings("smoke")).measure(gamma.CASES[0], "gamma 1.5", gamma.QUALITIES["95"])
    assert not trained_on
    assert len({cell.row for cell in gamma.cells(Settings("smoke"))}) == 5
