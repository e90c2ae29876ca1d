"""OpenCV's resizing inside a graph, as two matrix products: the area average to shrink, the cubic kernel to grow.

``cv2.resize`` reads 8-bit pictures with weights of 11 bits, so that its result may differ from this by one grey level.
"""

from typing import Any

from keras import ops

_A = -0.75
"""Parameter of OpenCV's cubic kernel."""


def area(images: Any, height: Any, width: Any) -> Any:
    """Shrink float (batch, h, w, c) to ``height`` x ``width``: each pixel the mean of the area that it covers."""
    return _apply(images, _overlaps(ops.shape(images)[1], height), _overlaps(ops.shape(images)[2], width))


def cubic(images: Any, height: Any, width: Any) -> Any:
    """Resize float (batch, h, w, c) by the cubic kernel, borders repeated; values may overshoot their range."""
    return _apply(images, _taps(ops.shape(images)[1], height), _taps(ops.shape(images)[2], width))


def fit_inside(images: Any, largest: tuple[int, int]) -> Any:
    """Scale 0..255 down until no side is longer than ``largest`` (height, width), rounded as a picture of 8 bits is.

    Smaller pictures stay as they are. Gradients pass the rounding as if there were none.
    """
    height, width = ops.shape(images)[1], ops.shape(images)[2]
    factor = ops.minimum(*(most / ops.cast(n, "float64") for most, n in zip(largest, (height, width), strict=True)))

    def scaled() -> Any:
        sides = [
            ops.clip(ops.cast(ops.round(ops.cast(n, "float64") * factor), "int32"), 1, most)
            for most, n in zip(largest, (height, width), strict=True)
        ]
        return straight_round(area(images, *sides))

    return ops.cond(factor >= 1, lambda: images, scaled)


def straight_round(values: Any) -> Any:
    """Round to whole numbers; the gradient is that of the values themselves."""
    return values + ops.stop_gradient(ops.round(values) - values)


def _apply(images: Any, down: Any, across: Any) -> Any:
    """Return the rows by ``down`` (height, h), columns by ``across`` (width, w)."""
    tall = ops.einsum("Yy,nyxc->nYxc", down, images)
    return ops.einsum("Xx,nYxc->nYXc", across, tall)


def _overlaps(length: Any, wanted: Any) -> Any:
    """Return the share of each old pixel in each new one, (wanted, length)."""
    scale = ops.cast(length, "float64") / ops.cast(wanted, "float64")
    first = ops.cast(ops.arange(wanted, dtype="int32"), "float64")[:, None] * scale
    pixel = ops.cast(ops.arange(length, dtype="int32"), "float64")[None]
    common = ops.maximum(ops.minimum(first + scale, pixel + 1) - ops.maximum(first, pixel), 0)
    return ops.cast(common / ops.sum(common, axis=1, keepdims=True), "float32")


def _taps(length: Any, wanted: Any) -> Any:
    """Cubic weights of old pixels for each new one, (wanted, length)."""
    scale = ops.cast(length, "float64") / ops.cast(wanted, "float64")
    centre = (ops.cast(ops.arange(wanted, dtype="int32"), "float64") + 0.5) * scale - 0.5
    first = ops.floor(centre)
    pixel, found = ops.arange(length, dtype="int32")[None], 0.0
    for step in (-1, 0, 1, 2):
        distance = ops.abs(centre - first - step)
        near = ((_A + 2) * distance - (_A + 3)) * distance * distance + 1
        far = ((_A * distance - 5 * _A) * distance + 8 * _A) * distance - 4 * _A
        weight = ops.where(distance <= 1, near, far)[:, None]
        place = ops.clip(ops.cast(first, "int32") + step, 0, length - 1)[:, None]
        found = found + ops.where(place == pixel, weight, 0.0)
    return ops.cast(found, "float32")
