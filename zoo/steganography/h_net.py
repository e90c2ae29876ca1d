"""H-net, the hiding network of the steganography paper: a U-Net of 10,172,503 parameters to train.

Pham Van, Dinh and Thanh, "Simultaneous convolutional neural network for highly efficient image steganography" (2019),
Figure 2: five steps down and five up.

What the figure leaves open (kernels, biases, order of layers) is that of the public code it equals layer by layer; the
family's README lists it.
"""

from pathlib import Path

import keras
from keras import layers

from zoo.steganography.initializers import Initializer, batch_normalization, bias, check_initializer, kernel
from zoo.weights import loaded

STRIDE = 32
"""Sides must be multiples of it: five halvings."""


def HNet(
    input_shape: tuple[int | None, int | None, int] = (None, None, 3),
    weights: str | Path | None = None,
    initializer: Initializer = "pytorch",
    name: str = "h_net",
) -> keras.Model:
    """Build the network that hides a secret image in a cover image.

    Inputs: ``[cover, secret]``, RGB, float, (batch, height, width, 3) each, **range [0, 1]**. Output: the container,
    of the same shape and range (a sigmoid, not rounded to 8 bits).

    Layers are named after the lines of Figure 2 (``h_net_conv2d_1``, ``h_net_batch_norm_4``, ... ``h_net_sigmoid_31``),
    so intermediates can be taken with ``keras.Model(model.input, model.get_layer("h_net_conv2d_12").output)``. The
    first and the last layers compute in float32 under any policy: in bfloat16 a cover would lose its lower bits.

    Args:
        input_shape: Height, width, 3; sides are multiples of 32, ``None`` for any such. 224 in the paper.
        weights: ``None``, the name of a stored set (see ``zoo.weights.names()``), or the path of a ``.weights.h5``,
            ``.keras`` or zoo ``.npz`` file. For PyTorch's see ``zoo.steganography.pytorch``.
        initializer: ``"pytorch"`` (its defaults) or ``"relative"`` (N(0, 0.02), as the public relative).
        name: Model name.

    Raises:
        ValueError: For an input shape, initializer or weights that do not fit.
    """
    check_shape(input_shape, STRIDE)
    check_initializer(initializer)

    def down(x: keras.KerasTensor, filters: int, line: int, dtype: str | None = None) -> keras.KerasTensor:
        """Halve the sides. "same" pads one pixel on each side of even sizes, as the original."""
        options = {"use_bias": False, "kernel_initializer": kernel(initializer), "dtype": dtype}
        return layers.Conv2D(filters, 4, 2, "same", name=f"h_net_conv2d_{line}", **options)(x)

    def up(x: keras.KerasTensor, skip: keras.KerasTensor, filters: int, line: int, dtype: str | None = None) -> tuple:
        options = {"use_bias": False, "kernel_initializer": kernel(initializer)}
        x = layers.ReLU(name=f"h_net_relu_{line}")(x)
        x = layers.Conv2DTranspose(filters, 4, 2, "same", name=f"h_net_conv_transpose2d_{line + 1}", **options)(x)
        x = batch_normalization(initializer, f"h_net_batch_norm_{line + 2}", dtype)(x)
        return layers.Concatenate(name=f"h_net_skip_{line + 3}", dtype=dtype)([skip, x])

    cover, secret = (keras.Input(input_shape, name=part, dtype="float32") for part in ("cover", "secret"))
    x = layers.Concatenate(name="h_net_input", dtype="float32")([cover, secret])
    x = down(x, 50, 1, "float32")
    skips = [x]
    for filters, line in ((100, 2), (200, 5), (400, 8)):
        x = layers.LeakyReLU(0.2, name=f"h_net_leaky_relu_{line}")(x)
        x = batch_normalization(initializer, f"h_net_batch_norm_{line + 2}")(down(x, filters, line + 1))
        skips.append(x)
    x = layers.LeakyReLU(0.2, name="h_net_leaky_relu_11")(x)
    x = down(x, 400, 12)
    for filters, line in ((400, 13), (200, 17), (100, 21)):
        x = up(x, skips.pop(), filters, line)
    x = up(x, skips.pop(), 50, 25, "float32")
    x = layers.ReLU(name="h_net_relu_29", dtype="float32")(x)
    x = layers.Conv2DTranspose(
        3,
        4,
        2,
        "same",
        kernel_initializer=kernel(initializer),
        bias_initializer=bias(3 * 4 * 4),
        dtype="float32",
        name="h_net_conv_transpose2d_30",
    )(x)
    container = layers.Activation("sigmoid", dtype="float32", name="h_net_sigmoid_31")(x)
    return loaded(keras.Model([cover, secret], container, name=name), weights)


def check_shape(input_shape: tuple[int | None, ...], multiple: int = 1) -> None:
    """Raise ValueError unless ``input_shape`` is (height, width, 3) with sides of ``multiple`` pixels, or ``None``."""
    sides = input_shape[:2]
    fits = all(n is None or (isinstance(n, int) and n > 0 and n % multiple == 0) for n in sides)
    if len(input_shape) != 3 or input_shape[2] != 3 or not fits:
        of = f" that are multiples of {multiple}" if multiple > 1 else ""
        raise ValueError(f"input_shape must be (height, width, 3), sides{of} or None. Received: {input_shape}")
