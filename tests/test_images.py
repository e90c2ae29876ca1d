"""Reading and writing image files: right pixels, or one clear line."""

import io
import os
import struct
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image

from zoo import images
from zoo.images import ImageError, atomic, is_jpeg, lossy_coding, read_image, read_photograph, time_taken, write_png


@pytest.fixture
def rgb():
    return np.random.default_rng(0).integers(0, 256, (21, 34, 3), dtype=np.uint8)


@pytest.fixture
def rgb16():
    return np.random.default_rng(1).integers(0, 65536, (21, 34, 3), dtype=np.uint16)


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


def by_257(values: np.ndarray) -> np.ndarray:
    return np.round(values / 257).astype(np.uint8)


def assert_one_line(error: ImageError, path: Path) -> None:
    message = str(error)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    assert "Received: " in message


@pytest.mark.parametrize("suffix", ["png", "tif", "bmp", "ppm"])
def test_lossless_formats_give_back_every_pixel(tmp_path, rgb, suffix):
    path = tmp_path / f"a.{suffix}"
    Image.fromarray(rgb).save(path)
    read = read_image(path)
    np.testing.assert_array_equal(read, rgb)
    assert read.dtype == np.uint8
    assert read.flags.c_contiguous
    assert read.flags.writeable
    np.testing.assert_array_equal(read_photograph(str(path)), rgb)


def test_lossless_webp(tmp_path, rgb):
    Image.fromarray(rgb).save(tmp_path / "a.webp", lossless=True)
    np.testing.assert_array_equal(read_image(tmp_path / "a.webp"), rgb)


@pytest.mark.parametrize("quality", [35, 75, 95])
@pytest.mark.parametrize("options", [{}, {"subsampling": "4:4:4"}, {"progressive": True}])
def test_jpeg_equals_the_accurate_decoder(tmp_path, rgb, quality, options):
    path = tmp_path / "a.jpg"
    Image.fromarray(rgb).save(path, quality=quality, **options)
    # OpenCV bundles its own libjpeg-turbo and decodes accurately by default.
    np.testing.assert_array_equal(read_image(path), cv2.imread(str(path))[..., ::-1])


def test_content_decides_not_the_suffix(tmp_path, rgb):
    path = tmp_path / "a.jpg"
    path.write_bytes(png(8, 2, rgb.reshape(21, -1)[:, : 34 * 3].reshape(21, 34, 3)))
    np.testing.assert_array_equal(read_image(path), rgb)
    assert not is_jpeg(path)
    path = tmp_path / "b.png"
    path.write_bytes(smooth_jpeg())
    assert read_image(path).shape == (96, 128, 3)
    assert is_jpeg(path)


def test_png_of_16_bits_is_rounded_not_cut(tmp_path, rgb16):
    path = tmp_path / "a.png"
    path.write_bytes(png(16, 2, rgb16))
    np.testing.assert_array_equal(read_image(path), by_257(rgb16))
    assert (by_257(rgb16) != rgb16 >> 8).mean() > 0.2  # a decoder that cuts would be seen
    path.write_bytes(png(16, 0, rgb16[..., 0]))
    np.testing.assert_array_equal(read_image(path), by_257(rgb16[..., :1]).repeat(3, 2))


def test_every_16_bit_value(tmp_path):
    values = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    (tmp_path / "a.png").write_bytes(png(16, 0, values))
    np.testing.assert_array_equal(read_image(tmp_path / "a.png")[..., 1], by_257(values))


@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("byteorder", ["<", ">"])
def test_tiff_of_16_bits(tmp_path, rgb16, compression, byteorder):
    path = tmp_path / "a.tif"
    for samples, photometric in ((rgb16, "rgb"), (rgb16[..., 0], "minisblack")):
        tifffile.imwrite(path, samples, photometric=photometric, compression=compression, byteorder=byteorder)
        expected = by_257(samples if samples.ndim == 3 else samples[..., None].repeat(3, 2))
        np.testing.assert_array_equal(read_image(path), expected)


def test_pgm_of_16_bits(tmp_path, rgb16):
    grey = rgb16[..., 0]
    (tmp_path / "a.pgm").write_bytes(b"P5 34 21 65535\n" + grey.astype(">u2").tobytes())
    np.testing.assert_array_equal(read_image(tmp_path / "a.pgm")[..., 2], by_257(grey))


