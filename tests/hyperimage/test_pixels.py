"""Measures on pixels: full-reference scores, BRISQUE, noise variation, contours."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image
from scipy import ndimage, stats

from zoo.hyperimage.brisque import Brisque, _asymmetric, _generalised_gaussian, brisque_features
from zoo.hyperimage.contour import contour_points, patches_at, tampered_region
from zoo.hyperimage.full_reference import gmsd, mdsi, ssim_map
from zoo.hyperimage.noise import error_levels, noise_levels, spread, strangeness


@pytest.fixture
def pair(photo, rng):
    crop = photo[100:180, 100:190]
    return crop, np.clip(crop + rng.normal(0, 20, crop.shape), 0, 255).astype(np.uint8)


def _grey(image):
    """Luma in 14-bit fixed point, rounded."""
    return ((image.astype(int) @ [4899, 9617, 1868] + 8192) >> 14).astype(float)


def test_ssim_is_wangs_formula_at_a_pixel(pair):
    x, y = (_grey(image) for image in pair)
    at = (40, 45)
    offsets = np.arange(-5, 6)
    w = np.exp(-(offsets[:, None] ** 2 + offsets**2) / (2 * 1.5**2))
    w /= w.sum()
    a, b = (v[at[0] - 5 : at[0] + 6, at[1] - 5 : at[1] + 6] for v in (x, y))
    mean_a, mean_b = (w * a).sum(), (w * b).sum()
    variance_a, variance_b = (w * (a - mean_a) ** 2).sum(), (w * (b - mean_b) ** 2).sum()
    covariance = (w * (a - mean_a) * (b - mean_b)).sum()
    c1, c2 = 6.5025, 58.5225
    expected = (2 * mean_a * mean_b + c1) * (2 * covariance + c2)
    expected /= (mean_a**2 + mean_b**2 + c1) * (variance_a + variance_b + c2)
    assert ssim_map(*pair)[at] == pytest.approx(expected, abs=2e-3)


def test_ssim_and_gmsd_of_equal_images(pair):
    assert ssim_map(pair[0], pair[0]).min() == pytest.approx(1)
    assert gmsd(pair[0], pair[0]) == 0
    assert gmsd(*pair) > 0.03
    assert mdsi(pair[0], pair[0]) == 0
    assert mdsi(*pair) > 0.2


def _prewitt(plane):
    prewitt = np.array([[1, 0, -1]] * 3) / 3
    parts = [ndimage.correlate(plane, k, mode="constant") for k in (prewitt, prewitt.T)]
    return np.sqrt(parts[0] ** 2 + parts[1] ** 2)


@pytest.mark.parametrize("by", [1, 2])
def test_mdsi_by_scipy(photo, rng, by):
    """On I01 of TID2013 and its noisiest version it gives .3389726 where the authors' code gives .3389726."""
    x = photo[:400, :390] if by == 2 else photo[:90, :80]
    y = np.clip(x + rng.normal(0, 40, x.shape), 0, 255).astype(np.uint8)
    planes = []
    for image in (x, y):
        padded = np.pad(image.astype(float), ((0, by - 1), (0, by - 1), (0, 0)))
        sums = sum(padded[i : i + len(x), j : j + x.shape[1]] for i in range(by) for j in range(by))
        r, g, b = np.moveaxis(sums[::by, ::by] / by**2, -1, 0)
        planes.append(
            (0.2989 * r + 0.587 * g + 0.114 * b, 0.3 * r + 0.04 * g - 0.35 * b, 0.34 * r - 0.6 * g + 0.17 * b)
        )
    (l1, h1, m1), (l2, h2, m2) = planes
    g1, g2, g = (_prewitt(plane) for plane in (l1, l2, (l1 + l2) / 2))
    similar = (2 * g1 * g2 + 140) / (g1**2 + g2**2 + 140)
    similar += (2 * g2 * g + 55) / (g2**2 + g**2 + 55) - (2 * g1 * g + 55) / (g1**2 + g**2 + 55)
    colour = (2 * (h1 * h2 + m1 * m2) + 550) / (h1**2 + h2**2 + m1**2 + m2**2 + 550)
    root = (0.6 * similar + 0.4 * colour + 0j) ** (1 / 4)
    assert mdsi(x, y) == pytest.approx(np.abs(root - root.mean()).mean() ** 0.25, rel=1e-4)


def test_mdsi_sees_a_loss_of_colour_and_gmsd_does_not(photo):
    grey = np.repeat(cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)[..., None], 3, -1)
    assert gmsd(photo, grey) < 0.005
    assert mdsi(photo, grey) > 0.2


def test_gmsd_by_scipy(pair):
    magnitudes = []
    for image in pair:
        grey = _grey(image)
        padded = np.pad(grey, ((0, 1), (0, 1)))
        half = ((padded[:-1, :-1] + padded[1:, :-1] + padded[:-1, 1:] + padded[1:, 1:]) / 4)[::2, ::2]
        prewitt = np.array([[1, 0, -1]] * 3) / 3
        parts = [ndimage.correlate(half, k, mode="constant") for k in (prewitt, prewitt.T)]
        magnitudes.append(np.sqrt(parts[0] ** 2 + parts[1] ** 2))
    similarity = (2 * magnitudes[0] * magnitudes[1] + 170) / (magnitudes[0] ** 2 + magnitudes[1] ** 2 + 170)
    assert gmsd(*pair) == pytest.approx(similarity.std(ddof=1), rel=1e-4)


def test_wrong_pairs(pair):
    for first, second in [(pair[0], pair[1][:-1]), (pair[0].astype(float), pair[1]), (pair[0][..., 0], pair[1])]:
        for measure in (ssim_map, gmsd, mdsi):
            with pytest.raises(ValueError, match="Received"):
                measure(first, second)
    with pytest.raises(ValueError, match="11 pixels"):
        ssim_map(pair[0][:8], pair[1][:8])


