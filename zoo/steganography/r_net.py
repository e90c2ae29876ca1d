"""R-net, the revealing network of the steganography paper: six 3x3 convolutions, 742,659 parameters to train.

Pham Van, Dinh and Thanh (2019), Figure 3.
"""

from pathlib import Path

import keras
from keras import layers

from zoo.steganography.h_net import check_shape
from zoo.steganography.initializers import Initializer, batch_normalization, bias, check_initializer, kernel
from zoo.weights import loaded


def RNet(
    input_shape: tuple[int | None, int | None, int] = (None, None, 3),
    weights: str | Path | None = None,
    initializer: Initializer = "pytorch",
    name: str = "r_net",
) -> keras.Model:
    """Build the network that reveals the secret image of a container.

    Input: the container, RGB, float, (batch, height, width, 3), **range [0, 1]**, sides of any length. Output: the
    revealed image, same shape and range (a sigmoid).

    Layers are named after the lines of Figure 3 (``r_net_conv2d_1`` ... ``r_net_sigmoid_17``). All six convolutions
    have a bias, as PyTorch's default is, although five of them feed a batch normalisation. The first layers and the
    last compute in float32 under any policy: what is hidden lies in the lowest bits.

    Args:
        input_shape: Height, width, 3; ``None`` for sides of any length. 224 in the paper.
        weights: As for ``HNet``.
        initializer: As for ``HNet``.
        name: Model name.

    Raises:
        ValueError: For an input shape, initializer or weights that do not fit.
    """
    check_shape(input_shape)
    check_initializer(initializer)

    def convolution(x: keras.KerasTensor, filters: int, line: int, dtype: str | None) -> keras.KerasTensor:
        return layers.Conv2D(
            filters,
            3,
            padding="same",
            kernel_initializer=kernel(initializer),
            bias_initializer=bias(9 * x.shape[-1]),
            name=f"r_net_conv2d_{line}",
            dtype=dtype,
        )(x)

    x = container = keras.Input(input_shape, name="container", dtype="float32")
    for filters, line in ((64, 1), (128, 4), (256, 7), (128, 10), (64, 13)):
        dtype = "float32" if line == 1 else None
        x = batch_normalization(initializer, f"r_net_batch_norm_{line + 1}", dtype)(
            convolution(x, filters, line, dtype)
        )
        x = layers.ReLU(name=f"r_net_relu_{line + 2}", dtype=dtype)(x)
    x = convolution(x, 3, 16, "float32")
    revealed = layers.Activation("sigmoid", dtype="float32", name="r_net_sigmoid_17")(x)
    return loaded(keras.Model(container, revealed, name=name), weights)
