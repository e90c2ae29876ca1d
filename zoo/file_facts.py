"""Metadata of a picture file: format, JPEG tables, EXIF, and a comparison of thumbnail and picture.

Anybody can write these fields, and many programs do: they are a lead, never a proof.
"""

import contextlib
import functools
import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import ExifTags, Image
from PIL.JpegImagePlugin import JpegImageFile

from zoo.checks import check_rgb
from zoo.images import RAW_SUFFIXES, ImageError, check_picture, header, lossy_coding
from zoo.store import sha256

LONGEST = 200
"""Longest EXIF value that is given, in characters."""
_NOT_SHOWN = frozenset([ExifTags.Base.MakerNote, ExifTags.Base.ExifOffset, ExifTags.Base.GPSInfo])
_SUBSAMPLINGS = {(1, 1): "4:4:4", (2, 1): "4:2:2", (2, 2): "4:2:0", (1, 2): "4:4:0", (4, 1): "4:1:1"}


@dataclass(frozen=True)
class Thumbnail:
    """A small copy of the picture in its EXIF data, and how well the two agree.

    Attributes:
        pixels: uint8 RGB (height, width, 3).
        correlation: Correlation of its grey levels with those of the picture made as small; None where one is flat.
        difference: Mean absolute difference of the two, in grey levels.
        shape_differs: Whether the two have different ratios of width to height: then the middle parts are compared.
    """

    pixels: np.ndarray
    correlation: float | None
    difference: float
    shape_differs: bool


def file_facts(path: str | Path, pixels: np.ndarray) -> dict[str, Any]:
    """Collect what a file says about itself, for JSON.

    ``sha256`` is of the file, ``pixels_sha256`` of the bytes of ``pixels`` row by row. ``jpeg`` is None for other
    formats, ``exif`` holds text by EXIF's names, and ``position`` is whether there is a GPS position in it.

    Args:
        path: A file that ``zoo.images`` has read.
        pixels: What it read, uint8 RGB (height, width, 3).

    Raises:
        ImageError: For a file that cannot be read any more.
        ValueError: For other pixels.
    """
    path, pixels = Path(path), check_rgb(pixels)
    found: dict[str, Any] = {
        "name": path.name,
        "bytes": path.stat().st_size,
        "sha256": sha256(path),
        "pixels_sha256": hashlib.sha256(np.ascontiguousarray(pixels).tobytes()).hexdigest(),
        "width": pixels.shape[1],
        "height": pixels.shape[0],
        "format": f"RAW ({path.suffix.lower().removeprefix('.')})",
        "mode": None,
        "lossy_coding": lossy_coding(path),
        "jpeg": None,
        "exif": {},
        "position": False,
        **check_picture(path).as_json(),
    }
    with contextlib.suppress(ImageError), header(path) as image:
        found |= {"format": image.format, "mode": image.mode}
        if isinstance(image, JpegImageFile):
            found["jpeg"] = jpeg_facts(image)
        with contextlib.suppress(Exception):  # Pillow raises nearly everything on damaged EXIF data
            exif = image.getexif()
            found["exif"] = _exif(exif)
            found["position"] = bool(exif.get_ifd(ExifTags.IFD.GPSInfo))
    return found


def jpeg_quality(path: str | Path) -> int | None:
    """Return the best-fitting libjpeg quality of a JPEG file; 0 for a RAW file without lossy coding, else None.

    Such a RAW file never was JPEG. Whether a PNG was, its format does not say.
    """
    if Path(path).suffix.lower() in RAW_SUFFIXES:
        return None if lossy_coding(path) else 0
    with contextlib.suppress(ImageError), header(path) as image:
        if isinstance(image, JpegImageFile):
            return int(jpeg_facts(image)["quality"])
    return None


