"""What the JPEG layer refuses, and that the message ends in what was received."""

import numpy as np
import pytest

from zoo.layers import DifferentiableJPEG, jpeg

BAD = {
    "quality 0": dict(quality=0),
    "quality 101": dict(quality=101),
    "quality NaN": dict(quality=float("nan")),
    "quality tensor": dict(quality=np.array([50.0, np.nan])),
    "quality length": dict(quality=[50.0, 60.0, 70.0]),
    "quality rank": dict(quality=np.full((2, 1), 50.0)),
    "neither": dict(quality=None),
    "both": dict(tables=np.ones((8, 8), np.float32)),
    "table shape": dict(quality=None, tables=np.ones((3, 8, 8), np.float32)),
    "table batch": dict(quality=None, tables=np.ones((5, 2, 8, 8), np.float32)),
    "table zero": dict(quality=None, tables=np.zeros((8, 8), np.float32)),
    "table NaN": dict(quality=None, tables=np.full((8, 8), np.nan, np.float32)),
    "rank": dict(images=np.zeros((8, 8, 3), np.float32)),
    "channels": dict(images=np.zeros((2, 8, 8, 1), np.float32)),
    "empty image": dict(images=np.zeros((2, 0, 8, 3), np.float32)),
    "above range": dict(images=np.full((2, 8, 8, 3), 1.1, np.float32)),
    "below range": dict(images=np.full((2, 8, 8, 3), -0.1, np.float32)),
    "NaN pixel": dict(images=np.full((2, 8, 8, 3), np.nan, np.float32)),
    "bytes as 0..1": dict(images=np.zeros((2, 8, 8, 3), np.uint8)),
    "integers": dict(images=np.zeros((2, 8, 8, 3), np.int32), value_range=(0, 255)),
    "above 255": dict(images=np.full((2, 8, 8, 3), 300, np.float32), value_range=(0, 255)),
    "value range": dict(value_range=(-1, 1)),
    "subsampling": dict(subsampling="4:1:1"),
    "rounding": dict(rounding="floor"),
    "gradient": dict(gradient="none"),
    "gradient of another rounding": dict(rounding="cubic", gradient="sinusoidal"),
    "terms": dict(harmonic_terms=0),
    "variant": dict(variant="other"),
    "exact variant": dict(variant="korus2019"),
}


@pytest.mark.parametrize("change", BAD.values(), ids=BAD)
def test_bad_input_is_named(change):
    arguments = dict(images=np.full((2, 8, 8, 3), 0.5, np.float32), quality=75) | change
    with pytest.raises(ValueError, match=r"Received: [^\n]+$"):
        jpeg(**arguments)


def test_uint8_in_the_default_range_names_the_range_that_takes_it():
    pictures = np.zeros((1, 8, 8, 3), np.uint8)
    with pytest.raises(ValueError, match=r"uint8 needs value_range=\(0, 255\). Received: dtype uint8"):
        DifferentiableJPEG(75)(pictures)
    assert DifferentiableJPEG(75, value_range=(0, 255))(pictures).dtype == "uint8"


@pytest.mark.parametrize("quality", [0, 101, float("nan"), (0, 50), (60, 50), (50.5, 60), (1, 2, 3)], ids=str)
def test_bad_quality_of_the_layer(quality):
    with pytest.raises(ValueError, match=r"Received: [^\n]+$"):
        DifferentiableJPEG(quality)


def test_layer_checks_values_once():
    layer = DifferentiableJPEG(75)
    bad = np.full((1, 8, 8, 3), 2, np.float32)
    with pytest.raises(ValueError, match=r"value_range=\(0, 1\), must be finite numbers from 0 to 1. Received: 2 to 2"):
        layer(bad)
    layer(np.zeros((1, 8, 8, 3), np.float32))
    np.testing.assert_array_equal(layer(bad), np.ones_like(bad))
