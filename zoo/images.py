"""Read any image file as 8-bit RGB, exactly and with clear errors; write files atomically.

What the decoder gives is what a model gets. Nothing is resized, rotated or colour-managed: EXIF orientation is **not**
applied (turning a JPEG moves its 8x8 grid) and ICC profiles are ignored.
"""

import contextlib
import io
import os
import secrets
import stat
import threading
import warnings
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import cv2
import numpy as np
from PIL import ExifTags, Image
from PIL.TiffImagePlugin import TiffImageFile

from zoo import dng
from zoo.file_check import FileCheck, check_file
from zoo.formats import AVIF, HEIC, INSTALL, JPEG_XL, decode_heic, extra_format, register
from zoo.printing import shown

FORMATS = ("PNG", "TIFF", "BMP", "WEBP", "JPEG", "GIF", "PPM")
"""What ``read_image`` reads, by content, as Pillow names it (JPEG includes phones' MPO)."""
EXTRA_FORMATS = tuple(extra.name for extra in (HEIC, AVIF, JPEG_XL))
"""What it also reads with the extra ``formats``."""
# fmt: off
RAW_SUFFIXES = frozenset([
    ".3fr", ".arw", ".cr2", ".cr3", ".crw", ".dcr", ".dng", ".erf", ".fff", ".gpr", ".iiq", ".kdc", ".mef",
    ".mos", ".mrw", ".nef", ".nrw", ".orf", ".pef", ".raf", ".rw2", ".rwl", ".sr2", ".srf", ".srw", ".x3f",
])
# fmt: on
"""Suffixes, lower case, that ``read_photograph`` develops. Not ``.raw``: mostly dumps without a header, which LibRaw
would develop as whatever camera has files of that size."""
TRANSPARENT = "has transparent pixels"
"""``ImageError.reason`` of a picture that can be read with a background."""
_PNG_MAGIC, _JPEG_MAGIC = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"
_TIFF_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_BITS, _COMPRESSION, _PHOTOMETRIC, _PLANAR, _SAMPLE_FORMAT = 258, 259, 262, 284, 339
_JPEG_IN_TIFF = (6, 7, 34892)


class ImageError(ValueError):
    """A file is not an image that can be used: one line with the file, the reason and what would be right."""

    def __init__(self, path: str | Path, wrong: str, right: str, received: str | None = None) -> None:
        received = shown(path) if received is None else received
        super().__init__(" ".join(f"{shown(path)}: {wrong}; {right}. Received: {received}".split()))
        self.path, self.reason, self.received = Path(path), " ".join(wrong.split()), received


