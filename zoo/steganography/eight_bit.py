"""Simulate saving a container in a file: clamp and round to 8 bits."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="forensics_zoo")
class EightBit(keras.layers.Layer):
    """Clamp to [0, 1] and round to the 256 levels of an 8-bit file, with a straight-through gradient.

    Input and output: float, any shape, [0, 1]. Works in training and outside, in float32 under any policy.
    """

    def __init__(self, name: str | None = None, trainable: bool = True, dtype: Any = None) -> None:
        super().__init__(name=name, trainable=trainable, dtype=dtype, autocast=False)
        self.built = True

    def call(self, images: Any) -> Any:
        """Return ``images`` as a file would."""
        images = ops.cast(images, "float32")
        rounded = ops.round(ops.clip(images, 0.0, 1.0) * 255.0) / 255.0
        return images + ops.stop_gradient(rounded - images)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """Return the images' shape."""
        return input_shape
