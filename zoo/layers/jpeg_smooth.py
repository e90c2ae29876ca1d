"""A smooth model of the codec in floats, and its gradient, written out.

The model is linear except for rounding of coefficients and the last clamp, so the gradient is the chain of adjoints.
Writing it out spares the automatic one's copies, and lets the exact codec borrow it. A block's 8x8 transform is one
product with a 64x64 Kronecker matrix; where the gradient passes straight through the rounding, forward and inverse
transform cancel and none is needed.
"""

from dataclasses import dataclass
from typing import Any, Literal, cast

import numpy as np
from keras import ops

from zoo.layers.jpeg_planes import (
    Subsampling,
    chroma_factors,
    crop,
    crop_adjoint,
    deinterleave,
    interleave,
    repeat_edge,
    repeat_edge_adjoint,
    up_sample_axis,
    up_sample_axis_adjoint,
)
from zoo.layers.jpeg_rounding import derivative, round_smoothly

Variant = Literal["standard", "korus2019"]
RGB_TO_YCBCR = np.array(
    [[0.299, 0.587, 0.114], [-0.168735892, -0.331264108, 0.5], [0.5, -0.418687589, -0.081312411]], np.float64
)
YCBCR_TO_RGB = np.array([[1.0, 0.0, 1.402], [1.0, -0.344136286, -0.714136286], [1.0, 1.772, 0.0]], np.float64)


@dataclass(frozen=True)
class Model:
    """Choice of the smooth model: all its parameters except the image and the tables."""

    subsampling: Subsampling
    rounding: str
    """How coefficients are rounded going forward: a mode of ``jpeg_rounding.round_smoothly``."""
    gradient: str
    """The derivative of that going backward: a mode of ``jpeg_rounding.derivative``."""
    terms: int
    white: int
    """The value of white in the image: 1 or 255."""
    variant: Variant = "standard"

    @property
    def shift(self) -> int:
        """The level shift, subtracted from every plane before the transform."""
        return 127 if self.variant == "korus2019" else 128

    @property
    def rounds_samples(self) -> bool:
        """Whether samples are rounded as well as coefficients: as libjpeg does, except for up-sampled chroma."""
        return self.rounding == "round" and self.variant == "standard"


def transform_matrix(variant: Variant, dtype: Any) -> Any:
    """Return the 8x8 DCT as one matrix (64, 64), coefficients = matrix @ samples, both row by row."""
    k, n = np.mgrid[:8, :8]
    cosines = np.sqrt(np.where(k == 0, 0.125, 0.25)) * np.cos(np.pi * k * (2 * n + 1) / 16)
    if variant == "korus2019":
        cosines = np.round(cosines, 4)
    return ops.convert_to_tensor(np.kron(cosines, cosines), dtype)


def forward(image: Any, tables: Any, model: Model) -> tuple[Any, list, Any]:
    """Run the model, in the floats it is given: the layers give float32.

    Args:
        image: float (batch, height, width, 3), RGB, 0..``model.white``.
        tables: float (batch or 1, 2, 8, 8).
        model: Which model.

    Returns:
        The decoded image, clamped; the coefficients over their table entries, luminance and chrominance, each (batch,
        blocks, 64); where the clamp let values pass, bool, of the image's shape.
    """
    matrix = transform_matrix(model.variant, image.dtype)
    steps = _steps(tables)
    planes = _to_planes(image, model)
    ratios = [_to_blocks(p) @ ops.transpose(matrix) * (1.0 / step) for p, step in zip(planes, steps, strict=True)]
    decoded = [
        _from_blocks((round_smoothly(ratio, model.rounding, model.terms) * step) @ matrix, ops.shape(p))
        for ratio, step, p in zip(ratios, steps, planes, strict=True)
    ]
    if model.rounds_samples:
        decoded = [_to_bytes(p + 128.0) - 128.0 for p in decoded]
    height, width = ops.shape(image)[1:3]
    luma, chroma = decoded
    unclamped = _from_planes(luma, chroma, height, width, model)
    if model.rounds_samples:
        unclamped = ops.round(unclamped * (255 / model.white)) * (model.white / 255)
    clamped = ops.clip(unclamped, 0.0, float(model.white))
    return clamped, ratios, ops.equal(clamped, unclamped)


