"""StreakingNet: how often neighbouring pixels are equal, which median filtering makes more frequent.

After Kirchner and Fridrich, "On detection of median filtering in digital images", SPIE Media Forensics and Security
2010: the ratio of the histogram of first differences at 0 to that at 1. Nothing is trained.
"""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="forensics_zoo_median")
class Streaking(keras.layers.Layer):
    """From RGB (batch, height, width, 3), range [0, 255], to (batch, 1): h0 / (h0 + h1) of the green channel, 0..1."""

    def call(self, images: Any) -> Any:
        """Count differences of 0 and of 1 between horizontal neighbours."""
        green = ops.cast(images[..., 1], "float32")
        steps = ops.round(ops.abs(green[:, :, 1:] - green[:, :, :-1]))
        equal, one = (ops.mean(ops.cast(steps == level, "float32"), axis=(1, 2)) for level in (0, 1))
        return (equal / ops.maximum(equal + one, 1e-6))[:, None]


def StreakingNet() -> keras.Model:
    """Build the detector: RGB, float or uint8, (batch, height, width, 3) in [0, 255] -> score (batch, 1), 0..1."""
    image = keras.Input((None, None, 3), name="image")
    return keras.Model(image, Streaking(name="score")(image), name="streaking_net")
