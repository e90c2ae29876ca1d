"""The four manipulations of Korus and Memon (2019, section 4.3) as Keras layers.

All take and return RGB, float (batch, height, width, 3) in [0, 1]. ``fidelity="original"`` is the code that gave the
paper's numbers, ``"paper"`` what its text says; the docstrings say where the two part.
"""

from typing import Any

import keras
import numpy as np
from keras import ops
from scipy.stats import norm

from zoo.fidelity import Fidelity, check_fidelity
from zoo.imaging.joint.hsv import hsv_to_rgb, rgb_to_hsv
from zoo.layers import DifferentiableJPEG

CLASSES = ("native", "sharpen", "gaussian", "jpg", "resample")
"""Classes of the paper's forensic network, in the order of its confusion matrices and of our outputs."""
UNSHARP = np.array([[-1, -4, -1], [-4, 26, -4], [-1, -4, -1]]) / 6
"""Equation 4."""


def default_manipulations(fidelity: Fidelity = "original") -> list[keras.layers.Layer]:
    """Return the paper's four manipulations, named ``CLASSES[1:]``, "original" or "paper" by ``fidelity``.

    Raises:
        ValueError: For an unknown fidelity.
    """
    return [
        Sharpen(fidelity=fidelity, name="sharpen"),
        GaussianFilter(fidelity=fidelity, name="gaussian"),
        smooth_jpeg(80, fidelity, name="jpg"),
        Resample(fidelity=fidelity, name="resample"),
    ]


def smooth_jpeg(quality: float, fidelity: Fidelity = "original", name: str | None = None) -> DifferentiableJPEG:
    """Return the paper's differentiable JPEG with sinusoidal rounding, 4:4:4 (section 4.2).

    ``"original"`` shifts all planes by 127 and rounds the DCT matrix to four digits (``DifferentiableJPEG.korus2019``);
    ``"paper"`` is the standard's transform.
    """
    check_fidelity(fidelity)
    if fidelity == "original":
        return DifferentiableJPEG.korus2019(quality, name=name)
    return DifferentiableJPEG(quality, "4:4:4", rounding="sinusoidal", name=name)


@keras.saving.register_keras_serializable(package="forensics_zoo")
class Sharpen(keras.layers.Layer):
    """Unsharp masking in HSV by the 3x3 kernel of equation 4, reflected borders, clipped.

    ``"original"``: the authors' code filters hue as well as value and shifts saturation by one pixel up and left; its
    kernel has four decimals. Its conversion from HSV has no gradient in TensorFlow, so that this branch sends none to
    the camera: neither does ours. ``"paper"``: value alone ("luminance") is filtered, with a gradient.

    Args:
        strength: 1 for the paper's kernel; 0 leaves the image as it is.
        fidelity: See above.
        name: Name of the layer.

    Raises:
        ValueError: For a strength below 0, or an unknown fidelity.
    """

    def __init__(self, strength: float = 1.0, fidelity: Fidelity = "original", *, name: str | None = None) -> None:
        super().__init__(name=name, dtype="float32")
        if not strength >= 0:
            raise ValueError(f"strength must be 0 or above. Received: {strength}")
        self.strength, self.fidelity = float(strength), check_fidelity(fidelity)

    def kernel(self) -> np.ndarray:
        """Return the filter of the value channel, (3, 3)."""
        unsharp = np.round(UNSHARP, 4) if self.fidelity == "original" else UNSHARP
        identity = np.pad([[1.0]], 1)
        return identity + self.strength * (unsharp - identity)

    def call(self, images: Any) -> Any:
        """Sharpen; described at the class."""
        images = ops.cast(images, "float32")
        if images.shape[0] == 0:  # TensorFlow mirrors and filters no empty batch
            return images
        if self.fidelity == "original":
            images = ops.stop_gradient(images)
            hue, saturation, value = rgb_to_hsv(images)
            filtered = filter_planes(ops.stack([hue, value], axis=-1), self.kernel())
            if self.strength > 0:
                saturation = _pad(saturation[..., None], 1)[:, 2:, 2:, 0]
            return ops.clip(hsv_to_rgb(filtered[..., 0], saturation, filtered[..., 1]), 0.0, 1.0)
        value = ops.max(images, axis=-1, keepdims=True)
        sharpened = ops.clip(filter_planes(value, self.kernel()), 0.0, 1.0)
        # With hue and saturation kept, RGB scales with value. Black has no colour to keep, and divides by zero.
        dark = value < _DARK
        colour = ops.where(dark, 1.0, images / ops.where(dark, 1.0, value))
        return colour * sharpened

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """Return the images' shape."""
        return input_shape

    def get_config(self) -> dict:
        """Return the constructor's arguments."""
        return {"strength": self.strength, "fidelity": self.fidelity, "name": self.name}


_DARK = 1e-4


