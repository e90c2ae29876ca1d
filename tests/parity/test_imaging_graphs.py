"""The networks against TensorFlow 1 graph operations with the same weights, intermediate by intermediate."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from zoo.imaging import DNet, INet, UNet

tf1 = tf.compat.v1


def _drawn(model, rng):
    """Random weights of a size that keeps the signal: what a start leaves at 0 or 1 would hide a mistake."""
    values = []
    for variable in model.weights:
        shape = tuple(variable.shape)
        spread = 0.1 if len(shape) == 1 else (1 / np.prod(shape[:3])) ** 0.5
        centre = 1.0 if variable.path.endswith(("gamma", "moving_variance")) else 0.0
        values.append((centre + spread * rng.standard_normal(shape)).astype(np.float32))
    model.set_weights(values)
    return {v.path: w for v, w in zip(model.weights, values, strict=True)}


def _conv(x, w, name, padding="VALID"):
    y = tf.nn.conv2d(x, w[f"{name}/kernel"], [1, 1, 1, 1], padding)
    return tf.nn.bias_add(y, w[f"{name}/bias"]) if f"{name}/bias" in w else y


def _reflect(x, n):
    return tf.pad(x, [[0, 0], [n, n], [n, n], [0, 0]], "REFLECT")


def _inet(x, w):
    found = {"mosaic": tf.nn.depth_to_space(_conv(x, w, "sampler"), 2)}
    found["demosaic"] = _conv(_reflect(found["mosaic"], 2), w, "demosaic")
    found["colour"] = _conv(found["demosaic"], w, "colour")
    found["gamma_hidden"] = tf.tanh(_conv(found["colour"], w, "gamma_hidden"))
    found["rgb"] = _conv(found["gamma_hidden"], w, "rgb")
    return found


def _unet(x, w):
    found = {}

    def double(y, level):
        for i in (1, 2):
            y = _conv(y, w, f"c{level}_{i}_conv", "SAME")
            found[f"c{level}_{i}"] = y = tf.maximum(0.2 * y, y)
        return y

    y, skips = x, []
    for level in range(1, 5):
        skips.append(double(y, level))
        found[f"p{level}"] = y = tf.nn.max_pool2d(skips[-1], 2, 2, "SAME")
    y = double(y, 5)
    for level in range(6, 10):
        skip = skips.pop()
        kernel = w[f"s{level - 1}_whole/kernel"]
        # The original gives the skip's shape as the output's.
        y = tf.nn.conv2d_transpose(y, kernel, tf.shape(skip), [1, 2, 2, 1])
        found[f"s{level - 1}"] = y
        y = double(tf.concat([y, skip], 3), level)
    found["c10"] = _conv(y, w, "c10", "SAME")
    found["rgb"] = tf.nn.depth_to_space(found["c10"], 2)
    return found


def _dnet(x, w):
    found, y = {}, x
    for i in range(1, 16):
        y = _conv(y, w, f"c{i}_conv")
        stored = (w[f"c{i}_norm/{name}"] for name in ("moving_mean", "moving_variance", "beta", "gamma"))
        y = tf.nn.batch_normalization(y, *stored, 1e-3)
        found[f"c{i}"] = y = _reflect(tf.nn.relu(y), 1)
    found["f_conv"] = tf.nn.depth_to_space(y, 2)
    found["f_bayer"] = tf.nn.depth_to_space(_conv(x, w, "sampler"), 2)
    y = tf.nn.relu(_conv(tf.concat([found["f_conv"], found["f_bayer"]], 3), w, "c17_conv"))
    found["c17"] = _reflect(y, 1)
    found["rgb"] = _conv(found["c17"], w, "rgb")
    return found


@pytest.mark.parametrize(
    ("build", "graph"), [(INet, _inet), (UNet, _unet), (DNet, _dnet)], ids=["inet", "unet", "dnet"]
)
@pytest.mark.parametrize("size", [(21, 18), (32, 16)])
def test_every_intermediate_is_the_graphs(build, graph, size, rng):
    model = build()
    weights = _drawn(model, rng)
    planes = rng.random((2, *size, 4), np.float32)
    with tf1.Graph().as_default(), tf1.Session() as session:
        nodes = graph(tf.constant(planes), weights)
        nodes["clipped"] = tf.clip_by_value(nodes["rgb"], 0.0, 1.0)
        expected = session.run(nodes)
    taken = keras.Model(model.input, {name: model.get_layer(name).output for name in expected})
    found = taken.predict_on_batch(planes)
    for name, value in expected.items():
        difference = np.abs(found[name] - value).max() / max(np.abs(value).max(), 1e-12)
        assert difference < 1e-5, f"{name}: {difference}"
        assert value.std() > 0, name