def read_image(path: str | Path, background: int | None = None) -> np.ndarray:
    """Return the image in a file as uint8 RGB, (height, width, 3), range [0, 255].

    Reads PNG, TIFF, BMP, WebP, JPEG, GIF and PPM, with the extra ``formats`` also HEIC, AVIF and JPEG XL, told apart by
    content, not by suffix; the first picture where there are several (``check_picture`` counts them). JPEG pixels are
    those of libjpeg-turbo's accurate decoder. 16 bits become 8 by rounding ``v / 257``; grey is repeated in all three
    channels; palettes and CMYK are converted. Alpha is dropped where it is opaque throughout; an image with transparent
    pixels is refused, since any background would be invented, unless ``background`` gives one. TIFF's own orientation
    tag is not applied either, nor that of HEIC.

    Args:
        path: The file.
        background: Grey level, 0 to 255, that shows through transparent pixels; None refuses them.

    Raises:
        ImageError: For a missing, unreadable, empty, truncated or damaged file, one that lacks a part of the picture,
            a folder, a camera's RAW file, no image at all, a format whose package is not installed, transparency,
            floating point or other samples beyond 16 bits, and more than 178 Mpixel.
        MemoryError: For a picture that does not fit into memory; the file may be whole.
    """
    path = Path(path)
    data = _read_bytes(path)
    if path.suffix.lower() in RAW_SUFFIXES and data.startswith(_TIFF_MAGIC):
        # Pillow would return the preview that cameras put first.
        raise ImageError(path, "is a camera's RAW file", "read_photograph develops it")
    extra = extra_format(data[:64])
    if extra is not None and not register(extra):
        raise ImageError(path, f"is a {extra.name} picture, which needs the missing package {extra.package}", INSTALL)
    with _quiet:
        try:
            with Image.open(io.BytesIO(data), formats=_formats(data)) as image:
                deep = _check_samples(path, image, data)
                # Pillow and OpenCV apply TIFF's orientation, 1 to 8; they leave that of other formats alone.
                orientation = image.tag_v2.get(ExifTags.Base.Orientation, 1) if isinstance(image, TiffImageFile) else 1
                if extra is not HEIC:
                    image.load()  # also of 16-bit files: OpenCV would pad a truncated one in silence
                if extra is HEIC:
                    pixels = _as_rgb(path, decode_heic(data), background)
                elif deep:
                    pixels = _deep_rgb(path, data, background)
                elif image.mode in ("I", "I;16"):  # PPM: Pillow has scaled it to 16 bits; JPEG XL
                    pixels = cv2.cvtColor(_to_8_bits(np.array(image).astype(np.uint16)), cv2.COLOR_GRAY2RGB)
                elif image.has_transparency_data:
                    pixels = _drop_alpha(path, np.array(image.convert("RGBA")), background)
                else:
                    pixels = np.array(image.convert("RGB"))
        except (ImageError, MemoryError):
            raise
        except Image.UnidentifiedImageError as error:
            if data.startswith(_TIFF_MAGIC):
                wrong, right = "is a TIFF of a kind not read here", "8 or 16 bits a sample, unsigned integers, are read"
            elif data.startswith(_PNG_MAGIC):
                wrong, right = "is a PNG with a damaged header", "a complete file is needed"
            elif data.startswith(_JPEG_MAGIC):
                # Pillow does not say which of the two it is.
                wrong = "is a JPEG with a damaged header, or of a kind not read here"
                right = "a complete file of 8 bits a sample, baseline or progressive, is needed"
            else:
                named = ", ".join((*FORMATS, *EXTRA_FORMATS))
                wrong, right = "is not an image of a kind read here", f"one of {named} is needed"
            raise ImageError(path, wrong, right, f"{len(data)} bytes") from error
        except Image.DecompressionBombError as error:
            raise ImageError(path, "declares far too many pixels", "up to 178 Mpixel are read", str(error)) from error
        except Exception as error:  # on damaged files decoders raise nearly everything, struct.error to IndexError
            wrong = f"is truncated or damaged ({error})"
            raise ImageError(path, wrong, "a complete file is needed", f"{len(data)} bytes") from error
    # Decoders fill in what is not there, and say nothing.
    if missing := check_file(data).missing:
        raise ImageError(path, f"lacks {missing}", "a complete file is needed", f"{len(data)} bytes")
    return np.ascontiguousarray(undo_orientation(pixels, orientation))


def check_picture(path: str | Path) -> FileCheck:
    """Say what is wrong with a file that ``read_photograph`` has read, and how many pictures it holds.

    RAW files are not checked: LibRaw refuses damaged ones.

    Raises:
        ImageError: For a file that cannot be read.
    """
    path = Path(path)
    if path.suffix.lower() in RAW_SUFFIXES:
        return FileCheck()
    data, frames = _read_bytes(path), 0
    with _quiet:
        try:
            with Image.open(io.BytesIO(data), formats=_formats(data)) as image:
                frames = getattr(image, "n_frames", 1)
        except MemoryError:
            raise
        except Exception:  # decoders raise nearly everything on damaged files
            frames = 0
    found = check_file(data, frames or 1)
    if not frames:
        found.damage.append("further frames cannot be read")
    return found


def read_photograph(
    path: str | Path, half_size: bool = False, background: int | None = None, sensor: bool = False
) -> np.ndarray:
    """Return a photograph as uint8 RGB (height, width, 3): RAW files developed, all others by ``read_image``.

    RAW is what the suffix says (``RAW_SUFFIXES``). LibRaw develops with the camera's white balance, without automatic
    brightening, to sRGB, not rotated. A linear DNG is not demosaiced again; one that is coded as JPEG XL needs the
    extra ``formats``.

    Args:
        path: The file.
        half_size: Make one pixel of each 2x2 sensor cell, without demosaicing, in a fraction of the time; it concerns
            files with a mosaic only.
        background: As of ``read_image``; RAW files have no transparency.
        sensor: Refuse RAW files whose pixels do not lie where the sensor's did, as PRNU needs it.

    Raises:
        ImageError: As ``read_image``, and for a RAW file that LibRaw refuses, or that holds neither a colour filter
            mosaic nor is a linear DNG.
    """
    path = Path(path)
    if path.suffix.lower() not in RAW_SUFFIXES:
        return read_image(path, background)
    import rawpy

    data = _read_bytes(path)
    found = dng.look(data) if data.startswith(_TIFF_MAGIC) else None
    if found is not None and sensor and found.computed:
        raise ImageError(path, found.computed, "pictures of the sensor's own pixels are needed")
    if found is not None and found.jpeg_xl:
        data = _without_jpeg_xl(path, data)
    try:
        with rawpy.imread(io.BytesIO(data)) as raw:
            if raw.raw_pattern is None and not (found and found.linear):
                raise ImageError(path, "holds no colour filter mosaic", "a RAW file straight from a camera is needed")
            # user_flip=0: as everywhere here, the pixels stay where the sensor had them.
            return raw.postprocess(
                use_camera_wb=True, no_auto_bright=True, output_bps=8, user_flip=0, half_size=half_size
            )
    except rawpy.LibRawError as error:
        wrong = f"cannot be developed by LibRaw ({libraw_message(error)})"
        raise ImageError(path, wrong, "a RAW file of a camera it knows is needed", f"{len(data)} bytes") from error