def test_grey_palette_and_one_bit(tmp_path, rgb):
    Image.fromarray(rgb[..., 0]).save(tmp_path / "grey.png")
    np.testing.assert_array_equal(read_image(tmp_path / "grey.png"), rgb[..., :1].repeat(3, 2))
    few = rgb // 128 * 255
    Image.fromarray(few).quantize(8).save(tmp_path / "palette.png")
    with Image.open(tmp_path / "palette.png") as image:
        assert image.mode == "P"
    np.testing.assert_array_equal(read_image(tmp_path / "palette.png"), few)
    Image.fromarray(few[..., 0]).convert("1").save(tmp_path / "one.tif")
    np.testing.assert_array_equal(read_image(tmp_path / "one.tif"), few[..., :1].repeat(3, 2))


def test_cmyk(tmp_path, rgb):
    cmyk = Image.fromarray(rgb).convert("CMYK")
    for suffix in ("tif", "jpg"):
        path = tmp_path / f"a.{suffix}"
        cmyk.save(path, **({"quality": 100} if suffix == "jpg" else {}))
        difference = np.abs(read_image(path).astype(int) - rgb)
        assert difference.max() <= (0 if suffix == "tif" else 8)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_tiff_orientation_is_not_applied(tmp_path, dtype, orientation):
    samples = np.random.default_rng(2).integers(0, np.iinfo(dtype).max, (6, 10, 3)).astype(dtype)
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, samples, photometric="rgb", extratags=[(274, "H", 1, orientation, True)])
    np.testing.assert_array_equal(read_image(path), samples if dtype == np.uint8 else by_257(samples))


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp"])
def test_exif_orientation_is_not_applied(tmp_path, rgb, suffix):
    exif = Image.Exif()
    exif[274] = 6
    Image.fromarray(rgb).save(tmp_path / f"a.{suffix}", exif=exif)
    assert read_image(tmp_path / f"a.{suffix}").shape == rgb.shape


@pytest.mark.parametrize("depth", [8, 16])
def test_alpha_is_dropped_where_opaque_and_refused_elsewhere(tmp_path, rgb, rgb16, depth):
    colour = rgb if depth == 8 else rgb16
    expected = rgb if depth == 8 else by_257(rgb16)
    opaque = np.full((*colour.shape[:2], 1), 2**depth - 1, colour.dtype)
    path = tmp_path / "a.png"
    path.write_bytes(png(depth, 6, np.concatenate([colour, opaque], 2)))
    np.testing.assert_array_equal(read_image(path), expected)
    path.write_bytes(png(depth, 4, np.concatenate([colour[..., :1], opaque], 2)))
    np.testing.assert_array_equal(read_image(path), expected[..., :1].repeat(3, 2))
    opaque[3, 4] = 0
    path.write_bytes(png(depth, 6, np.concatenate([colour, opaque], 2)))
    with pytest.raises(ImageError, match="1 of 714 pixels") as caught:
        read_image(path)
    assert_one_line(caught.value, path)


def test_transparent_palette_is_refused(tmp_path):
    image = Image.fromarray(np.arange(64, dtype=np.uint8).reshape(8, 8), "L").convert("P")
    image.save(tmp_path / "a.png", transparency=3)
    with pytest.raises(ImageError, match="transparent"):
        read_image(tmp_path / "a.png")


def test_one_pixel(tmp_path):
    Image.new("RGB", (1, 1), (9, 8, 7)).save(tmp_path / "a.png")
    np.testing.assert_array_equal(read_image(tmp_path / "a.png"), [[[9, 8, 7]]])


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


def write_dng(path: Path, mosaic: np.ndarray) -> None:
    """A minimal Bayer DNG, RGGB, black 0, white 65535, neutral white balance; mosaic uint16 (height, width)."""
    one = [(1, 1)] * 3
    identity = [(int(i == j), 1) for i in range(3) for j in range(3)]

    def rationals(pairs: list[tuple[int, int]]) -> tuple[int, ...]:
        return tuple(n for pair in pairs for n in pair)

    tifffile.imwrite(
        path,
        mosaic,
        photometric=32803,
        metadata=None,
        extratags=[
            (271, "s", 0, "Maker", True),
            (272, "s", 0, "Camera", True),
            (33421, "H", 2, (2, 2), True),
            (33422, "B", 4, bytes([0, 1, 1, 2]), True),
            (50706, "B", 4, bytes([1, 4, 0, 0]), True),
            (50708, "s", 0, "Maker Camera", True),
            (50717, "I", 1, 65535, True),
            (50721, "2i", 9, rationals(identity), True),
            (50728, "2I", 3, rationals(one), True),
            (50778, "H", 1, 21, True),
        ],
    )