def jpeg_facts(image: JpegImageFile) -> dict[str, Any]:
    """Quantisation tables of a JPEG, the quality of libjpeg that fits them best, subsampling, and how it is coded.

    ``quality`` is from 1 to 100; ``exact`` says whether it gives these very tables, and ``difference`` is the mean
    absolute difference of their entries where it does not. Tables are 8 rows of 8, rows being vertical frequencies.
    """
    tables = {number: list(values) for number, values in image.quantization.items()}
    given = np.array(list(tables.values())[:2], float)
    differences = {
        quality: float(np.abs(given - np.array(standard[: len(given)])).mean())
        for quality, standard in _standard_tables().items()
    }
    quality = min(differences, key=lambda one: (differences[one], -one))
    _, across, down, _ = image.layer[0]
    factors = across // min(one[1] for one in image.layer), down // min(one[2] for one in image.layer)
    return {
        "quality": quality,
        "exact": differences[quality] == 0,
        "difference": round(differences[quality], 3),
        "tables": {str(number): np.reshape(values, (8, 8)).tolist() for number, values in tables.items()},
        "subsampling": "one channel" if len(image.layer) == 1 else _SUBSAMPLINGS.get(factors, f"{across}x{down}"),
        "progressive": bool(image.info.get("progressive")),
        "comment": _text(image.info["comment"]) if image.info.get("comment") else None,
    }


def thumbnail(path: str | Path, pixels: np.ndarray) -> Thumbnail | None:
    """Compare the thumbnail in a file's EXIF data with the picture; None if no thumbnail can be read.

    Bars above and below a thumbnail of another shape, as cameras draw them, are not compared.

    Args:
        path: A picture file.
        pixels: The picture, uint8 RGB (height, width, 3).
    """
    small = None
    with contextlib.suppress(Exception), header(path) as image:
        directory = image.getexif().get_ifd(ExifTags.IFD.IFD1)
        begin, length = directory[ExifTags.Base.JpegIFOffset], directory[ExifTags.Base.JpegIFByteCount]
        data = image.info["exif"].removeprefix(b"Exif\0\0")[begin : begin + length]
        with Image.open(io.BytesIO(data), formats=["JPEG"]) as inner:
            small = np.array(inner.convert("RGB"))
    if small is None:
        return None
    (height, width), (tall, wide) = pixels.shape[:2], small.shape[:2]
    scale = min(tall / height, wide / width)
    rows, columns = max(1, min(tall, round(height * scale))), max(1, min(wide, round(width * scale)))
    top, left = (tall - rows) // 2, (wide - columns) // 2
    grey = cv2.cvtColor(cv2.resize(pixels, (columns, rows), interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)
    other = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)[top : top + rows, left : left + columns]
    both = np.stack([grey.ravel(), other.ravel()]).astype(float)
    flat = (both.std(1) == 0).any()
    return Thumbnail(
        small,
        None if flat else float(np.corrcoef(both)[0, 1]),
        float(np.abs(both[0] - both[1]).mean()),
        tall - rows > 1 or wide - columns > 1,
    )


@functools.cache
def _standard_tables() -> Mapping[int, list[list[int]]]:
    """Return the tables of libjpeg for luminance and chrominance at each quality, as Pillow writes them."""
    found = {}
    for quality in range(1, 101):
        buffer = io.BytesIO()
        Image.new("RGB", (8, 8)).save(buffer, "JPEG", quality=quality)
        with Image.open(buffer, formats=["JPEG"]) as image:
            assert isinstance(image, JpegImageFile)
            found[quality] = [list(image.quantization[number]) for number in (0, 1)]
    return found


def _exif(exif: Image.Exif) -> dict[str, str]:
    values = {**exif, **exif.get_ifd(ExifTags.IFD.Exif)}
    return {
        ExifTags.TAGS.get(number, f"tag {number}"): _text(value)
        for number, value in values.items()
        if number not in _NOT_SHOWN
    }


def _text(value: object) -> str:
    """Return a value on one line, without control characters."""
    if isinstance(value, bytes):
        stripped = value.strip(b"\0 ")
        value = stripped.decode("ascii") if stripped.isascii() and len(stripped) <= LONGEST else f"{len(value)} bytes"
    text = " ".join(str(value).replace("\0", " ").split())
    text = "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."
