import numpy as np
import pytest

from zoo.imaging.metrics import PAPER_SSIM_RANGE, psnr, ssim


def test_psnr_by_its_formula(rng):
    a = rng.random((8, 9, 3))
    b = a + 0.01
    assert psnr(a, b) == pytest.approx(40, abs=1e-9)
    assert psnr(a, a) == float("inf")


def _ssim_by_hand(a, b, data_range):
    """Wang et al. 2004 with uniform 7x7 windows and sample variances, over whole windows only."""
    values = []
    for channel in range(3):
        x, y = (np.lib.stride_tricks.sliding_window_view(v[..., channel], (7, 7)).reshape(-1, 49) for v in (a, b))
        mx, my = x.mean(1), y.mean(1)
        vx, vy = x.var(1, ddof=1), y.var(1, ddof=1)
        covariance = ((x - mx[:, None]) * (y - my[:, None])).sum(1) / 48
        c1, c2 = (0.01 * data_range) ** 2, (0.03 * data_range) ** 2
        values.append((2 * mx * my + c1) * (2 * covariance + c2) / ((mx**2 + my**2 + c1) * (vx + vy + c2)))
    return np.mean(values)


@pytest.mark.parametrize("data_range", [1.0, PAPER_SSIM_RANGE])
def test_ssim_by_its_formula(rng, data_range):
    a = rng.random((16, 20, 3))
    b = np.clip(a + 0.05 * rng.standard_normal(a.shape), 0, 1)
    assert ssim(a, b, data_range) == pytest.approx(_ssim_by_hand(a, b, data_range), abs=1e-6)


def test_the_papers_data_range_flatters(rng):
    a = 0.5 + 0.05 * rng.standard_normal((32, 32, 3))
    b = a + 0.03 * rng.standard_normal(a.shape)
    assert ssim(a, b, PAPER_SSIM_RANGE) > ssim(a, b) + 0.03


@pytest.mark.parametrize("measure", [psnr, ssim])
def test_shapes_must_agree(measure):
    with pytest.raises(ValueError, match="Received"):
        measure(np.zeros((8, 8, 3)), np.zeros((8, 9, 3)))
    with pytest.raises(ValueError, match="Received"):
        ssim(np.zeros((6, 8, 3)), np.zeros((6, 8, 3)))