def _without_jpeg_xl(path: Path, data: bytes) -> bytes:
    try:
        return dng.without_jpeg_xl(data)
    except ImportError as error:
        wrong = "is a DNG coded as JPEG XL, which imagecodecs reads, and that is missing"
        raise ImageError(path, wrong, INSTALL) from error
    except MemoryError:
        raise
    except Exception as error:  # decoders raise nearly everything on damaged files
        wrong = f"is truncated or damaged ({error})"
        raise ImageError(path, wrong, "a complete file is needed", f"{len(data)} bytes") from error


@contextlib.contextmanager
def header(path: str | Path) -> Iterator[Image.Image]:
    """Open a file that ``read_image`` reads with Pillow, for its metadata; no pixels are decoded.

    Raises:
        ImageError: For a camera's RAW file, and one that Pillow cannot open.
    """
    path = Path(path)
    if path.suffix.lower() in RAW_SUFFIXES:
        raise ImageError(path, "is a camera's RAW file", "a picture file is needed")
    data = _read_bytes(path)
    with _quiet:
        try:
            image = Image.open(io.BytesIO(data), formats=_formats(data))
        except MemoryError:
            raise
        except Exception as error:
            raise ImageError(path, f"cannot be opened ({error})", "a complete file is needed") from error
        with image:
            yield image


def lossy_coding(path: str | Path) -> str | None:
    """Return the lossy coding of an image file ("JPEG", "WebP (lossy)", "TIFF with JPEG inside", "GIF"), else None.

    None does not prove that an image was never compressed: a PNG may be the copy of a JPEG. HEIC, AVIF and JPEG XL
    count as lossy: few files in these formats are not, and whether one is stands deep inside it.
    """
    if not os.path.isfile(path):  # reading a pipe or a device might never end
        return None
    try:
        with open(path, "rb") as file:
            head = file.read(4096)
            if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
                return "WebP (lossy)" if _is_lossy_webp(file) else None
    except OSError:
        return None
    if head.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if head.startswith(b"GIF8"):
        return "GIF"
    if (extra := extra_format(head)) is not None:
        return f"{extra.name} (taken for lossy)"
    if head.startswith(_TIFF_MAGIC) and Path(path).suffix.lower() not in RAW_SUFFIXES:
        with _quiet, contextlib.suppress(Exception), Image.open(path, formats=["TIFF"]) as image:
            if isinstance(image, TiffImageFile) and image.tag_v2.get(_COMPRESSION) in _JPEG_IN_TIFF:
                return "TIFF with JPEG inside"
    return None


def _is_lossy_webp(file: BinaryIO) -> bool:
    """Look for a chunk of lossy pixels; profiles of any length, and a mask, may stand before it."""
    file.seek(12)
    while len(start := file.read(8)) == 8:
        kind, size = start[:4], int.from_bytes(start[4:], "little")
        if kind == b"VP8 ":
            return True
        # A frame of an animation has 16 bytes of its own, and then chunks.
        file.seek(16 if kind == b"ANMF" else size + size % 2, io.SEEK_CUR)
    return False