@keras.saving.register_keras_serializable(package="forensics_zoo")
class GaussianFilter(keras.layers.Layer):
    """Gaussian filter of every channel, reflected borders, clipped.

    ``"original"``: the square root of a normal distribution's mass in each tap's bin, which at .83 is
    ``[.0237 .2358 .4808 .2358 .0237]``; other sigmas scale it. ``"paper"``: the Gaussian's samples.

    Args:
        sigma: Standard deviation in pixels; .83 in the paper.
        size: Taps along a side, odd; 5 in the paper.
        fidelity: See above.
        name: Name of the layer.

    Raises:
        ValueError: For a sigma not above 0, a size that is even or below 3, or an unknown fidelity.
    """

    def __init__(
        self, sigma: float = 0.83, size: int = 5, fidelity: Fidelity = "original", *, name: str | None = None
    ) -> None:
        super().__init__(name=name, dtype="float32")
        if not sigma > 0 or size < 3 or size % 2 == 0:
            raise ValueError(f"sigma must be above 0 and size odd, at least 3. Received: {sigma}, {size}")
        self.sigma, self.size, self.fidelity = float(sigma), int(size), check_fidelity(fidelity)

    def kernel(self) -> np.ndarray:
        """Return the filter, (size, size), sum 1."""
        taps = np.arange(self.size) - self.size // 2
        if self.fidelity == "original":
            # The authors' bins are 9.8 / 5 normal deviations wide, for what the paper calls a sigma of .83.
            width = 1.96 * 0.83 / self.sigma
            weights = np.sqrt(norm.cdf((taps + 0.5) * width) - norm.cdf((taps - 0.5) * width))
        else:
            weights = np.exp(-0.5 * (taps / self.sigma) ** 2)
        kernel = np.outer(weights, weights)
        return kernel / kernel.sum()

    def call(self, images: Any) -> Any:
        """Filter; described at the class."""
        images = ops.cast(images, "float32")
        if images.shape[0] == 0:  # TensorFlow mirrors and filters no empty batch
            return images
        return ops.clip(filter_planes(images, self.kernel()), 0.0, 1.0)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """Return the images' shape."""
        return input_shape

    def get_config(self) -> dict:
        """Return the constructor's arguments."""
        return {"sigma": self.sigma, "size": self.size, "fidelity": self.fidelity, "name": self.name}


@keras.saving.register_keras_serializable(package="forensics_zoo")
class Resample(keras.layers.Layer):
    """Bilinear down-sampling by ``factor`` and up-sampling back to the same size.

    ``"original"``: TensorFlow 1's resize without half-pixel centres, which going down takes every second pixel
    and going up shifts by half a pixel. ``"paper"``: pixel centres where they are, as every resize of today.

    Args:
        factor: 2 in the paper; above 1.
        fidelity: See above.
        name: Name of the layer.

    Raises:
        ValueError: For a factor not above 1, or an unknown fidelity.
    """

    def __init__(self, factor: float = 2, fidelity: Fidelity = "original", *, name: str | None = None) -> None:
        super().__init__(name=name, dtype="float32")
        if not factor > 1:
            raise ValueError(f"factor must be above 1. Received: {factor}")
        self.factor, self.fidelity = float(factor), check_fidelity(fidelity)

    def call(self, images: Any) -> Any:
        """Resample; described at the class."""
        images = ops.cast(images, "float32")
        height, width = ops.shape(images)[1:3]
        rows, columns = (
            int(n / self.factor) if isinstance(n, int) else ops.cast(ops.cast(n, "float64") / self.factor, "int32")
            for n in (height, width)
        )
        centres = self.fidelity == "paper"
        return resize_bilinear(resize_bilinear(images, rows, columns, centres), height, width, centres)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """Return the images' shape."""
        return input_shape

    def get_config(self) -> dict:
        """Return the constructor's arguments."""
        return {"factor": self.factor, "fidelity": self.fidelity, "name": self.name}


def filter_planes(images: Any, kernel: np.ndarray) -> Any:
    """Correlate every channel of (batch, height, width, channels) with ``kernel``, odd sides, borders reflected."""
    channels = images.shape[-1]
    weights = np.repeat(kernel[:, :, None, None], channels, 2).astype(np.float32)
    padded = _pad(images, len(kernel) // 2)
    return ops.depthwise_conv(padded, weights, padding="valid", data_format="channels_last")


def resize_bilinear(images: Any, height: Any, width: Any, half_pixel_centres: bool = True) -> Any:
    """Resize (batch, h, w, channels) by plain bilinear interpolation, without a filter against aliasing."""
    for axis, size in ((1, height), (2, width)):
        old = ops.shape(images)[axis]
        scale = ops.cast(old, "float32") / ops.cast(size, "float32")
        place = ops.cast(ops.arange(size), "float32")
        place = (place + 0.5) * scale - 0.5 if half_pixel_centres else place * scale
        place = ops.clip(place, 0.0, ops.cast(old - 1, "float32"))
        # Interpolation as a matrix (size, old), whose gradient is a product too, and no scatter.
        weights = ops.relu(1.0 - ops.abs(place[:, None] - ops.cast(ops.arange(old), "float32")[None]))
        images = ops.einsum("oh,bhwc->bowc" if axis == 1 else "ow,bhwc->bhoc", weights, images)
    return images


def _pad(images: Any, width: int) -> Any:
    side = (width, width)
    return ops.pad(images, ((0, 0), side, side, (0, 0)), mode="reflect")
