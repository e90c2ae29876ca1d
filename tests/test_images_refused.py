"""Files that are damaged, or no pictures: one clear line, or the whole picture."""

import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import tifffile
from image_files import assert_one_line, png, smooth_jpeg
from PIL import Image

from zoo.images import ImageError, check_picture, header, read_image, read_photograph, write_png


@pytest.mark.parametrize("kind", ["jpeg", "progressive", "png", "png16", "tiff", "tiff16", "bmp", "webp"])
def test_truncated_at_any_byte_is_refused_or_whole(tmp_path, rgb, rgb16, kind):
    path = tmp_path / "a"
    if kind.endswith("16"):
        path.write_bytes(png(16, 2, rgb16))
        if kind == "tiff16":
            tifffile.imwrite(path, rgb16, photometric="rgb", compression="zlib")
    elif kind in ("jpeg", "progressive"):
        path.write_bytes(smooth_jpeg(progressive=kind == "progressive"))
    else:
        options = {"compression": "tiff_deflate"} if kind == "tiff" else {"lossless": True} if kind == "webp" else {}
        Image.fromarray(rgb).save(path, kind, **options)
    data, whole = path.read_bytes(), read_image(path)
    refused = 0
    for length in [*range(1, 40), *range(40, len(data), max(1, len(data) // 40)), *range(len(data) - 20, len(data))]:
        path.write_bytes(data[:length])
        try:
            np.testing.assert_array_equal(read_image(path), whole)  # only a trailer was missing
        except ImageError as error:
            assert_one_line(error, path)
            refused += 1
    assert refused > 75


@pytest.mark.parametrize("dtype", ["float32", "float16", "int16", "uint32"])
@pytest.mark.parametrize("shape", [(5, 6), (5, 6, 3)])
def test_samples_beyond_16_bits_are_refused(tmp_path, dtype, shape):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.ones(shape, dtype), photometric="rgb" if len(shape) == 3 else "minisblack")
    with pytest.raises(ImageError, match="8 or 16 bits") as caught:
        read_image(path)
    assert_one_line(caught.value, path)


def test_16_bit_layouts_that_decoders_get_wrong_are_refused(tmp_path, rgb16):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, rgb16.transpose(2, 0, 1).copy(), photometric="rgb", planarconfig="separate")
    with pytest.raises(ImageError, match="interleaved"):
        read_image(path)
    tifffile.imwrite(path, rgb16[..., 0], photometric="miniswhite")
    with pytest.raises(ImageError, match="photometric 0"):
        read_image(path)


@pytest.mark.parametrize("read", [read_image, read_photograph])
@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"hello, world\n" * 9, "is not an image"),
        (b"\xff\xd8\xff", "Received"),
        (b"II*\0", "Received"),
        (b"\x89PNG\r\n\x1a\n", "Received"),
    ],
)
def test_files_that_are_no_image(tmp_path, read, content, says):
    path = tmp_path / "a.png"
    path.write_bytes(content)
    with pytest.raises(ImageError, match=says) as caught:
        read(path)
    assert_one_line(caught.value, path)


def test_missing_folder_pipe_and_unreadable(tmp_path, monkeypatch):
    with pytest.raises(ImageError, match="does not exist"):
        read_image(tmp_path / "none.png")
    with pytest.raises(ImageError, match="is a folder"):
        read_image(tmp_path)
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(ImageError, match="not a regular file"):
        read_image(tmp_path / "pipe.png")
    write_png(tmp_path / "a.png", np.zeros((2, 2), np.uint8))

    def refuse(self):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)  # file modes do not stop root
    with pytest.raises(ImageError, match="Permission denied") as caught:
        read_image(tmp_path / "a.png")
    assert_one_line(caught.value, tmp_path / "a.png")


def test_decompression_bomb(tmp_path):
    header = struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0)
    bomb = (
        b"\x89PNG\r\n\x1a\n"
        + struct.pack(">I", 13)
        + b"IHDR"
        + header
        + struct.pack(">I", zlib.crc32(b"IHDR" + header))
    )
    (tmp_path / "a.png").write_bytes(bomb + b"\0\0\0\1IDAT\0")
    with pytest.raises(ImageError, match="too many pixels"):
        read_image(tmp_path / "a.png")


def test_a_picture_too_large_for_memory_is_not_said_to_be_damaged(tmp_path, rgb, monkeypatch):
    write_png(tmp_path / "a.png", rgb)

    def full(*arguments, **options):
        raise MemoryError

    monkeypatch.setattr(Image, "open", full)
    for read in (read_image, read_photograph, check_picture, lambda path: header(path).__enter__()):
        with pytest.raises(MemoryError):
            read(tmp_path / "a.png")


def test_damaged_exif_leaks_no_warning(tmp_path):
    data = smooth_jpeg(exif=b"Exif\0\0II*\0\x08\0\0\0\x7f\x7f")
    (tmp_path / "a.jpg").write_bytes(data)
    assert read_image(tmp_path / "a.jpg").shape == (96, 128, 3)  # warnings are errors here


def test_opencv_prints_nothing(tmp_path, rgb16, capfd):
    path = tmp_path / "a.tif"
    cmyk = np.concatenate([rgb16, rgb16[..., :1]], 2)
    tifffile.imwrite(path, cmyk, photometric="separated")
    with pytest.raises(ImageError):
        read_image(path)
    data = png(16, 2, rgb16)
    path.write_bytes(data[:-60] + bytes(60))
    with pytest.raises(ImageError):
        read_image(path)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("suffix", [".nef", ".DNG", ".cr2"])
def test_raw_files_are_not_read_as_their_preview(tmp_path, rgb, suffix):
    path = tmp_path / f"a{suffix}"
    tifffile.imwrite(path, rgb, photometric="rgb")
    with pytest.raises(ImageError, match="read_photograph"):
        read_image(path)
    with pytest.raises(ImageError, match=r"LibRaw|mosaic") as caught:
        read_photograph(path)
    assert_one_line(caught.value, path)


def test_a_png_with_a_damaged_header_is_said_to_be_one(tmp_path, rgb):
    path = tmp_path / "a.png"
    write_png(path, rgb)
    data = bytearray(path.read_bytes())
    data[29] ^= 1  # the checksum of IHDR
    path.write_bytes(data)
    with pytest.raises(ImageError, match="is a PNG with a damaged header; a complete file is needed") as caught:
        read_image(path)
    assert_one_line(caught.value, path)


def test_a_jpeg_of_12_bits_is_said_to_be_one(tmp_path):
    data = bytearray(smooth_jpeg())
    frame = data.index(b"\xff\xc0")
    assert data[frame + 4] == 8
    data[frame + 4] = 12
    path = tmp_path / "a.jpg"
    path.write_bytes(data)
    with pytest.raises(
        ImageError, match=r"is a JPEG .*of a kind not read here; a complete file of 8 bits a sample"
    ) as caught:
        read_image(path)
    assert_one_line(caught.value, path)