def time_taken(path: str | Path) -> datetime | None:
    """Return when a photograph was taken, to the second, from its EXIF data (DateTimeOriginal); None where unknown."""
    if not os.path.isfile(path):
        return None
    if Path(path).suffix.lower() in RAW_SUFFIXES:
        import rawpy

        with contextlib.suppress(Exception), rawpy.RawPy() as raw:  # Pillow knows a part of them only
            raw.open_file(str(path))
            return raw.other.timestamp if raw.other.timestamp.year > 1970 else None
        return None
    with _quiet, contextlib.suppress(Exception), Image.open(path, formats=_formats(path)) as image:
        if image.format == "PNG" and "exif" not in image.info:
            return None  # or Pillow would decode all pixels to look behind them
        text = image.getexif().get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal]
        return datetime.strptime(text, "%Y:%m:%d %H:%M:%S")
    return None


def exif_orientation(path: str | Path) -> int:
    """Return how a picture file says that it is to be turned for display, 1 to 8 of EXIF; 1 where it does not say."""
    if Path(path).suffix.lower() in RAW_SUFFIXES or not os.path.isfile(path):
        return 1
    with _quiet, contextlib.suppress(Exception), Image.open(path, formats=_formats(path)) as image:
        if image.format == "PNG" and "exif" not in image.info:
            return 1  # or Pillow would decode all pixels to look behind them
        orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
        if image.format == HEIC.pillow:  # whose plugin turns the picture, and then says 1
            orientation = image.info.get("original_orientation") or 1
        return orientation if orientation in range(1, 9) else 1
    return 1


@contextlib.contextmanager
def atomic(path: str | Path) -> Iterator[Path]:
    """Yield a path to write to, in the same folder, that becomes ``path`` on success and is removed on failure.

    The temporary name is hidden and ends in the whole of the final one, for writers that look at the suffix. Whoever
    reads ``path`` sees the old file or the new one, never half of one.
    """
    path = Path(path)
    temporary = path.with_name(f".{secrets.token_hex(4)}.{path.name}")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def written(path: str | Path) -> Iterator[Path]:
    """Do what ``atomic`` does, and raise ``ImageError`` where the file cannot be written."""
    try:
        with atomic(path) as temporary:
            yield temporary
    except OSError as error:
        wrong = f"cannot be written ({error.strerror})"
        raise ImageError(path, wrong, "a path in an existing, writable folder is needed") from error


def write_png(path: str | Path, image: np.ndarray) -> None:
    """Write uint8 or uint16, (height, width) grey or (height, width, 3) RGB, as PNG; the file appears at once, whole.

    Raises:
        ValueError: For another dtype or shape.
        ImageError: Where the file cannot be written.
    """
    image = np.asarray(image)
    fits = image.ndim == 2 or (image.ndim == 3 and image.shape[2] == 3)
    if image.dtype not in (np.uint8, np.uint16) or not fits or 0 in image.shape:
        raise ValueError(
            "write_png takes uint8 or uint16 of shape (height, width) or (height, width, 3), no side of length 0. "
            f"Received: {image.dtype} {image.shape}"
        )
    # OpenCV, because Pillow has no 16-bit RGB.
    _, png = cv2.imencode(".png", image if image.ndim == 2 else image[..., ::-1])
    with written(path) as temporary:
        temporary.write_bytes(png.tobytes())


def check_regular_file(path: Path, right: str = "an image file is needed") -> None:
    """Raise ``ImageError``, which ends in ``right``, unless ``path`` is a regular file that is not empty."""
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError, ValueError):  # a null character in a name is a ValueError
        raise ImageError(path, "does not exist", right) from None
    except OSError as error:
        raise ImageError(path, f"cannot be read ({error.strerror})", right) from error
    if stat.S_ISDIR(found.st_mode):
        raise ImageError(path, "is a folder", right)
    if not stat.S_ISREG(found.st_mode):  # reading a pipe or a device might never end
        raise ImageError(path, "is not a regular file", right)
    if not found.st_size:
        raise ImageError(path, "is empty", right, "0 bytes")


def libraw_message(error: Exception) -> str:
    """Return LibRaw's message in a rawpy exception, as text."""
    message = error.args[0] if error.args else error
    return message.decode(errors="replace") if isinstance(message, bytes) else str(message)


def _read_bytes(path: Path) -> bytes:
    check_regular_file(path)
    try:
        return path.read_bytes()
    except OSError as error:
        raise ImageError(path, f"cannot be read ({error.strerror})", "a readable file is needed") from error


def _formats(file: Path | str | bytes) -> tuple[str, ...]:
    """Return the formats that Pillow may try for a file; plugins are loaded if available."""
    if not isinstance(file, bytes):
        with open(file, "rb") as opened:
            file = opened.read(64)
    extra = extra_format(file[:64])
    return (extra.pillow,) if extra is not None and register(extra) else FORMATS


