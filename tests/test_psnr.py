"""PSNR against scikit-image's."""

import keras
import numpy as np
import pytest
from skimage.metrics import peak_signal_noise_ratio

from zoo.psnr import batch_psnr, psnr_of


def test_arrays_and_tensors_have_scikit_images_psnr(rng):
    truth, images = rng.random((2, 3, 8, 9, 3), np.float32)
    expected = [peak_signal_noise_ratio(*pair, data_range=1) for pair in zip(truth, images, strict=True)]
    assert [psnr_of(float(error)) for error in ((truth - images) ** 2).mean((1, 2, 3))] == pytest.approx(expected)
    found = keras.ops.convert_to_numpy(batch_psnr(truth, images))
    assert found.tolist() == pytest.approx(expected, rel=1e-5)


def test_equal_images_and_what_leaves_the_range():
    truth = np.ones((1, 4, 4, 3), np.float32)
    assert psnr_of(0.0) == np.inf
    assert float(batch_psnr(truth, truth + 5)[0]) == pytest.approx(100)
