import numpy as np
import pytest
import skimage.data
from sklearn.datasets import load_sample_image

from zoo import tiles
from zoo.datasets import keyed
from zoo.datasets.embedded import SCENES, generate_scene, photograph


@pytest.mark.parametrize("name", SCENES)
def test_photographs_are_uint8_rgb(name):
    image = photograph(name)
    assert image.dtype == np.uint8
    assert image.ndim == 3
    assert image.shape[2] == 3
    assert min(image.shape[:2]) >= 192
    assert image.std() > 20


def test_lossless_ones_are_as_stored_and_jpegs_are_halved():
    np.testing.assert_array_equal(photograph("astronaut"), skimage.data.astronaut())
    china = load_sample_image("china.jpg").astype(float)
    mean = (china[:426:2, :640:2] + china[1:426:2, :640:2] + china[:426:2, 1:640:2] + china[1:426:2, 1:640:2]) / 4
    assert np.abs(photograph("china") - mean).max() <= 0.5


def test_unknown_photograph():
    with pytest.raises(ValueError, match="Received: 'lena'"):
        photograph("lena")


def test_scenes_are_a_function_of_their_generator():
    one, two = (generate_scene(keyed.generator(5, 1), 96, 112) for _ in range(2))
    np.testing.assert_array_equal(one, two)
    assert one.shape == (96, 112, 3)
    assert (one != generate_scene(keyed.generator(5, 2), 96, 112)).mean() > 0.5
    with pytest.raises(ValueError, match="Received: 8 x 90"):
        generate_scene(keyed.generator(0), 8, 90)


def _slope(image):
    """Exponent of the amplitude spectrum's fall, over tiles of 128 pixels."""
    slopes = []
    radius = np.hypot(*np.meshgrid(np.fft.fftfreq(128), np.fft.fftfreq(128)))
    for y, x in tiles.grid(*image.shape[:2], 128):
        grey = image[y : y + 128, x : x + 128].mean(-1)
        window = np.hanning(128)[:, None] * np.hanning(128)
        amplitude = np.abs(np.fft.fft2((grey - grey.mean()) * window))
        rings = [amplitude[(radius >= r / 128) & (radius < (r + 1) / 128)].mean() + 1e-9 for r in range(3, 40)]
        slopes.append(np.polyfit(np.log(np.arange(3.5, 40)), np.log(rings), 1)[0])
    return np.mean(slopes)


def test_scenes_have_the_spectrum_of_photographs():
    scenes = [_slope(generate_scene(keyed.generator(1, i), 384, 384)) for i in range(12)]
    photographs = [_slope(photograph(name)) for name in SCENES]
    assert abs(np.mean(scenes) - np.mean(photographs)) < 0.4  # white noise would be 1.4 off
