"""Baseline JPEG in integers: what libjpeg-turbo returns when it opens the file that it has saved.

Entropy coding loses nothing, so it is left out. All arithmetic is int32 and elementwise. A matrix product would be as
fast on a CPU, but devices may multiply matrices in fewer bits than asked for (TensorFloat-32, bfloat16), and one bit
is all it takes to differ. Blocks are laid out as (8, 8, batch, blocks): every step of a transform is then one long
vector operation.

The transform is the "accurate integer" one: Loeffler, Ligtenberg and Moschytz, "Practical fast 1-D DCT algorithms with
11 multiplications", ICASSP 1989, in fixed point with 13 fractional bits.
"""

from typing import Any

import numpy as np
from keras import ops

from zoo.layers.jpeg_planes import (
    Subsampling,
    chroma_factors,
    crop,
    deinterleave,
    interleave,
    neighbours,
    repeat_edge,
)

_SCALE_BITS = 13


def _fixed(value: float, bits: int = 16) -> int:
    return int(np.floor(value * 2**bits + 0.5))


def code(pixels: Any, tables: Any, subsampling: Subsampling) -> Any:
    """Compress and decompress 8-bit pixels.

    Args:
        pixels: int32 (batch, height, width, 3), RGB, 0..255.
        tables: int32 (batch or 1, 2, 8, 8), 1..255: luminance and chrominance.
        subsampling: One of ``SUBSAMPLINGS``.

    Returns:
        int32 (batch, height, width, 3), RGB, 0..255.
    """
    height, width = ops.shape(pixels)[1:3]
    luma, chroma = rgb_to_ycbcr(pixels)
    luma = crop(_code_planes(luma, tables[:, 0]), height, width)
    chroma = crop(_code_chroma(chroma, tables[:, 1], subsampling), height, width)
    return ycbcr_to_rgb(luma, chroma)


def rgb_to_ycbcr(pixels: Any) -> tuple[Any, Any]:
    """Convert int32 RGB (batch, h, w, 3) to Y (batch, 1, h, w) and Cb, Cr (batch, 2, h, w), 0..255, as JFIF does."""
    r, g, b = (pixels[..., k] for k in range(3))
    luma = r * _fixed(0.299) + g * _fixed(0.587) + b * _fixed(0.114) + (1 << 15)
    blue = b * _fixed(0.5) - r * _fixed(0.168735892) - g * _fixed(0.331264108)
    red = r * _fixed(0.5) - g * _fixed(0.418687589) - b * _fixed(0.081312411)
    # libjpeg rounds chroma by one less than a half, so that 255.5 does not become 256.
    offset = (128 << 16) + (1 << 15) - 1
    return ops.right_shift(luma, 16)[:, None], ops.right_shift(ops.stack([blue, red], 1) + offset, 16)


def ycbcr_to_rgb(luma: Any, chroma: Any) -> Any:
    """Convert the planes of ``rgb_to_ycbcr`` to int32 RGB (batch, h, w, 3), rounded and clamped to 0..255."""
    luma, blue, red, half = luma[:, 0], chroma[:, 0] - 128, chroma[:, 1] - 128, 1 << 15
    r = luma + ops.right_shift(red * _fixed(1.402) + half, 16)
    # Five digits, as libjpeg has them; with more of them one pixel in 30,000 differs.
    g = luma + ops.right_shift(half - blue * _fixed(0.34414) - red * _fixed(0.71414), 16)
    b = luma + ops.right_shift(blue * _fixed(1.772) + half, 16)
    return ops.clip(ops.stack([r, g, b], -1), 0, 255)


def _code_chroma(planes: Any, table: Any, subsampling: Subsampling) -> Any:
    """Code chroma planes; they may come back larger, with what hangs over the lower and right edges."""
    rows, columns = chroma_factors(subsampling)
    if columns == 1:
        return _code_planes(planes, table)
    height, width = ops.shape(planes)[2:]
    small_height, small_width = (height + rows - 1) // rows, (width + 1) // 2
    # Columns are repeated before down-sampling, to whole blocks; rows only to an even number, the rest afterwards.
    planes = repeat_edge(repeat_edge(planes, 3, 16), 2, rows)
    left, right = deinterleave(planes, 3)
    total = left + right
    alternate = ops.arange(0, ops.shape(total)[3], dtype="int32") % 2
    if rows == 2:
        upper, lower = deinterleave(total, 2)
        total = upper + lower + 1
    small = _code_planes(ops.right_shift(total + alternate, rows), table)
    return _up_sample(crop(small, small_height, small_width), rows)


def _up_sample(planes: Any, rows: int) -> Any:
    """Double the width (and, if ``rows`` is 2, the height) by libjpeg's triangle filter, 3 parts near to 1 part far."""
    width = ops.shape(planes)[3]
    if rows == 2:
        above, below = neighbours(planes, 2, width)
        planes = interleave(3 * planes + above, 3 * planes + below, 2)
    bits, even, odd = (4, 8, 7) if rows == 2 else (2, 1, 2)
    left, right = neighbours(planes, 3, width)
    return interleave(
        ops.right_shift(3 * planes + left + even, bits), ops.right_shift(3 * planes + right + odd, bits), 3
    )


