"""Pictures of another range or dtype than a function takes are refused, wherever they would give a wrong number."""

import keras
import numpy as np
import pytest

from zoo.adversarial import attacks
from zoo.checks import check_range
from zoo.contrast import operators, photoshop
from zoo.contrast.baselines import histogram_roughness
from zoo.contrast.detector import ContrastDetector
from zoo.datasets.distortions import DISTORTIONS, distort
from zoo.datasets.jpeg import compress
from zoo.hyperimage.detector import ForgeryDetector, QualityScorer
from zoo.hyperimage.full_reference import gmsd, mdsi
from zoo.hyperimage.noise import error_levels, noise_levels
from zoo.imaging.developing.picture import to_8_bits
from zoo.imaging.joint.detector import ManipulationDetector
from zoo.imaging.metrics import psnr, ssim
from zoo.imaging.prnu import FingerprintSums, match, noise_residual
from zoo.layers import DifferentiableJPEG
from zoo.steganography import lsb, measures
from zoo.steganography.hiding import ImageHider, stored_steganographer
from zoo.steganography.steganalysis import spam

RNG = np.random.default_rng(8)
PICTURE = RNG.integers(0, 256, (64, 64, 3), np.uint8)


def _classifier():
    return keras.Sequential([keras.Input((64, 64, 3)), keras.layers.Flatten(), keras.layers.Dense(2)])


EIGHT_BITS = {
    "ContrastDetector.score": lambda x: ContrastDetector().score(x),
    "ContrastDetector.score_patches": lambda x: ContrastDetector().score_patches(x[None]),
    "QualityScorer": lambda x: QualityScorer().score(x),
    "ForgeryDetector": lambda x: ForgeryDetector().score(x),
    "ManipulationDetector": lambda x: ManipulationDetector().probabilities(x),
    "hide": lambda x: ImageHider(stored_steganographer()).hide(x, x),
    "reveal": lambda x: ImageHider(stored_steganographer()).reveal(x),
    "lsb.hide": lambda x: lsb.hide(x, x),
    "lsb.reveal": lsb.reveal,
    "spam": spam,
    "mse": lambda x: measures.mse(x, x),
    "compress": lambda x: compress(x, 90),
    "clahe": operators.clahe,
    "gamma_correction": operators.gamma_correction,
    "histogram_stretching": operators.histogram_stretching,
    "auto_tone": photoshop.auto_tone,
    "histogram_roughness": histogram_roughness,
    "distort": lambda x: distort(x, next(iter(DISTORTIONS)), 1, np.random.default_rng(0)),
    "gmsd": lambda x: gmsd(x, x),
    "mdsi": lambda x: mdsi(x, x),
    "noise_levels": noise_levels,
    "error_levels": error_levels,
}
"""Functions of uint8 pictures."""
GREY_LEVELS = {
    "noise_residual": noise_residual,
    "FingerprintSums.add": lambda x: FingerprintSums().add(x),
    "match": lambda x: match(np.ones((64, 64), np.float32), x),
    "fgsm": lambda x: attacks.fgsm(_classifier(), x[None], eps=4),
    "random_noise": lambda x: attacks.random_noise(x[None], 4),
    "DifferentiableJPEG 0..255": lambda x: DifferentiableJPEG(90, value_range=(0, 255))(x[None]),
}
"""Functions of pictures in 0..255, of any dtype."""
UNIT = {
    "psnr": lambda x: psnr(x, x),
    "ssim": lambda x: ssim(x, x),
    "to_8_bits": to_8_bits,
    "DifferentiableJPEG": lambda x: DifferentiableJPEG(90)(x[None]),
}
"""Functions of floats in [0, 1]."""


def _with(value):
    changed = PICTURE.astype(np.float32)
    changed[3, 4, 1] = value
    return changed


@pytest.mark.parametrize("name", EIGHT_BITS)
def test_8_bits_are_8_bits(name):
    EIGHT_BITS[name](PICTURE)
    for wrong in (PICTURE / 255, PICTURE.astype(np.float32), _with(np.nan), PICTURE.astype(np.uint16) * 257):
        with pytest.raises(ValueError, match="Received: "):
            EIGHT_BITS[name](wrong)


@pytest.mark.parametrize("name", GREY_LEVELS)
def test_grey_levels_are_finite_and_in_0_to_255(name):
    GREY_LEVELS[name](PICTURE)
    GREY_LEVELS[name](PICTURE.astype(np.float32))
    for wrong in (_with(np.nan), _with(np.inf), _with(-np.inf), _with(500), PICTURE.astype(np.uint16) * 257):
        with pytest.raises(ValueError, match="Received: "):
            GREY_LEVELS[name](wrong)
    if not name.startswith("DifferentiableJPEG"):  # whose range is an argument, and may be a graph's
        with pytest.raises(ValueError, match=r"look like \[0, 1\]: multiply by 255. Received: "):
            GREY_LEVELS[name](PICTURE / np.float32(255))


@pytest.mark.parametrize("name", UNIT)
def test_the_unit_range_is_finite_and_no_8_bits(name):
    UNIT[name](PICTURE / np.float32(255))
    for wrong in (PICTURE, PICTURE.astype(np.float32), _with(np.nan) / 255, _with(np.inf) / 255):
        with pytest.raises(ValueError, match="Received: "):
            UNIT[name](wrong)


def test_black_white_and_empty_pictures_are_in_range():
    for values in (np.zeros(3), np.ones(3), np.array([0.0, 1, 255]), np.zeros((0, 3)), np.array([0.5, 2])):
        np.testing.assert_array_equal(check_range(values, 0, 255, "x"), values)
    np.testing.assert_array_equal(check_range(np.array([-0.5, 1.5]), 0, 1, "x", slack=0.5), [-0.5, 1.5])
    with pytest.raises(ValueError, match=r"x must be finite numbers from 0 to 1. Received: -0.5 to 1.5"):
        check_range(np.array([-0.5, 1.5]), 0, 1, "x", slack=0.4)
    with pytest.raises(ValueError, match="Received: bool"):
        check_range(np.array([True]), 0, 1, "x")
