import numpy as np
import pytest

from zoo.steganography import lsb
from zoo.steganography.measures import mse


@pytest.fixture
def images(rng):
    return rng.integers(0, 256, (40, 50, 3), np.uint8), rng.integers(0, 256, (40, 50, 3), np.uint8)


@pytest.mark.parametrize("bits", range(1, 8))
def test_the_highest_bits_come_back(images, bits):
    cover, secret = images
    for adjust in (False, True):
        revealed = lsb.reveal(lsb.hide(cover, secret, bits, adjust), bits)
        np.testing.assert_array_equal(revealed >> (8 - bits), secret >> (8 - bits))
        assert np.abs(revealed.astype(int) - secret).max() <= 1 << (8 - bits) >> 1


@pytest.mark.parametrize("bits", range(1, 8))
def test_adjustment_is_the_nearest_pixel_that_holds_the_bits(bits):
    cover, low = np.meshgrid(np.arange(256), np.arange(1 << bits), indexing="ij")
    container = lsb.hide(cover.astype(np.uint8), (low << (8 - bits)).astype(np.uint8), bits)
    values = np.arange(256)
    for value in range(1 << bits):
        holders = values[values % (1 << bits) == value]
        best = np.abs(holders[None] - values[:, None]).min(1)
        np.testing.assert_array_equal(np.abs(container[:, value].astype(int) - values), best)


def test_four_bits_cost_what_uniform_rounding_costs(images):
    cover, secret = images
    cover = np.clip(cover, 16, 239)  # at the ends pixels cannot be moved as freely
    container = lsb.hide(cover, secret, 4)
    # Errors of -8..8 and -8..7 levels, evenly spread.
    assert mse(cover, container) == pytest.approx(256 / 12 / 255**2, rel=0.05)
    assert mse(secret, lsb.reveal(container, 4)) == pytest.approx(256 / 12 / 255**2, rel=0.05)
    assert mse(cover, lsb.hide(cover, secret, 4, adjust=False)) > 1.8 * mse(cover, container)


def test_bad_arguments(images):
    cover, secret = images
    with pytest.raises(ValueError, match="Received: 0"):
        lsb.hide(cover, secret, 0)
    with pytest.raises(ValueError, match="Received: 8"):
        lsb.reveal(cover, 8)
    with pytest.raises(ValueError, match="one shape"):
        lsb.hide(cover, secret[1:])
    with pytest.raises(ValueError, match="float"):
        lsb.reveal(cover / 255.0)
