import numpy as np
import pytest
from PIL import Image, ImageOps
from scipy.interpolate import CubicSpline

from zoo.contrast import photoshop


def test_auto_tone_is_pillows_autocontrast_up_to_rounding_of_the_ends(photo):
    ours = photoshop.auto_tone(photo, 5).astype(int)
    theirs = np.asarray(ImageOps.autocontrast(Image.fromarray(photo), cutoff=5)).astype(int)
    # Pillow cuts by counts and may lie one level beside a percentile: at most 255 / range a level.
    assert np.abs(ours - theirs).max() <= 4


def test_auto_contrast_uses_one_mapping_for_all_channels(photo):
    result = photoshop.auto_contrast(photo, 7)
    low, high = np.percentile(photo, (7, 93))
    expected = np.rint(np.clip((photo - low) * 255.0 / (high - low), 0, 255))
    np.testing.assert_array_equal(result, expected)
    assert (photoshop.auto_contrast(photo, 7, "luminance") != result).any()


def test_auto_color_takes_off_a_cast(rng):
    neutral = np.clip(rng.normal(128, 40, (80, 80, 1)), 5, 250)
    cast = np.clip(np.rint(np.repeat(neutral, 3, axis=2) * (1.0, 0.85, 0.7)), 0, 255).astype(np.uint8)
    result = photoshop.auto_color(cast).astype(float)
    before, after = np.ptp(cast.reshape(-1, 3).mean(0)), np.ptp(result.reshape(-1, 3).mean(0))
    assert before > 30
    assert after < 3


def test_curve_is_a_natural_cubic_spline(photo):
    points = ((0, 0), (64, 48), (192, 208), (255, 255))
    spline = CubicSpline(*zip(*points, strict=True), bc_type="natural")
    expected = np.rint(np.clip(spline(photo.astype(float)), 0, 255))
    np.testing.assert_array_equal(photoshop.curve_s(photo), expected)


@pytest.mark.parametrize("amount", [50, -70])
def test_modern_brightness_keeps_black_and_white(amount):
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
    result = photoshop.brightness(ramp, amount)[0, :, 0].astype(int)
    assert (result[0], result[255]) == (0, 255)
    assert (np.diff(result) >= 0).all()
    assert np.sign(result[128] - 128) == np.sign(amount)
    legacy = photoshop.brightness(ramp, amount, legacy=True)[0, :, 0]
    np.testing.assert_array_equal(legacy, np.clip(np.arange(256) + amount, 0, 255))


@pytest.mark.parametrize("amount", [70, -50])
def test_contrast_moves_the_quarters_apart_or_together(amount):
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
    result = photoshop.contrast(ramp, amount)[0, :, 0].astype(int)
    assert (result[0], result[255]) == (0, 255)
    assert np.sign((result[191] - result[64]) - 127) == np.sign(amount)
    legacy = photoshop.contrast(ramp, amount, legacy=True)[0, :, 0]
    slope = 1 / (1 - amount / 255) if amount > 0 else 1 + amount / 255
    np.testing.assert_array_equal(legacy, np.rint(np.clip(127.5 + (np.arange(256) - 127.5) * slope, 0, 255)))


def test_equalize_follows_the_cumulative_histogram_of_value(photo):
    value = photo.max(-1)
    cumulative = np.cumsum(np.bincount(value.ravel(), minlength=256)).astype(float)
    first = cumulative[value.min()]
    expected = np.rint((cumulative - first) * 255 / (value.size - first))[value]
    assert np.abs(photoshop.equalize(photo).max(-1) - expected).max() <= 1


@pytest.mark.parametrize("name", list(photoshop.table_2_operators()))
def test_every_operator_of_table_2_changes_a_photograph_and_survives_flat_ones(name, photo):
    operator = photoshop.table_2_operators()[name]
    assert np.abs(operator(photo).astype(int) - photo).mean() > 2
    for level in (0, 128, 255):
        flat = np.full((8, 8, 3), level, np.uint8)
        result = operator(flat)
        assert result.shape == flat.shape
        assert (result == result[0, 0]).all()


@pytest.mark.parametrize(
    "call",
    [
        lambda i: photoshop.auto_tone(i, 50),
        lambda i: photoshop.auto_contrast(i, 5, "colour"),
        lambda i: photoshop.brightness(i, 151),
        lambda i: photoshop.contrast(i, -51),
        lambda i: photoshop.curve(i, ((0, 0),)),
        lambda i: photoshop.curve(i, ((9, 0), (3, 5))),
    ],
)
def test_bad_settings_say_what_was_received(call, photo):
    with pytest.raises(ValueError, match="Received"):
        call(photo)
