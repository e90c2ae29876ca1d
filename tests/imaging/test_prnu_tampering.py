"""Windows, features and scores of the tampering map against direct computation."""

import cv2
import numpy as np
import pytest
import pywt
import sklearn.metrics
from scipy import ndimage, stats

from zoo.datasets.jpeg import compress
from zoo.imaging.prnu import CorrelationPredictor, TamperingMap, best_f1, correlation_map, tampering_map
from zoo.imaging.prnu.predictor import feature_maps, with_products
from zoo.imaging.prnu.tampering import THRESHOLDS

PLACES = [(0, 0), (5, 17), (31, 2), (49, 79)]


def test_correlation_of_every_window(rng):
    a = rng.normal(size=(64, 94))
    b = 0.3 * a + rng.normal(size=a.shape) + 40
    found = correlation_map(a, b, 15)
    assert found.shape == (50, 80)
    for y, x in PLACES:
        window = np.s_[y : y + 15, x : x + 15]
        assert found[y, x] == pytest.approx(np.corrcoef(a[window].ravel(), b[window].ravel())[0, 1], abs=1e-9)


@pytest.mark.parametrize("strength", [0.1, 1000])
def test_a_residual_is_no_picture_and_may_be_of_any_strength(rng, strength):
    a, b = rng.normal(size=(2, 20, 30))
    np.testing.assert_allclose(correlation_map(strength * a, b, 15), correlation_map(a, b, 15), atol=1e-9)


def test_windows_without_noise_correlate_with_nothing(rng):
    a = rng.normal(size=(40, 40))
    a[:, :20] = 0
    found = correlation_map(a, a, 9)
    np.testing.assert_array_equal(found[:, :12], 0)
    np.testing.assert_allclose(found[:, 20:], 1)
    np.testing.assert_array_equal(correlation_map(np.zeros((9, 9)), np.zeros((9, 9)), 9), 0)


def test_features_of_every_window(photo):
    image = photo[100:164, 200:294]
    image[:20, :20] = 254
    maps = feature_maps(image, 15)
    grey = image @ np.array([0.2989, 0.5870, 0.1140])
    bright = np.where(grey < 250, grey / 250, np.exp(-((grey - 250) ** 2) / 6))
    approximation, *details = pywt.wavedec2(grey, "db4", level=2)
    detail = pywt.waverec2([0 * approximation, *details], "db4")
    mean = ndimage.uniform_filter(detail, 5, mode="mirror")
    spread = ndimage.uniform_filter(detail**2, 5, mode="mirror") - mean**2
    flat = np.sqrt(np.maximum(spread, 0)) < 0.03 * grey
    four = (bright, 1 / (1 + spread), flat, bright / (1 + spread))
    assert maps.shape == (50, 80, 4)
    for y, x in PLACES:
        expected = [v[y : y + 15, x : x + 15].mean() for v in four]
        np.testing.assert_allclose(maps[y, x], expected, atol=2e-3)


def test_products_of_two():
    a, b, c, d = 2, 3, 5, 7
    products = [a * a, a * b, a * c, a * d, b * b, b * c, b * d, c * c, c * d, d * d]
    np.testing.assert_array_equal(with_products([[a, b, c, d]]), [[1, a, b, c, d, *products]])


@pytest.fixture(scope="module")
def camera():
    """A fingerprint and pictures that carry it in grey, without any optics."""
    rng = np.random.default_rng(4)
    fingerprint = rng.normal(size=(96, 128)).astype(np.float32)
    pictures = []
    for _ in range(4):
        base = 130 + 70 * cv2.resize(rng.uniform(-1, 1, (4, 5)), (128, 96))
        pictures.append(np.uint8(np.clip(base * (1 + 0.02 * fingerprint) + rng.normal(0, 1, base.shape), 0, 255)))
    return fingerprint, pictures


def test_predictor_is_least_squares(camera):
    fingerprint, pictures = camera
    predictor = CorrelationPredictor.fit(fingerprint, pictures[:3], 25, 60, seed=1)
    again = CorrelationPredictor.fit(fingerprint, pictures[:3], 25, 60, seed=1)
    np.testing.assert_array_equal(predictor.weights, again.weights)
    assert predictor.matching_deviation > 0
    predicted = predictor.predict(pictures[3], stride=8)
    assert predicted.shape == (9, 13)
    np.testing.assert_allclose(predicted, predictor.predict(pictures[3])[::8, ::8], rtol=1e-12)
    assert predicted.mean() > 0.5


