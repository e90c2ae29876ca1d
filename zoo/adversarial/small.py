"""Two small classifiers with the layer names of OverFeat and InceptionV3, for pictures of 16 pixels or a little more.

They stand in where ImageNet and its networks are not available: the same layers, processings, scores and attacks,
on any small data set. Not in the paper.
"""

from pathlib import Path

import keras
from keras import layers

from zoo.weights import loaded

DIGITS = (16, 16, 3)


def SmallOverFeat(
    input_shape: tuple[int, int, int] = DIGITS,
    classes: int = 10,
    weights: str | Path | None = None,
    name: str = "small_overfeat",
) -> keras.Model:
    """Five convolutions and two hidden layers, named and ordered as OverFeat's: ``pool5``, ``fc6``, ``fc7``.

    Input: RGB, float, (batch, height, width, 3), **range 0..255**. Output: softmax probabilities (batch, classes).

    Args:
        input_shape: Sides of at least 16 pixels.
        classes: Number of outputs.
        weights: None (Glorot uniform), a stored set such as ``"adversarial-overfeat.digits"``, or a file.
        name: Model name.

    Raises:
        ValueError: For a shape, class count or weights that do not fit.
    """
    _check(input_shape, classes)
    x = inputs = keras.Input(input_shape, name="image")
    x = layers.Rescaling(1 / 64, -2, name="normalise")(x)
    x = layers.Conv2D(16, 3, padding="same", activation="relu", name="conv1")(x)
    x = layers.MaxPooling2D(2, name="pool1")(x)
    x = layers.Conv2D(32, 3, padding="same", activation="relu", name="conv2")(x)
    x = layers.MaxPooling2D(2, name="pool2")(x)
    for i in (3, 4, 5):
        x = layers.Conv2D(64, 3, padding="same", activation="relu", name=f"conv{i}")(x)
    x = layers.MaxPooling2D(2, name="pool5")(x)
    for i, kernel in ((6, tuple(x.shape[1:3])), (7, 1)):
        x = layers.Conv2D(128, kernel, name=f"fc{i}_linear")(x)
        x = layers.ReLU(name=f"fc{i}")(x)
        x = layers.Dropout(0.5, name=f"dropout{i}")(x)
    x = layers.Conv2D(classes, 1, name="fc8")(x)
    x = layers.Flatten(name="logits")(x)
    outputs = layers.Activation("softmax", dtype="float32", name="predictions")(x)
    return loaded(keras.Model(inputs, outputs, name=name), weights)


def SmallInception(
    input_shape: tuple[int, int, int] = DIGITS,
    classes: int = 10,
    weights: str | Path | None = None,
    name: str = "small_inception",
) -> keras.Model:
    """Eleven small inception modules named as InceptionV3's, ``maxpool_5a_3x3`` to ``mixed_7c``, and an auxiliary head.

    Input: RGB, float, (batch, height, width, 3), **range 0..255**. Output: a list of two, the softmax probabilities
    (batch, classes) and those of the auxiliary head on ``mixed_6e``. Arguments and errors as ``SmallOverFeat``.
    """
    _check(input_shape, classes)
    inputs = keras.Input(input_shape, name="image")
    x = layers.Rescaling(1 / 127.5, -1, name="scale")(inputs)
    x = _convolution(x, 32, 3, "stem")
    x = layers.MaxPooling2D(3, 2, padding="same", name="maxpool_5a_3x3")(x)
    for letter in "bcd":
        x = _module(x, 32, f"mixed_5{letter}")
    for letter in "abcde":
        x = _module(x, 56, f"mixed_6{letter}", stride=2 if letter == "a" else 1)
    head = layers.GlobalAveragePooling2D(name="auxiliary_pool")(x)
    head = layers.Dense(classes, name="auxiliary_logits")(head)
    head = layers.Activation("softmax", dtype="float32", name="auxiliary_predictions")(head)
    for letter in "abc":
        x = _module(x, 80, f"mixed_7{letter}", stride=2 if letter == "a" else 1)
    x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
    x = layers.Dropout(0.2, name="dropout")(x)
    outputs = layers.Dense(classes, activation="softmax", dtype="float32", name="predictions")(x)
    return loaded(keras.Model(inputs, [outputs, head], name=name), weights)


def _check(input_shape: tuple[int, int, int], classes: int) -> None:
    if len(input_shape) != 3 or min(input_shape[:2]) < 16 or input_shape[2] < 1:
        raise ValueError(f"input_shape must be (height >= 16, width >= 16, channels). Received: {input_shape}")
    if classes < 1:
        raise ValueError(f"classes must be at least 1. Received: {classes}")


def _convolution(x: keras.KerasTensor, filters: int, kernel: int, name: str, stride: int = 1) -> keras.KerasTensor:
    x = layers.Conv2D(filters, kernel, stride, padding="same", use_bias=False, name=f"{name}_conv")(x)
    x = layers.BatchNormalization(momentum=0.9, scale=False, epsilon=1e-3, name=f"{name}_bn")(x)
    return layers.ReLU(name=f"{name}_relu")(x)


def _module(x: keras.KerasTensor, filters: int, name: str, stride: int = 1) -> keras.KerasTensor:
    """Three branches as in Szegedy et al. 2016: one by one, three by three behind a reduction, pooled."""
    quarter = filters // 4
    pooled = layers.AveragePooling2D(3, 1, padding="same", name=f"{name}_pool")(x)
    if stride == 2:
        # As TensorFlow pools with stride 2. Keras's PyTorch backend counts uneven padding differently.
        even = [int(n % 2 == 0) for n in x.shape[1:3]]
        pooled = layers.Cropping2D([(n, 0) for n in even], name=f"{name}_pool_start")(pooled)
        pooled = layers.MaxPooling2D(1, 2, name=f"{name}_pool_stride")(pooled)
    branches = [
        _convolution(x, quarter, 1, f"{name}_1x1", stride),
        _convolution(
            _convolution(x, quarter, 1, f"{name}_3x3_reduce"), filters - 2 * quarter, 3, f"{name}_3x3", stride
        ),
        _convolution(pooled, quarter, 1, f"{name}_projection"),
    ]
    return layers.Concatenate(name=name)(branches)
