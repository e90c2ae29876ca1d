"""Image files made by hand, and what an error about one looks like."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

from zoo.images import ImageError


def smooth_jpeg(quality=90, **options) -> bytes:
    y, x = np.mgrid[:96, :128]
    image = np.stack([x + y, 2 * x, 255 - y], -1).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=quality, **options)
    return buffer.getvalue()


def png(depth: int, colour_type: int, samples: np.ndarray, extra: bytes = b"") -> bytes:
    """A PNG by hand, from the specification, independent of any library under test."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    height, width = samples.shape[:2]
    rows = b"".join(b"\0" + row.astype(">u2" if depth == 16 else ">u1").tobytes() for row in samples)
    header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + extra
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def assert_one_line(error: ImageError, path: Path) -> None:
    message = str(error)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    assert "Received: " in message


def by_257(values: np.ndarray) -> np.ndarray:
    """16 bits to 8, rounded."""
    return np.round(values / 257).astype(np.uint8)
