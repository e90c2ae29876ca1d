"""Constrained convolution: filters that can only predict a pixel from its neighbours and subtract it.

Bayar and Stamm, "Constrained convolutional neural networks", IEEE TIFS 13 (11), 2018; as Korus and Memon (2019) use it.
"""

from typing import Any, Literal

import keras
import numpy as np
from keras import ops

Mode = Literal["reparametrised", "projected"]
Padding = Literal["symmetric", "valid"]


def constrain(kernel: Any, scale: float) -> Any:
    """Return the residual filters nearest in direction to ``kernel``, (k, k, channels, filters), k odd.

    Filter f keeps channel c = f modulo channels: its tap at (k // 2, k // 2, c) becomes ``-scale``, and all its other
    taps are scaled to add up to ``+scale``. A filter whose other taps add up to 0 has no such scale; it would become
    infinite, in the originals as here.
    """
    centre = ops.convert_to_tensor(_centre(kernel.shape), "float32")
    others = kernel * (1.0 - centre)
    return others * (scale / ops.sum(others, axis=(0, 1, 2), keepdims=True)) - scale * centre


@keras.saving.register_keras_serializable(package="forensics_zoo")
class ResidualFilter(keras.constraints.Constraint):
    """Bayar and Stamm's projection as a Keras constraint: after every update the kernel is what ``constrain`` gives.

    Args:
        scale: Minus the centre tap; 1 in their paper.
    """

    def __init__(self, scale: float = 1.0) -> None:
        self.scale = float(scale)

    def __call__(self, kernel: Any) -> Any:
        """Project a kernel (k, k, channels, filters)."""
        return constrain(kernel, self.scale)

    def get_config(self) -> dict:
        """Return the constructor's arguments."""
        return {"scale": self.scale}


@keras.saving.register_keras_serializable(package="forensics_zoo")
class ConstrainedConv2D(keras.layers.Layer):
    """Convolution by learnt residual filters, without bias: each output is a prediction of a pixel minus the pixel.

    The constraint, for either mode: each filter's own centre tap is ``-scale``, all its other taps together add up to
    ``+scale``, so that a flat image gives 0. A filter starts as ``[1 2 1; 2 . 2; 1 2 1] / 12`` in its own channel and
    zero elsewhere ("standard residual filter", Korus and Memon 2019, supplement, Table 6).

    Use it as the first layer of a detector, and keep it in float32 under a mixed-precision policy
    (``dtype="float32"``): bfloat16 would round away the residuals before they are taken.

    Args:
        filters: Number of filters; f looks from channel f modulo channels.
        kernel_size: Odd, at least 3; 5 in both papers.
        mode: ``"reparametrised"``: a free kernel is constrained in every forward pass and gradients flow through that
            (the code of Korus and Memon). ``"projected"``: the kernel is set to satisfy the constraint after every
            update of the optimiser, and used as it is (Bayar and Stamm).
        scale: Minus the centre tap. None for each mode's original: 100 and 1.
        padding: ``"symmetric"``: mirrored with the border repeated, so that the output has the input's size; or
            ``"valid"``.
        name: Name of the layer.
        dtype: As in every Keras layer.

    Call arguments:
        x: (batch, height, width, channels), float.

    Output:
        (batch, height, width, filters); with ``"valid"`` both sides are shorter by ``kernel_size - 1``.

    Raises:
        ValueError: For arguments that do not fit.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int = 5,
        mode: Mode = "reparametrised",
        scale: float | None = None,
        padding: Padding = "symmetric",
        *,
        name: str | None = None,
        trainable: bool = True,
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, trainable=trainable, dtype=dtype)
        if filters < 1:
            raise ValueError(f"filters must be at least 1. Received: {filters}")
        if kernel_size < 3 or kernel_size % 2 == 0:
            raise ValueError(f"kernel_size must be odd and at least 3. Received: {kernel_size}")
        if mode not in ("reparametrised", "projected"):
            raise ValueError(f"mode must be 'reparametrised' or 'projected'. Received: {mode!r}")
        if padding not in ("symmetric", "valid"):
            raise ValueError(f"padding must be 'symmetric' or 'valid'. Received: {padding!r}")
        if scale is not None and not scale > 0:
            raise ValueError(f"scale must be above 0. Received: {scale}")
        self.filters, self.kernel_size, self.mode, self.padding = filters, kernel_size, mode, padding
        self.scale = float(scale if scale is not None else (100 if mode == "reparametrised" else 1))

    def build(self, input_shape: tuple) -> None:
        """Make the kernel for the input's channels."""
        shape = (self.kernel_size, self.kernel_size, input_shape[-1], self.filters)
        start = _standard_filter(shape)
        projected = self.mode == "projected"
        if projected:
            start = ops.convert_to_numpy(constrain(ops.convert_to_tensor(start), self.scale))
        self.kernel = self.add_weight(
            name="kernel",
            shape=shape,
            initializer=lambda shape, dtype=None: ops.convert_to_tensor(start, dtype),
            constraint=ResidualFilter(self.scale) if projected else None,
        )
        self.built = True

    def effective_kernel(self) -> Any:
        """Return the filters as they are applied, (kernel_size, kernel_size, channels, filters)."""
        return self.kernel if self.mode == "projected" else constrain(self.kernel, self.scale)

    def call(self, x: Any) -> Any:
        """Filter ``x``; described at the class."""
        if self.padding == "symmetric":
            for axis in (1, 2):
                x = _pad_symmetrically(x, self.kernel_size // 2, axis)
        return ops.conv(x, ops.cast(self.effective_kernel(), x.dtype), padding="valid", data_format="channels_last")

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """Return the output's shape."""
        lost = self.kernel_size - 1 if self.padding == "valid" else 0
        height, width = (None if n is None else n - lost for n in input_shape[1:3])
        return (input_shape[0], height, width, self.filters)

    def get_config(self) -> dict:
        """Return the constructor's arguments."""
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "mode": self.mode,
            "scale": self.scale,
            "padding": self.padding,
        }


def _centre(shape: tuple[int, ...]) -> np.ndarray:
    """1 at each filter's own centre tap, else 0."""
    size, _, channels, filters = shape
    mask = np.zeros(shape, np.float32)
    mask[size // 2, size // 2, np.arange(filters) % channels, np.arange(filters)] = 1
    return mask


def _standard_filter(shape: tuple[int, ...]) -> np.ndarray:
    size, _, channels, filters = shape
    kernel = np.zeros(shape, np.float32)
    middle = slice(size // 2 - 1, size // 2 + 2)
    for f in range(filters):
        kernel[middle, middle, f % channels, f] = [[-1, -2, -1], [-2, 12, -2], [-1, -2, -1]]
    return kernel


def _pad_symmetrically(x: Any, width: int, axis: int) -> Any:
    # Not ops.pad: on PyTorch Keras repeats the border where the mode is "symmetric".
    first, last = (slice(None),) * axis + (slice(0, width),), (slice(None),) * axis + (slice(-width, None),)
    return ops.concatenate([ops.flip(x[first], axis), x, ops.flip(x[last], axis)], axis)