def backward(
    upstream: Any, tables: Any, ratios: list | None, passed: Any | None, *, model: Model, for_tables: bool
) -> tuple[Any, Any]:
    """Return the gradients for the image and for the tables, given that for the decoded image.

    Args:
        upstream: float (batch, height, width, 3).
        tables: float (batch or 1, 2, 8, 8).
        ratios: What ``forward`` returned; None if neither the gradient mode nor the tables need it.
        passed: What ``forward`` returned; None to let the gradient pass the clamp.
        model: Which model.
        for_tables: Compute the gradient for the tables; else it is zero.
    """
    height, width = ops.shape(upstream)[1:3]
    if passed is not None:
        upstream = ops.where(passed, upstream, 0.0)
    planes = _from_planes_adjoint(upstream, model)
    table_gradient = ops.zeros_like(tables)
    if model.gradient != "straight_through" or for_tables:
        matrix = transform_matrix(model.variant, upstream.dtype)
        of_tables = []
        for index, (ratio, step) in enumerate(zip(cast(list, ratios), _steps(tables), strict=True)):
            coefficients = _to_blocks(planes[index]) @ ops.transpose(matrix)
            slope = derivative(ratio, model.gradient, model.terms)
            if for_tables:
                # d/dt of t r(c / t) is r(u) - u r'(u).
                mode = model.rounding if model.rounding == model.gradient else _value_mode(model.gradient)
                local = round_smoothly(ratio, mode, model.terms) - ratio * slope
                of_tables.append(_sum_to(ops.sum(coefficients * local, 1, keepdims=True), step))
            if model.gradient != "straight_through":
                planes[index] = _from_blocks((coefficients * slope) @ matrix, ops.shape(planes[index]))
        if for_tables:
            table_gradient = ops.reshape(ops.concatenate(of_tables, 1), ops.shape(tables))
    luma, chroma = planes
    return _to_planes_adjoint(luma, chroma, height, width, model), table_gradient


def _value_mode(gradient: str) -> str:
    return "round" if gradient in ("soft", "straight_through") else gradient


def _steps(tables: Any) -> list:
    shape = (-1, 1, 64)
    return [ops.reshape(tables[:, 0], shape), ops.reshape(tables[:, 1], shape)]


def _sum_to(x: Any, like: Any) -> Any:
    """Sum over the batch if one table serves all of it. Written so that the batch may be unknown to the graph."""
    return ops.sum(ops.reshape(x, (ops.shape(like)[0], -1, *x.shape[1:])), 1)


