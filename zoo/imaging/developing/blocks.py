"""Small layers of the imaging networks: padding, cropping, clipping, up-sampling, normalisation."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="forensics_zoo")
class ReflectPadding(keras.layers.Layer):
    """Pad rows and columns by reflection without repeating the border, as ``tf.pad(..., "REFLECT")``.

    Args:
        width: Pixels on each of the four sides; the input's sides must be longer than that.

    Raises:
        ValueError: For a width below 1.
    """

    def __init__(self, width: int, **layer: Any) -> None:
        super().__init__(**layer)
        if width < 1:
            raise ValueError(f"width must be at least 1. Received: {width}")
        self.width = width

    def call(self, x: Any) -> Any:
        """(batch, h, w, c) to (batch, h + 2 width, w + 2 width, c)."""
        side = (self.width, self.width)
        return ops.pad(x, ((0, 0), side, side, (0, 0)), mode="reflect")

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """Both sides grow by twice the width."""
        height, width = (None if n is None else n + 2 * self.width for n in input_shape[1:3])
        return (input_shape[0], height, width, input_shape[3])

    def get_config(self) -> dict:
        """Constructor arguments."""
        return {**super().get_config(), "width": self.width}


@keras.saving.register_keras_serializable(package="forensics_zoo")
class CropLike(keras.layers.Layer):
    """Cut the first map's bottom and right to the size of the second; called on ``[map, reference]``."""

    def call(self, inputs: list) -> Any:
        """[(batch, H, W, c), (batch, h, w, d)] to (batch, h, w, c), for h <= H and w <= W."""
        x, reference = inputs
        shape = ops.shape(reference)
        return x[:, : shape[1], : shape[2]]

    def compute_output_shape(self, input_shape: list) -> tuple:
        """Return the first map's shape with the second map's height and width."""
        x, reference = input_shape
        return (x[0], *reference[1:3], x[3])


@keras.saving.register_keras_serializable(package="forensics_zoo")
class DepthToSpace(keras.layers.Layer):
    """Twelve maps to RGB of twice the size: position by position, (0,0) (0,1) (1,0) (1,1), each with its R, G and B."""

    def call(self, x: Any) -> Any:
        """(batch, h, w, 4 c) to (batch, 2 h, 2 w, c)."""
        return ops.depth_to_space(x, 2)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """Twice the sides, a quarter of the channels."""
        height, width = (None if n is None else 2 * n for n in input_shape[1:3])
        return (input_shape[0], height, width, input_shape[3] // 4)


@keras.saving.register_keras_serializable(package="forensics_zoo")
class InferenceNormalization(keras.layers.BatchNormalization):
    """Batch normalisation that stays in inference mode during training; its scale and offset are trained.

    With a moving mean of 0 and variance of 1 it is ``gamma x / sqrt(1 + epsilon) + beta``. A functional model would
    hand a plain layer its own training mode, whatever ``training`` that layer was called with.
    """

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Any shape with the channels last, unchanged; ``training`` has no effect."""
        return super().call(inputs, training=False, mask=mask)


@keras.saving.register_keras_serializable(package="forensics_zoo")
class ClipToUnit(keras.layers.Layer):
    """Clip to [0, 1]; no gradient outside."""

    def call(self, x: Any) -> Any:
        """Any shape, unchanged."""
        return ops.clip(x, 0.0, 1.0)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """Return the input's."""
        return input_shape
