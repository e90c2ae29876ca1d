"""Develop whole photographs with INet, UNet or DNet, tile by tile: any size, bounded memory, no seams.

Every tile is read with a margin as wide as the network looks, so each pixel is what it would be in the whole picture.
"""

import dataclasses
from collections.abc import Iterator

import keras
import numpy as np
from rich.console import Console
from rich.progress import Progress

from zoo import tiles
from zoo.imaging.developing import bayer
from zoo.imaging.developing.model import CFA
from zoo.imaging.developing.raw import RawImage


@dataclasses.dataclass(frozen=True)
class Reach:
    """How a network is tiled, in planes."""

    margin: int
    """How far around a pixel it looks."""
    multiple: int
    """Where tiles may begin: its poolings must fall as in the whole picture."""
    tile: int
    """Largest side read at a time; about half a gigabyte of maps."""


# UNet: two convolutions on each of nine levels, the coarsest 16 planes apart, and what pooling rounds: 94.
# DNet: fifteen convolutions on planes and one on pixels. INet: two pixels, and no tile shorter than ``SMALLEST``.
_REACH = {"demosaic": Reach(4, 1, 1024), "c9_2": Reach(96, 16, 640), "c17": Reach(16, 1, 256)}
SMALLEST = 4
"""Planes per side that all three networks can read."""


def develop(
    raw: RawImage, network: keras.Model, cfa: str = CFA, tile: int | None = None, progress: bool = False
) -> np.ndarray:
    """Develop a RAW photograph with a network: float32 RGB [0, 1], (height, width, 3), not rotated.

    A mosaic of another phase loses its first row or column, or both, and as many last ones. Turn the picture upright
    with ``zoo.imaging.developing.raw.orient(rgb, raw.orientation)``.

    Args:
        raw: What ``zoo.imaging.developing.raw.read`` gives, of any size.
        network: An ``INet``, ``UNet`` or ``DNet``.
        cfa: The phase that the network was trained on.
        tile: Largest side, in planes, that is read at a time; by default what takes about half a gigabyte.
        progress: Whether to show a progress bar on standard error.

    Raises:
        ValueError: For another network, an unknown phase, or too small a tile.
    """
    raw = crop_to_phase(raw, cfa)
    rgb = np.empty((*raw.shape, 3), np.float32)
    for y, x, part in develop_tiles(raw, network, tile, progress):
        rgb[y : y + part.shape[0], x : x + part.shape[1]] = part
    return rgb


def develop_tiles(
    raw: RawImage, network: keras.Model, tile: int | None = None, progress: bool = False
) -> Iterator[tuple[int, int, np.ndarray]]:
    """Yield ``develop``'s result piece by piece, for ``raw`` of the network's phase; arguments and errors as there.

    Each piece is its first row, its first column and float32 RGB, (rows, columns, 3).
    """
    reach = _reach(network)
    height, width = raw.codes.shape[:2]
    rows, columns = (tiles.spans(n, tile or reach.tile, reach.margin, reach.multiple) for n in (height, width))
    with Progress(console=Console(stderr=True), disable=not progress) as bar:
        task = bar.add_task(f"developing with {network.name}", total=len(rows) * len(columns))
        for top, bottom, first, last in rows:
            for left, right, begin, end in columns:
                planes = balanced(raw, raw.codes[top:bottom, left:right])
                padded = tiles.pad(planes, SMALLEST, SMALLEST)
                rgb = np.asarray(network.predict_on_batch(padded[None]))[0]
                yield (
                    2 * first,
                    2 * begin,
                    rgb[2 * (first - top) : 2 * (last - top), 2 * (begin - left) : 2 * (end - left)],
                )
                bar.advance(task)


def balanced(raw: RawImage, codes: np.ndarray) -> np.ndarray:
    """Return a part of ``raw.balanced_planes``, float32 (h, w, 4), made of a part of ``raw.codes`` of that shape."""
    planes = raw.normalise(np.ascontiguousarray(codes))
    planes *= np.array(raw.balance_of_planes, np.float32)
    return np.minimum(planes, 1, out=planes)


def crop_to_phase(raw: RawImage, cfa: str = CFA) -> RawImage:
    """Cut off at most the first row and column so that the mosaic's phase is ``cfa``; the sides stay even.

    Raises:
        ValueError: For an unknown phase, or a picture that is too small.
    """
    down, right = bayer.offset(raw.cfa, cfa)
    if not down and not right:
        return raw
    # G1 is the green of the cell's upper row: a row further down the two change places.
    red, first, second, blue = raw.black_levels
    levels = (red, second, first, blue) if down else raw.black_levels
    return dataclasses.replace(raw, codes=bayer.pack(raw.mosaic[down:, right:], cfa), cfa=cfa, black_levels=levels)


def _reach(network: keras.Model) -> Reach:
    names = {layer.name for layer in network.layers}
    found = [reach for layer, reach in _REACH.items() if layer in names]
    if len(found) != 1:
        raise ValueError(f"network must be an INet, UNet or DNet. Received: {network.name}")
    return found[0]
