"""Local contrast normalisation: subtract the local mean, divide by the local deviation."""

import keras
import numpy as np
from keras import ops


@keras.saving.register_keras_serializable(package="forensics_zoo")
class LocalContrastNormalization(keras.layers.Layer):
    """``(I - mu) / (deviation + epsilon)``, mean and deviation weighted by a Gaussian, each channel for itself.

    Mittal, Moorthy and Bovik, "No-reference image quality assessment in the spatial domain" (IEEE TIP 2012), equations
    1 to 3; Chandakkar and Li 2017, equation 4 (whose printed deviation has its square in the wrong place; the weighted
    deviation is what is meant). Made for whole images, before patches are cut.

    Input and output: float (batch, height, width, channels). ``epsilon`` is in the input's units: 1 for pixels in
    [0, 255], as in BRISQUE's code; the paper gives no value. Borders are continued by their nearest pixel.

    Args:
        radius: Pixels on either side; 3 makes the paper's 7 x 7 window.
        sigma: Of the Gaussian, in pixels; 7/6 as in BRISQUE's code (the text says that three of it fit the radius).
        epsilon: Above 0; keeps flat areas at 0.
        kwargs: As for any Keras layer.

    Raises:
        ValueError: For a radius below 1, or sigma or epsilon that are not above 0.
    """

    def __init__(self, radius: int = 3, sigma: float = 7 / 6, epsilon: float = 1.0, **kwargs: object) -> None:
        super().__init__(**kwargs)
        if radius < 1 or sigma <= 0 or epsilon <= 0:
            raise ValueError(
                f"radius must be at least 1, sigma and epsilon above 0. Received: {radius=}, {sigma=}, {epsilon=}"
            )
        self.radius, self.sigma, self.epsilon = radius, sigma, epsilon

    def window(self) -> np.ndarray:
        """One side of the separable window, float64 (2 radius + 1,), sum 1."""
        weights = np.exp(-0.5 * (np.arange(-self.radius, self.radius + 1) / self.sigma) ** 2)
        return weights / weights.sum()

    def call(self, inputs: "keras.KerasTensor") -> "keras.KerasTensor":
        """Normalise a batch of images."""
        x = ops.cast(inputs, self.compute_dtype)
        # mean(I^2) - mean(I)^2 loses digits in bright images; a shift by the image's mean changes neither result.
        x = x - ops.mean(x, axis=(1, 2), keepdims=True)
        mean = self._blur(x)
        variance = ops.maximum(self._blur(ops.square(x)) - ops.square(mean), 0.0)
        return (x - mean) / (ops.sqrt(variance) + self.epsilon)

    def _blur(self, x: "keras.KerasTensor") -> "keras.KerasTensor":
        for axis in (1, 2):
            length = ops.shape(x)[axis]
            # Not ops.pad, which has no mode that repeats the border.
            index = ops.clip(ops.arange(-self.radius, length + self.radius), 0, length - 1)
            wide = ops.take(x, index, axis=axis)
            x = 0.0
            for i, weight in enumerate(self.window()):
                x = x + float(weight) * (wide[:, i : i + length] if axis == 1 else wide[:, :, i : i + length])
        return x

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """Return the input's shape."""
        return input_shape

    def get_config(self) -> dict:
        """Return the constructor's arguments."""
        return super().get_config() | {"radius": self.radius, "sigma": self.sigma, "epsilon": self.epsilon}
