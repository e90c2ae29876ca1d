import colorsys

import cv2
import numpy as np
import pytest
import skimage.exposure

from zoo.contrast import operators
from zoo.contrast.operators import clahe, gamma_correction, histogram_stretching, hsv_round_trip, opencv_clip_limit

ALL = [clahe, gamma_correction, histogram_stretching, hsv_round_trip]


def test_gamma_is_the_truncated_power_law():
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
    for gamma, at_128 in ((1.5, 161), (0.7, 95)):
        expected = [int(255 * (v / 255) ** (1 / gamma)) for v in range(256)]
        result = gamma_correction(ramp, gamma)
        np.testing.assert_array_equal(result[0, :, 0], expected)
        np.testing.assert_array_equal(result[..., 0], result[..., 2])
        assert result[0, 128, 1] == at_128


def test_histogram_stretching_follows_the_authors_rule_on_grey(rng):
    # Grey pixels survive 8-bit HSV unchanged, so that the formula for V stands alone.
    grey = np.clip(rng.normal(120, 25, (90, 110)), 0, 255).astype(np.uint8)
    result = histogram_stretching(np.repeat(grey[..., None], 3, axis=2), 5)
    counts = np.zeros(255)
    for value in grey.ravel():
        counts[min(value, 254)] += 1
    cumulative, low, high = 0.0, None, None
    for level in range(255):
        cumulative += counts[level]
        low = level if low is None and cumulative >= 0.05 * grey.size else low
        high = level if high is None and cumulative >= 0.95 * grey.size else high
    expected = [[int(min(max((float(v) - low) * 255 / (high - low), 0), 255)) for v in row] for row in grey]
    np.testing.assert_array_equal(result[..., 0], expected)


def test_stretching_saturates_the_percentage_at_each_end(photo):
    value = photo.max(-1)
    stretched = histogram_stretching(photo, 5).max(-1)
    order = np.argsort(value.ravel())
    n = value.size // 20
    assert (stretched.ravel()[order[: n - n // 20]] <= 2).all()
    assert (stretched.ravel()[order[-n + n // 20 :]] >= 253).all()


@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (200, 30, 60)])
def test_flat_images_have_nothing_to_stretch(colour):
    flat = np.full((40, 50, 3), colour, np.uint8)
    np.testing.assert_array_equal(histogram_stretching(flat), hsv_round_trip(flat))


def test_hsv_round_trip_is_opencvs_8_bit_conversion(photo):
    sample = photo[::37, ::41].reshape(-1, 3)
    result = hsv_round_trip(sample[None])[0].astype(int)
    assert (result != sample).any(), "8-bit hue must lose something"
    for rgb, back in zip(sample, result, strict=True):
        # The textbook conversion with hue in steps of 2 degrees, to either side of a tie, and 8-bit saturation.
        h, s, v = colorsys.rgb_to_hsv(*(rgb / 255.0))
        hues = (np.floor(h * 180), np.ceil(h * 180))
        near = [255 * np.array(colorsys.hsv_to_rgb(hue % 180 / 180, round(s * 255) / 255, v)) for hue in hues]
        assert min(np.abs(back - expected).max() for expected in near) <= 1.5


def test_clahe_conventions_agree(photo):
    assert opencv_clip_limit(0.005, "skimage") == pytest.approx(1.28)
    tile = 64 * 64
    flat = tile / 256
    assert opencv_clip_limit(0.005, "matlab", tile) == pytest.approx((16 + 0.005 * (tile - 16)) / flat)
    np.testing.assert_array_equal(clahe(photo, 5), clahe(photo, 5 / 256, "skimage"))


def test_clahe_is_near_an_independent_implementation(photo):
    value = cv2.cvtColor(photo, cv2.COLOR_RGB2HSV)[..., 2]
    ours = cv2.cvtColor(clahe(photo, 5), cv2.COLOR_RGB2HSV)[..., 2].astype(float)
    theirs = 255 * skimage.exposure.equalize_adapthist(value, kernel_size=64, clip_limit=5 / 256)
    # The two redistribute clipped counts differently; a wrong limit or tile size would differ by ten levels.
    assert np.abs(ours - theirs).mean() < 2.5
    assert np.abs(ours - value).mean() > 15


def test_clahe_leaves_literal_005_nearly_alone(photo):
    assert np.abs(clahe(photo, 0.005).astype(int) - hsv_round_trip(photo)).mean() < 2


@pytest.mark.parametrize("operator", ALL)
def test_operators_keep_shape_and_their_input(operator, rng):
    for shape in ((1, 1, 3), (2, 7, 3), (65, 33, 3)):
        image = rng.integers(0, 256, shape, np.uint8)
        before = image.copy()
        result = operator(image)
        assert result.shape == shape
        assert result.dtype == np.uint8
        np.testing.assert_array_equal(image, before)


@pytest.mark.parametrize("operator", ALL)
@pytest.mark.parametrize(
    "image", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3), np.float32), np.zeros((0, 4, 3), np.uint8)]
)
def test_operators_refuse_what_is_not_uint8_rgb(operator, image):
    with pytest.raises(ValueError, match="uint8 RGB"):
        operator(image)


@pytest.mark.parametrize(
    ("call", "received"),
    [
        (lambda i: clahe(i, 0), "0"),
        (lambda i: clahe(i, 1, "gimp"), "'gimp'"),
        (lambda i: clahe(i, 1, tiles=(0, 8)), r"\(0, 8\)"),
        (lambda i: gamma_correction(i, -1), "-1"),
        (lambda i: gamma_correction(i, float("nan")), "nan"),
        (lambda i: histogram_stretching(i, 50), "50"),
    ],
)
def test_bad_strengths(call, received, photo):
    with pytest.raises(ValueError, match=f"Received: {received}"):
        call(photo)


def test_training_operators_are_drawn_with_the_authors_odds(rng):
    drawn = [operators.draw_training_operator(rng)[0] for _ in range(6000)]
    odds = {"CLAHE 0.005": 1 / 3, "HS 5": 1 / 3, "gamma 1.5": 1 / 6, "gamma 0.7": 1 / 6}
    for label, expected in odds.items():
        deviation = (expected * (1 - expected) / 6000) ** 0.5
        assert abs(drawn.count(label) / 6000 - expected) < 4 * deviation
