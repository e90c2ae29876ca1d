import json
from importlib.resources import files

import keras
import numpy as np
import pytest

from zoo.imaging.joint.fan import FAN
from zoo.signature import signature


def test_signature_is_the_stored_one():
    stored = json.loads(files("zoo.imaging").joinpath("fan_signature.json").read_text())
    assert signature(FAN()) == stored, json.dumps(signature(FAN()), indent=1)


@pytest.mark.parametrize("fidelity", ["original", "paper"])
def test_parameters_are_the_papers(fidelity):
    by_hand = 5 * 5 * 3 * 3 + sum((25 * a + 1) * b for a, b in ((3, 32), (32, 64), (64, 128), (128, 256)))
    by_hand += 257 * 256 + 257 * 512 + 513 * 128 + 129 * 5
    assert FAN(fidelity=fidelity).count_params() == by_hand == 1_341_990


def test_forward_pass_agrees_with_numpy(rng):
    model = FAN((16, 16, 3))
    patch = rng.random((16, 16, 3), np.float32)
    x = patch.astype(np.float64)
    for layer in model.layers:
        weights = [w.astype(np.float64) for w in layer.get_weights()]
        if layer.name == "residual":
            for c in range(3):
                weights[0][2, 2, c, c] = 0
            kernel = 100 * weights[0] / weights[0].sum((0, 1, 2))
            for c in range(3):
                kernel[2, 2, c, c] = -100
            x = _correlate(np.pad(x, ((2, 2), (2, 2), (0, 0)), mode="symmetric"), kernel)
        elif isinstance(layer, keras.layers.Conv2D):
            side = weights[0].shape[0] // 2
            x = _correlate(np.pad(x, ((side, side), (side, side), (0, 0))), weights[0]) + weights[1]
        elif isinstance(layer, keras.layers.LeakyReLU):
            x = np.where(x < 0, 0.2 * x, x)
        elif isinstance(layer, keras.layers.MaxPooling2D):
            x = x.reshape(x.shape[0] // 2, 2, x.shape[1] // 2, 2, -1).max((1, 3))
        elif isinstance(layer, keras.layers.GlobalAveragePooling2D):
            x = x.mean((0, 1))
        elif isinstance(layer, keras.layers.Dense):
            x = x @ weights[0] + weights[1]
            x = np.exp(x) / np.exp(x).sum() if layer.name == "predictions" else x
    np.testing.assert_allclose(model.predict_on_batch(patch[None])[0], x, atol=1e-5)


def test_initialisers_are_the_originals_or_the_papers():
    keras.utils.set_random_seed(3)
    original, paper = (FAN(fidelity=f).get_layer("conv4_linear").get_weights()[0] for f in ("original", "paper"))
    fan_in, fan_out = 25 * 128, 25 * 256
    limit = np.sqrt(6 / (fan_in + fan_out))
    assert 0.999 * limit < np.abs(original).max() <= limit
    assert original.std() == pytest.approx(limit / np.sqrt(3), rel=0.01)
    assert paper.std() == pytest.approx(np.sqrt(2 / fan_in), rel=0.01)
    assert np.abs(paper).max() > limit


def test_pixels_stay_float32_in_bfloat16_and_probabilities_too(rng):
    x = rng.random((2, 32, 32, 3), np.float32)
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        mixed = FAN((None, None, 3))
    finally:
        keras.config.set_dtype_policy("float32")
    full = FAN((None, None, 3))
    full.set_weights(mixed.get_weights())
    outputs = [
        np.array(keras.Model(model.input, [model.get_layer("residual").output, model.output])(x)[i])
        for i in (0, 1)
        for model in (full, mixed)
    ]
    np.testing.assert_array_equal(outputs[0], outputs[1])
    assert outputs[3].dtype == np.float32
    np.testing.assert_allclose(outputs[2], outputs[3], atol=0.01)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"input_shape": (8, 128, 3)}, r"Received: \(8, 128, 3\)"),
        ({"input_shape": (128, 128, 1)}, r"Received: \(128, 128, 1\)"),
        ({"classes": 1}, "Received: 1"),
        ({"fidelity": "code"}, "Received: 'code'"),
        ({"weights": "fan-perfect"}, "Received: 'fan-perfect'"),
    ],
)
def test_bad_arguments_say_what_was_received(arguments, message):
    with pytest.raises(ValueError, match=message):
        FAN(**arguments)


def _correlate(x, kernel):
    windows = np.lib.stride_tricks.sliding_window_view(x, kernel.shape[:2], axis=(0, 1))
    return np.einsum("yxcij,ijcf->yxf", windows, kernel)
