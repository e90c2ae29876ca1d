import cv2
import keras
import numpy as np
import pytest
import tensorflow as tf
from matplotlib.colors import hsv_to_rgb as reference_rgb
from matplotlib.colors import rgb_to_hsv as reference_hsv
from scipy import ndimage

from zoo.imaging.joint.hsv import hsv_to_rgb, rgb_to_hsv
from zoo.imaging.joint.manipulations import CLASSES, GaussianFilter, Resample, Sharpen, default_manipulations

FIDELITIES = ("original", "paper")


@pytest.fixture
def images(photo):
    """Two crops of a photograph, float32 (2, 40, 56, 3) in [0, 1]."""
    return np.stack([photo[60:100, 200:256], photo[300:340, 80:136]]).astype(np.float32) / 255


def test_hsv_is_tensorflows(rng):
    rgb = np.concatenate([rng.random((50, 3)), rng.integers(0, 3, (200, 3)) / 2]).astype(np.float32)[None, None]
    hsv = np.stack(rgb_to_hsv(keras.ops.convert_to_tensor(rgb)), -1)
    np.testing.assert_allclose(hsv, tf.image.rgb_to_hsv(rgb), atol=1e-6)
    hsv[..., 0] = hsv[..., 0] * 3 - 1  # hues beyond a turn, as a filter makes them
    parts = [keras.ops.convert_to_tensor(hsv[..., i]) for i in range(3)]
    np.testing.assert_allclose(hsv_to_rgb(*parts), tf.image.hsv_to_rgb(hsv), atol=1e-6)


def test_sharpen_of_the_paper_filters_value_alone(images):
    hsv = reference_hsv(images.astype(np.float64))
    kernel = np.array([[-1, -4, -1], [-4, 26, -4], [-1, -4, -1]]) / 6
    for image in hsv:
        image[..., 2] = np.clip(ndimage.correlate(image[..., 2], kernel, mode="mirror"), 0, 1)
    np.testing.assert_allclose(Sharpen(fidelity="paper")(images), reference_rgb(hsv), atol=2e-4)


def test_sharpen_of_the_original_is_its_graph_of_tensorflow_ops(images):
    # Hue and value through the kernel, saturation through one whose only tap is the last.
    kernel = np.zeros((3, 3, 3, 3), np.float32)
    for channel in (0, 2):
        kernel[..., channel, channel] = [
            [-0.1667, -0.6667, -0.1667],
            [-0.6667, 4.3333, -0.6667],
            [-0.1667, -0.6667, -0.1667],
        ]
    kernel[2, 2, 1, 1] = 1
    hsv = tf.image.rgb_to_hsv(tf.pad(images, [[0, 0], [1, 1], [1, 1], [0, 0]], "REFLECT"))
    expected = tf.clip_by_value(tf.image.hsv_to_rgb(tf.nn.conv2d(hsv, kernel, 1, "VALID")), 0, 1)
    found = np.array(Sharpen()(images))
    np.testing.assert_allclose(found, expected, atol=2e-5)
    error = np.mean((found - np.array(Sharpen(fidelity="paper")(images))) ** 2)
    assert 25 < -10 * np.log10(error) < 45  # the two differ visibly to a network, hardly to the eye


def test_sharpen_sends_a_gradient_in_the_paper_and_none_in_the_original(images):
    # tf.image.hsv_to_rgb has no gradient: that is why.
    grads = {}
    x = tf.constant(images)
    for name, operation in {f: Sharpen(fidelity=f) for f in FIDELITIES}.items() | {"tf": tf.image.hsv_to_rgb}.items():
        with tf.GradientTape() as tape:
            tape.watch(x)
            total = tf.reduce_sum(operation(x))
        grads[name] = tape.gradient(total, x)
    assert grads["tf"] is None
    assert grads["original"] is None
    assert np.isfinite(grads["paper"]).all() and np.abs(grads["paper"]).max() > 0


def test_gaussian_of_the_paper_is_scipys(images):
    expected = ndimage.gaussian_filter(images, (0, 0.83, 0.83, 0), radius=(0, 2, 2, 0), mode="mirror")
    np.testing.assert_allclose(GaussianFilter(fidelity="paper")(images), expected, atol=1e-6)


