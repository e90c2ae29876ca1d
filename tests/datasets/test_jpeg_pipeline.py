import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from zoo.datasets import jpeg


def _pillow(image, quality, subsampling):
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=quality, subsampling=subsampling)
    return np.asarray(Image.open(buffer))


@pytest.mark.parametrize("subsampling", ["4:2:0", "4:4:4"])
def test_tf_data_equals_pillow_on_every_pixel_at_every_quality(photo, rng, subsampling):
    noise = rng.integers(0, 256, (64, 64, 3), np.uint8)
    patches = [photo[64:128, 192:256], noise]
    images = np.stack([patches[q % 2] for q in range(1, 101)])
    qualities = np.arange(1, 101, dtype=np.int32)
    dataset = tf.data.Dataset.from_tensor_slices((images, qualities))
    dataset = dataset.map(lambda image, quality: jpeg.compress_tensor(image, quality, subsampling))
    for image, quality, result in zip(images, qualities, dataset.as_numpy_iterator(), strict=True):
        np.testing.assert_array_equal(result, _pillow(image, int(quality), subsampling))


@pytest.mark.parametrize("subsampling", ["4:2:0", "4:4:4"])
@pytest.mark.parametrize("size", [(1, 1), (7, 9), (33, 50)])
def test_odd_sizes_and_batches_eagerly(rng, size, subsampling):
    images = rng.integers(0, 256, (3, *size, 3), np.uint8)
    result = jpeg.compress_tensor(images, [95, 0, 40], subsampling).numpy()
    np.testing.assert_array_equal(result[0], _pillow(images[0], 95, subsampling))
    np.testing.assert_array_equal(result[1], images[1])
    np.testing.assert_array_equal(result[2], jpeg.compress(images[2], 40, subsampling))


def test_one_trace_serves_all_qualities(photo):
    traces = []

    @tf.function
    def run(image, quality):
        traces.append(1)
        return jpeg.compress_tensor(image, quality)

    patch = tf.constant(photo[:64, :64])
    for quality in (100, 75, 0):
        expected = jpeg.compress(photo[:64, :64], quality)
        np.testing.assert_array_equal(run(patch, tf.constant(quality)), expected)
    assert len(traces) == 1


def test_random_quality_is_keyed_and_uniform():
    index = tf.data.Dataset.range(6000)
    drawn = np.array(list(index.map(lambda i: jpeg.random_quality(3, i)).as_numpy_iterator()))
    again = np.array(list(index.map(lambda i: jpeg.random_quality(3, i)).as_numpy_iterator()))
    np.testing.assert_array_equal(drawn, again)
    assert set(drawn) == {0, *range(90, 101)}
    for quality in set(drawn):
        assert abs((drawn == quality).mean() - 1 / 12) < 4 * (11 / 144 / 6000) ** 0.5
    batched = np.concatenate(list(index.batch(64).map(lambda i: jpeg.random_quality(3, i)).as_numpy_iterator()))
    np.testing.assert_array_equal(drawn, batched)
    other = np.array(list(index.map(lambda i: jpeg.random_quality(4, i)).as_numpy_iterator()))
    assert (drawn != other).mean() > 0.8


@pytest.mark.parametrize("quality", [-1, 101, 50.5])
def test_bad_quality(photo, quality):
    with pytest.raises(ValueError, match=f"Received: {quality}"):
        jpeg.compress(photo, quality)


def test_bad_images_and_subsampling(photo):
    with pytest.raises(ValueError, match="float32"):
        jpeg.compress(photo.astype(np.float32), 90)
    with pytest.raises(ValueError, match="float32"):
        jpeg.compress_tensor(photo.astype(np.float32), 90)
    with pytest.raises(ValueError, match=r"\(height, width, 3\).*Received: uint8 \(8, 8, 1\)"):
        jpeg.compress_tensor(photo[:8, :8, :1], 90)
    with pytest.raises(ValueError, match="4:1:1"):
        jpeg.compress(photo, 90, "4:1:1")
    with pytest.raises(tf.errors.InvalidArgumentError):
        jpeg.compress_tensor(photo[:8, :8], 150, "4:4:4")
    with pytest.raises(tf.errors.InvalidArgumentError):
        jpeg.compress_tensor(photo[:8, :8], 150)
