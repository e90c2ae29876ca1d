"""What happens to planes (batch, channels, height, width) before and after the transform, exact and smooth alike.

Sizes may be static or tensors. Every linear step of the smooth model is followed by its adjoint.
"""

from typing import Any, Literal

from keras import ops

Subsampling = Literal["4:4:4", "4:2:2", "4:2:0"]
SUBSAMPLINGS: tuple[str, ...] = ("4:4:4", "4:2:2", "4:2:0")
"""Chroma at full size, at half the width, at half the width and height."""


def chroma_factors(subsampling: Subsampling) -> tuple[int, int]:
    """Return how many rows and columns of pixels share a chroma sample."""
    return {"4:4:4": (1, 1), "4:2:2": (1, 2), "4:2:0": (2, 2)}[subsampling]


def part(x: Any, axis: int, start: Any = None, stop: Any = None, step: int | None = None) -> Any:
    """Slice one axis."""
    return x[(slice(None),) * axis + (slice(start, stop, step),)]


def repeat_edge(planes: Any, axis: int, multiple: int) -> Any:
    """Repeat the last row (axis 2) or column (axis 3) until the side is a multiple."""
    count = ops.shape(planes)[axis]
    if isinstance(count, int) and count % multiple == 0:
        return planes
    extra = -count % multiple
    if isinstance(extra, int):
        return ops.concatenate([planes, ops.repeat(part(planes, axis, count - 1), extra, axis)], axis)
    index = ops.arange(0, count + extra, dtype="int32")
    return ops.take(planes, ops.minimum(index, count - 1), axis)


def repeat_edge_adjoint(planes: Any, axis: int, count: Any) -> Any:
    """Fold what ``repeat_edge`` repeated back into the last of ``count`` rows or columns."""
    padded = ops.shape(planes)[axis]
    if isinstance(count, int) and isinstance(padded, int) and padded == count:
        return planes
    last = ops.sum(part(planes, axis, count - 1), axis, keepdims=True)
    return ops.concatenate([part(planes, axis, None, count - 1), last], axis)


def crop(planes: Any, height: Any, width: Any) -> Any:
    """Cut (batch, channels, h, w) down to its upper left ``height`` x ``width``."""
    sizes = (height, width, *ops.shape(planes)[2:])
    if all(isinstance(size, int) for size in sizes) and sizes[:2] == sizes[2:]:
        return planes
    return planes[:, :, :height, :width]


def crop_adjoint(planes: Any, row_multiple: int, column_multiple: int) -> Any:
    """Append zeros until the sides are multiples."""
    down, right = -ops.shape(planes)[2] % row_multiple, -ops.shape(planes)[3] % column_multiple
    if isinstance(down, int) and isinstance(right, int) and down == right == 0:
        return planes
    return ops.pad(planes, [[0, 0], [0, 0], [0, down], [0, right]])


def interleave(even: Any, odd: Any, axis: int) -> Any:
    """Alternate rows (axis 2) or columns (axis 3) of two tensors of one shape."""
    shape = list(ops.shape(even))
    shape[axis] = 2 * shape[axis]
    return ops.reshape(ops.stack([even, odd], axis + 1), shape)


def deinterleave(planes: Any, axis: int) -> tuple[Any, Any]:
    """Undo ``interleave``."""
    return part(planes, axis, 0, None, 2), part(planes, axis, 1, None, 2)


def neighbours(planes: Any, axis: int, width: Any) -> tuple[Any, Any]:
    """Return each sample's predecessor and successor on an axis, at the ends the sample itself.

    On a plane with less than three columns (``width``), libjpeg repeats samples instead of interpolating. That is the
    same filter with every sample as its own neighbour.
    """
    if isinstance(width, int) and width <= 2:
        return planes, planes
    before = ops.concatenate([part(planes, axis, 0, 1), part(planes, axis, None, -1)], axis)
    after = ops.concatenate([part(planes, axis, 1), part(planes, axis, -1)], axis)
    if isinstance(width, int):
        return before, after
    return ops.where(width > 2, before, planes), ops.where(width > 2, after, planes)


def up_sample_axis(planes: Any, axis: int, width: Any) -> Any:
    """Double an axis by the triangle filter: 3/4 of the nearer and 1/4 of the farther sample; float."""
    before, after = neighbours(planes, axis, width)
    near = 0.75 * planes
    return interleave(near + 0.25 * before, near + 0.25 * after, axis)


def up_sample_axis_adjoint(planes: Any, axis: int, width: Any) -> Any:
    """Adjoint of ``up_sample_axis``; ``width`` is that of the small plane."""
    even, odd = deinterleave(planes, axis)
    both = even + odd
    if isinstance(width, int) and width <= 2:
        return both
    # A sample is the farther one of its predecessor's odd and its successor's even output, at the ends of its own.
    far = ops.concatenate([part(even, axis, 1), part(odd, axis, -1)], axis)
    far = far + ops.concatenate([part(even, axis, 0, 1), part(odd, axis, None, -1)], axis)
    filtered = 0.75 * both + 0.25 * far
    return filtered if isinstance(width, int) else ops.where(width > 2, filtered, both)