def test_probability_is_bayes_rule(camera):
    fingerprint, pictures = camera
    predictor = CorrelationPredictor.fit(fingerprint, pictures[:3], 25, 60)
    found = tampering_map(pictures[3], fingerprint, predictor, stride=6)
    tampered = stats.norm.pdf(found.correlation, 0, found.chance)
    untouched = stats.norm.pdf(found.correlation, found.predicted, predictor.matching_deviation)
    np.testing.assert_allclose(found.probability, tampered / (tampered + untouched), atol=1e-9)
    assert found.probability.mean() < 0.1
    # Nothing but white noise of nearly one strength: 1 / 25.
    np.testing.assert_allclose(found.chance, 1 / 25, rtol=0.5)
    assert found.p_value.max() < 1e-6


@pytest.mark.parametrize("quality", [0, 75])
def test_windows_without_the_fingerprint_have_true_p_values(rng, quality):
    """Whatever becomes of the picture: the deviation is measured on it, not on the predictor's photographs."""
    predictor = CorrelationPredictor(33, np.zeros(15), 0.1)
    p_values = []
    for _ in range(6):
        base = 130 + 90 * cv2.resize(rng.uniform(-1, 1, (12, 12)), (264, 264))[..., None]
        noise = rng.normal(0, 1, (264, 264, 3)) * np.linspace(0.5, 4, 264)[:, None]  # loud below
        picture = compress(np.uint8(np.clip(base + noise, 0, 255)), quality)
        found = tampering_map(picture, rng.normal(size=(264, 264)), predictor, stride=33)
        p_values.append(found.p_value.ravel())
    p_values = np.concatenate(p_values)
    assert len(p_values) == 6 * 64
    assert np.mean(p_values < 0.05) < 0.05 + 3 * (0.05 * 0.95 / len(p_values)) ** 0.5
    assert np.mean(p_values < 0.5) == pytest.approx(0.5, abs=0.1)
    assert p_values.min() > 1e-5


def test_pixels_take_the_nearest_windows_verdict():
    verdicts = np.arange(12.0).reshape(3, 4) / 12
    found = TamperingMap(verdicts, verdicts, verdicts, verdicts, window=9, stride=4, shape=(18, 23))
    full = found.full_size()
    assert full.shape == (18, 23)
    for row in range(3):
        for column in range(4):
            assert full[4 + 4 * row, 4 + 4 * column] == verdicts[row, column]
    assert full[0, 0] == verdicts[0, 0]
    assert full[-1, -1] == verdicts[-1, -1]
    assert full[4, 7] == verdicts[0, 1]


def test_best_f1_is_scikit_learns(rng):
    truth = rng.random((30, 40)) < 0.3
    probability = np.clip(truth * 0.4 + rng.random(truth.shape) * 0.7, 0, 1)
    scores = [sklearn.metrics.f1_score(truth.ravel(), (probability > t).ravel()) for t in THRESHOLDS]
    assert len(THRESHOLDS) == 24
    score, threshold = best_f1(probability, truth)
    assert score == pytest.approx(max(scores))
    assert threshold == THRESHOLDS[int(np.argmax(scores))]
    assert best_f1(np.zeros_like(probability), truth)[0] == 0


def test_small_regions_go_and_large_ones_grow():
    truth = np.zeros((40, 40), bool)
    truth[10:30, 10:30] = True
    probability = np.zeros((40, 40))
    probability[12:28, 12:28] = 0.9
    probability[2:4, 2:4] = 0.9
    plain, cleaned, grown = (best_f1(probability, truth, *a)[0] for a in ((), (5,), (5, 2)))
    assert plain == pytest.approx(2 * 256 / (260 + 400))
    assert cleaned == pytest.approx(2 * 256 / (256 + 400))
    assert grown > 0.95


def test_what_does_not_fit_is_refused(camera):
    fingerprint, pictures = camera
    predictor = CorrelationPredictor(25, np.zeros(15), 0.1)
    for window in (1, 24, 97):
        with pytest.raises(ValueError, match=rf"window must be odd.*96x128\. Received: {window}"):
            CorrelationPredictor.fit(fingerprint, pictures, window)
    with pytest.raises(ValueError, match=r"at least 15 windows\. Received: 0"):
        CorrelationPredictor.fit(fingerprint, [], 25)
    with pytest.raises(ValueError, match="Received: 0"):
        tampering_map(pictures[0], fingerprint, predictor, stride=0)
    with pytest.raises(ValueError, match=r"one size\. Received: \(90, 128\), \(96, 128\)"):
        tampering_map(pictures[0][:90], fingerprint, predictor)
    with pytest.raises(ValueError, match="0 tampered pixels"):
        best_f1(np.zeros((3, 3)), np.zeros((3, 3)))
    with pytest.raises(ValueError, match="one shape"):
        correlation_map(np.zeros((9, 9)), np.zeros((9, 8)), 3)
