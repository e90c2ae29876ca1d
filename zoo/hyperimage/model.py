"""The networks of Chandakkar and Li 2017: Tables 4 and 5 and experiment 5, as Keras functional models.

Table 4 notation: C(n, r, s) n filters r x r at stride s, "same"; MP(2) max pooling; FC dense. "2*(C(128) - MP(2))"
means two blocks with a pooling each, "2*(C(256)) - MP(2)" two convolutions and one pooling: only so the networks of
experiment 4 have the 8 and 14 layers that the text counts. Read here, where the tables say nothing: ReLU, Glorot's
uniform draw, zero biases, pooling that drops an odd row or column (Theano's and Keras's default of the time).
"""

from pathlib import Path
from typing import Literal

import keras
from keras import layers

from zoo.hyperimage.width import chosen
from zoo.layers.min_pooling import MinPooling2D
from zoo.weights import loaded

Pooling = Literal["floor", "ceil"]
Weights = str | Path | None
"""``None`` (Glorot's draw), the name of a stored set (``zoo.weights.names()``) or a file, for every network here."""


def CNNIQA(
    input_shape: tuple[int, int, int] = (32, 32, 3), dropout: float = 0.0, weights: Weights = None, name: str = "cnniqa"
) -> keras.Model:
    """Build the first stage for LIVE and TID (Table 5), the network of Kang et al. 2014: patch -> score.

    Input: locally normalised patches, float (n, 32, 32, 1) for LIVE (724,901 parameters) or (n, 32, 32, 3) for TID
    (729,801). The convolution has no nonlinearity, as in Kang's text. Output: (n, 1).

    Args:
        input_shape: Height, width (at least 32), channels.
        dropout: Behind the second dense layer: 0 in Table 5, .5 in Kang et al.
        weights: See ``Weights``.
        name: Model name.

    Raises:
        ValueError: For an input shape or weights that do not fit; this holds for every network here.
    """
    _check(input_shape, 32)
    x = inputs = keras.Input(input_shape, name="patch")
    x = layers.Conv2D(50, 7, name="conv1")(x)
    pooled = [MinPooling2D(26, name="min_pool")(x), layers.MaxPooling2D(26, name="max_pool")(x)]
    x = layers.Flatten(name="flatten")(layers.Concatenate(name="concat")(pooled))
    x = layers.Dense(800, activation="relu", name="fc1")(x)
    x = layers.Dense(800, activation="relu", name="fc2")(x)
    if dropout:
        x = layers.Dropout(dropout, name="drop2")(x)
    return _model(inputs, _output(x), weights, name)


def SyntheticPatchNet(
    input_shape: tuple[int, int, int] = (16, 16, 1), weights: Weights = None, name: str = "synthetic_patch_net"
) -> keras.Model:
    """Build the first stage of the synthetic task: patch -> score, (n, 16, 16, 1) in [0, 1] -> (n, 1).

    Table 4 prints Input(128, 128), the size of the images: patches of 16 x 16 at stride 12 are what gives its 10 x 10
    grid. Of its five poolings a 16-pixel patch bears four; the fifth, of one pixel, is made with padding and changes
    nothing. 537,937 parameters (1,305,937 for 128 x 128).
    Arguments and errors as ``CNNIQA``.
    """
    x = inputs = _input(input_shape, 16, "patch")
    for block, (count, filters) in enumerate([(1, 16), (1, 32), (2, 48), (2, 64), (2, 128)], 1):
        x = _block(x, block, [filters] * count, "ceil")
    return _model(inputs, _output(_dense(x, 400, "relu", 0.5)), weights, name)


def SyntheticStageTwo(
    input_shape: tuple[int, int, int] = (10, 10, 400),
    pooling: Pooling = "floor",
    weights: Weights = None,
    name: str = "synthetic_stage_two",
) -> keras.Model:
    """Build the second stage of the synthetic task: hyper-image -> score; 316,049 parameters (Table 4).

    Input: (n, 10, 10, 400), what the first stage's last hidden layer says of each patch. Output: (n, 1).

    Args:
        input_shape: Rows and columns of the grid, features.
        pooling: What becomes of an odd side: ``"floor"`` drops the last row, as Theano and Keras did, ``"ceil"`` keeps
            it.
        weights: See ``Weights``.
        name: Model name.

    Raises:
        ValueError: For an input shape or weights that do not fit.
    """
    return _stage_two(input_shape, [[16] * 2, [32] * 2, [64] * 2], 400, "tanh", "linear", pooling, weights, name)


def LIVEStageTwo(
    input_shape: tuple[int, int, int] = (24, 23, 800),
    pooling: Pooling = "floor",
    weights: Weights = None,
    name: str = "live_stage_two",
) -> keras.Model:
    """Build the second stage for LIVE: hyper-image -> score; 875,917 parameters (Table 4).

    (n, 24, 23, 800) to (n, 1). Arguments and errors as ``SyntheticStageTwo``.
    """
    blocks = [[32] * 2, [48] * 2, [64] * 2, [128] * 2]
    return _stage_two(input_shape, blocks, 500, "tanh", "linear", pooling, weights, name)