def _code_planes(planes: Any, table: Any) -> Any:
    """Code int32 planes (batch, channels, height, width) of 0..255 with a table (batch or 1, 8, 8)."""
    planes = repeat_edge(repeat_edge(planes, 2, 8), 3, 8)
    batch, channels, height, width = ops.shape(planes)
    blocks = ops.reshape(planes, (batch, channels * (height // 8), 8, width // 8, 8))
    blocks = ops.transpose(blocks, (2, 4, 0, 1, 3)) - 128
    blocks = ops.reshape(blocks, (8, 8, batch, channels * (height // 8) * (width // 8)))
    table = ops.transpose(table, (1, 2, 0))[..., None]
    blocks = _forward_pass(_forward_pass(blocks, 1, 2), 0, -2)  # 8 times the orthonormal transform
    blocks = _quantise(blocks, table) * table
    blocks = _inverse_pass(_inverse_pass(blocks, 0, 2), 1, -5)
    blocks = ops.reshape(ops.clip(blocks + 128, 0, 255), (8, 8, batch, channels * (height // 8), width // 8))
    return ops.reshape(ops.transpose(blocks, (2, 3, 0, 4, 1)), (batch, channels, height, width))


def _quantise(coefficients: Any, table: Any) -> Any:
    """Divide 8 times the coefficients by 8 times the table, half away from zero."""
    step = ops.cast(8 * table, "float32")
    magnitude = ops.cast(ops.abs(coefficients), "float32")
    # The dividend is an integer plus a half: no quotient comes near an integer, and a float32 division cannot err.
    levels = ops.cast(ops.floor((magnitude + (0.5 * step + 0.5)) / step), "int32")
    return ops.where(coefficients < 0, -levels, levels)


def _forward_pass(x: Any, axis: int, extra_bits: int) -> Any:
    """One dimension of the forward transform; the result keeps ``extra_bits`` more fractional bits than ``x``."""
    shift = _SCALE_BITS - extra_bits
    t = ops.unstack(x, 8, axis=axis)
    sums = [t[k] + t[7 - k] for k in range(4)]
    outer, inner = sums[0] + sums[3], sums[1] + sums[2]
    outer_difference, inner_difference = sums[0] - sums[3], sums[1] - sums[2]
    both = (outer_difference + inner_difference) * _fixed(0.541196100, _SCALE_BITS)
    f1, f3, f5, f7 = _odd_part(*(t[k] - t[7 - k] for k in range(4)))
    frequencies = [
        (outer + inner) * (1 << _SCALE_BITS),
        f1,
        both + outer_difference * _fixed(0.765366865, _SCALE_BITS),
        f3,
        (outer - inner) * (1 << _SCALE_BITS),
        f5,
        both - inner_difference * _fixed(1.847759065, _SCALE_BITS),
        f7,
    ]
    return ops.stack([_shift_round(f, shift) for f in frequencies], axis=axis)


def _inverse_pass(x: Any, axis: int, extra_bits: int) -> Any:
    """One dimension of the inverse transform, the transpose of ``_forward_pass``."""
    shift = _SCALE_BITS - extra_bits
    f = ops.unstack(x, 8, axis=axis)
    both = (f[2] + f[6]) * _fixed(0.541196100, _SCALE_BITS)
    outer_difference = both + f[2] * _fixed(0.765366865, _SCALE_BITS)
    inner_difference = both - f[6] * _fixed(1.847759065, _SCALE_BITS)
    outer, inner = (f[0] + f[4]) * (1 << _SCALE_BITS), (f[0] - f[4]) * (1 << _SCALE_BITS)
    even = [outer + outer_difference, inner + inner_difference, inner - inner_difference, outer - outer_difference]
    odd = _odd_part(f[1], f[3], f[5], f[7])
    samples = [even[k] + odd[k] for k in range(4)] + [even[k] - odd[k] for k in (3, 2, 1, 0)]
    return ops.stack([_shift_round(s, shift) for s in samples], axis=axis)


def _odd_part(a: Any, b: Any, c: Any, d: Any) -> tuple[Any, Any, Any, Any]:
    """Return the 4x4 product behind the odd frequencies, by nine multiplications; it is its own transpose."""
    fixed = [_fixed(v, _SCALE_BITS) for v in (1.501321110, 3.072711026, 2.053119869, 0.298631336)]
    centre = (a + b + c + d) * _fixed(1.175875602, _SCALE_BITS)
    ad = (a + d) * -_fixed(0.899976223, _SCALE_BITS)
    bc = (b + c) * -_fixed(2.562915447, _SCALE_BITS)
    bd = (b + d) * -_fixed(1.961570560, _SCALE_BITS) + centre
    ac = (a + c) * -_fixed(0.390180644, _SCALE_BITS) + centre
    return a * fixed[0] + ad + ac, b * fixed[1] + bc + bd, c * fixed[2] + bc + ac, d * fixed[3] + ad + bd


def _shift_round(x: Any, bits: int) -> Any:
    return ops.right_shift(x + (1 << (bits - 1)), bits)
