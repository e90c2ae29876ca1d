"""Scenes that the imaging networks are trained on: photographs in drawn light, and generated ones of wide chroma."""

from argparse import Namespace

import numpy as np
import pytest

from zoo.datasets.camera import linearise
from zoo.datasets.photographs import Photograph
from zoo.experiments.imaging.data import training_photographs
from zoo.experiments.imaging.developing.training import SCALES
from zoo.experiments.imaging.varied import relit, varied_scenes


@pytest.fixture
def pictures(photo):
    parts = {"left": photo[:301, :205], "right": photo[:301, 300:]}
    return [Photograph(name, name, lambda part=part: part) for name, part in parts.items()]


def test_one_scene_in_four_is_generated_and_every_photograph_comes_in_turn(pictures):
    scenes = varied_scenes("train", 8, "birch", pictures)
    assert [scene.source.split("-")[2] == "generated" for scene in scenes] == [True, False, False, False] * 2
    names = [scene.source.split("-")[2] for scene in scenes if "generated" not in scene.source]
    assert sorted(names) == ["left"] * 3 + ["right"] * 3
    assert {scene.planes.shape for scene in scenes[1:4]} <= {(150, 102, 4), (150, 106, 4)}
    assert len({scene.planes.tobytes() for scene in scenes}) == 8  # the same photograph is in another light
    again = varied_scenes("train", 2, "birch", pictures)
    np.testing.assert_array_equal(scenes[1].planes, again[1].planes)
    assert not np.array_equal(varied_scenes("validation", 1, "birch", pictures)[0].planes, scenes[0].planes)
    for given in (("test", 1, "birch", pictures), ("train", 1, "birch", [])):
        with pytest.raises(ValueError, match="Photographs to train on or validate are needed"):
            varied_scenes(*given)


def test_another_light_is_a_power_and_a_factor_of_each_channel(photo):
    rng = np.random.default_rng(3)
    before, after = linearise(photo).reshape(-1, 3), relit(photo, rng).reshape(-1, 3)
    seen = before.min(1) > 0.01
    for channel in range(3):
        slope, offset = np.polyfit(np.log(before[seen, channel]), np.log(after[seen, channel]), 1)
        assert 0.81 < slope < 1.5
        expected = np.exp(offset) * before[seen, channel] ** slope
        np.testing.assert_allclose(after[seen, channel], expected, rtol=1e-3)


@pytest.mark.parametrize("scale", ["photographs", "gpu"])
def test_these_scales_need_photographs(scale):
    options = Namespace(dataset="embedded", data_dir=None, scale=scale, seed=0)
    with pytest.raises(ValueError, match=f"The scale {scale} trains on photographs: --dataset open_photographs"):
        training_photographs(options, 1, 1, varied=SCALES[scale].varied)