class _Quiet:
    """Ignore Pillow's warnings while any thread is inside: what matters is raised.

    ``warnings.catch_warnings`` alone, left in another order than entered, would change the filters for good.
    """

    def __init__(self) -> None:
        self.lock, self.inside, self.filters = threading.Lock(), 0, warnings.catch_warnings()

    def __enter__(self) -> None:
        with self.lock:
            self.inside += 1
            if self.inside == 1:
                self.filters = warnings.catch_warnings()
                self.filters.__enter__()
                warnings.simplefilter("ignore")

    def __exit__(self, *_: object) -> None:
        with self.lock:
            self.inside -= 1
            if self.inside == 0:
                self.filters.__exit__(None, None, None)


_quiet = _Quiet()


def _check_samples(path: Path, image: Image.Image, data: bytes) -> bool:
    """Return whether it is a 16-bit PNG or TIFF; refuse formats that Pillow would convert wrongly to 8-bit RGB."""
    right = "unsigned integers of 8 or 16 bits a sample are read"
    if image.mode == "F":
        raise ImageError(path, "has floating-point samples", right, f"{image.format}, mode F")
    if image.mode == "I" and image.format not in ("PNG", "PPM"):  # those two are 16-bit files all the same
        raise ImageError(path, "has signed or 32-bit samples", right, f"{image.format}, mode I")
    if image.format == "PNG":
        return data[24] == 16  # IHDR comes first; Pillow's mode does not tell for colour
    if not isinstance(image, TiffImageFile):
        return False
    tags = image.tag_v2
    bits = tags.get(_BITS, (1,))
    if max(bits) <= 8:
        return False
    received = f"TIFF, bits {bits}, photometric {tags.get(_PHOTOMETRIC)}, planar configuration {tags.get(_PLANAR, 1)}"
    if set(bits) != {16} or set(tags.get(_SAMPLE_FORMAT, (1,))) != {1}:
        raise ImageError(path, "has samples of an unusual kind", right, received)
    if tags.get(_PHOTOMETRIC) not in (1, 2) or (len(bits) > 1 and tags.get(_PLANAR, 1) != 1):
        raise ImageError(path, "is an unusual 16-bit TIFF", "16 bits are read as grey or interleaved RGB", received)
    return True


def _deep_rgb(path: Path, data: bytes, background: int | None) -> np.ndarray:
    """Decode 16 bits with OpenCV (Pillow cuts colour to the upper 8), uint8 (h, w, 3)."""
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None or pixels.dtype != np.uint16:
        raise ValueError("no 16-bit pixels in it")
    pixels = _to_8_bits(pixels)
    return _as_rgb(path, pixels if pixels.ndim == 2 else pixels[..., [2, 1, 0, 3][: pixels.shape[2]]], background)


def _as_rgb(path: Path, pixels: np.ndarray, background: int | None) -> np.ndarray:
    """Grey (h, w), RGB or RGBA (h, w, 3 or 4), uint8, as RGB."""
    if pixels.ndim == 2:
        return cv2.cvtColor(pixels, cv2.COLOR_GRAY2RGB)
    return _drop_alpha(path, pixels, background) if pixels.shape[2] == 4 else pixels


def _to_8_bits(pixels: np.ndarray) -> np.ndarray:
    return cv2.convertScaleAbs(pixels, alpha=1 / 257)  # rounds; 257 is odd, so there are no ties


def _drop_alpha(path: Path, rgba: np.ndarray, background: int | None) -> np.ndarray:
    transparent = int((rgba[..., 3] < 255).sum())
    if not transparent:
        return rgba[..., :3]
    if background is None:
        received = f"{transparent} of {rgba[..., 3].size} pixels"
        raise ImageError(path, TRANSPARENT, "an opaque image is needed", received)
    values = rgba.astype(np.int32)
    colour, alpha = values[..., :3], values[..., 3:]
    return ((colour * alpha + background * (255 - alpha) + 127) // 255).astype(np.uint8)


def undo_orientation(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """Put the pixels (height, width, ...) of a picture shown in an EXIF orientation back to where they were."""
    if orientation in (5, 6, 7, 8):
        pixels = pixels.swapaxes(0, 1)
    flip_rows, flip_columns = orientation in (3, 4, 6, 7), orientation in (2, 3, 7, 8)
    return pixels[:: -1 if flip_rows else 1, :: -1 if flip_columns else 1]
