"""PRNU step by step against formulas written with other libraries."""

import numpy as np
import pytest
import pywt
from scipy.ndimage import uniform_filter
from scipy.stats import chi2, norm

from zoo.images import ImageError
from zoo.imaging.prnu import (
    FingerprintSums,
    clean_residual,
    correlation,
    false_alarm,
    match,
    noise_residual,
    peak_to_correlation_energy,
    read_fingerprint,
    wiener_in_dft,
    write_fingerprint,
    zero_mean,
)
from zoo.imaging.prnu.fingerprint import light, saturated
from zoo.imaging.prnu.matching import at_least_once


def _wiener(band, variance, border="constant"):
    energies = [uniform_filter(band**2, w, mode=border) for w in (3, 5, 7, 9)]
    signal = np.maximum(np.min(energies, axis=0) - variance, 0)
    return band * variance / (signal + variance)


def _plain_residual(plane, sigma):
    height, width = plane.shape
    approximation, *levels = pywt.wavedec2(plane.astype(float), "db4", "symmetric", 4)
    levels = [tuple(_wiener(band, sigma**2) for band in bands) for bands in levels]
    return pywt.waverec2([0 * approximation, *levels], "db4", "symmetric")[:height, :width]


@pytest.mark.filterwarnings("ignore:Level value of 4 is too high")
@pytest.mark.parametrize("size", [(128, 128), (75, 131), (16, 200), (1, 1), (3, 40)])
@pytest.mark.parametrize("sigma", [0.5, 3.0])
def test_residual_is_the_textbooks(photo, size, sigma):
    image = photo[: size[0], : size[1]]
    residual = noise_residual(image, sigma)
    assert residual.shape == image.shape
    assert residual.dtype == np.float32
    for i in range(3):
        expected = _plain_residual(image[..., i], sigma)
        np.testing.assert_allclose(residual[..., i], expected, atol=3e-4)
        np.testing.assert_allclose(noise_residual(image[..., i], sigma), expected, atol=3e-4)


def test_residual_takes_noise_and_leaves_the_scene(rng):
    y, x = np.mgrid[:256, :256] / 255
    scene = 120 + 60 * np.sin(3 * x) * np.cos(2 * y)
    noise = rng.normal(0, 3, scene.shape)
    residual = noise_residual(scene + noise)
    assert correlation(residual, noise) > 0.9
    assert noise_residual(scene).std() < 0.15
    assert noise_residual(np.full((40, 50), 200, np.uint8)).std() == pytest.approx(0, abs=1e-4)


@pytest.mark.parametrize("image", [np.zeros(5), np.zeros((0, 5)), np.zeros((4, 4), complex), np.zeros((1, 2, 3, 4))])
def test_other_arrays_are_refused(image):
    with pytest.raises(ValueError, match=r"Received: \w+ \("):
        noise_residual(image)


def test_sigma_must_be_positive():
    with pytest.raises(ValueError, match="Received: 0"):
        noise_residual(np.zeros((8, 8)), 0)


def test_zero_mean_on_each_site_of_the_mosaic(rng):
    pattern = rng.normal(size=(30, 43, 3)) + rng.normal(size=(30, 1, 3)) + rng.normal(size=(1, 43, 3))
    cleaned = zero_mean(pattern)
    for site in (cleaned[y::2, x::2] for y in (0, 1) for x in (0, 1)):
        for axis in (0, 1):
            np.testing.assert_allclose(site.mean(axis), 0, atol=1e-6)
    # What has no such means stays as it is.
    np.testing.assert_allclose(zero_mean(cleaned), cleaned, atol=1e-6)


@pytest.mark.parametrize("size", [(64, 96), (63, 95), (64, 95)])
def test_wiener_filter_in_the_frequency_domain(rng, size):
    pattern = rng.normal(size=size) + np.sin(np.arange(size[1]) * np.pi / 4)
    spectrum = np.fft.fft2(pattern)
    magnitude = abs(spectrum) / np.sqrt(pattern.size)
    expected = np.fft.ifft2(spectrum * _wiener(magnitude, pattern.var(), "wrap") / magnitude).real
    np.testing.assert_allclose(wiener_in_dft(pattern), expected, atol=2e-5)


