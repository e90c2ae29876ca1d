"""Develop whole photographs with INet, UNet or DNet, tile by tile: any size, bounded memory, no seams."""

import dataclasses

from zoo.imaging import bayer
from zoo.imaging.model import CFA
from zoo.imaging.raw import RawImage


def crop_to_phase(raw: RawImage, cfa: str = CFA) -> RawImage:
    """Cut off at most the first row and column so that the mosaic's phase is ``cfa``; the sides stay even.

    Raises:
        ValueError: For an unknown phase.
    """
    if raw.cfa == bayer.check_phase(cfa):
        return raw
    (red_y, red_x), (want_y, want_x) = bayer.SITES[raw.cfa][0], bayer.SITES[cfa][0]
    down, right = (red_y - want_y) % 2, (red_x - want_x) % 2
    # G1 is the green of the cell's upper row: a row further down the two change places.
    red, first, second, blue = raw.black_levels
    levels = (red, second, first, blue) if down else raw.black_levels
    return dataclasses.replace(raw, codes=bayer.pack(raw.mosaic[down:, right:], cfa), cfa=cfa, black_levels=levels)