@pytest.mark.parametrize("shape", [0.7, 1.0, 2.0])
def test_shape_of_a_generalised_gaussian_is_found(shape):
    x = stats.gennorm.rvs(shape, scale=1.5, size=40_000, random_state=3)
    found, variance = _generalised_gaussian(x)
    assert found == pytest.approx(shape, rel=0.05)
    assert variance == pytest.approx(stats.gennorm.var(shape, scale=1.5), rel=0.05)


def test_asymmetric_fit_of_unequal_halves():
    rng = np.random.default_rng(1)
    x = np.abs(rng.normal(size=60_000))
    x = np.where(rng.random(60_000) < 1 / 3, -x, 2 * x)  # normal halves of scale 1 and 2, continuous at 0
    shape, mean, left, right = _asymmetric(x)
    assert shape == pytest.approx(2, rel=0.05)
    assert (left, right) == (pytest.approx(1, rel=0.05), pytest.approx(4, rel=0.05))
    assert mean == pytest.approx(x.mean(), rel=0.05)


def test_brisque_learns_blur_from_noise(photo):
    rng = np.random.default_rng(0)
    images, scores = [], []
    for y in range(0, 400, 80):
        crop = photo[y : y + 80, 150:260]
        for level in (0.0, 6.0, 12.0, 25.0):
            images.append(np.clip(crop + rng.normal(0, 1, crop.shape) * level, 0, 255).astype(np.uint8))
            scores.append(-level)
    assert brisque_features(images[0]).shape == (36,)
    model = Brisque().fit(images[:16], np.array(scores[:16]))
    assert stats.spearmanr(model.predict(images[16:]), scores[16:])[0] > 0.9
    flat = np.full((40, 40, 3), 9, np.uint8)
    assert np.isfinite(brisque_features(flat)).all()
    with pytest.raises(ValueError, match="sides of 16"):
        brisque_features(flat[:8])


def test_error_levels_are_what_another_jpeg_costs(photo):
    image = np.ascontiguousarray(photo[:96, :130])
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=90)
    loss = np.abs(image.astype(float) - np.asarray(Image.open(buffer)))[:96, :128].mean(-1)
    expected = np.log([[loss[y : y + 32, x : x + 32].mean() + 0.5 for x in (0, 32, 64, 96)] for y in (0, 32, 64)])
    np.testing.assert_allclose(error_levels(image), expected, rtol=1e-3)


def test_a_region_with_another_history_is_strange(photo, rng):
    image = cv2.GaussianBlur(photo[:256, :256], (0, 0), 2)
    image[64:160, 96:224] = np.clip(image[64:160, 96:224] + rng.normal(0, 12, (96, 128, 3)), 0, 255)
    mask = np.zeros((256, 256), bool)
    mask[64:160, 96:224] = True
    for levels in (noise_levels(image), error_levels(image)):
        assert levels.shape == (8, 8)
        where = strangeness(levels, 256, 256)
        assert where.shape == (256, 256) and where.min() >= 0
        assert where[mask].mean() > 2 * where[~mask].mean()
    assert strangeness(np.full((4, 4), 3.0), 50, 70).max() == 0
    assert spread(np.arange(101.0)) == 50


def test_spread_of_noise_levels_sees_a_noisy_half(rng):
    flat = np.full((128, 128, 3), 120.0)
    everywhere = np.clip(flat + rng.normal(0, 6, flat.shape), 0, 255).astype(np.uint8)
    half = flat + rng.normal(0, 6, flat.shape) * (np.arange(128)[:, None, None] > 64)
    half = np.clip(half, 0, 255).astype(np.uint8)
    assert spread(noise_levels(half)) > 4 * spread(noise_levels(everywhere))
    with pytest.raises(ValueError, match="four blocks"):
        noise_levels(everywhere[:31])
    for bad in (flat, everywhere[:0], everywhere.tolist()):
        with pytest.raises(ValueError, match="uint8"):
            noise_levels(bad)


def test_region_of_a_paste_is_found_through_jpeg(photo):
    from zoo.datasets.jpeg import compress

    tampered = photo.copy()
    cv2.circle(tampered, (260, 200), 40, (10, 200, 90), -1)
    truth = (tampered != photo).any(-1)
    found = tampered_region(compress(photo, 90), compress(tampered, 80))
    assert (found & truth).sum() / (found | truth).sum() > 0.9
    assert not tampered_region(compress(photo, 90), compress(photo, 75)).any()
    with pytest.raises(ValueError, match="one size"):
        tampered_region(photo, np.rot90(photo[:400]))


def test_points_lie_on_the_outline_and_not_on_the_border():
    region = np.zeros((200, 220), bool)
    region[50:121, 0:101] = True  # touches the left border
    points = contour_points(region)
    assert points.shape == (15, 2)
    edge = region & ~ndimage.binary_erosion(region, border_value=1)
    assert all(edge[y, x] for y, x in points)
    assert (points[:, 1] > 0).all()
    assert len({tuple(p) for p in points}) == 15
    assert contour_points(np.zeros((20, 20), bool)).shape == (0, 2)
    assert contour_points(np.ones((20, 20), bool)).shape == (15, 2)


def test_patches_are_centred_and_stay_inside(photo):
    patches = patches_at(photo, np.array([[100, 200], [0, 511]]))
    np.testing.assert_array_equal(patches[0], photo[68:132, 168:232])
    np.testing.assert_array_equal(patches[1], photo[:64, 448:])
    with pytest.raises(ValueError, match="64 x 64"):
        patches_at(photo[:50], np.zeros((1, 2), int))
