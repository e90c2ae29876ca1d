"""Baluja's three networks (Hiding images in plain sight: deep steganography, NeurIPS 2017), the paper's baseline.

A preparation network turns the secret image into features, a hiding network makes the container of these and the cover,
a reveal network gets the secret image back. They are trained as one, with a little noise on the container, so that the
secret does not lie in the lowest bits alone.
"""

from pathlib import Path

import keras
from keras import layers

from zoo.fidelity import Fidelity, check_fidelity
from zoo.steganography.h_net import check_shape
from zoo.steganography.steganographer import Steganographer
from zoo.weights import loaded

KERNELS = (3, 4, 5)
FILTERS = 50


def BalujaNet(
    input_shape: tuple[int | None, int | None, int] = (None, None, 3),
    weights: str | Path | None = None,
    fidelity: Fidelity = "original",
    weight: float = 0.75,
    noise: float = 0.0225,
    quantize: bool = False,
    channel: keras.layers.Layer | None = None,
    name: str = "baluja_net",
) -> Steganographer:
    """Build the preparation, hiding and reveal networks as one model.

    Inputs and outputs are those of ``Steganographer``; ``model.hiding`` is ``[cover, secret] -> container`` (its layer
    ``baluja_preparation`` the first network), ``model.revealing`` is ``container -> revealed``. Outputs are linear and
    may leave [0, 1]. Keras's "same" pads even kernels with one pixel before and two after, as TensorFlow 1 did.

    Args:
        input_shape: Height, width, 3; ``None`` for sides of any length.
        weights: ``None`` (Glorot uniform) or the path of a weights file, see ``zoo.weights``.
        fidelity: The NeurIPS text is short and no code was released. ``"original"`` is the networks that three public
            re-implementations agree on: kernels of 3, 4 and 5 pixels in parallel branches of four layers of 50 filters,
            joined, and one more layer of each; 2,650,656 parameters. ``"paper"`` is the text read literally: five
            layers, each of 50 filters of 3x3, 4x4 and 5x5, joined after every layer; 4,900,656 parameters.
        weight: lambda (the text's beta) of the loss.
        noise: Standard deviation of the Gaussian noise on the container in training, for values in [0, 1]. The public
            code has 0.1 on values divided by ImageNet's standard deviation, 0.225 on average.
        quantize: As for ``Steganographer``.
        channel: As for ``Steganographer``, in the place of the noise.
        name: Model name.

    Raises:
        ValueError: For an input shape, fidelity, noise or weights that do not fit.
    """
    check_shape(input_shape)
    check_fidelity(fidelity)
    if not noise >= 0:
        raise ValueError(f"noise must be 0 or above. Received: {noise}")
    features = _branches if fidelity == "original" else _joined_layers

    cover, secret = (keras.Input(input_shape, name=part) for part in ("cover", "secret"))
    preparation = keras.Model(secret, features(secret, "baluja_prepare"), name="baluja_preparation")
    x = layers.Concatenate(name="baluja_hide_input")([cover, preparation(secret)])
    hiding = keras.Model([cover, secret], _to_image(features(x, "baluja_hide"), "baluja_hide"), name="baluja_hiding")
    container = keras.Input(input_shape, name="container", dtype="float32")
    revealed = _to_image(features(container, "baluja_reveal"), "baluja_reveal")
    revealing = keras.Model(container, revealed, name="baluja_revealing")
    if channel is None and noise > 0:
        channel = layers.GaussianNoise(noise, name="baluja_noise")
    model = Steganographer(hiding, revealing, weight, quantize=quantize, channel=channel, name=name)
    return loaded(model, weights)


def _branches(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    """Four layers for each kernel size side by side, joined; one more layer of each size, joined."""
    ends = []
    for size in KERNELS:
        y = x
        for i in range(1, 5):
            y = _convolution(y, size, f"{name}_{size}x{size}_{i}")
        ends.append(y)
    x = layers.Concatenate(name=f"{name}_joined_4")(ends)
    return _parallel(x, f"{name}", 5)


def _joined_layers(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    for i in range(1, 6):
        x = _parallel(x, name, i)
    return x


def _parallel(x: keras.KerasTensor, name: str, number: int) -> keras.KerasTensor:
    sizes = [_convolution(x, size, f"{name}_{size}x{size}_{number}") for size in KERNELS]
    return layers.Concatenate(name=f"{name}_joined_{number}")(sizes)


def _convolution(x: keras.KerasTensor, size: int, name: str) -> keras.KerasTensor:
    # The first layers are those that see pixels: in bfloat16 these would lose their lower bits.
    dtype = "float32" if name.endswith("_1") else None
    return layers.Conv2D(FILTERS, size, padding="same", activation="relu", name=name, dtype=dtype)(x)


def _to_image(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    return layers.Conv2D(3, 1, name=f"{name}_image", dtype="float32")(x)
