"""DNG files without the sensor's mosaic: linear DNG, and DNG coded as JPEG XL."""

import contextlib
import io
import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import tifffile

_JPEG_XL = frozenset([50002, 52546])
"""TIFF's number for JPEG XL, and that of DNG 1.7."""
_MOSAIC, _LINEAR = 32803, 34892
"""Photometric interpretations."""
# fmt: off
_COPIED = (
    271, 272, 33421, 33422, 50706, 50707, 50708, 50710, 50711, 50712, 50713, 50714, 50715, 50716, 50717, 50718, 50719,
    50720, 50721, 50722, 50723, 50724, 50725, 50726, 50727, 50728, 50729, 50730, 50778, 50779, 50829, 50964, 50965,
)
# fmt: on
"""Tags that developing depends on: camera, colour filters, levels, crop, matrices, white balance (DNG 1.7.1)."""

_hushed = threading.local()
logging.getLogger("tifffile").addFilter(lambda record: not getattr(_hushed, "here", False))


@dataclass(frozen=True)
class Dng:
    """What a DNG file holds."""

    linear: bool
    """Whether each pixel has all its colours: demosaiced, and often merged of several exposures, before it was saved.
    """
    jpeg_xl: bool
    """Whether the picture is coded as JPEG XL, which LibRaw does not decode."""

    @property
    def computed(self) -> str:
        """Why the noise of the sensor cannot be read from it; empty where it can."""
        if self.linear:
            return "is a linear DNG: its pixels were computed from a mosaic, often from several shots that were aligned"
        if self.jpeg_xl:
            return "is a DNG coded as JPEG XL, which as a rule is lossy and has not been measured here"
        return ""


def look(data: bytes) -> Dng | None:
    """Return what a DNG file holds; None for any other file, or one that cannot be parsed."""
    import tifffile

    with quiet_tifffile(), contextlib.suppress(Exception), tifffile.TiffFile(io.BytesIO(data)) as file:
        page = _picture(file)
        if page is not None:
            return Dng(int(page.photometric) == _LINEAR, int(page.compression) in _JPEG_XL)
    return None


def without_jpeg_xl(data: bytes) -> bytes:
    """Return an uncompressed copy of a DNG file for LibRaw, without thumbnails.

    Raises:
        ImportError: Where imagecodecs is missing.
        Exception: Nearly any, of tifffile and imagecodecs, for a damaged file.
    """
    import imagecodecs  # noqa: F401 - else tifffile's own error would not name the reason
    import tifffile

    with quiet_tifffile(), tifffile.TiffFile(io.BytesIO(data)) as file:
        page = _picture(file)
        if page is None:
            raise ValueError("no picture in it")
        # Matrices stand in the first directory, levels in that of the picture.
        tags = [page.tags.get(code) or file.pages.first.tags.get(code) for code in _COPIED]
        copied = [(tag.code, int(tag.dtype), tag.count, tag.value, True) for tag in tags if tag is not None]
        copy = io.BytesIO()
        tifffile.imwrite(copy, page.asarray(), photometric=int(page.photometric), metadata=None, extratags=copied)
    return copy.getvalue()


@contextlib.contextmanager
def quiet_tifffile() -> Iterator[None]:
    """Suppress tifffile's log messages on damaged files, which are refused with one line."""
    _hushed.here = True
    try:
        yield
    finally:
        _hushed.here = False


def _picture(file: "tifffile.TiffFile") -> "tifffile.TiffPage | None":
    """Return the largest picture, in the first directory or in one below it; none for a file that is no DNG."""
    first = file.pages.first
    if 50706 not in first.tags:
        return None
    pages = [first, *(first.pages or ())]
    found = [page for page in pages if int(page.photometric or 0) in (_MOSAIC, _LINEAR)]
    return max(found, key=lambda page: page.imagewidth * page.imagelength, default=None)
