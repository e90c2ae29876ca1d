"""Figures 3 and 4: pipelines against the standard one, and against a sensor without mosaic and noise."""

import dataclasses

import cv2
import numpy as np
import pandas as pd
import pytest

from zoo.datasets import keyed
from zoo.datasets.camera import CAMERAS
from zoo.datasets.embedded import generate_linear_scene
from zoo.experiments.imaging.developing.tables import figures_3_and_4
from zoo.experiments.imaging.developing.tables.figures_3_and_4 import BOTH, DEMOSAICING, NOISE, Photographs
from zoo.experiments.imaging.prnu import shots
from zoo.experiments.imaging.prnu.pipelines import Pipeline
from zoo.experiments.run.cells import Settings
from zoo.images import read_photograph

SMOKE = Settings("smoke")


def test_the_truth_is_the_scene_where_the_lens_changes_nothing(monkeypatch):
    model = dataclasses.replace(CAMERAS["cedar"], blur=0.0, vignetting=0.0)
    monkeypatch.setitem(CAMERAS, "cedar", model)
    scene = generate_linear_scene(keyed.generator(0, shots._SCENES, shots.ROLES.index("test"), 0), 96, 96)
    inside = scene.max(2) < 0.5  # below, no channel of the camera is full
    assert inside.mean() > 0.2
    truth = Photographs(SMOKE, "cedar").truth[0] / 255
    np.testing.assert_allclose(truth[inside], scene[inside] ** (1 / 2.2), atol=0.01)


def test_a_better_demosaicing_and_less_noise_are_told_apart():
    measured = Photographs(SMOKE, "cedar")
    menon, bilinear = (measured.fidelity(name, DEMOSAICING) for name in ("Menon", "bilinear"))
    assert (menon > bilinear).all()
    assert (measured.fidelity("Menon", BOTH) < menon).all()
    develop = measured.pipelines["Menon"].develop
    measured.pipelines["blurred"] = Pipeline("blurred", lambda shot: cv2.GaussianBlur(develop(shot), (0, 0), 1.5))
    # It leaves less of the noise, and of the scene.
    assert measured.estimate("blurred", NOISE, "Menon").ci_low > 3
    assert measured.estimate("blurred", DEMOSAICING, "Menon").ci_high < -3


def test_cells_of_both_figures(tmp_path):
    three = {(cell.row, cell.column): cell for cell in figures_3_and_4.cells_of_figure_3(SMOKE)}
    assert len(three) == 4 * 5
    assert three["alder", "UNet"].status == "not-run"
    assert three["alder", "bilinear"].measure().value > three["alder", "libRAW"].measure().value
    four = {(cell.metric, cell.row, cell.column): cell for cell in figures_3_and_4.cells_of_figure_4(SMOKE)}
    assert len(four) == 3 * 4 * 8
    assert four[BOTH, "dogwood", "UNet - Menon"].status == "not-run"
    with pytest.raises(ValueError, match=r"need a synthetic camera, without --data-dir\. Received: --data-dir"):
        list(figures_3_and_4.cells_of_figure_4(Settings("smoke", data_dir=tmp_path)))


def test_figure_3_is_drawn(tmp_path, monkeypatch):
    classical = figures_3_and_4.standard
    monkeypatch.setattr(figures_3_and_4, "standard", lambda *given: classical("none", None))  # networks take seconds
    figures_3_and_4.draw_figure_3(pd.DataFrame(), SMOKE, "title", tmp_path / "figure.png")
    assert read_photograph(tmp_path / "figure.png").std() > 10
