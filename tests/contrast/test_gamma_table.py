"""The table of footnote 3: four trainings that differ in what they say, judged on photographs that none saw."""

import numpy as np
import pytest

from zoo.datasets.photographs import Photograph
from zoo.datasets.varied_scenes import VariedScenes
from zoo.experiments.contrast.tables import gamma
from zoo.experiments.run.cells import Settings


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


def test_a_cell_compares_the_same_units_in_both_classes(trained_on):
    here = gamma.Gamma(Settings("smoke"))
    rows = {cell.row for cell in gamma.cells(Settings("smoke"))}
    assert len(rows) == 5
    # An untrained network gives nearly the same score to both classes; brightness alone may part them.
    for case in (gamma.CASES[0], None):
        estimate = here.measure(case, "gamma 1.5, 95")
        assert estimate.n_units == len(here.evaluation.sources)
        assert 0 <= estimate.value <= 100
    assert len(trained_on) == 1
