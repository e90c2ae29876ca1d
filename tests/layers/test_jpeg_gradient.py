"""Gradients against finite differences, and against each other where there is nothing to differ."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from zoo.layers import DifferentiableJPEG, jpeg, jpeg_smooth, quantisation_tables
from zoo.layers.jpeg_rounding import cosine_of_turns, derivative, round_smoothly, sine_of_turns
from zoo.layers.jpeg_tables import BASE_TABLES

SUBSAMPLINGS = ["4:4:4", "4:2:2", "4:2:0"]
SMOOTH = ["sinusoidal", "harmonic", "cubic"]
SIZES = [(1, 1), (5, 3), (18, 33)]


def random_image(*shape, seed=0, low=0.2, high=0.8):
    return np.random.default_rng(seed).uniform(low, high, shape).astype(np.float32)


def random_tables(batch, seed=0):
    return np.random.default_rng(seed).uniform(2, 40, (batch, 2, 8, 8)).astype(np.float32)


def gradients(function, *arguments):
    variables = [tf.convert_to_tensor(a, tf.float32) for a in arguments]
    with tf.GradientTape() as tape:
        tape.watch(variables)
        result = function(*variables)
    return [None if g is None else g.numpy() for g in tape.gradient(result, variables)]


def weights_like(image, seed=9):
    return np.random.default_rng(seed).normal(size=image.shape).astype(np.float32)


@pytest.mark.parametrize("variant", ["standard", "korus2019"])
@pytest.mark.parametrize("rounding", SMOOTH)
@pytest.mark.parametrize("subsampling", SUBSAMPLINGS)
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_smooth_model_agrees_with_finite_differences(variant, rounding, subsampling, size):
    """In float64, along random directions in image and tables, some pixels beyond the clamp."""
    rng = np.random.default_rng(2)
    image = random_image(2, *size, 3, low=-0.1, high=1.1).astype(np.float64)
    tables = random_tables(2).astype(np.float64)
    weights = rng.normal(size=image.shape)
    model = jpeg_smooth.Model(subsampling, rounding, rounding, 5, 1, variant)
    _, ratios, passed = jpeg_smooth.forward(tf.constant(image), tf.constant(tables), model)
    found = jpeg_smooth.backward(
        tf.constant(weights), tf.constant(tables), ratios, passed, model=model, for_tables=True
    )

    def objective(image, tables):
        coded = jpeg_smooth.forward(tf.constant(image), tf.constant(tables), model)[0]
        return np.sum(coded.numpy() * weights)

    for _ in range(2):
        for index in (0, 1):
            points = [image, tables]
            direction = rng.normal(size=points[index].shape)
            values = []
            for step in (1e-7, -1e-7):
                moved = list(points)
                moved[index] = points[index] + step * direction
                values.append(objective(*moved))
            expected = (values[0] - values[1]) / 2e-7
            scale = np.linalg.norm(found[index]) * np.linalg.norm(direction)
            assert abs(np.sum(found[index].numpy() * direction) - expected) < 1e-6 * scale + 1e-7


@pytest.mark.parametrize("rounding", SMOOTH)
@pytest.mark.parametrize("subsampling", SUBSAMPLINGS)
def test_layer_returns_the_gradient_of_the_model(rounding, subsampling):
    image, tables = random_image(2, 18, 33, 3), random_tables(2)
    weights = weights_like(image)
    layer = DifferentiableJPEG(None, subsampling, rounding=rounding)
    found = gradients(lambda x, t: ops.sum(layer(x, tables=t) * weights), image, tables)
    model = jpeg_smooth.Model(subsampling, rounding, rounding, 5, 1)
    exact = [tf.constant(x, tf.float64) for x in (image, tables, weights)]
    _, ratios, passed = jpeg_smooth.forward(exact[0], exact[1], model)
    expected = jpeg_smooth.backward(exact[2], exact[1], ratios, passed, model=model, for_tables=True)
    for f, e in zip(found, expected, strict=True):
        np.testing.assert_allclose(f, e.numpy(), atol=1e-3 * np.abs(e).max())


@pytest.mark.parametrize("gradient", SMOOTH)
def test_exact_layer_borrows_the_gradient_of_the_smooth_one(gradient):
    image, tables = random_image(2, 17, 20, 3, low=0, high=1), np.round(random_tables(2))
    weights = weights_like(image)
    exact = DifferentiableJPEG(None, rounding="libjpeg", gradient=gradient)
    smooth = DifferentiableJPEG(None, rounding=gradient)
    found, expected = (
        gradients(lambda x, t, layer=layer: ops.sum(layer(x, tables=t) * weights), image, tables)
        for layer in (exact, smooth)
    )
    for f, e in zip(found, expected, strict=True):
        np.testing.assert_array_equal(f, e)


def test_straight_through_gradient_is_the_identity_without_subsampling():
    image = random_image(2, 13, 21, 3, low=0, high=1)
    weights = weights_like(image)
    (found,) = gradients(lambda x: ops.sum(jpeg(x, 30, subsampling="4:4:4") * weights), image)
    np.testing.assert_allclose(found, weights, atol=2e-5)


@pytest.mark.parametrize("subsampling", SUBSAMPLINGS)
def test_straight_through_gradient_is_that_of_the_codec_without_rounding(subsampling):
    """Under tables so fine that rounding vanishes the codec is linear, and a difference over any step its slope."""
    image = random_image(1, 19, 22, 3, low=0.4, high=0.6)
    weights, direction = weights_like(image), weights_like(image, 5)
    (found,) = gradients(lambda x: ops.sum(jpeg(x, 50, subsampling=subsampling) * weights), image)

    def unrounded(x):
        tables = np.full((8, 8), 1e-3, np.float32)
        return ops.convert_to_numpy(jpeg(x, tables=tables, subsampling=subsampling, rounding="cubic"))

    change = unrounded(image + 0.01 * direction).astype(np.float64) - unrounded(image)
    expected = np.sum(change * weights) / 0.01
    assert abs(np.sum(found * direction) - expected) < 1e-4 * np.linalg.norm(found) * np.linalg.norm(direction)


def test_table_gradient_passed_straight_through():
    """d/dt of t round(c / t), the division differentiated and the rounding not: round(u) - u, by hand on one block."""
    image = random_image(1, 8, 8, 3)
    tables = random_tables(1)
    weights = weights_like(image)
    layer = DifferentiableJPEG(None, "4:4:4", rounding="round")
    (found,) = gradients(lambda t: ops.sum(layer(image, tables=t) * weights), tables)
    k, n = np.mgrid[:8, :8]
    cosines = np.sqrt(np.where(k == 0, 1 / 8, 1 / 4)) * np.cos(np.pi * k * (2 * n + 1) / 16)
    luma = np.round(np.round(255 * image[0]) @ [0.299, 0.587, 0.114]) - 128
    ratio = cosines @ luma @ cosines.T / tables[0, 0]
    upstream = cosines @ (weights[0].sum(-1) / 255) @ cosines.T
    np.testing.assert_allclose(found[0, 0], upstream * (np.round(ratio) - ratio), atol=2e-5)


def test_soft_gradient_rounds_forward_and_is_sinusoidal_backward():
    image = random_image(1, 24, 24, 3)
    weights = weights_like(image)
    values, found = {}, {}
    # Without subsampling grey bytes have nothing that the samples' own roundings could change.
    image = np.repeat(np.round(image[..., :1] * 255) / np.float32(255), 3, -1)
    for rounding, gradient in (("round", "soft"), ("round", None), ("sinusoidal", None)):
        layer = DifferentiableJPEG(60, "4:4:4", rounding=rounding, gradient=gradient)
        values[rounding, gradient] = ops.convert_to_numpy(layer(image))
        found[rounding, gradient] = gradients(lambda x, layer=layer: ops.sum(layer(x) * weights), image)[0]
    np.testing.assert_array_equal(values["round", "soft"], values["round", None])
    np.testing.assert_allclose(found["round", "soft"], found["sinusoidal", None], atol=2e-5)
    assert np.abs(found["round", "soft"] - found["round", None]).max() > 0.1


@pytest.mark.parametrize("quality", [7.0, 33.4, 50.6, 71.0, 96.2])
def test_quality_gradient_is_that_of_the_unrounded_table(quality):
    (found,) = gradients(lambda q: ops.sum(quantisation_tables(q) * weights_like(BASE_TABLES)), [quality])

    def scaled(q):
        scale = 5000 / q if q < 50 else 200 - 2 * q
        return np.sum(np.clip(BASE_TABLES.astype(np.float64) * scale / 100, 1, 255) * weights_like(BASE_TABLES))

    expected = (scaled(quality + 1e-4) - scaled(quality - 1e-4)) / 2e-4
    np.testing.assert_allclose(found[0], expected, rtol=1e-4)


@pytest.mark.parametrize("rounding", ["libjpeg", "round", *SMOOTH])
def test_quality_gradient_reaches_each_image_through_its_tables(rounding):
    image = random_image(3, 16, 24, 3)
    quality = np.array([20.0, 50.4, 90.0], np.float32)
    weights = weights_like(image)
    layer = DifferentiableJPEG(None, rounding=rounding)
    (found,) = gradients(lambda q: ops.sum(layer(image, quality=q) * weights), quality)
    tables = ops.convert_to_numpy(quantisation_tables(quality))
    (of_tables,) = gradients(lambda t: ops.sum(layer(image, tables=t) * weights), tables)
    (expected,) = gradients(lambda q: ops.sum(quantisation_tables(q) * of_tables), quality)
    assert np.all(found != 0)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


@pytest.mark.parametrize("shape", [(8, 8), (2, 8, 8), (1, 2, 8, 8), (3, 2, 8, 8)], ids=str)
@pytest.mark.parametrize("rounding", ["libjpeg", "cubic"])
def test_table_gradient_has_the_tables_shape_and_sums_over_what_shares_them(shape, rounding):
    image = random_image(3, 16, 16, 3)
    weights = weights_like(image)
    tables = np.round(np.random.default_rng(0).uniform(5, 60, shape)).astype(np.float32)
    full = np.broadcast_to(tables, (3, 2, 8, 8))
    found, expected = (
        gradients(lambda t: ops.sum(jpeg(image, tables=t, rounding=rounding) * weights), t)[0] for t in (tables, full)
    )
    while expected.ndim > len(shape):
        expected = expected.sum(0)
    if shape[0] == 1:
        expected = expected.sum(0, keepdims=True)
    np.testing.assert_allclose(found, expected, atol=1e-5 * np.abs(expected).max())


@pytest.mark.parametrize("gradient", ["straight_through", "soft", *SMOOTH])
@pytest.mark.parametrize("quality", [1.0, 100.0])
def test_gradients_are_finite_at_the_ends(gradient, quality):
    flat = np.stack([np.full((16, 16, 3), v, np.float32) for v in (0, 0.5, 1)])
    layer = DifferentiableJPEG(None, gradient=gradient)
    for image in (flat, random_image(3, 16, 16, 3, low=0, high=1)):
        found = gradients(lambda x, q: ops.sum(layer(x, quality=q) ** 2), image, [quality] * 3)
        assert all(np.isfinite(g).all() for g in found)


def test_rounding_functions_are_those_of_the_paper():
    x = np.linspace(-3.2, 3.2, 3001).astype(np.float32)
    sinusoidal = x - np.sin(2 * np.pi * x) / (2 * np.pi)
    np.testing.assert_allclose(round_smoothly(x, "sinusoidal", 5), sinusoidal, atol=2e-6)
    harmonic = x + sum((-1) ** k * np.sin(2 * np.pi * k * x.astype(np.float64)) / (np.pi * k) for k in range(1, 6))
    np.testing.assert_allclose(round_smoothly(x, "harmonic", 5), harmonic, atol=5e-6)
    slopes = 1 + 2 * sum((-1) ** k * np.cos(2 * np.pi * k * x.astype(np.float64)) for k in range(1, 6))
    np.testing.assert_allclose(derivative(x, "harmonic", 5), slopes, atol=5e-5)
    np.testing.assert_allclose(round_smoothly(x, "cubic", 5), np.round(x) + (x - np.round(x)) ** 3, atol=1e-6)


def test_polynomials_are_sine_and_cosine():
    x = np.linspace(-0.5, 0.5, 20001).astype(np.float32)
    np.testing.assert_allclose(sine_of_turns(x), np.sin(2 * np.pi * x.astype(np.float64)), atol=7e-7)
    np.testing.assert_allclose(cosine_of_turns(x), np.cos(2 * np.pi * x.astype(np.float64)), atol=5e-7)


@pytest.mark.parametrize("qualities", [80.0, (60.0, 90.0)], ids=["one for all", "one each"])
def test_quality_is_learned_where_the_graph_does_not_know_the_batch(qualities):
    image = random_image(2, 16, 16, 3)
    weights = weights_like(image)

    def slope(images, quality):
        with tf.GradientTape() as tape:
            tape.watch(quality)
            coded = jpeg(images, quality, subsampling="4:2:0", rounding="cubic")
            loss = tf.reduce_sum(coded * weights)
        return tape.gradient(loss, quality)

    unknown = [tf.TensorSpec((None, 16, 16, 3)), tf.TensorSpec([None] * np.ndim(qualities))]
    found = tf.function(slope, input_signature=unknown)(image, tf.constant(qualities))
    np.testing.assert_allclose(found, slope(tf.constant(image), tf.constant(qualities)), rtol=1e-4)
    assert np.abs(found).min() > 0


def test_a_range_of_qualities_stands_between_layers_in_fit():
    convolution = keras.layers.Conv2D(3, 1, activation="sigmoid")
    model = keras.Sequential([keras.Input((None, None, 3)), convolution, DifferentiableJPEG((75, 95))])
    model.compile("sgd", "mse")
    image = random_image(3, 16, 16, 3)
    before = convolution.kernel.numpy()
    model.fit(image, image, verbose=0)
    assert np.abs(convolution.kernel.numpy() - before).max() > 0
