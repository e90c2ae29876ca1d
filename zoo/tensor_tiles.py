"""``zoo.tiles`` inside a graph: the same padding, positions and blending for batches of tensors, in ``keras.ops``.

Sizes may be unknown until the graph runs. Written for TensorFlow, where what is exported runs; the other backends want
sizes that they know.
"""

from collections.abc import Callable
from typing import Any

from keras import ops


def reflect_to(images: Any, height: Any, width: Any) -> Any:
    """Pad (batch, h, w, c) at the bottom and right to at least ``height`` x ``width``; ``zoo.tiles.pad`` of each."""
    for axis, least in ((1, height), (2, width)):
        size = ops.shape(images)[axis]
        turn = ops.arange(ops.maximum(size, least), dtype="int32") % (2 * size)
        images = ops.take(images, ops.minimum(turn, 2 * size - 1 - turn), axis=axis)
    return images


def next_multiple(length: Any, of: int) -> Any:
    """``length`` rounded up to a multiple."""
    return (length + of - 1) // of * of


def starts(length: Any, tile: int, stride: int) -> Any:
    """Return where tiles begin along a side, int32 (n,): ``zoo.tiles.starts``. ``length`` is at least ``tile``."""
    # No negative dividends: ONNX's integer division rounds towards 0.
    count = (length - tile + stride - 1) // stride + 1
    return ops.minimum(ops.arange(count, dtype="int32") * stride, length - tile)


def scan(images: Any, network: Callable[[Any], Any], tile: int, rows: Any, columns: Any) -> Any:
    """Apply ``network`` to each tile: (batch, h, w, c) to (batch, rows, columns, outputs).

    ``network`` takes (n, tile, tile, c) and gives (n, outputs). One row of tiles is looked at after the other, so that
    memory grows with a picture's width, not with its area.
    """
    within = ops.arange(tile, dtype="int32")
    batch, across, channels = ops.shape(images)[0], ops.shape(columns)[0], images.shape[-1]
    every_column = ops.reshape(columns[:, None] + within, (-1,))

    def one_row(top: Any) -> Any:
        cut = ops.take(ops.take(images, top + within, axis=1), every_column, axis=2)
        cut = ops.transpose(ops.reshape(cut, (batch, tile, across, tile, channels)), (0, 2, 1, 3, 4))
        found = network(ops.reshape(cut, (-1, tile, tile, channels)))
        return ops.reshape(found, (batch, across, found.shape[-1]))

    return ops.transpose(ops.map(one_row, rows), (1, 0, 2, 3))


def spread(values: Any, tile: int, rows: Any, columns: Any, height: Any, width: Any) -> Any:
    """Blend a value a tile, (batch, rows, columns), to (batch, height, width): ``zoo.tiles.blend`` with its taper.

    The window is the product of two triangles, and so is the sum of windows: two matrices do it.
    """
    down, across = _shares(rows, tile, height), _shares(columns, tile, width)
    return ops.matmul(ops.matmul(ops.transpose(down), values), across)


def _shares(first: Any, tile: int, length: Any) -> Any:
    """Return how much each tile weighs at each pixel of a side, (tiles, length); every pixel's weights add up to 1."""
    distance = ops.arange(length, dtype="int32")[None] - first[:, None]
    weight = ops.cast(ops.maximum(ops.minimum(distance + 1, tile - distance), 0), "float32")
    return weight / ops.sum(weight, axis=0, keepdims=True)
