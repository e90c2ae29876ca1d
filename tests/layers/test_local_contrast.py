import keras
import numpy as np
import pytest
from scipy import ndimage

from zoo.layers import LocalContrastNormalization, MinPooling2D


def _equation_4(image, sigma=7 / 6, radius=3, epsilon=1.0):
    """Pixel by pixel, as printed (with the square inside), in float64."""
    offsets = np.arange(-radius, radius + 1)
    window = np.exp(-(offsets[:, None] ** 2 + offsets**2) / (2 * sigma**2))
    window /= window.sum()
    padded = np.pad(image.astype(np.float64), radius, mode="edge")
    out = np.empty(image.shape)
    for y in range(image.shape[0]):
        for x in range(image.shape[1]):
            patch = padded[y : y + 2 * radius + 1, x : x + 2 * radius + 1]
            mean = (window * patch).sum()
            deviation = np.sqrt((window * (patch - mean) ** 2).sum())
            out[y, x] = (image[y, x] - mean) / (deviation + epsilon)
    return out


@pytest.mark.parametrize(("shape", "options"), [((9, 14), {}), ((3, 2), {}), ((8, 8), {"sigma": 2.0, "radius": 2})])
def test_equals_equation_4(rng, shape, options):
    images = rng.integers(0, 256, (2, *shape, 3)).astype(np.float32)
    found = np.asarray(LocalContrastNormalization(**options)(images))
    for image, normal in zip(images, found, strict=True):
        for channel in range(3):
            np.testing.assert_allclose(normal[..., channel], _equation_4(image[..., channel], **options), atol=2e-4)


def test_window_is_scipys_gaussian():
    window = LocalContrastNormalization().window()
    impulse = np.zeros(7)
    impulse[3] = 1
    np.testing.assert_allclose(window, ndimage.gaussian_filter1d(impulse, 7 / 6, radius=3), atol=1e-12)


@pytest.mark.parametrize("level", [0, 7, 255])
def test_constant_images_become_zero(level):
    flat = np.full((1, 12, 12, 1), level, np.float32)
    assert np.abs(np.asarray(LocalContrastNormalization()(flat))).max() < 1e-3


def test_brightness_and_contrast_hardly_matter(rng):
    image = rng.uniform(60, 120, (1, 20, 20, 1)).astype(np.float32)
    layer = LocalContrastNormalization(epsilon=1e-3)
    np.testing.assert_allclose(layer(image * 1.5 + 40), layer(image), atol=1e-3)


def test_saved_in_a_model_of_any_size(tmp_path, rng):
    inputs = keras.Input((None, None, 3))
    model = keras.Model(inputs, LocalContrastNormalization(2, 1.0, 0.5)(inputs))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    image = rng.uniform(0, 255, (1, 11, 17, 3)).astype(np.float32)
    np.testing.assert_array_equal(loaded(image), model(image))


@pytest.mark.parametrize("options", [{"radius": 0}, {"sigma": 0}, {"epsilon": -1}])
def test_bad_options(options):
    with pytest.raises(ValueError, match="Received"):
        LocalContrastNormalization(**options)


def test_min_pooling_is_the_smallest_of_each_window(rng):
    x = rng.normal(size=(2, 7, 6, 3)).astype(np.float32)
    found = np.asarray(MinPooling2D(2)(x))
    np.testing.assert_array_equal(found, x[:, :6].reshape(2, 3, 2, 3, 2, 3).min((2, 4)))