def TIDStageTwo(
    input_shape: tuple[int, int, int] = (23, 31, 800),
    pooling: Pooling = "floor",
    weights: Weights = None,
    name: str = "tid_stage_two",
) -> keras.Model:
    """Build the second stage for TID2013: hyper-image -> score; 1,403,757 parameters (Table 4).

    (n, 23, 31, 800) to (n, 1). Arguments and errors as ``SyntheticStageTwo``.
    """
    blocks = [[64] * 2, [64] * 2, [128] * 2, [128] * 2]
    return _stage_two(input_shape, blocks, 500, "tanh", "linear", pooling, weights, name)


def ForgeryStageTwo(
    input_shape: tuple[int, int, int] = (15, 15, 500),
    pooling: Pooling = "floor",
    width: float | None = None,
    weights: Weights = None,
    name: str = "forgery_stage_two",
) -> keras.Model:
    """Build the second stage for forgery: hyper-image -> probability of authentic (1); 3,053,473 parameters (Table 4).

    (n, 15, 15, 500) to (n, 1), 0..1. ``width`` multiplies the filters of the convolutions, for machines without a GPU:
    1 is the paper's, None that of ``weights``, or 1 without. Other arguments and errors as ``SyntheticStageTwo``.
    """
    width = chosen(width, weights)
    blocks = [[_scaled(n, width)] * 3 for n in (64, 128, 256)]
    return _stage_two(input_shape, blocks, 800, "relu", "sigmoid", pooling, weights, name)


def ForgeryChannel(
    input_shape: tuple[int, int, int] = (64, 64, 3),
    width: float | None = None,
    weights: Weights = None,
    name: str = "forgery_channel",
) -> keras.Model:
    """Build the channel of the ranking network (Table 4, Figure 3): patch -> 500 features; 3,739,576 parameters.

    Input: (n, 64, 64, 3), pixels in [0, 1] less the training patches' mean. ``width`` as for ``ForgeryStageTwo``,
    other arguments and errors as ``CNNIQA``.
    """
    width = chosen(width, weights)
    x = inputs = _input(input_shape, 16, "patch")
    for block, filters in enumerate((64, 128, 128, 256), 1):
        x = _block(x, block, [_scaled(filters, width)] * 2)
    return _model(inputs, _dense(x, 500, "relu", 0.5), weights, name)


def ForgeryEndToEnd(
    input_shape: tuple[int, int, int] = (256, 384, 3),
    width: float | None = None,
    weights: Weights = None,
    name: str = "forgery_end_to_end",
) -> keras.Model:
    """Build the end-to-end baseline for forgery: image -> probability of authentic; 13,739,437 parameters (Table 4).

    (n, 256, 384, 3), pixels in [0, 1] less the training patches' mean, to (n, 1), 0..1. ``width`` as for
    ``ForgeryStageTwo``, other arguments and errors as ``CNNIQA``.
    """
    width = chosen(width, weights)
    x = inputs = _input(input_shape, 32, "image")
    for block, (count, filters) in enumerate([(1, 32), (1, 64), (2, 64), (2, 128), (2, 256)], 1):
        x = _block(x, block, [_scaled(filters, width)] * count)
    return _model(inputs, _output(_dense(x, 500, "relu", 0.5), "sigmoid"), weights, name)


def ShallowEndToEnd(
    input_shape: tuple[int, int, int] = (384, 512, 3), weights: Weights = None, name: str = "shallow_end_to_end"
) -> keras.Model:
    """Build experiment 4's network of 8 layers: image -> score; 6,288,241 parameters (Table 4).

    (n, 384, 512, 3), sides of at least 64, to (n, 1). Arguments and errors as ``CNNIQA``.
    """
    x = inputs = _input(input_shape, 64, "image")
    # At stride 2 TensorFlow's "same" pads (2, 3), Theano's (3, 3).
    x = layers.ZeroPadding2D(3, name="pad1")(x)
    x = layers.Conv2D(32, 7, strides=2, activation="relu", name="conv1_1")(x)
    x = layers.MaxPooling2D(2, name="pool1")(x)
    x = layers.Conv2D(64, 7, padding="same", activation="relu", name="conv2_1")(x)
    x = layers.MaxPooling2D(2, name="pool2")(x)
    for block, filters in enumerate(([128], [128], [256, 256]), 3):
        x = _block(x, block, filters)
    return _model(inputs, _output(_dense(x, 400, "tanh", 0.25)), weights, name)


