"""Cut pictures into tiles and put them together again: patch grids, padding, overlap blending.

Pure NumPy on arrays of shape (height, width, channels); positions are top-left corners (y, x) in pixels.
"""

from collections.abc import Iterable

import numpy as np


def starts(length: int, tile: int, stride: int) -> list[int]:
    """Return where tiles of ``tile`` begin along a side of ``length``, ``stride`` apart; the last is moved in to fit.

    Every pixel is covered as long as ``stride <= tile``.

    Raises:
        ValueError: When the side is shorter than a tile, or a size is below 1.
    """
    if tile < 1 or stride < 1 or length < tile:
        raise ValueError(f"Tiles need 1 <= tile <= length and stride >= 1. Received: {length=}, {tile=}, {stride=}")
    regular = list(range(0, length - tile + 1, stride))
    return regular if regular[-1] == length - tile else [*regular, length - tile]


def positions(height: int, width: int, tile: int, stride: int | None = None) -> np.ndarray:
    """Return corners of tiles that cover the whole picture, int (n, 2), row by row; ``stride`` defaults to ``tile``."""
    ys, xs = (starts(n, tile, stride or tile) for n in (height, width))
    return np.array([(y, x) for y in ys for x in xs])


def grid(height: int, width: int, tile: int) -> np.ndarray:
    """Return the corners of the non-overlapping tiles on the grid from (0, 0), int (n, 2); the remainder is left out.

    n is 0 for a picture smaller than a tile.
    """
    ys, xs = np.arange(height // tile) * tile, np.arange(width // tile) * tile
    return np.stack(np.meshgrid(ys, xs, indexing="ij"), -1).reshape(-1, 2)


def spans(length: int, tile: int, margin: int, multiple: int = 1) -> list[tuple[int, int, int, int]]:
    """Divide a side for a network that looks ``margin`` pixels around each: (read from, to, keep from, to) of tiles.

    What is kept joins without gap or overlap; what is read begins at multiples of ``multiple`` and reaches at least
    ``margin`` beyond it on both sides, or to the picture's end, so that every kept pixel sees what it would see in the
    whole picture. At most ``tile`` pixels are read at a time.

    Raises:
        ValueError: When a tile has no room between its margins, or a size is below 1.
    """
    step = multiple * ((tile - margin) // multiple) - multiple * -(-margin // multiple)
    if min(length, tile, multiple) < 1 or margin < 0 or step < 1:
        raise ValueError(
            f"A tile must be longer than both margins, rounded up to multiples. "
            f"Received: {length=}, {tile=}, {margin=}, {multiple=}"
        )
    if length <= tile:
        return [(0, length, 0, length)]
    lead = multiple * -(-margin // multiple)
    found, keep = [], 0
    while keep < length:
        first = max(0, keep - lead)
        last = min(first + tile, length)
        end = length if last == length else first + lead + step
        found.append((first, last, keep, end))
        keep = end
    return found


def cut(image: np.ndarray, corners: np.ndarray, tile: int) -> np.ndarray:
    """Copy the tiles at ``corners`` out of ``image``: (n, tile, tile, ...)."""
    return np.stack([image[y : y + tile, x : x + tile] for y, x in corners])


def pad(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """Pad at the bottom and right to at least ``height`` x ``width`` by reflection (repeated where that is too short).

    Undo with ``[:height, :width]`` of the old size. One pixel wide sides are repeated.
    """
    while image.shape[0] < height or image.shape[1] < width:
        # NumPy's symmetric mode reflects at most one picture's length at a time on older versions.
        extra = [max(0, min(n, want - n)) for n, want in zip(image.shape[:2], (height, width), strict=True)]
        image = np.pad(image, [(0, extra[0]), (0, extra[1])] + [(0, 0)] * (image.ndim - 2), mode="symmetric")
    return image


def blend(tiles: Iterable[np.ndarray], corners: np.ndarray, height: int, width: int, taper: bool = True) -> np.ndarray:
    """Put tiles at ``corners`` together to float32 (height, width, ...), averaging where they overlap.

    ``tiles`` may be a generator: one tile is held at a time. With ``taper`` a tile weighs less towards its edges, so
    that seams do not show; without, all weigh the same.

    Raises:
        ValueError: When the tiles leave a pixel uncovered.
    """
    total, weights = None, np.zeros((height, width), np.float32)
    for tile, (y, x) in zip(tiles, corners, strict=True):
        tile = np.asarray(tile, np.float32)
        if total is None:
            total = np.zeros((height, width, *tile.shape[2:]), np.float32)
        rows, columns = tile.shape[:2]
        window = _window(rows, columns, taper)
        weights[y : y + rows, x : x + columns] += window
        total[y : y + rows, x : x + columns] += tile * window.reshape(rows, columns, *[1] * (tile.ndim - 2))
    if total is None or not weights.all():
        raise ValueError(f"The tiles must cover the whole picture. Received: {len(corners)} for {height} x {width}")
    return total / weights.reshape(height, width, *[1] * (total.ndim - 2))


def _window(rows: int, columns: int, taper: bool) -> np.ndarray:
    if not taper:
        return np.ones((rows, columns), np.float32)
    # Triangles without a zero, so that the picture's own border keeps a weight.
    vertical, horizontal = (np.minimum(np.arange(1, n + 1), np.arange(n, 0, -1)) for n in (rows, columns))
    return (vertical[:, None] * horizontal).astype(np.float32)