def test_raw_file_is_developed(tmp_path):
    mosaic = np.full((64, 96), 12000, np.uint16)
    mosaic[:, 48:] = 40000
    path = tmp_path / "a.dng"
    write_dng(path, mosaic)
    image = read_photograph(path)
    assert image.shape == (64, 96, 3)
    assert image.dtype == np.uint8
    # Rec. 709 gamma of LibRaw on the green channel, which identity matrices leave alone but for the primaries.
    left, right = image[8:-8, 8:40].mean(), image[8:-8, 56:-8].mean()
    assert 80 < left < right < 256
    assert read_photograph(path, half_size=True).shape == (32, 48, 3)
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(ImageError, match="LibRaw") as caught:
        read_photograph(path)
    assert_one_line(caught.value, path)


@pytest.mark.parametrize("suffix", ["png", "tif", "jpg", "webp"])
def test_time_taken(tmp_path, rgb, suffix):
    path = tmp_path / f"a.{suffix}"
    exif = Image.Exif()
    exif[0x8769] = {0x9003: "2024:02:29 23:59:58"}  # DateTimeOriginal in the EXIF folder
    exif[0x0132] = "2025:01:01 00:00:00"  # when the file was changed
    Image.fromarray(rgb).save(path, exif=exif.tobytes())
    assert time_taken(path) == datetime(2024, 2, 29, 23, 59, 58)
    exif[0x8769] = {0x9003: "not a date"}
    Image.fromarray(rgb).save(path, exif=exif.tobytes())
    assert time_taken(path) is None
    Image.fromarray(rgb).save(path)
    assert time_taken(path) is None
    assert time_taken(tmp_path) is None


def test_warnings_are_quiet_in_many_threads_and_back_afterwards(tmp_path):
    (tmp_path / "a.jpg").write_bytes(smooth_jpeg(exif=b"Exif\0\0II*\0\x08\0\0\0\x7f\x7f"))
    before = list(warnings.filters)
    with ThreadPoolExecutor(4) as pool:
        assert len(list(pool.map(read_image, [tmp_path / "a.jpg"] * 200))) == 200
    assert warnings.filters == before


def test_lossy_codings(tmp_path, rgb):
    picture = Image.fromarray(rgb)
    for name, options, expected in [
        ("a.jpg", {}, "JPEG"),
        ("a.png", {}, None),
        ("a.gif", {}, "GIF"),
        ("lossy.webp", {}, "WebP (lossy)"),
        ("lossless.webp", {"lossless": True}, None),
        ("plain.tif", {}, None),
        ("jpeg.tif", {"compression": "jpeg"}, "TIFF with JPEG inside"),
    ]:
        picture.save(tmp_path / name, **options)
        assert lossy_coding(tmp_path / name) == expected, name
    assert lossy_coding(tmp_path / "missing") is None
    assert not is_jpeg(tmp_path)


@pytest.mark.parametrize("shape", [(7, 5), (7, 5, 3)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_write_png(tmp_path, shape, dtype):
    image = np.random.default_rng(3).integers(0, np.iinfo(dtype).max + 1, shape).astype(dtype)
    path = tmp_path / "a.png"
    write_png(path, image)
    expected = image if dtype == np.uint8 else by_257(image)
    np.testing.assert_array_equal(read_image(path), expected if image.ndim == 3 else expected[..., None].repeat(3, 2))
    assert path.read_bytes()[24] == 8 * image.itemsize
    assert os.listdir(tmp_path) == ["a.png"]


@pytest.mark.parametrize(
    "image", [np.zeros((2, 2, 4), np.uint8), np.zeros((2, 2)), np.zeros(3, np.uint8), np.zeros((0, 2), np.uint8)]
)
def test_write_png_refuses(tmp_path, image):
    with pytest.raises(ValueError, match="Received"):
        write_png(tmp_path / "a.png", image)
    assert not os.listdir(tmp_path)


def test_write_png_into_a_missing_folder(tmp_path):
    with pytest.raises(ImageError, match="cannot be written"):
        write_png(tmp_path / "none" / "a.png", np.zeros((2, 2), np.uint8))


def test_atomic_keeps_the_old_file_on_failure(tmp_path):
    path = tmp_path / "model.weights.h5"
    path.write_text("old")

    def fail():
        with atomic(path) as temporary:
            assert temporary.parent == tmp_path
            assert temporary.name.endswith("model.weights.h5")
            temporary.write_text("half")
            raise RuntimeError("killed")

    with pytest.raises(RuntimeError, match="killed"):
        fail()
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == [path.name]
    with atomic(path) as temporary:
        temporary.write_text("new")
    assert path.read_text() == "new"
    assert os.listdir(tmp_path) == [path.name]


def test_every_format_named_is_known_to_pillow():
    Image.init()
    assert set(images.FORMATS) <= set(Image.OPEN)
