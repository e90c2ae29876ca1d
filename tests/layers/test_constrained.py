import keras
import numpy as np
import pytest

from zoo.layers import ConstrainedConv2D, ResidualFilter


def by_loops(kernel, scale):
    """The constraint of the class docstring, tap by tap."""
    constrained = kernel.astype(np.float64)
    size, _, channels, filters = kernel.shape
    for f in range(filters):
        own = (size // 2, size // 2, f % channels, f)
        constrained[own] = 0
        constrained[..., f] *= scale / constrained[..., f].sum()
        constrained[own] = -scale
    return constrained


def correlate(x, kernel):
    """Valid cross-correlation of (h, w, c) with (k, k, c, f)."""
    windows = np.lib.stride_tricks.sliding_window_view(x, kernel.shape[:2], axis=(0, 1))
    return np.einsum("yxcij,ijcf->yxf", windows, kernel)


@pytest.fixture(params=["reparametrised", "projected"])
def mode(request):
    return request.param


def test_starts_as_the_standard_residual_filter(mode):
    layer = ConstrainedConv2D(3, mode=mode, scale=12)
    layer.build((None, 8, 8, 3))
    expected = np.zeros((5, 5, 3, 3))
    for c in range(3):
        expected[1:4, 1:4, c, c] = [[1, 2, 1], [2, -12, 2], [1, 2, 1]]
    np.testing.assert_allclose(layer.effective_kernel(), expected, atol=1e-6)


def test_output_is_that_of_the_constrained_filters(mode, rng):
    layer = ConstrainedConv2D(4, kernel_size=3, mode=mode, scale=7)
    layer.build((None, 9, 11, 3))
    kernel = rng.uniform(0.1, 1, (3, 3, 3, 4)).astype(np.float32)
    layer.kernel.assign(kernel if mode == "reparametrised" else np.array(ResidualFilter(7)(kernel)))
    x = rng.random((2, 9, 11, 3), np.float32)
    padded = np.pad(x.astype(np.float64), ((0, 0), (1, 1), (1, 1), (0, 0)), mode="symmetric")
    expected = np.stack([correlate(image, by_loops(kernel, 7)) for image in padded])
    np.testing.assert_allclose(layer(x), expected, atol=1e-4)
    valid = ConstrainedConv2D.from_config(layer.get_config() | {"padding": "valid"})
    valid.build((None, 9, 11, 3))
    valid.set_weights(layer.get_weights())
    np.testing.assert_allclose(valid(x), expected[:, 1:-1, 1:-1], atol=1e-4)
    assert valid.compute_output_shape((None, 9, None, 3)) == (None, 7, None, 4)


def test_borders_are_mirrored_with_the_border_repeated(rng):
    layer = ConstrainedConv2D(1)
    x = rng.random((1, 6, 7, 1), np.float32)
    padded = np.pad(x, ((0, 0), (2, 2), (2, 2), (0, 0)), mode="symmetric")
    valid = ConstrainedConv2D(1, padding="valid")
    np.testing.assert_array_equal(layer(x), valid(padded))


def test_the_constraint_holds_after_training_and_the_filters_have_moved(mode, rng):
    inputs = keras.Input((12, 12, 3))
    layer = ConstrainedConv2D(3, mode=mode)
    outputs = keras.layers.Dense(2)(keras.layers.Flatten()(keras.ops.tanh(layer(inputs) / layer.scale)))
    model = keras.Model(inputs, outputs)
    start = np.array(layer.effective_kernel())
    model.compile(keras.optimizers.Adam(1e-3), "mse", jit_compile=False)
    model.fit(rng.random((16, 12, 12, 3)), rng.random((16, 2)), batch_size=4, epochs=3, verbose=0)
    kernel = np.array(layer.effective_kernel())
    assert layer.scale == (100 if mode == "reparametrised" else 1)
    for f in range(3):
        assert kernel[2, 2, f, f] == pytest.approx(-layer.scale, rel=1e-6)
        taps = kernel[..., f].astype(np.float64)
        assert abs(taps.sum()) < 1e-6 * np.abs(taps).sum()
    assert np.abs(kernel - start).max() > 1e-4 * layer.scale
    # A re-parametrised kernel is free, a projected one is the filter itself.
    assert (np.abs(kernel - np.array(layer.kernel)).max() < 1e-6) == (mode == "projected")
    np.testing.assert_allclose(layer(np.full((1, 12, 12, 3), 0.7, np.float32)), 0, atol=1e-4 * layer.scale)


def test_saves_and_loads_in_safe_mode(tmp_path, mode, rng):
    inputs = keras.Input((8, 8, 3))
    model = keras.Model(inputs, ConstrainedConv2D(3, mode=mode, scale=5, name="residual")(inputs))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    x = rng.random((1, 8, 8, 3), np.float32)
    np.testing.assert_array_equal(loaded(x), model(x))
    assert isinstance(loaded.get_layer("residual").kernel.constraint, ResidualFilter) == (mode == "projected")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"filters": 0}, "Received: 0"),
        ({"filters": 3, "kernel_size": 4}, "Received: 4"),
        ({"filters": 3, "mode": "free"}, "Received: 'free'"),
        ({"filters": 3, "padding": "same"}, "Received: 'same'"),
        ({"filters": 3, "scale": 0.0}, "Received: 0.0"),
    ],
)
def test_bad_arguments_say_what_was_received(arguments, message):
    with pytest.raises(ValueError, match=message):
        ConstrainedConv2D(**arguments)
