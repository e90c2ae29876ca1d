"""Check a RAW file's container before LibRaw reads it, because LibRaw guesses the format of unknown files by size."""

import contextlib
from dataclasses import dataclass
from pathlib import Path

import tifffile

from zoo.dng import quiet_tifffile
from zoo.images import ImageError
from zoo.imaging.developing.dng_white import white_balance

RIGHT = "a Bayer RAW file straight from a camera is needed"
"""What would be right, in every refusal."""
_SIGNATURES = (
    b"II*\0", b"MM\0*", b"II+\0", b"MM\0+", b"IIRO", b"IIRS", b"MMOR", b"IIU\0", b"II\x1a\0", b"FUJIFILM", b"\0MRM",
    b"FOVb", b"ARRI", b"RED1", b"CI,\0", b"qktk", b"qktn", b"NOKIARAW", b"IIII", b"MMMM", b"DSC-Image", b"\xff\xd8\xff",
)  # fmt: skip
_VC5, _ACTIVE_AREA = 9, 50829
_PATTERN_SIZE, _PATTERN = 33421, 33422
_OF_CAMERAS = (271, 33422, 50706)  # Make, CFAPattern, DNGVersion: LibRaw takes any 16-bit grey TIFF for a mosaic


@dataclass(frozen=True)
class Inside:
    """DNG fields that LibRaw does not return, or not for all files."""

    corner: tuple[int, int] | None = None
    """Top and left of the active area."""
    white_balance: tuple[float, float, float] | None = None
    """Factors of red, green and blue from AsShotWhiteXY."""


def look_inside(path: Path) -> Inside:
    """Refuse files that LibRaw would misread, or about which it would print to the terminal.

    Raises:
        ImageError: For a file that begins as no camera's RAW file does (a headerless dump, a PNG, text), a TIFF that
            names no camera, a GoPro GPR, a TIFF-like file shorter than its picture, and a colour filter pattern whose
            size is not that of its list of filters.
    """
    try:
        with path.open("rb") as file:
            head = file.read(32)
    except OSError as error:
        raise ImageError(path, f"cannot be read ({error.strerror})", RIGHT) from error
    if not head.startswith(_SIGNATURES) and head[4:8] != b"ftyp":
        # By its size alone LibRaw takes a dump of 768x512 pixels of 16 bits for one of 1024x768 of 8 bits.
        wrong = "does not begin as any camera's RAW file does"
        right = f"{RIGHT}; for a dump without a header, from_mosaic takes an array"
        raise ImageError(path, wrong, right, f"first bytes {head[:8].hex(' ')}")
    if head[:2] not in (b"II", b"MM"):
        return Inside()
    names_camera, vc5, end, corner, balance, mosaic = True, False, 0, None, None, None
    # Of a damaged file tifffile may raise anything, and LibRaw has the last word on it.
    with quiet_tifffile(), contextlib.suppress(Exception), tifffile.TiffFile(path) as tiff:
        pages = [page for top in tiff.pages for page in (top, *(top.pages or ()))]
        names_camera = any(tag in page.tags for page in pages for tag in _OF_CAMERAS)
        for page in [page for page in pages if page.subfiletype == 0]:  # the picture itself, not a preview
            vc5 |= page.compression == _VC5
            ends = (start + count for start, count in zip(page.dataoffsets, page.databytecounts, strict=True))
            end = max([end, *ends])
            if area := page.tags.valueof(_ACTIVE_AREA):
                corner = int(area[0]), int(area[1])
            if (size := page.tags.valueof(_PATTERN_SIZE)) and (filters := page.tags.valueof(_PATTERN)):
                mosaic = int(size[0]), int(size[1]), len(filters)
        balance = white_balance(
            lambda number: next((page.tags.valueof(number) for page in pages if number in page.tags), None)
        )
    if not names_camera:
        raise ImageError(path, "is a TIFF that names no camera", RIGHT)
    if vc5:
        raise ImageError(path, "is a GoPro GPR (VC-5), which LibRaw does not decode", f"{RIGHT}, or a DNG made of it")
    if end > path.stat().st_size:
        wrong = f"is truncated: its picture ends at byte {end}"
        raise ImageError(path, wrong, RIGHT, f"{path.stat().st_size} bytes")
    # LibRaw takes any four filters for 2x2 of them.
    if mosaic and (mosaic[0] * mosaic[1] != mosaic[2] or (mosaic[2] == 4 and mosaic[0] != 2)):
        rows, columns, count = mosaic
        raise ImageError(path, f"declares a mosaic of {rows}x{columns} with {count} filters", RIGHT)
    return Inside(corner, balance)