def test_gaussian_of_the_original_has_its_taps(images):
    taps = np.array([0.02374, 0.23585, 0.48082, 0.23585, 0.02374])
    kernel = GaussianFilter().kernel()
    np.testing.assert_allclose(kernel, np.outer(taps, taps), atol=1e-5)
    assert np.abs(kernel - GaussianFilter(fidelity="paper").kernel()).max() < 0.003
    expected = ndimage.correlate(images.astype(np.float64), kernel[None, :, :, None], mode="mirror")
    np.testing.assert_allclose(GaussianFilter()(images), expected, atol=1e-6)


def test_resample_of_the_original_drops_pixels_and_shifts(images):
    expected = images[:, ::2, ::2]
    for axis in (1, 2):
        following = np.concatenate([np.delete(expected, 0, axis), np.take(expected, [-1], axis)], axis)
        shape = list(expected.shape)
        shape[axis] *= 2
        expected = np.stack([expected, (expected + following) / 2], axis + 1).reshape(shape)
    np.testing.assert_allclose(Resample()(images), expected, atol=1e-6)
    legacy = {"align_corners": False, "half_pixel_centers": False}
    small = tf.raw_ops.ResizeBilinear(images=images, size=[20, 28], **legacy)
    np.testing.assert_allclose(
        Resample()(images), tf.raw_ops.ResizeBilinear(images=small, size=[40, 56], **legacy), atol=1e-6
    )


@pytest.mark.parametrize("factor", [2, 3])
def test_resample_of_the_paper_is_opencvs(images, factor):
    small = (56 // factor, 40 // factor)
    expected = [cv2.resize(cv2.resize(image, small), (56, 40)) for image in images]
    np.testing.assert_allclose(Resample(factor, "paper")(images), expected, atol=1e-5)


@pytest.mark.parametrize("fidelity", FIDELITIES)
def test_flat_images_stay_as_they_are(fidelity):
    flat = np.broadcast_to(np.float32([0.2, 0.5, 0.4]), (1, 16, 24, 3))
    for layer in default_manipulations(fidelity):
        # JPEG rounds the mean of a block, the original's sharpening kernel adds up to .9997.
        np.testing.assert_allclose(layer(flat), flat, atol=0.012 if layer.name == "jpg" else 1e-3, err_msg=layer.name)


@pytest.mark.parametrize("fidelity", FIDELITIES)
def test_strengths(images, fidelity):
    np.testing.assert_allclose(Sharpen(0, fidelity)(images), images, atol=1e-6)
    effects = {}
    for build, strengths in ((Sharpen, (0.5, 1.5)), (GaussianFilter, (0.5, 1.5)), (Resample, (2, 4))):
        effects[build] = [
            float(np.abs(np.array(build(s, fidelity=fidelity)(images)) - images).mean()) for s in strengths
        ]
    assert all(0 < weak < strong for weak, strong in effects.values()), effects


@pytest.mark.parametrize("fidelity", FIDELITIES)
def test_in_a_model_of_any_size_that_saves(tmp_path, images, fidelity):
    layers = default_manipulations(fidelity)
    assert ("native", *(layer.name for layer in layers)) == CLASSES
    inputs = keras.Input((None, None, 3))
    model = keras.Model(inputs, [layer(inputs) for layer in layers])
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    expected = [layer(images) for layer in layers]
    for found, one in zip(loaded.predict(images, verbose=0), expected, strict=True):
        assert found.shape == images.shape
        assert 0 <= found.min() <= found.max() <= 1
        np.testing.assert_allclose(found, one, atol=1e-5)


def test_bad_arguments_say_what_was_received():
    with pytest.raises(ValueError, match="Received: -1"):
        Sharpen(-1)
    with pytest.raises(ValueError, match="Received: 0, 5"):
        GaussianFilter(0)
    with pytest.raises(ValueError, match=r"Received: 0\.83, 4"):
        GaussianFilter(size=4)
    with pytest.raises(ValueError, match="Received: 1"):
        Resample(1)
    with pytest.raises(ValueError, match="Received: 'code'"):
        Resample(fidelity="code")


@pytest.mark.parametrize("fidelity", ["original", "paper"])
def test_manipulations_take_pictures_of_unknown_size(fidelity, rng):
    images = rng.random((1, 30, 44, 3), np.float32)
    for layer in default_manipulations(fidelity):
        signature = [tf.TensorSpec((None, None, None, 3), tf.float32)]
        found = tf.function(layer.call, input_signature=signature)(tf.constant(images))
        np.testing.assert_allclose(found, layer(images), atol=1e-5, err_msg=layer.name)
