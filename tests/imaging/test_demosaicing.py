from pathlib import Path

import numpy as np
import pytest

from zoo.imaging.developing import bayer
from zoo.imaging.developing.demosaicing import bilinear, menon

PARITY = Path(__file__).parents[1] / "parity" / "menon.npz"


@pytest.mark.parametrize("cfa", bayer.SITES)
def test_menon_is_that_of_colour_demosaicing(cfa):
    """The package that the paper used, in double precision; tensors by tests/parity/make_menon.py."""
    with np.load(PARITY) as tensors:
        codes, expected = tensors[f"{cfa}_codes"], tensors[f"{cfa}_rgb"]
    ours = menon((codes / 4096).astype(np.float32), cfa)
    assert np.abs(ours - expected).max() < 1e-6


def sampled(rgb: np.ndarray, cfa: str) -> np.ndarray:
    mosaic = np.empty(rgb.shape[:2], np.float32)
    for i, letter in enumerate(cfa):
        mosaic[i // 2 :: 2, i % 2 :: 2] = rgb[i // 2 :: 2, i % 2 :: 2, "RGB".index(letter)]
    return mosaic


@pytest.mark.parametrize("demosaic", [bilinear, menon])
@pytest.mark.parametrize("cfa", bayer.SITES)
def test_planes_of_light_come_back(demosaic, cfa):
    """A linear ramp in every channel, with the same slope for the colour differences to be constant."""
    y, x = np.mgrid[:24, :32] / 64
    rgb = np.stack([0.1 + x, 0.3 + x, 0.2 + x], -1) + y[..., None]
    rgb = rgb.astype(np.float32)
    found = demosaic(sampled(rgb, cfa), cfa)
    inner = np.s_[4:-4, 4:-4]
    np.testing.assert_allclose(found[inner], rgb[inner], atol=1e-6)


@pytest.mark.parametrize("cfa", bayer.SITES)
def test_bilinear_is_the_mean_of_the_neighbours(cfa, rng):
    rgb = rng.random((12, 14, 3), np.float32)
    mosaic = sampled(rgb, cfa)
    found = bilinear(mosaic, cfa)
    y, x = (6 + n for n in bayer.SITES[cfa][0])  # a red pixel
    assert found[y, x, 0] == mosaic[y, x]
    np.testing.assert_allclose(
        found[y, x, 1], (mosaic[y - 1, x] + mosaic[y + 1, x] + mosaic[y, x - 1] + mosaic[y, x + 1]) / 4, rtol=1e-6
    )
    corners = mosaic[y - 1 : y + 2 : 2, x - 1 : x + 2 : 2]
    np.testing.assert_allclose(found[y, x, 2], corners.mean(), rtol=1e-6)
    # At the border too, a colour is made of its own samples only.
    flat = bilinear(sampled(np.ones((8, 8, 3)) * (0.2, 0.5, 0.9), cfa), cfa)
    np.testing.assert_allclose(flat, np.broadcast_to(np.float32([0.2, 0.5, 0.9]), flat.shape), rtol=1e-6)


def test_menon_is_nearer_to_the_photograph(photo):
    rgb = photo[:256, 128:384].astype(np.float32) / 255
    mosaic = sampled(rgb, "RGGB")
    errors = [np.square(demosaic(mosaic, "RGGB") - rgb)[8:-8, 8:-8].mean() for demosaic in (menon, bilinear)]
    assert errors[0] < 0.5 * errors[1]


@pytest.mark.parametrize("demosaic", [bilinear, menon])
def test_bad_arguments(demosaic):
    with pytest.raises(ValueError, match="Received: 'RGB'"):
        demosaic(np.zeros((8, 8), np.float32), "RGB")
    for bad in (np.zeros((8, 8)), np.zeros((8, 9), np.float32), np.zeros((2, 8), np.float32)):
        with pytest.raises(ValueError, match="Received: float"):
            demosaic(bad, "RGGB")
