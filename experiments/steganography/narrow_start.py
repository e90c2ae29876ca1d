"""Train a narrow pair first, and start H-net and R-net from it: far more updates in the same time.

Nine tenths of the arithmetic of an update are R-net's wide layers. The narrow pair is H-net's two outermost levels, at
their full width, and an R-net with ``CHANNELS`` channels a layer. Its arithmetic is a fourteenth of the two networks'.
What it has learnt is copied into H-net and R-net. Weights from new channels to copied ones start at 0, so both networks
first give what the narrow ones gave (Chen, Goodfellow and Shlens, "Net2Net", ICLR 2016), and all is trained.

The narrow pair does not start at random either. ``start_in_chroma`` hides in the cover's fine colour differences, where
photographs hold little.

The batch normalisation layers of the copied part are frozen and only add a bias. Statistics of small batches would
change with the brightness of their photographs, and H-net's broken line depends on exact values.
"""

import keras
import numpy as np
from keras import layers, ops

CHANNELS = 32
"""Of each of the five hidden layers of the narrow R-net."""
COLOURS, DETAILS = 0.03, 0.2
"""Amplitudes of the secret image in the cover's two colour differences."""
SLOPE = 4.4
"""Slope at 0.5 of the broken line that replaces the inverse of H-net's sigmoid."""
EDGES, EDGE_SLOPE = (0.17, 0.83), 13.0
"""Values below and above which it is steeper, and by how much."""
OTHERS = 0.1
"""What the random weights of two layers are scaled by."""
OPPONENT = np.array([[1, 1, 1], [1, 0, -1], [1, -2, 1]]) / np.sqrt([[3], [2], [6]])
"""Lightness and two colour differences of RGB; an orthonormal matrix."""
OUTER = ("h_net_conv2d_1", "h_net_conv2d_3", "h_net_conv_transpose2d_26", "h_net_conv_transpose2d_30")
NORMS = ("h_net_batch_norm_4", "h_net_batch_norm_27")


def start_in_chroma(hiding: keras.Model) -> None:
    """Set weights of the two outermost levels of a new ``HNet`` so that the container is nearly the cover.

    Both colour differences of the cover are smoothed by [1 2 1] / 4 in both directions, which leaves nothing at the
    highest frequencies. There the first difference carries the secret's three smoothed colours, times a checkerboard,
    columns and rows of alternating sign. The second carries the secret's lightness less its smoothed lightness.
    """
    first, second, up, last = (hiding.get_layer(name) for name in OUTER)
    four = (first, second, up, last)
    coding, hinges, corrections, decoding = (ops.convert_to_numpy(layer.kernel).copy() for layer in four)
    # Pixels of a 2x2 block; of kernels of 4x4 at stride 2, the middle 2x2 lies on the block.
    pixels = [(y, x, channel) for y in range(2) for x in range(2) for channel in range(3)]
    count = len(pixels)
    coding[..., :count] = 0
    hinges[..., : 8 * count] = 0
    corrections *= OTHERS
    corrections[:, :, : 2 * count] = 0
    corrections[..., second.filters :] = 0  # what comes from the levels inside
    decoding *= OTHERS
    decoding[..., :count] = 0
    decoding[..., first.filters : first.filters + 2 * count] = 0
    for number, (y, x, channel) in enumerate(pixels):
        coding[y : y + 3, x : x + 3, :, number] = _container_pixel(y, x, channel)
        decoding[1 + y, 1 + x, channel, number] = SLOPE
        for side, sign in enumerate((-1, 1)):
            decoding[1 + y, 1 + x, channel, first.filters + side * count + number] = sign * EDGE_SLOPE
            for block, (down, right) in enumerate(np.ndindex(2, 2)):  # a hinge for each value of four blocks
                hinge = (side * 4 + block) * count + number
                hinges[1 + down, 1 + right, number, hinge] = sign
                corrections[1 + down, 1 + right, side * count + number, hinge] = 1
    for layer, value in zip(four, (coding, hinges, corrections, decoding), strict=True):
        layer.kernel.assign(value)
    last.bias.assign(np.full(3, -SLOPE / 2))
    shift = np.zeros(second.filters)
    shift[: 4 * count], shift[4 * count : 8 * count] = EDGES[0], -EDGES[1]
    for name, beta in zip(NORMS, (shift, np.zeros(up.filters)), strict=True):
        _freeze_as_bias(hiding.get_layer(name), beta)


