"""InceptionV3 with the twelve layers of Carrara et al. 2018, Table 4, by the paper's names.

The network is ``keras.applications.InceptionV3`` (23,851,784 parameters); here its scaling is part of it, and the
auxiliary head that the iterative attack of the NIPS 2017 kit needs can be had.
"""

import re
from pathlib import Path

import keras
from keras import layers

from zoo.weights import loaded

FEATURES = (
    "maxpool_5a_3x3",
    "mixed_5b",
    "mixed_5c",
    "mixed_5d",
    "mixed_6a",
    "mixed_6b",
    "mixed_6c",
    "mixed_6d",
    "mixed_6e",
    "mixed_7a",
    "mixed_7b",
    "mixed_7c",
)
"""Table 4's layers from the input on; ``mixed_6d`` is the paper's best."""


def InceptionV3(
    input_shape: tuple[int, int, int] = (299, 299, 3),
    classes: int = 1000,
    weights: str | Path | None = None,
    auxiliary: bool = False,
    name: str = "inception_v3",
) -> keras.Model:
    """Build InceptionV3 whose layers carry TF-slim's names (``FEATURES``).

    Input: RGB, float, (batch, height, width, 3), **range 0..255**, scaled to -1..1 inside. Output: softmax
    probabilities (batch, classes); with ``auxiliary`` a list of two, the second from the head on ``mixed_6e``.

    Args:
        input_shape: Sides of at least 75 pixels.
        classes: Number of outputs; slim's own networks have 1,001, with a background class first.
        weights: None, ``"imagenet"`` (downloaded by Keras; 1,000 classes), or a ``.weights.h5``, ``.keras`` or zoo
            ``.npz`` file. A TF-slim checkpoint is read by ``load_slim_checkpoint``.
        auxiliary: Whether to add the auxiliary head; needs sides of at least 107 pixels. Keras's weights have none.
        name: Model name.

    Raises:
        ValueError: For a shape, class count or weights that do not fit.
    """
    smallest = 107 if auxiliary else 75
    if len(input_shape) != 3 or min(input_shape[:2]) < smallest or input_shape[2] != 3:
        raise ValueError(
            f"input_shape must be (height, width, 3), sides of at least {smallest}. Received: {input_shape}"
        )
    if classes < 1:
        raise ValueError(f"classes must be at least 1. Received: {classes}")
    if weights == "imagenet" and (classes != 1000 or auxiliary):
        raise ValueError(
            f"Keras's ImageNet weights have 1000 classes and no auxiliary head. Received: {classes=}, {auxiliary=}"
        )
    inputs = keras.Input(input_shape, name="image")
    scaled = layers.Rescaling(1 / 127.5, -1, name="scale")(inputs)
    base = keras.applications.InceptionV3(
        weights="imagenet" if weights == "imagenet" else None,
        input_tensor=scaled,
        input_shape=input_shape,
        classes=classes,
    )
    _rename(base)
    outputs = base.output
    if auxiliary:
        outputs = [base.output, _auxiliary_head(base.get_layer("mixed_6e").output, classes)]
    model = keras.Model(inputs, outputs, name=name)
    return loaded(model, None if weights == "imagenet" else weights)


def load_slim_checkpoint(model: keras.Model, path: str | Path) -> None:
    """Load a TF-slim checkpoint, such as ``inception_v3.ckpt`` of 2016-08-28, into an ``InceptionV3`` of 1,001 classes.

    Needs TensorFlow. Class 0 is background, so that class i of Keras is i + 1 here.

    Raises:
        ValueError: When the checkpoint cannot be read, lacks a tensor or has one of another shape; nothing is assigned
            then.
    """
    import tensorflow as tf

    try:
        reader = tf.train.load_checkpoint(str(path))
        shapes = reader.get_variable_to_shape_map()
    except (ValueError, tf.errors.OpError) as error:
        raise ValueError(f"Not a TensorFlow checkpoint. Received: {path} ({str(error)[:150]})") from error
    found = []
    for layer, prefix in slim_scopes(model):
        for variable in layer.weights:
            key = f"{prefix}/{_SLIM_VARIABLES[type(layer).__name__][variable.name]}"
            value = reader.get_tensor(key) if key in shapes else None
            # Slim's last layer is a 1x1 convolution, Keras's a dense one.
            if value is not None and value.ndim == 4 and len(variable.shape) == 2:
                value = value[0, 0]
            if value is None or value.shape != tuple(variable.shape):
                received = "no such tensor" if value is None else f"shape {value.shape}"
                raise ValueError(f"{path} must hold {key} of shape {tuple(variable.shape)}. Received: {received}")
            found.append((variable, value))
    for variable, value in found:
        variable.assign(value)