def _to_blocks(planes: Any) -> Any:
    batch, channels, height, width = ops.shape(planes)
    blocks = ops.reshape(planes, (batch, channels * (height // 8), 8, width // 8, 8))
    blocks = ops.transpose(blocks, (0, 1, 3, 2, 4))
    return ops.reshape(blocks, (batch, channels * (height // 8) * (width // 8), 64))


def _from_blocks(blocks: Any, shape: Any) -> Any:
    batch, channels, height, width = shape
    blocks = ops.reshape(blocks, (batch, channels * (height // 8), width // 8, 8, 8))
    return ops.reshape(ops.transpose(blocks, (0, 1, 3, 2, 4)), (batch, channels, height, width))


def _to_bytes(x: Any) -> Any:
    return ops.clip(ops.round(x), 0.0, 255.0)


def _mix(planes: list, weights: np.ndarray, offset: float = 0.0) -> Any:
    total: Any = None
    for plane, weight in zip(planes, weights, strict=True):
        if weight != 0:
            term = plane * float(weight)
            total = term if total is None else total + term
    return total + offset if offset else total


def _to_planes(image: Any, model: Model) -> list:
    """Image to level-shifted planes of whole blocks: Y (batch, 1, h, w) and Cb, Cr (batch, 2, h, w)."""
    matrix = RGB_TO_YCBCR * (255 / model.white)
    if model.rounds_samples:
        image = _to_bytes(image * (255 / model.white)) * (model.white / 255)
    rgb = [image[..., k] for k in range(3)]
    luma = _mix(rgb, matrix[0], -model.shift)[:, None]
    chroma = ops.stack([_mix(rgb, matrix[k], 128 - model.shift) for k in (1, 2)], 1)
    if model.rounds_samples:
        # Ties are common (8-bit values, coefficients that sum to 0) and float noise would decide them, on each backend
        # otherwise. They go where libjpeg sends them: luma up, chroma down.
        luma, chroma = ops.floor(luma + 0.5003), ops.floor(chroma + 0.4997)
    rows, columns = chroma_factors(model.subsampling)
    if columns == 2:
        chroma = repeat_edge(repeat_edge(chroma, 3, 16), 2, rows)
        left, right = deinterleave(chroma, 3)
        chroma = left + right
        if rows == 2:
            upper, lower = deinterleave(chroma, 2)
            chroma = upper + lower
        chroma = chroma * (1 / (rows * columns))
        if model.rounds_samples:
            # Halves and quarters: libjpeg adds the bias alternately to even and odd columns.
            bias = ops.arange(0, ops.shape(chroma)[3], dtype="int32") % 2
            chroma = ops.floor(chroma + ops.cast(bias + rows - 1, chroma.dtype) * (1 / (rows * columns)))
    return [repeat_edge(repeat_edge(p, 2, 8), 3, 8) for p in (luma, chroma)]


def _to_planes_adjoint(luma: Any, chroma: Any, height: Any, width: Any, model: Model) -> Any:
    rows, columns = chroma_factors(model.subsampling)
    luma = repeat_edge_adjoint(repeat_edge_adjoint(luma, 3, width), 2, height)
    chroma = repeat_edge_adjoint(chroma, 2, (height + rows - 1) // rows)
    if columns == 2:
        chroma = chroma * (1 / (rows * columns))
        chroma = interleave(chroma, chroma, 3)
        if rows == 2:
            chroma = repeat_edge_adjoint(interleave(chroma, chroma, 2), 2, height)
    chroma = repeat_edge_adjoint(chroma, 3, width)
    matrix = RGB_TO_YCBCR * (255 / model.white)
    planes = [luma[:, 0], chroma[:, 0], chroma[:, 1]]
    return ops.stack([_mix(planes, matrix[:, k]) for k in range(3)], -1)


def _from_planes(luma: Any, chroma: Any, height: Any, width: Any, model: Model) -> Any:
    rows, columns = chroma_factors(model.subsampling)
    if columns == 2:
        small_width = (width + 1) // 2
        chroma = crop(chroma, (height + rows - 1) // rows, small_width)
        if rows == 2:
            chroma = up_sample_axis(chroma, 2, small_width)
        chroma = up_sample_axis(chroma, 3, small_width)
    luma, chroma = crop(luma, height, width), crop(chroma, height, width)
    planes = [luma[:, 0], chroma[:, 0], chroma[:, 1]]
    matrix = YCBCR_TO_RGB * (model.white / 255)
    # The shift comes back on all three planes; chroma is centred on 128.
    offsets = matrix @ np.array([model.shift, model.shift - 128, model.shift - 128])
    return ops.stack([_mix(planes, matrix[k], float(offsets[k])) for k in range(3)], -1)


def _from_planes_adjoint(upstream: Any, model: Model) -> list:
    """Gradients for the decoded planes, zero where they were cropped."""
    matrix = YCBCR_TO_RGB * (model.white / 255)
    rgb = [upstream[..., k] for k in range(3)]
    luma = _mix(rgb, matrix[:, 0])[:, None]
    chroma = ops.stack([_mix(rgb, matrix[:, k]) for k in (1, 2)], 1)
    rows, columns = chroma_factors(model.subsampling)
    if columns == 2:
        small_width = (ops.shape(upstream)[2] + 1) // 2
        chroma = up_sample_axis_adjoint(crop_adjoint(chroma, rows, 2), 3, small_width)
        if rows == 2:
            chroma = up_sample_axis_adjoint(chroma, 2, small_width)
    return [crop_adjoint(p, 8, 8) for p in (luma, chroma)]