@pytest.mark.parametrize("strength", [0, 0.05, 0.2, 2])
def test_periodic_artefacts_are_cut_where_they_stand_out(rng, strength):
    """A bin is averaged over 9x9, so one below some 4.6 deviations stays; a grid's bins keep up to that much."""
    side = 512
    noise = rng.normal(size=(side, side))
    grid = np.tile(rng.normal(size=(8, 8)), (side // 8, side // 8))
    cleaned = wiener_in_dft(noise + strength * grid)
    power = np.abs(np.fft.fft2(cleaned)) ** 2 / side**2 / cleaned.var()
    of_grid = power[:: side // 8, :: side // 8]
    assert correlation(cleaned, noise) > 0.9
    if strength == 0:
        assert of_grid.mean() == pytest.approx(1, abs=0.5)
    else:
        before = np.abs(np.fft.fft2(noise + strength * grid)) ** 2 / side**2
        assert before[:: side // 8, :: side // 8].mean() > 8
        # Never all of it: the grid is left with more power than noise has, and with little in all.
        assert 2 < of_grid.mean() < 30
        assert of_grid.sum() / power.sum() < 0.01


def test_fingerprint_is_the_maximum_likelihood_estimate(rng):
    images = rng.integers(20, 256, (4, 48, 64, 3), np.uint8)
    images[1, :10, :10] = 255  # a burnt-out corner
    sums = FingerprintSums()
    above, below = 0, 1
    for image in images:
        sums.add(image)
        x = image.astype(float)
        intensity = np.where(x < 252, x / 252, np.exp(-((x - 252) ** 2) / 6))
        full = np.pad(image == 255, ((1, 1), (1, 1), (0, 0)))
        beside = full[2:, 1:-1] | full[:-2, 1:-1] | full[1:-1, 2:] | full[1:-1, :-2]
        intensity[(image == 255) & beside] = 0
        above, below = above + noise_residual(image) * intensity, below + intensity**2
    np.testing.assert_allclose(sums.estimate(), above / below, atol=1e-5)
    assert sums.count == 4


def test_light_and_saturation():
    levels = np.array([0, 126, 252, 255], np.float32)
    np.testing.assert_allclose(light(levels), [0, 0.5, 1, np.exp(-1.5)], rtol=1e-6)
    plane = np.array([[251, 9, 251], [9, 251, 251], [9, 9, 9]], np.uint8)
    # The one in the corner stands alone.
    np.testing.assert_array_equal(saturated(plane), [[False, False, True], [False, True, True], [False] * 3])
    assert not saturated(np.full((3, 3), 249, np.uint8)).any()


def test_sums_of_parts_are_those_of_the_whole(rng):
    images = rng.integers(0, 256, (4, 32, 32, 3), np.uint8)
    whole, first, second = FingerprintSums(), FingerprintSums(), FingerprintSums()
    for i, image in enumerate(images):
        whole.add(image)
        (first, second)[i % 2].add(image)
    total = FingerprintSums() + first + second
    np.testing.assert_allclose(total.fingerprint(), whole.fingerprint(), atol=1e-5)
    assert total.count == 4
    assert (total + FingerprintSums()) is total


def test_sums_refuse_what_does_not_fit(rng):
    sums = FingerprintSums()
    with pytest.raises(ValueError, match="Received: 0"):
        sums.estimate()
    sums.add(np.zeros((32, 32, 3)))
    with pytest.raises(ValueError, match=r"one size, \(32, 32, 3\). Received: \(32, 30, 3\)"):
        sums.add(np.zeros((32, 30, 3)))
    other = FingerprintSums(sigma=2)
    other.add(np.zeros((32, 32, 3)))
    with pytest.raises(ValueError, match="one size and sigma"):
        sums + other


def test_fingerprint_files(tmp_path, rng):
    pattern = rng.normal(size=(20, 30)).astype(np.float32)
    write_fingerprint(tmp_path / "camera.npz", pattern)
    np.testing.assert_array_equal(read_fingerprint(tmp_path / "camera.npz"), pattern)
    assert [p.name for p in tmp_path.iterdir()] == ["camera.npz"]
    for path, shape in (("camera.png", (20, 30)), ("camera.npz", (2, 2, 3))):
        with pytest.raises(ValueError, match=r"goes to \.npz"):
            write_fingerprint(tmp_path / path, np.zeros(shape))


def test_files_that_are_no_fingerprint(tmp_path):
    (tmp_path / "text.npz").write_text("no zip")
    np.savez(tmp_path / "key.npz", other=np.zeros((3, 3)))
    np.savez(tmp_path / "deep.npz", fingerprint=np.zeros((3, 3, 3)))
    np.savez(tmp_path / "nan.npz", fingerprint=np.full((3, 3), np.nan))
    np.savez(tmp_path / "object.npz", fingerprint=np.array([{}], object))
    np.savez(tmp_path / "text_inside.npz", fingerprint=np.array([["a"]]))
    for name in ("missing", "text", "key", "deep", "nan", "object", "text_inside"):
        with pytest.raises(ImageError, match=rf"{name}\.npz: .*needed\. Received"):
            read_fingerprint(tmp_path / f"{name}.npz")


def test_correlation_is_pearsons(rng):
    a = rng.normal(size=(20, 31))
    b = a + rng.normal(size=(20, 31)) + 5
    assert correlation(a, b) == pytest.approx(np.corrcoef(a.ravel(), b.ravel())[0, 1])
    assert correlation(a, np.ones_like(a)) == 0
    with pytest.raises(ValueError, match=r"Received: \(20, 31\) and \(20, 30\)"):
        correlation(a, b[:, 1:])


def _pce(fingerprint, pattern):
    """By rolling one over the other, without any Fourier transform."""
    shape = np.maximum(fingerprint.shape, pattern.shape)
    a, b = np.zeros(shape), np.zeros(shape)
    a[: fingerprint.shape[0], : fingerprint.shape[1]] = fingerprint - fingerprint.mean()
    b[: pattern.shape[0], : pattern.shape[1]] = pattern - pattern.mean()
    plane = np.array([[(a * np.roll(b, (y, x), (0, 1))).sum() for x in range(shape[1])] for y in range(shape[0])])
    slack = np.subtract(fingerprint.shape, pattern.shape)
    rows, columns = (range(min(0, n), max(0, n) + 1) for n in slack)
    shift = max(((y, x) for y in rows for x in columns), key=lambda s: plane[s])
    y, x = np.ogrid[: shape[0], : shape[1]]
    away = [np.minimum((v - s) % n, (s - v) % n) for v, s, n in zip((y, x), shift, shape, strict=True)]
    energy = (plane[(away[0] > 5) | (away[1] > 5)] ** 2).mean()
    return np.sign(plane[shift]) * plane[shift] ** 2 / energy, shift, len(rows) * len(columns)


@pytest.mark.parametrize(
    ("size", "start"),
    [((40, 32), (0, 0)), ((25, 21), (13, 4)), ((40, 21), (0, 9)), ((25, 32), (15, 0)), ((64, 56), (-11, -20))],
)
def test_peak_of_patterns_of_any_size(rng, size, start):
    world = rng.normal(size=(80, 80))
    fingerprint = world[20:60, 20:52]
    y, x = 20 + start[0], 20 + start[1]
    pattern = world[y : y + size[0], x : x + size[1]] + rng.normal(size=size)
    found = peak_to_correlation_energy(fingerprint, pattern)
    pce, shift, searched = _pce(fingerprint, pattern)
    assert found.shift == shift == start
    assert found.pce == pytest.approx(pce, rel=1e-4)
    assert found.searched == searched
    assert found.correlation == pytest.approx(0.5**0.5, abs=0.12)
    assert found.p_value < 1e-6
    assert found.status() == "match"


def test_peak_where_one_is_higher_and_the_other_wider(rng):
    world = rng.normal(size=(70, 70))
    found = peak_to_correlation_energy(world[10:60, 20:45], world[18:48, 9:60])
    assert found.shift == (8, -11)
    assert found.searched == 21 * 27
    assert found.pce > 100


def test_shifts_beyond_the_border_are_no_match(rng):
    """A pattern that fits only when wrapped around the border fits nowhere."""
    fingerprint = rng.normal(size=(64, 64))
    wrapped = np.roll(fingerprint, (-30, 0), (0, 1))[:40]  # rows 30..63, then 0..5
    found = peak_to_correlation_energy(fingerprint, wrapped)
    assert found.pce < 40
    assert 0 <= found.shift[0] <= 24
    # Of one size, no shift is tried at all.
    moved = peak_to_correlation_energy(fingerprint, np.roll(fingerprint, 3, 1))
    assert moved.shift == (0, 0)
    assert moved.pce < 20


def test_peak_has_a_sign_and_flat_patterns_have_none(rng):
    pattern = rng.normal(size=(32, 32))
    assert peak_to_correlation_energy(pattern, -pattern).pce < -500
    assert peak_to_correlation_energy(pattern, -pattern).p_value == 1
    flat = match(pattern, np.full((32, 32, 3), 90, np.uint8))
    assert flat.pce == pytest.approx(0, abs=20)
    nothing = peak_to_correlation_energy(pattern, np.zeros((32, 32)))
    assert (nothing.pce, nothing.correlation, nothing.p_value) == (0, 0, 0.5)
    assert peak_to_correlation_energy(np.ones((4, 4)), np.ones((4, 4))).pce == 0
    with pytest.raises(ValueError, match=r"Received: \(32, 32\), \(32, 32, 3\)"):
        peak_to_correlation_energy(pattern, np.zeros((32, 32, 3)))


def test_false_alarms_of_white_noise_are_as_frequent_as_said(rng):
    assert false_alarm(3.0) == pytest.approx(norm.sf(3))
    assert false_alarm(60**0.5, 10_000) == pytest.approx(1 - (1 - norm.sf(60**0.5)) ** 10_000, rel=1e-2)
    assert false_alarm(-2.0) == pytest.approx(norm.cdf(2))
    assert false_alarm(1e3, 10**9) == 0
    pces = [peak_to_correlation_energy(*rng.normal(size=(2, 24, 24))).pce for _ in range(600)]
    # Squares of standard normal values.
    assert np.mean(np.abs(pces) > chi2.isf(0.1, 1)) == pytest.approx(0.1, abs=0.04)


def _uneven(rng, shape, phases):
    """Noise whose deviation changes over a picture, and with the place modulo 8, as that of a JPEG."""
    slope = np.linspace(0.2, 2, shape[0])[:, None] * np.linspace(1, 1.5, shape[1])
    grid = np.tile(phases, (-(-shape[0] // 8), -(-shape[1] // 8)))[: shape[0], : shape[1]]
    return (rng.normal(size=shape) * slope * grid).astype(np.float32)


@pytest.mark.parametrize(
    ("fingerprint", "pattern"),
    [((64, 64), (64, 64)), ((61, 75), (61, 75)), ((24, 24), (24, 24)), ((96, 112), (40, 48)), ((48, 56), (99, 104))],
)
def test_p_values_hold_for_noise_that_is_uneven_and_has_a_grid(rng, fingerprint, pattern):
    """Of pairs that have nothing in common, 5 % have p < .05, wherever the noise is loud; by PCE alone many more."""
    phases = rng.uniform(0.2, 2, (8, 8))
    shared = np.tile(rng.normal(0, 0.1, (8, 8)), (14, 14))  # what two JPEGs have in common
    trials, p_values, by_pce = 300, [], []
    for _ in range(trials):
        one, other = _uneven(rng, fingerprint, phases), _uneven(rng, pattern, phases.T)
        one += shared[: fingerprint[0], : fingerprint[1]]
        other += shared[: pattern[0], : pattern[1]]
        found = peak_to_correlation_energy(one, other)
        p_values.append(found.p_value)
        by_pce.append(false_alarm(np.sign(found.pce) * abs(found.pce) ** 0.5, found.searched))
    for level in (0.05, 0.3):
        # Three deviations of a share in ``trials``.
        assert np.mean(np.array(p_values) < level) < level + 3 * (level * (1 - level) / trials) ** 0.5
    assert np.mean(np.array(p_values) < 0.3) > 0.15
    if fingerprint != pattern:
        assert np.mean(np.array(by_pce) < 0.05) > 0.15


def test_sidaks_correction_counts_all_tries():
    assert at_least_once(0.01, 1) == pytest.approx(0.01)
    assert at_least_once(0.01, 8) == pytest.approx(1 - 0.99**8)
    assert at_least_once(1e-20, 10**7) == pytest.approx(1e-13)
    assert at_least_once(1.0, 3) == 1


def test_clean_residual_is_grey_without_means_and_peaks(photo):
    cleaned = clean_residual(photo)
    assert cleaned.shape == (512, 512)
    grey = noise_residual(photo) @ np.float32([0.2989, 0.5870, 0.1140])
    np.testing.assert_allclose(cleaned, wiener_in_dft(zero_mean(grey)), atol=1e-5)