_SLIM_VARIABLES = {
    "Conv2D": {"kernel": "weights", "bias": "biases"},
    "Dense": {"kernel": "weights", "bias": "biases"},
    "BatchNormalization": {
        "beta": "BatchNorm/beta",
        "moving_mean": "BatchNorm/moving_mean",
        "moving_variance": "BatchNorm/moving_variance",
    },
}
_STEM = ("Conv2d_1a_3x3", "Conv2d_2a_3x3", "Conv2d_2b_3x3", "Conv2d_3b_1x1", "Conv2d_4a_3x3")
# Branch and layer names of slim, in the order in which keras.applications makes the convolutions. Slim's own slips
# are kept: in Mixed_5c the 5x5 branch is named 0b_1x1 and 0_0c_5x5 (Conv_1_0c_5x5), in Mixed_7b and 7c 0c_3x1 is 0b.
_BLOCKS: dict[str, tuple[str, ...]] = {
    "Mixed_5b": ("0/0a_1x1", "1/0a_1x1", "1/0b_5x5", "2/0a_1x1", "2/0b_3x3", "2/0c_3x3", "3/0b_1x1"),
    "Mixed_5c": ("0/0a_1x1", "1/0b_1x1", "1/_1_0c_5x5", "2/0a_1x1", "2/0b_3x3", "2/0c_3x3", "3/0b_1x1"),
    "Mixed_5d": ("0/0a_1x1", "1/0a_1x1", "1/0b_5x5", "2/0a_1x1", "2/0b_3x3", "2/0c_3x3", "3/0b_1x1"),
    "Mixed_6a": ("0/1a_1x1", "1/0a_1x1", "1/0b_3x3", "1/1a_1x1"),
    **{
        f"Mixed_6{letter}": (
            *("0/0a_1x1", "1/0a_1x1", "1/0b_1x7", "1/0c_7x1"),
            *("2/0a_1x1", "2/0b_7x1", "2/0c_1x7", "2/0d_7x1", "2/0e_1x7", "3/0b_1x1"),
        )
        for letter in "bcde"
    },
    "Mixed_7a": ("0/0a_1x1", "0/1a_3x3", "1/0a_1x1", "1/0b_1x7", "1/0c_7x1", "1/1a_3x3"),
    "Mixed_7b": (
        *("0/0a_1x1", "1/0a_1x1", "1/0b_1x3", "1/0b_3x1"),
        *("2/0a_1x1", "2/0b_3x3", "2/0c_1x3", "2/0d_3x1", "3/0b_1x1"),
    ),
    "Mixed_7c": (
        *("0/0a_1x1", "1/0a_1x1", "1/0b_1x3", "1/0c_3x1"),
        *("2/0a_1x1", "2/0b_3x3", "2/0c_1x3", "2/0d_3x1", "3/0b_1x1"),
    ),
}


def slim_scopes(model: keras.Model) -> list[tuple[keras.layers.Layer, str]]:
    """Each layer with weights of an ``InceptionV3``, with the scope of its variables in a TF-slim checkpoint."""
    names = [f"InceptionV3/{name}" for name in _STEM]
    for block, branches in _BLOCKS.items():
        for branch in branches:
            number, layer = branch.split("/")
            convolution = f"Conv{layer}" if layer.startswith("_") else f"Conv2d_{layer}"
            names.append(f"InceptionV3/{block}/Branch_{number}/{convolution}")
    pairs: list[tuple[keras.layers.Layer, str]] = []
    for kind in (layers.Conv2D, layers.BatchNormalization):
        own = [layer for layer in model.layers if isinstance(layer, kind) and not layer.name.startswith("auxiliary")]
        pairs += zip(sorted(own, key=_number), names, strict=True)
    pairs.append((model.get_layer("predictions"), "InceptionV3/Logits/Conv2d_1c_1x1"))
    heads = {
        "auxiliary_conv1": "Conv2d_1b_1x1",
        "auxiliary_bn1": "Conv2d_1b_1x1",
        "auxiliary_conv2": "Conv2d_2a_5x5",
        "auxiliary_bn2": "Conv2d_2a_5x5",
        "auxiliary_logits": "Conv2d_2b_1x1",
    }
    known = {layer.name: layer for layer in model.layers}
    return pairs + [(known[n], f"InceptionV3/AuxLogits/{scope}") for n, scope in heads.items() if n in known]


def _number(layer: keras.layers.Layer) -> int:
    """Return the counter at the end of an automatic name, 0 for none: the order in which the layers were made."""
    match = re.search(r"_(\d+)$", layer.name)
    return int(match[1]) if match else 0


def _rename(base: keras.Model) -> None:
    """Give the paper's layers its names; pools by position, since their automatic names count on in one process."""
    pools = [layer for layer in base.layers if isinstance(layer, layers.MaxPooling2D)]
    pools[1].name = FEATURES[0]
    for number, name in enumerate(FEATURES[1:]):
        base.get_layer(f"mixed{number}").name = name


def _auxiliary_head(x: keras.KerasTensor, classes: int) -> keras.KerasTensor:
    """TF-slim's AuxLogits: 3,328,361 parameters at 1,001 classes and 299 pixels."""
    x = layers.AveragePooling2D(5, 3, name="auxiliary_pool")(x)
    for number, (filters, kernel) in enumerate([(128, 1), (768, tuple(x.shape[1:3]))], 1):
        x = layers.Conv2D(filters, kernel, use_bias=False, name=f"auxiliary_conv{number}")(x)
        x = layers.BatchNormalization(scale=False, epsilon=1e-3, name=f"auxiliary_bn{number}")(x)
        x = layers.ReLU(name=f"auxiliary_relu{number}")(x)
    x = layers.Flatten(name="auxiliary_flatten")(x)
    x = layers.Dense(classes, name="auxiliary_logits")(x)
    return layers.Activation("softmax", dtype="float32", name="auxiliary_predictions")(x)