def DeepEndToEnd(
    input_shape: tuple[int, int, int] = (384, 512, 3),
    pooling: Pooling = "floor",
    weights: Weights = None,
    name: str = "deep_end_to_end",
) -> keras.Model:
    """Build experiment 4's network of 14 layers: image -> score; 11,136,625 parameters (Table 4).

    (n, 384, 512, 3), sides of at least 256 with ``pooling="floor"``, to (n, 1). Arguments and errors as
    ``SyntheticStageTwo``.
    """
    x = inputs = _input(input_shape, 256 if pooling == "floor" else 1, "image")
    for block, filters in enumerate(([32], [64], [128], [128], [256] * 2, [256] * 2, [512] * 2, [512] * 2), 1):
        x = _block(x, block, filters, pooling)
    return _model(inputs, _output(_dense(x, 400, "tanh", 0.25)), weights, name)


def VGGPatchNet(vgg_weights: str | None = None, name: str = "vgg_patch_net") -> keras.Model:
    """Build experiment 5's first stage: VGG-16 up to pool4, frozen, and two dense layers of 800: patch -> score.

    Input: (n, 32, 32, 3), RGB in [0, 255] through ``keras.applications.vgg16.preprocess_input`` (the mean subtraction
    of Caffe's model, in its order of channels). The text takes "conv4_3" for a size of 2 x 2 x 512, which is what pool4
    gives. 7,635,264 parameters frozen, 2,280,801 trained.

    Args:
        vgg_weights: As ``weights`` of ``keras.applications.VGG16``: ``None`` (a random draw, useful only for tests),
            ``"imagenet"`` (Keras downloads 56 MB) or a file.
        name: Model name.
    """
    vgg = keras.applications.VGG16(include_top=False, weights=vgg_weights, input_shape=(32, 32, 3))
    trunk = keras.Model(vgg.input, vgg.get_layer("block4_pool").output, name="vgg16_to_pool4")
    trunk.trainable = False
    inputs = keras.Input((32, 32, 3), name="patch")
    x = layers.Flatten(name="flatten")(trunk(inputs, training=False))
    x = layers.Dense(800, activation="relu", name="fc1")(x)
    x = layers.Dense(800, activation="relu", name="fc2")(x)
    return keras.Model(inputs, _output(x), name=name)


def _stage_two(
    input_shape: tuple[int, int, int],
    blocks: list[list[int]],
    dense: int,
    last: str,
    output: str,
    pooling: Pooling,
    weights: Weights,
    name: str,
) -> keras.Model:
    x = inputs = _input(input_shape, 2 ** len(blocks) if pooling == "floor" else 1, "hyper_image")
    for block, filters in enumerate(blocks, 1):
        x = _block(x, block, filters, pooling)
    return _model(inputs, _output(_dense(x, dense, last, 0.5), output), weights, name)


def _input(shape: tuple[int, int, int], least: int, name: str) -> "keras.KerasTensor":
    _check(shape, least)
    return keras.Input(shape, name=name)


def _check(shape: tuple[int, int, int], least: int) -> None:
    if len(shape) != 3 or any(not isinstance(n, int) or n < 1 for n in shape) or min(shape[:2]) < least:
        raise ValueError(f"input_shape must be (height, width, channels), sides of {least} or more. Received: {shape}")


def _scaled(filters: int, width: float) -> int:
    if width <= 0 or filters * width != int(filters * width):
        raise ValueError(f"width must be above 0 and keep {filters} filters a whole number. Received: {width}")
    return int(filters * width)


def _block(x: "keras.KerasTensor", block: int, filters: list[int], pooling: Pooling = "floor") -> "keras.KerasTensor":
    if pooling not in ("floor", "ceil"):
        raise ValueError(f"pooling must be 'floor' or 'ceil'. Received: {pooling!r}")
    for i, n in enumerate(filters, 1):
        x = layers.Conv2D(n, 3, padding="same", activation="relu", name=f"conv{block}_{i}")(x)
    return layers.MaxPooling2D(2, padding="valid" if pooling == "floor" else "same", name=f"pool{block}")(x)


def _dense(x: "keras.KerasTensor", units: int, last: str, dropout: float) -> "keras.KerasTensor":
    x = layers.Flatten(name="flatten")(x)
    for i, activation in enumerate(("relu", last), 1):
        x = layers.Dense(units, activation=activation, name=f"fc{i}")(x)
        x = layers.Dropout(dropout, name=f"drop{i}")(x)
    return x


def _output(x: "keras.KerasTensor", activation: str = "linear") -> "keras.KerasTensor":
    # float32 also under a mixed-precision policy: ranks need scores finer than bfloat16's 1/256.
    return layers.Dense(1, activation=activation, dtype="float32", name="output")(x)


def _model(inputs: "keras.KerasTensor", outputs: "keras.KerasTensor", weights: Weights, name: str) -> keras.Model:
    return loaded(keras.Model(inputs, outputs, name=name), weights)