def _container_pixel(y: int, x: int, channel: int) -> np.ndarray:
    """Weights of cover and secret image, (3, 3, 6), around a pixel of a block in one channel of the container."""
    itself, smooth = np.zeros((3, 3, 1)), np.outer([1, 2, 1], [1, 2, 1])[..., None] / 16
    itself[1, 1] = 1
    lightness, colours, details = OPPONENT
    cover = itself * lightness * lightness[channel]
    for axis in (colours, details):
        cover = cover + smooth * axis * axis[channel]
    signs = np.array([(-1) ** (x + y), (-1) ** x, (-1) ** y])
    secret = COLOURS * colours[channel] * smooth * signs + DETAILS * details[channel] * (itself - smooth) * lightness
    return np.concatenate([cover, secret], axis=-1)


def _freeze_as_bias(norm: layers.BatchNormalization, beta: np.ndarray) -> None:
    ones = np.ones_like(beta)
    norm.set_weights([ones, beta, 0 * ones, ones - norm.epsilon])
    norm.trainable = False


def outer_levels(hiding: keras.Model) -> keras.Model:
    """Return the two outermost levels of an ``HNet`` as a model with the same inputs and output, and its weights."""
    cover, secret = (keras.Input(part.shape[1:], name=part.name, dtype="float32") for part in hiding.inputs)
    first, second, up, last = (hiding.get_layer(name) for name in OUTER)
    down_norm, up_norm = (hiding.get_layer(name) for name in NORMS)
    skip = first(layers.Concatenate()([cover, secret]))
    x = down_norm(second(layers.LeakyReLU(0.2)(skip)))
    x = layers.ReLU()(layers.Concatenate()([x, ops.zeros_like(x)]))
    x = layers.ReLU()(layers.Concatenate()([skip, up_norm(up(x))]))
    return keras.Model([cover, secret], layers.Activation("sigmoid")(last(x)), name="h_net_outer")


def narrow_revealing() -> keras.Model:
    """Return a new R-net of ``CHANNELS`` channels a layer, without batch normalisation.

    The first eight channels are the positive and the negative part of what ``start_in_chroma`` hides in. Without them
    H-net leaves its start before R-net can read it.
    """
    x = container = keras.Input((None, None, 3), name="container", dtype="float32")
    for number in range(1, 6):
        options = {"kernel_initializer": "he_uniform", "activation": "relu", "name": f"r_narrow_conv2d_{number}"}
        x = layers.Conv2D(CHANNELS, 3, padding="same", **options)(x)
    x = layers.Conv2D(3, 3, padding="same", activation="sigmoid", name="r_narrow_conv2d_6")(x)
    model = keras.Model(container, x, name="r_narrow")
    first = model.get_layer("r_narrow_conv2d_1")
    value = ops.convert_to_numpy(first.kernel).copy()
    smooth, rough, itself = np.array([1, 2, 1]) / 4, np.array([-1, 2, -1]) / 4, np.array([0, 1, 0])
    carriers = [np.outer(*pair) for pair in ((rough, rough), (smooth, rough), (rough, smooth))]
    _, colours, details = OPPONENT
    bands = [(carrier, colours / (2 * COLOURS)) for carrier in carriers]
    bands.append((np.outer(itself, itself) - np.outer(smooth, smooth), 2 * details / DETAILS))
    for number, (band, axis) in enumerate(bands):
        for part, sign in enumerate((1, -1)):
            value[..., 2 * number + part] = sign * band[..., None] * axis
    first.kernel.assign(value)
    return model


def widen(outer: keras.Model, narrow: keras.Model, hiding: keras.Model, revealing: keras.Model) -> None:
    """Copy a trained narrow pair into a new ``HNet`` and ``RNet``, which then give the same container and image."""
    for name in (*OUTER, *NORMS):
        hiding.get_layer(name).set_weights(outer.get_layer(name).get_weights())
    for name in NORMS:
        hiding.get_layer(name).trainable = False
    wide = [layer for layer in revealing.layers if isinstance(layer, layers.Conv2D)]
    start = keras.initializers.HeUniform(seed=0)
    for number, layer in enumerate(wide, 1):
        weights, bias = narrow.get_layer(f"r_narrow_conv2d_{number}").get_weights()
        new = ops.convert_to_numpy(start(layer.kernel.shape)).copy()
        inputs, outputs = weights.shape[2:]
        new[..., :outputs] = 0
        new[:, :, :inputs, :outputs] = weights
        layer.set_weights([new, np.pad(bias, (0, layer.filters - outputs))])
    for layer in revealing.layers:
        if isinstance(layer, layers.BatchNormalization):
            _freeze_as_bias(layer, np.zeros(layer.beta.shape))


def freeze_bias_norms(network: keras.Model) -> None:
    """Freeze the batch normalisation layers that only add a bias, in a network whose weights were loaded."""
    for layer in network.layers:
        if isinstance(layer, layers.BatchNormalization):
            gamma, _, mean, _ = layer.get_weights()
            layer.trainable = bool(np.any(gamma != 1) or np.any(mean != 0))
