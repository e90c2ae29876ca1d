"""Initial weights of the networks: PyTorch's defaults, or those of the public relative.

The paper does not say. PyTorch draws kernels and biases of convolutions from U(-b, b) with b = 1 / sqrt(fan_in), where
Keras has Glorot's kernels and zero biases. The public code that the two networks equal layer by layer draws kernels
from N(0, 0.02) and the scales of batch normalisation from N(1, 0.02) instead, and leaves the biases to PyTorch.
"""

from typing import Literal

import keras

Initializer = Literal["pytorch", "relative"]


def check_initializer(initializer: str) -> None:
    """Raise ValueError for a name that is not an ``Initializer``."""
    if initializer not in ("pytorch", "relative"):
        raise ValueError(f"initializer must be 'pytorch' or 'relative'. Received: {initializer!r}")


def kernel(initializer: Initializer) -> keras.initializers.Initializer:
    """Return the kernels of convolutions, plain and transposed.

    U(-b, b) with b = 1 / sqrt(fan_in) has the variance 1 / (3 fan_in). PyTorch counts the fan-in of a transposed
    convolution by its output channels, and so does Keras, whose kernel has them last but one.
    """
    if initializer == "relative":
        return keras.initializers.RandomNormal(0.0, 0.02)
    return keras.initializers.VarianceScaling(1 / 3, "fan_in", "uniform")


def bias(fan_in: int) -> keras.initializers.Initializer:
    """Biases; ``fan_in`` is the number of values that one output sums up."""
    bound = fan_in**-0.5
    return keras.initializers.RandomUniform(-bound, bound)


def batch_normalization(initializer: Initializer, name: str, dtype: str | None = None) -> keras.layers.Layer:
    """PyTorch's batch normalisation: epsilon 1e-5, and 0.9 of the old moving average is kept (its "momentum" 0.1).

    One difference stays: PyTorch's moving variance is the unbiased one. At 14x14 and 16 pictures the two differ by a
    factor of 1.0003.
    """
    gamma = keras.initializers.RandomNormal(1.0, 0.02) if initializer == "relative" else "ones"
    return keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-5, gamma_initializer=gamma, name=name, dtype=dtype)
