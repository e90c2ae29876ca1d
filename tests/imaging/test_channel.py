import cv2
import keras
import numpy as np
import pytest

from zoo.datasets.jpeg import compress
from zoo.imaging.joint.channel import DistributionChannel
from zoo.layers import DifferentiableJPEG


@pytest.fixture
def images(photo):
    """Two crops of a photograph, float32 (2, 48, 64, 3) in [0, 1]."""
    return np.stack([photo[60:108, 200:264], photo[300:348, 80:144]]).astype(np.float32) / 255


def test_original_averages_and_paper_interpolates(images):
    identity = keras.layers.Identity()
    pooled = images.reshape(2, 24, 2, 32, 2, 3).mean((2, 4))
    for fidelity in ("original", "paper"):  # the same at a factor of 2
        np.testing.assert_allclose(DistributionChannel(fidelity=fidelity, codec=identity)(images), pooled, atol=1e-6)
    third = DistributionChannel(3, fidelity="paper", codec=identity)(images)
    np.testing.assert_allclose(third, [cv2.resize(i[:, :63], (21, 16)) for i in images], atol=1e-5)
    pooled = images[:, :, :63].reshape(2, 16, 3, 21, 3, 3).mean((2, 4))
    np.testing.assert_allclose(DistributionChannel(3, codec=identity)(images), pooled, atol=1e-6)


def test_codecs_are_the_papers_or_ones_own(images):
    pooled = images.reshape(2, 24, 2, 32, 2, 3).mean((2, 4))
    codecs = {
        "original": DifferentiableJPEG.korus2019(50),
        "paper": DifferentiableJPEG(50, "4:4:4", rounding="sinusoidal"),
    }
    for fidelity, codec in codecs.items():
        np.testing.assert_allclose(DistributionChannel(fidelity=fidelity)(images), codec(pooled), atol=1e-5)
    own = DistributionChannel(1, codec=DifferentiableJPEG(50))(images)
    expected = [compress(np.rint(image * 255).astype(np.uint8), 50) for image in images]
    np.testing.assert_array_equal(np.rint(np.array(own) * 255), expected)


@pytest.mark.parametrize("codec", [None, DifferentiableJPEG(30)])
def test_saves_and_loads(tmp_path, images, codec):
    inputs = keras.Input((None, None, 3))
    model = keras.Model(inputs, DistributionChannel(2, 40, "paper", codec)(inputs))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.predict(images, verbose=0).shape == (2, 24, 32, 3)
    np.testing.assert_allclose(loaded(images), model(images), atol=1e-6)


def test_bad_arguments_say_what_was_received():
    with pytest.raises(ValueError, match="Received: 0"):
        DistributionChannel(0)
    with pytest.raises(ValueError, match=r"Received: 1\.5"):
        DistributionChannel(1.5)
    with pytest.raises(ValueError, match="Received: 'code'"):
        DistributionChannel(fidelity="code")
