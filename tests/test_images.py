"""Reading image files: the right pixels."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from image_files import assert_one_line, by_257, png, smooth_jpeg
from PIL import Image

from zoo import images
from zoo.images import ImageError, lossy_coding, read_image, read_photograph


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
    assert lossy_coding(path) is None
    path = tmp_path / "b.png"
    path.write_bytes(smooth_jpeg())
    assert read_image(path).shape == (96, 128, 3)
    assert lossy_coding(path) == "JPEG"


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


def test_every_format_named_is_known_to_pillow():
    Image.init()
    assert set(images.FORMATS) <= set(Image.OPEN)
