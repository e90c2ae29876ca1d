import tracemalloc

import numpy as np
import pytest

from zoo.imaging.developing import bayer, demosaicing
from zoo.imaging.developing.pipeline import develop, develop_strips, render
from zoo.imaging.developing.raw import from_mosaic

MATRIX = [[1.8, -0.7, -0.1], [-0.2, 1.5, -0.3], [0.1, -0.5, 1.4]]


def photograph(rng, shape=(70, 44), cfa="GBRG"):
    mosaic = rng.integers(0, 4096, shape).astype(np.uint16)
    return from_mosaic(mosaic, cfa, (60, 64, 66, 70), 4000, (2.1, 1, 1.4), MATRIX)


def test_every_step_against_numpy(rng):
    """Step by step as the paper lists them, in double precision, on the whole image."""
    raw = photograph(rng)
    y, x = np.mgrid[: raw.shape[0], : raw.shape[1]]
    black, gain = np.empty(raw.shape), np.empty(raw.shape)
    for site, b, g in zip(bayer.SITES[raw.cfa], raw.black_levels, (2.1, 1, 1, 1.4), strict=True):
        here = (y % 2 == site[0]) & (x % 2 == site[1])
        black[here], gain[here] = b, g
    values = np.clip((raw.mosaic - black) / (4000 - black), 0, 1)
    values = np.clip(values * gain, 0, 1).astype(np.float32)
    for method in ("menon", "bilinear"):
        camera = getattr(demosaicing, method)(values, raw.cfa)
        expected = np.clip(np.einsum("ij,hwj->hwi", MATRIX, camera), 0, 1) ** (1 / 2.2)
        np.testing.assert_allclose(develop(raw, method), expected, atol=2e-3)
        # Near black the power is steep; compare in linear light as well.
        np.testing.assert_allclose(develop(raw, method) ** 2.2, expected**2.2, atol=1e-5)


@pytest.mark.parametrize("cfa", bayer.SITES)
@pytest.mark.parametrize("method", ["menon", "bilinear"])
@pytest.mark.parametrize("rows", [2, 8, 16, 68])
def test_strips_make_no_difference(rng, cfa, method, rows):
    raw = photograph(rng, cfa=cfa)
    # The power of the last few numbers of an array is rounded otherwise by vector code; nothing else differs.
    np.testing.assert_allclose(develop(raw, method, rows), develop(raw, method, rows=1000), rtol=0, atol=5e-7)


def test_strips_come_in_order(rng):
    raw = photograph(rng)
    tops, heights = zip(*[(top, len(strip)) for top, strip in develop_strips(raw, rows=32)], strict=True)
    assert tops == (0, 32, 64)
    assert heights == (32, 32, 6)


def test_neutral_white_stays_white_and_grey_grey(rng):
    white = from_mosaic(np.full((16, 16), 4000, np.uint16), "RGGB", 0, 4000, (2, 1, 1.5), MATRIX)
    np.testing.assert_allclose(develop(white), 1, rtol=1e-6)
    grey = np.empty((16, 16), np.uint16)
    for (y, x), value in zip(bayer.SITES["RGGB"], (300, 600, 600, 400), strict=True):
        grey[y::2, x::2] = value
    developed = develop(from_mosaic(grey, "RGGB", 0, 4000, (2, 1, 1.5), MATRIX))
    np.testing.assert_allclose(developed, 0.15 ** (1 / 2.2), rtol=1e-5)


def test_gamma_is_the_plain_power():
    linear = np.linspace(0, 1, 30, dtype=np.float32).reshape(1, 10, 3)
    np.testing.assert_allclose(render(linear, np.eye(3)), linear.astype(float) ** (1 / 2.2), rtol=1e-5)


def test_memory_does_not_grow_with_the_image():
    """Beyond what goes in and comes out; OpenCV's own buffers are as large as its results, which NumPy holds."""
    peaks = []
    for height in (1024, 4096):
        raw = from_mosaic(np.full((height, 1024), 900, np.uint16), "RGGB", 0, 4000)
        tracemalloc.start()
        for _, _strip in develop_strips(raw, rows=128):
            pass
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.05 * peaks[0]
    assert peaks[1] < 25 * 1024 * (128 + 24) * 4


def test_bad_arguments(rng):
    raw = photograph(rng)
    with pytest.raises(ValueError, match="Received: 'ahd'"):
        develop(raw, "ahd")
    with pytest.raises(ValueError, match="Received: 7"):
        develop(raw, rows=7)
    with pytest.raises(ValueError, match="Received: 4 x 44"):
        develop(photograph(rng, (4, 44)))
