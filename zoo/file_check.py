"""Check an image file for damage that its decoder passes over: checksums, missing rows, bytes after the end, frames.

Decoders fill in what a file does not hold, and say nothing. Read here is what each format's own structure tells, and,
for JPEG, what libjpeg-turbo warns of.
"""

import struct
import zlib
from dataclasses import dataclass, field

import simplejpeg

_PNG, _JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""Samples of a PNG's pixel, by its colour type."""
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
"""Passes of an interlaced PNG: first column and row, steps between columns and rows."""
_RUN_OUT = "premature end"
"""What libjpeg warns of when the compressed data end before the picture does; the rest it fills with grey."""
_ARITHMETIC = frozenset([0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF])
_START_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_PROGRESSIVE = frozenset([0xC2, 0xCA])


@dataclass
class FileCheck:
    """What a check of an image file found.

    Attributes:
        damage: One phrase for each thing that is wrong or unusual; empty for a file in good order.
        frames: Pictures in the file, frames or pages. Only the first is ever read.
        missing: What part of the first picture the file does not hold; None for a complete one.
    """

    damage: list[str] = field(default_factory=list)
    frames: int = 1
    missing: str | None = None

    def as_json(self) -> dict[str, object]:
        """Return the fields ``damage`` and ``frames``, for a JSON line."""
        return {"damage": self.damage, "frames": self.frames}


def check_file(data: bytes, frames: int = 1) -> FileCheck:
    """Check the bytes of a PNG, JPEG, GIF, WebP or BMP file; of other formats only ``frames`` is reported.

    The file must be one that a decoder has read: headers are not validated again.

    Args:
        data: The whole file.
        frames: Pictures in it, as the decoder counts them.
    """
    found = FileCheck(frames=frames)
    try:
        _check(data, found)
    except (IndexError, struct.error):  # the structure ends in the middle of a field
        found.damage.append("a structure that cannot be followed to its end")
    return found


def _check(data: bytes, found: FileCheck) -> None:
    if data.startswith(_PNG):
        _check_png(data, found)
    elif data.startswith(_JPEG):
        _check_jpeg(data, found)
    elif data.startswith(b"GIF8"):
        _check_gif(data, found)
    elif data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        declared = 8 + struct.unpack_from("<I", data, 4)[0]
        _check_length(declared + declared % 2, len(data), found)
    elif data.startswith(b"BM"):
        # Some programs leave the size of the file at 0.
        _check_length(struct.unpack_from("<I", data, 2)[0] or len(data), len(data), found)


def _check_length(declared: int, length: int, found: FileCheck) -> None:
    if length > declared:
        found.damage.append(f"{length - declared} bytes after the end")
    elif length < declared:
        found.damage.append(f"{declared - length} bytes fewer than the header declares")


def _check_png(data: bytes, found: FileCheck) -> None:
    width, height, bits, colour, _, _, interlaced = struct.unpack_from(">IIBBBBB", data, 16)
    expected = _png_bytes(width, height, bits * _CHANNELS.get(colour, 1), bool(interlaced))
    inflate, inflated, broken = zlib.decompressobj(), 0, ""
    position, wrong = len(_PNG), []
    while position + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, position)
        kind, end = data[position + 4 : position + 8], position + 12 + length
        if end > len(data):
            break
        body = data[position + 8 : end - 4]
        if zlib.crc32(kind + body) != struct.unpack_from(">I", data, end - 4)[0]:
            wrong.append(kind.decode("latin-1"))
        if kind == b"IDAT" and not broken:
            try:
                inflated += _inflated(inflate, body)
            except zlib.error as error:
                broken = str(error)
        position = end
        if kind == b"IEND":
            break
    else:
        kind = b""
    if wrong:
        found.damage.append(f"wrong checksum of {len(wrong)} chunk(s), first {wrong[0]!a}")
    if inflated < expected:
        share = 1 - inflated / expected
        found.missing = f"{share:.1%} of the picture data" + (f" ({broken})" if broken else "")
    elif broken:
        found.damage.append(f"wrong compressed data ({broken})")
    elif inflated > expected:
        found.damage.append(f"{inflated - expected} bytes of picture data too many")
    if kind != b"IEND":
        found.damage.append("no end marker (IEND)")
    elif position < len(data):
        found.damage.append(f"{len(data) - position} bytes after the end")


