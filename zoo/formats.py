"""HEIC, AVIF and JPEG XL: told by their first bytes, and read by packages of the extra ``formats``."""

import importlib
import io
import struct
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from PIL import features

INSTALL = "pip install 'forensics-zoo[formats]'"
"""What installs everything that this module and ``zoo.dng`` need."""


class Extra(NamedTuple):
    """A format that Pillow reads only with another package, or with a library that not every build of it has."""

    name: str
    """As people call it."""
    pillow: str
    """As Pillow calls it."""
    package: str
    """What reads it, as pip calls it."""


HEIC = Extra("HEIC", "HEIF", "pillow-heif")
AVIF = Extra("AVIF", "AVIF", "pillow 11.3 or newer")
JPEG_XL = Extra("JPEG XL", "JXL", "pillow-jxl-plugin")
_JXL_STARTS = (b"\xff\x0a", b"\0\0\0\x0cJXL \r\n\x87\n")
_BRANDS = {b"avif": AVIF, b"avis": AVIF} | dict.fromkeys(
    [b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"], HEIC
)


def extra_format(head: bytes) -> Extra | None:
    """Return which of the three formats a file has, by its first bytes (32 are enough); None for any other.

    A file whose major brand is ``mif1``, which says no more than HEIF, is what its compatible brands say.
    """
    if head.startswith(_JXL_STARTS):
        return JPEG_XL
    if head[4:8] != b"ftyp":
        return None
    length = min(int.from_bytes(head[:4], "big"), len(head))
    brands = [head[8:12], *(head[at : at + 4] for at in range(16, length - 3, 4))]
    known = [_BRANDS[brand] for brand in brands if brand in _BRANDS]
    if brands[0] not in _BRANDS:  # a film, or a camera's RAW file
        return None
    return AVIF if AVIF in known else HEIC


def register(extra: Extra) -> bool:
    """Let Pillow read a format; returns whether it can."""
    try:
        if extra is HEIC:
            importlib.import_module("pillow_heif").register_heif_opener(thumbnails=False)
        elif extra is JPEG_XL:
            importlib.import_module("pillow_jxl")
        else:
            return bool(features.check("avif"))
    except ImportError:
        return False
    return True


def decode_heic(data: bytes) -> np.ndarray:
    """Decode the primary picture of a HEIC file as it is stored: not turned, not mirrored.

    Returns uint8 (height, width) or (height, width, 3 or 4, the last one alpha); 10 and 12 bits are rounded to 8.

    Raises:
        Exception: Nearly any, of pillow-heif, for a damaged file.
    """
    import pillow_heif

    file = pillow_heif.open_heif(io.BytesIO(data), convert_hdr_to_8bit=False)
    pixels = np.asarray(file)
    if pixels.dtype == np.uint16:  # the values fill the upper bits
        bits = file.info["bit_depth"]
        pixels = np.rint((pixels >> (16 - bits)) * (255 / (2**bits - 1))).astype(np.uint8)
    for kind, value in reversed(transformations(data)):
        pixels = np.rot90(pixels, -value) if kind == "irot" else np.flip(pixels, value)
    return pixels


def transformations(data: bytes) -> list[tuple[str, int]]:
    """Return the transformations that a HEIF file requests for displaying its primary picture, in order.

    ``("irot", n)`` turns it n quarters to the left; ``("imir", 0)`` mirrors the rows and ``("imir", 1)`` the columns.
    Source: ISO/IEC 23008-12, 6.5.10 and 6.5.12.

    Raises:
        ValueError, struct.error, IndexError: For a damaged file.
    """
    meta = dict(_boxes(_box(data, b"meta")[4:]))
    primary_box = meta[b"pitm"]
    primary = int.from_bytes(primary_box[4 : 6 if primary_box[0] == 0 else 8], "big")
    properties = list(_boxes(_box(meta[b"iprp"], b"ipco")))
    found = []
    for index in _associated(_box(meta[b"iprp"], b"ipma"), primary):
        kind, body = properties[index - 1]
        if kind in (b"irot", b"imir"):
            found.append((kind.decode(), body[0] & (3 if kind == b"irot" else 1)))
    return found


def _associated(ipma: bytes, item: int) -> list[int]:
    """Numbers, from 1, of the properties of an item."""
    version, wide = ipma[0], ipma[3] & 1
    (entries,) = struct.unpack_from(">I", ipma, 4)
    at = 8
    for _ in range(entries):
        size = 4 if version else 2
        number, count = int.from_bytes(ipma[at : at + size], "big"), ipma[at + size]
        at += size + 1
        step = 2 if wide else 1
        if number == item:
            given = (int.from_bytes(ipma[at + step * n : at + step * (n + 1)], "big") for n in range(count))
            # The uppermost bit says whether a reader must understand the property.
            return [value & (0x7FFF if wide else 0x7F) for value in given if value & (0x7FFF if wide else 0x7F)]
        at += step * count
    return []


def _box(data: bytes, kind: bytes) -> bytes:
    return next((body for found, body in _boxes(data) if found == kind), b"")


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Type and body of each box, one after the other."""
    at = 0
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        begin = at + 8
        if size == 1:
            (size,) = struct.unpack_from(">Q", data, begin)
            begin += 8
        end = at + size if size else len(data)
        if end < begin:
            raise ValueError(f"a box {kind!a} of {size} bytes")
        yield kind, data[begin:end]
        at = end
