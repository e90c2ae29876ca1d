"""OverFeat, fast model (Sermanet et al. 2013), the first network that Carrara et al. 2018 attack and guard.

145,920,872 parameters at 1,000 classes. The weights are New York University's, for research and evaluation only and
not to be passed on: none are shipped, ``load_net_weight`` reads the user's own file.
"""

from functools import cache
from importlib.resources import files
from pathlib import Path

import keras
import numpy as np
from keras import layers

from zoo.weights import loaded

MEAN, DEVIATION = 118.380948, 61.896913
"""Mean and standard deviation of the training pixels on 0..255, the same for all three channels."""
SIDE = 231
FEATURES = ("pool5", "fc6", "fc7")
"""The paper's layers, after the ReLU; ``fc6_linear`` and ``fc7_linear`` are before it."""
WIDTHS = (96, 256, 512, 1024, 1024, 3072, 4096)


def OverFeatFast(
    classes: int = 1000,
    weights: str | Path | None = None,
    widths: tuple[int, ...] = WIDTHS,
    name: str = "overfeat_fast",
) -> keras.Model:
    """Build OverFeat's fast ("small") model.

    Input: RGB, float, (batch, 231, 231, 3), **range 0..255**; mean and deviation are part of the network. Output:
    softmax probabilities (batch, classes). ``pool5`` is 6x6x1024, ``fc6`` 1x1x3072 (the paper writes 4,096, which is
    the accurate model's), ``fc7`` 1x1x4096. No local response normalisation, no groups; dropout .5 before fc7 and fc8.

    Args:
        classes: Number of outputs.
        weights: None (Glorot uniform), the original's ``net_weight_0`` (see ``load_net_weight``; classes in the order
            of sorted WordNet identifiers), or a ``.weights.h5``, ``.keras`` or zoo ``.npz`` file.
        widths: Filters of conv1 to conv5, fc6 and fc7; the original's by default. Others are for tests.
        name: Model name.

    Raises:
        ValueError: For a class count, widths or weights that do not fit.
    """
    if classes < 1:
        raise ValueError(f"classes must be at least 1. Received: {classes}")
    if len(widths) != len(WIDTHS) or min(widths) < 1:
        raise ValueError(f"widths must be {len(WIDTHS)} numbers of at least 1. Received: {widths}")
    x = inputs = keras.Input((SIDE, SIDE, 3), name="image")
    x = layers.Rescaling(1 / DEVIATION, -MEAN / DEVIATION, name="normalise")(x)
    x = layers.Conv2D(widths[0], 11, 4, activation="relu", name="conv1")(x)
    x = layers.MaxPooling2D(2, name="pool1")(x)
    x = layers.Conv2D(widths[1], 5, activation="relu", name="conv2")(x)
    x = layers.MaxPooling2D(2, name="pool2")(x)
    for i in (3, 4, 5):
        x = layers.Conv2D(widths[i - 1], 3, padding="same", activation="relu", name=f"conv{i}")(x)
    x = layers.MaxPooling2D(2, name="pool5")(x)
    for i, kernel in ((6, 6), (7, 1)):
        x = layers.Conv2D(widths[i - 1], kernel, name=f"fc{i}_linear")(x)
        x = layers.ReLU(name=f"fc{i}")(x)
        x = layers.Dropout(0.5, name=f"dropout{i}")(x)
    x = layers.Conv2D(classes, 1, name="fc8")(x)
    x = layers.Flatten(name="logits")(x)
    outputs = layers.Activation("softmax", dtype="float32", name="predictions")(x)
    model = keras.Model(inputs, outputs, name=name)
    if weights is None or not Path(weights).name.startswith("net_weight"):
        return loaded(model, weights)
    load_net_weight(model, weights)
    return model


def load_net_weight(model: keras.Model, path: str | Path, sort_classes: bool = True) -> None:
    """Load the original's ``net_weight_0`` into an ``OverFeatFast``, in place.

    The file has no header: little-endian float32, for each convolution its kernel (out, in, height, width), then its
    biases; 583,683,488 bytes. The original applies kernels as they are, without turning them (cross-correlation), as
    Keras does.

    Args:
        model: An ``OverFeatFast``.
        path: The file.
        sort_classes: Whether to bring the classes from the order of the ILSVRC2012 development kit, which the file has,
            to that of sorted WordNet identifiers, which Keras, TensorFlow Datasets and folders of classes have. Needs
            1,000 classes.

    Raises:
        ValueError: For a file of another size or with values that are not finite, or sorting without 1,000 classes;
            nothing is assigned then.
    """
    path = Path(path)
    convolutions = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    count = sum(layer.count_params() for layer in convolutions)
    size = path.stat().st_size if path.is_file() else None
    if size != 4 * count:
        raise ValueError(
            f"net_weight_0 for {model.name} must be a file of {4 * count:,} bytes. "
            f"Received: {path}, {'no file' if size is None else f'{size:,} bytes'}"
        )
    order = None
    if sort_classes:
        order = development_kit_order()
        if convolutions[-1].filters != len(order):
            raise ValueError(
                f"Sorting classes needs a network of {len(order)} classes. Received: {convolutions[-1].filters}"
            )
    values, start, found = np.memmap(path, "<f4", "r"), 0, []
    for layer in convolutions:
        kernel, bias = layer.kernel, layer.bias
        height, width, depth, filters = kernel.shape
        middle = start + height * width * depth * filters
        weights = values[start:middle].reshape(filters, depth, height, width)
        biases, start = values[middle : middle + filters], middle + filters
        if not np.isfinite(weights).all() or not np.isfinite(biases).all():
            raise ValueError(f"{path} must hold finite numbers. Received: NaN or infinity in {layer.name}")
        found.append((kernel, bias, weights, biases))
    for number, (kernel, bias, weights, biases) in enumerate(found):
        last = number == len(found) - 1 and order is not None
        kernel.assign(np.ascontiguousarray((weights[order] if last else weights).transpose(2, 3, 1, 0)))
        bias.assign(np.array(biases[order] if last else biases))


@cache
def wordnet_identifiers() -> tuple[str, ...]:
    """Return the 1,000 WordNet identifiers in the order of OverFeat's outputs, that of the development kit."""
    text = files("zoo.adversarial").joinpath("overfeat_classes.txt").read_text()
    return tuple(f"n{digits}" for digits in text.split())


def development_kit_order() -> np.ndarray:
    """Return the index of each class of the sorted order in the development kit's order, int64 (1000,).

    ``probabilities[..., development_kit_order()]`` of the original network are in sorted order.
    """
    return np.argsort(np.array(wordnet_identifiers()), kind="stable")
