"""The exact forward pass against Pillow, and the contract of the layer."""

import io

import keras
import numpy as np
import pytest
from keras import ops
from PIL import Image, features

from zoo.datasets.embedded import photograph
from zoo.layers import DifferentiableJPEG, jpeg

SIZES = [(1, 1), (2, 2), (3, 5), (7, 9), (17, 33), (18, 18), (9, 4), (64, 64)]
SUBSAMPLINGS = ["4:4:4", "4:2:2", "4:2:0"]
QUALITIES = np.arange(1, 101)


def pillow(image, quality, subsampling):
    assert features.check("libjpeg_turbo")
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=int(quality), subsampling=subsampling)
    return np.asarray(Image.open(buffer))


def crops(kind, count, height, width, seed=0):
    rng = np.random.default_rng(seed)
    if kind == "noise":
        # Black and white pixels overshoot most: the clamps are hit at every quality.
        noise = rng.integers(0, 256, (count, height, width, 3), dtype=np.uint8)
        noise[::2] = np.where(noise[::2] < 128, 0, 255)
        return noise
    image = photograph("coffee" if seed % 2 else "astronaut")
    tops = rng.integers(0, image.shape[0] - height + 1, count)
    lefts = rng.integers(0, image.shape[1] - width + 1, count)
    return np.stack([image[y : y + height, x : x + width] for y, x in zip(tops, lefts, strict=True)])


def to_float(images):
    return (images / np.float32(255)).astype(np.float32)


@pytest.mark.parametrize("kind", ["photograph", "noise"])
@pytest.mark.parametrize("subsampling", SUBSAMPLINGS)
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_equals_libjpeg_at_all_qualities(kind, subsampling, size):
    images = crops(kind, 100, *size)
    expected = np.stack([pillow(i, q, subsampling) for i, q in zip(images, QUALITIES, strict=True)])
    coded = jpeg(to_float(images), QUALITIES, subsampling=subsampling)
    np.testing.assert_array_equal(ops.convert_to_numpy(coded), to_float(expected))