def _png_bytes(width: int, height: int, bits: int, interlaced: bool) -> int:
    """Return the bytes that the rows of a PNG inflate to, each with its filter's byte."""
    passes = _ADAM7 if interlaced else ((0, 0, 1, 1),)
    sizes = ((-(-(width - x) // across), -(-(height - y) // down)) for x, y, across, down in passes)
    return sum(rows * (1 + -(-columns * bits // 8)) for columns, rows in sizes if rows > 0 and columns > 0)


def _inflated(inflate: "zlib._Decompress", body: bytes) -> int:
    """Return the bytes that ``body`` inflates to, a megabyte at a time in memory."""
    count = 0
    while body and not inflate.eof:
        count += len(inflate.decompress(body, 1 << 20))
        body = inflate.unconsumed_tail
    return count


def _check_jpeg(data: bytes, found: FileCheck) -> None:
    end = _walk_jpeg(data, found)
    try:
        # An eighth of the size: all compressed data are read, and little is computed.
        inks = simplejpeg.decode_jpeg_header(data)[2] in ("CMYK", "YCCK")
        simplejpeg.decode_jpeg(data, "CMYK" if inks else "RGB", min_height=1, min_width=1, strict=True)
    except ValueError as error:
        warning = str(error).removeprefix("Corrupt JPEG data: ")
        if _RUN_OUT in warning.lower():
            found.missing = f"a part of the picture data ({warning})"
        else:
            found.damage.append(f"decoder's warning: {warning}")
    if end is None:
        found.damage.append("no end marker (EOI)")
    elif data[end:].strip(b"\0") and found.frames == 1:  # phones' MPO files have their other pictures there
        found.damage.append(f"{len(data) - end} bytes after the end")


def _walk_jpeg(data: bytes, found: FileCheck) -> int | None:
    """Look at the markers of the first picture; returns where it ends, None without an end marker."""
    position, zero_tables = 2, 0
    components: list[int] = []
    # Bits of each progressive coefficient that are still to come, by component and frequency.
    to_come: dict[tuple[int, int], int] = {}
    while (position := data.find(b"\xff", position)) >= 0 and position + 1 < len(data):
        marker = data[position + 1]
        if marker in (0x00, 0xFF) or 0xD0 <= marker <= 0xD8 or marker == 0x01:
            position += 1 if marker == 0xFF else 2
            continue
        if marker == 0xD9:
            if missing := sum(bits > 0 for bits in to_come.values()):
                share = missing / len(to_come)
                found.missing = f"some scans of a progressive JPEG ({share:.0%} of the coefficients are not complete)"
            if zero_tables:
                found.damage.append(f"zeros in {zero_tables} quantisation table(s)")
            return position + 2
        if position + 4 > len(data):
            break
        (length,) = struct.unpack_from(">H", data, position + 2)
        body = data[position + 4 : position + 2 + length]
        if marker == 0xDB:
            zero_tables += _zero_tables(body)
        elif marker in _START_OF_FRAME and not components:
            if marker in _ARITHMETIC:
                found.damage.append("arithmetic coding, which is rarely used")
            components = [body[6 + 3 * i] for i in range(body[5])] if len(body) >= 6 + 3 * body[5] else []
            if marker in _PROGRESSIVE:
                to_come = {(component, k): 16 for component in components for k in range(64)}
        elif marker == 0xDA and to_come and body:
            count = body[0]
            first, last, bits = body[1 + 2 * count], body[2 + 2 * count], body[3 + 2 * count] & 15
            to_come |= {(body[1 + 2 * i], k): bits for i in range(count) for k in range(first, last + 1)}
        position += 2 + length
    return None


def _zero_tables(body: bytes) -> int:
    """Quantisation tables in a DQT segment that hold a zero."""
    count = position = 0
    while position < len(body):
        size = 128 if body[position] >> 4 else 64
        table = body[position + 1 : position + 1 + size]
        values = struct.unpack(f">{len(table) // 2}H", table[: len(table) // 2 * 2]) if size == 128 else table
        count += 0 in values
        position += 1 + size
    return count


def _check_gif(data: bytes, found: FileCheck) -> None:
    """Walk the blocks of a GIF to its trailer."""
    position = 13 + _gif_colours(data[10])
    while position < len(data):
        kind = data[position]
        if kind == 0x3B:
            if position + 1 < len(data):
                found.damage.append(f"{len(data) - position - 1} bytes after the end")
            return
        if kind == 0x2C and position + 10 <= len(data):
            position += 11 + _gif_colours(data[position + 9])
        elif kind == 0x21:
            position += 2
        else:
            break
        while position < len(data) and data[position]:
            position += 1 + data[position]
        position += 1
    found.damage.append("no end marker (trailer)")


def _gif_colours(flags: int) -> int:
    """Return the bytes of a colour table."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0
