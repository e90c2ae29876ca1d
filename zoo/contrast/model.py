"""ContrastNet: the patch classifier of Barni, Costanzo, Nowroozi and Tondi (ICIP 2018), Figure 3 and section II-A.

Nine convolutions and one hidden dense layer; 4,783,952 parameters at 64x64x3 and two classes.
"""

from pathlib import Path
from typing import Literal

import h5py
import keras
import numpy as np
from keras import layers

from zoo.fidelity import Fidelity, check_fidelity
from zoo.weights import loaded

ADJUSTED = 1
"""Index of "adjusted" in the softmax output, as in the authors' training code; 0 is "pristine"."""


def ContrastNet(
    input_shape: tuple[int, int, int] = (64, 64, 3),
    classes: int = 2,
    weights: str | Path | None = None,
    fidelity: Fidelity = "original",
    base_filters: int = 32,
    name: str = "contrast_net",
) -> keras.Model:
    """Build the contrast-adjustment detector for one patch.

    Input: RGB, float, (batch, height, width, 3), **range [0, 1]** (the authors divide by 255 and subtract nothing).
    Output: softmax probabilities (batch, classes); class 0 is pristine, class 1 contrast-adjusted.

    Every layer has a name (``conv1_1`` ... ``conv3_1``, ``fc``, ``predictions``), so intermediates can be taken with
    ``keras.Model(model.input, model.get_layer("pool1").output)``. At 64x64 the feature maps are 27x27x160 (``pool1``),
    10x10x256 (``pool2``) and 10x10x128 (``conv3_1``), as the paper prints them.

    Args:
        input_shape: Height, width, channels of a patch; sides of at least 26 pixels (smaller leave nothing to pool).
        classes: Number of outputs.
        weights: ``None`` (Glorot uniform, as the authors), the name of a stored set (``"contrast-aware.photographs"``,
            see ``zoo.weights.names()``), or the path of a ``.weights.h5``, ``.keras`` or zoo ``.npz`` file.
        fidelity: ``"original"`` has the linear 1x1 convolution of the authors' code, which gave the paper's numbers.
            ``"paper"`` puts a ReLU behind it, which is how a reader of section II-A, which is silent, would build it.
        base_filters: Filters of the first convolution and step of the following ones; 32 in the paper and in the
            authors' training (their function's own default is 64: 12,729,264 parameters).
        name: Model name.

    Raises:
        ValueError: For an input shape, class count, base_filters, fidelity or weights that do not fit.
    """
    if len(input_shape) != 3 or any(not isinstance(n, int) or n < 1 for n in input_shape) or min(input_shape[:2]) < 26:
        raise ValueError(f"input_shape must be (height >= 26, width >= 26, channels). Received: {input_shape}")
    if classes < 1:
        raise ValueError(f"classes must be at least 1. Received: {classes}")
    if base_filters < 1:
        raise ValueError(f"base_filters must be at least 1. Received: {base_filters}")
    check_fidelity(fidelity)

    x = inputs = keras.Input(input_shape, name="patch")
    # The first layer is float32 also under a mixed-precision policy: bfloat16 would round the pixels themselves.
    x = layers.Conv2D(base_filters, 3, activation="relu", dtype="float32", name="conv1_1")(x)
    for i in range(2, 6):
        x = layers.Conv2D(base_filters * i, 3, activation="relu", name=f"conv1_{i}")(x)
    x = layers.MaxPooling2D(2, name="pool1")(x)
    for i in range(2, 5):  # the authors count on from 2
        x = layers.Conv2D(base_filters * (i + 4), 3, activation="relu", name=f"conv2_{i}")(x)
    x = layers.MaxPooling2D(2, name="pool2")(x)
    x = layers.Conv2D(base_filters * 4, 1, activation=None if fidelity == "original" else "relu", name="conv3_1")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(250, activation="relu", name="fc")(x)
    x = layers.Dropout(0.5, name="dropout")(x)
    # float32 also under a mixed-precision policy: AUC needs scores finer than bfloat16's 1/256.
    outputs = layers.Dense(classes, activation="softmax", dtype="float32", name="predictions")(x)
    return loaded(keras.Model(inputs, outputs, name=name), weights)


def load_authors_h5(
    model: keras.Model,
    path: str | Path,
    class_order: Literal["manipulated-first", "pristine-first"] = "manipulated-first",
) -> None:
    """Load the weights of a Keras 2 ``.h5`` file of the authors, at ``path``, into ``model``, in place.

    The public file ``model_keras_ICIP18_64x64x3.h5`` (55 MB: weights and Adam's two slots) has its classes reversed,
    0 = manipulated and 1 = pristine; ``class_order`` says which order the file has, and the two columns of the last
    layer are swapped so that the model's output keeps 0 = pristine. Layers are matched by order, since the file's
    names depend on the session that wrote it, and every shape is checked before anything is assigned.

    Raises:
        ValueError: When the file is not such a file, or a shape differs; nothing is assigned then.
    """
    if class_order not in ("manipulated-first", "pristine-first"):
        raise ValueError(f"class_order must be 'manipulated-first' or 'pristine-first'. Received: {class_order!r}")
    try:
        with h5py.File(path, "r") as file:
            group = file.get("model_weights", file)
            found = []
            for layer in (_text(n) for n in group.attrs["layer_names"]):
                found += [np.asarray(group[layer][_text(n)], "float32") for n in group[layer].attrs["weight_names"]]
    except (OSError, KeyError) as error:
        raise ValueError(f"Not a Keras 2 weights file (.h5 with layer_names). Received: {path} ({error})") from error
    expected = [tuple(v.shape) for v in model.weights if "seed_generator" not in v.path]
    if [v.shape for v in found] != expected:
        raise ValueError(
            f"{path} does not hold {model.name}'s tensors, {expected}. Received: {[v.shape for v in found]}"
        )
    if class_order == "manipulated-first":
        found[-2], found[-1] = found[-2][:, ::-1], found[-1][::-1]
    for variable, value in zip((v for v in model.weights if "seed_generator" not in v.path), found, strict=True):
        variable.assign(value)


def _text(name: str | bytes) -> str:
    return name.decode() if isinstance(name, bytes) else name
