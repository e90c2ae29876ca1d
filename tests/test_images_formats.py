"""HEIC, AVIF, JPEG XL, linear DNG files and JPEG XL inside DNG; transparency that is flattened."""

import io
import sys

import numpy as np
import pytest
import tifffile
from image_files import assert_one_line, png, smooth_jpeg
from PIL import Image, features

from zoo import dng
from zoo.datasets import folder
from zoo.formats import AVIF, HEIC, JPEG_XL, extra_format
from zoo.images import (
    ImageError,
    check_picture,
    exif_orientation,
    lossy_coding,
    read_image,
    read_photograph,
    time_taken,
    write_png,
)
from zoo.imaging.prnu import write_fingerprint

IDENTITY = tuple(number for i in range(3) for j in range(3) for number in (int(i == j), 1))
HEADS = {
    "HEIC": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
    "AVIF": b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf",
    "JPEG XL": b"\0\0\0\x0cJXL \r\n\x87\n",
}
LOSSLESS_HEIC = {"quality": -1, "chroma": 444, "matrix_coefficients": 0}


@pytest.fixture
def heif():
    plugin = pytest.importorskip("pillow_heif", reason="needs the extra formats")
    plugin.register_heif_opener()
    return plugin


@pytest.fixture
def jxl():
    pytest.importorskip("pillow_jxl", reason="needs the extra formats")


@pytest.fixture
def jpeg_xl_codec():
    return pytest.importorskip("imagecodecs", reason="needs the extra formats")


avif = pytest.mark.skipif(not features.check("avif"), reason="this Pillow was built without AVIF")


def write_dng(path, pixels, compression=None):
    """A DNG without curves, white balance or colour correction: linear for uint16 (h, w, 3), RGGB for (h, w)."""
    filters = [(33421, "H", 2, (2, 2), True), (33422, "B", 4, bytes([0, 1, 1, 2]), True)]
    tifffile.imwrite(
        path,
        pixels,
        photometric=34892 if pixels.ndim == 3 else 32803,
        metadata=None,
        compression=compression,
        extratags=[
            (271, "s", 0, "Maker", True),
            (272, "s", 0, "Camera", True),
            (50706, "B", 4, bytes([1, 7, 0, 0]), True),
            (50708, "s", 0, "Maker Camera", True),
            (50714, "I", 1 if pixels.ndim == 2 else 3, 1000 if pixels.ndim == 2 else (1000, 1000, 1000), True),
            (50717, "I", 1 if pixels.ndim == 2 else 3, 60000 if pixels.ndim == 2 else (60000, 60000, 60000), True),
            (50721, "2i", 9, IDENTITY, True),
            (50728, "2I", 3, (1, 1) * 3, True),
            (50778, "H", 1, 21, True),
            *(filters if pixels.ndim == 2 else ()),
        ],
    )


def linear_pixels():
    y, x = np.mgrid[:64, :96]
    return np.stack([x * 300 + 3000, y * 500 + 3000, 40000 - x * 300], -1).astype(np.uint16)


def test_formats_are_told_by_their_first_bytes():
    assert [extra_format(head) for head in HEADS.values()] == [HEIC, AVIF, JPEG_XL]
    assert extra_format(b"\0\0\0\x18ftypmif1\0\0\0\0mif1avif") is AVIF
    assert extra_format(b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic") is HEIC
    assert extra_format(b"\xff\x0a\x41\x24") is JPEG_XL
    for other in (
        b"\0\0\0\x18ftypcrx \0\0\0\x01crx isom",
        b"\0\0\0\x18ftypmp42\0\0\0\0mp42heic",
        smooth_jpeg(),
        b"",
        b"II*\0",
    ):
        assert extra_format(other[:64]) is None


@pytest.mark.parametrize(("name", "module"), [("HEIC", "pillow_heif"), ("JPEG XL", "pillow_jxl")])
def test_a_missing_package_is_named_with_the_extra(tmp_path, monkeypatch, name, module):
    monkeypatch.setitem(sys.modules, module, None)
    path = tmp_path / "photo.jpg"
    path.write_bytes(HEADS[name])
    for read in (read_image, read_photograph):
        with pytest.raises(ImageError, match=f"is a {name} picture") as caught:
            read(path)
        assert_one_line(caught.value, path)
        assert "pip install 'forensics-zoo[formats]'" in str(caught.value)
    assert lossy_coding(path) == f"{name} (taken for lossy)"
    assert time_taken(path) is None and exif_orientation(path) == 1


@pytest.mark.parametrize("orientation", range(1, 9))
def test_heic_pixels_stay_where_they_are_stored(tmp_path, rgb, heif, orientation):
    even = rgb[:20, :34]
    image, exif = Image.fromarray(even), Image.Exif()
    exif[274] = orientation
    image.info["exif"] = exif.tobytes()
    path = tmp_path / "a.heic"
    image.save(path, "HEIF", **LOSSLESS_HEIC)
    # The plugin turns the picture, as the file says.
    assert np.asarray(heif.open_heif(path)).shape[:2] == ((20, 34) if orientation < 5 else (34, 20))
    np.testing.assert_array_equal(read_image(path), even)


def test_heic_of_10_bits_is_rounded(tmp_path, heif):
    y, x = np.mgrid[:32, :64]
    grey = ((x * 16 + y) << 6).astype(np.uint16)  # 10 bits in the upper ones of 16
    path = tmp_path / "a.heic"
    heif.encode("L;16", (64, 32), grey.tobytes(), path, quality=-1)
    np.testing.assert_array_equal(read_image(path)[..., 1], np.rint((grey >> 6) * (255 / 1023)))


@avif
def test_avif_and_jpeg_xl_give_the_pixels_that_are_stored(tmp_path, rgb):
    exif = Image.Exif()
    exif[274] = 6
    Image.fromarray(rgb).save(tmp_path / "a.avif", quality=100, subsampling="4:4:4", exif=exif)
    assert np.abs(read_image(tmp_path / "a.avif").astype(int) - rgb).max() <= 3
    assert exif_orientation(tmp_path / "a.avif") == 6


def test_jpeg_xl_is_read_and_a_jpeg_in_it_as_that_jpeg(tmp_path, rgb, jxl, jpeg_xl_codec):
    Image.fromarray(rgb).save(tmp_path / "a.jxl", lossless=True)
    np.testing.assert_array_equal(read_image(tmp_path / "a.jxl"), rgb)
    grey = np.arange(0, 65536, 64, dtype=np.uint16).reshape(16, 64)
    (tmp_path / "grey.jxl").write_bytes(jpeg_xl_codec.jpegxl_encode(grey, lossless=True))
    np.testing.assert_array_equal(read_image(tmp_path / "grey.jxl")[..., 0], np.rint(grey / 257))
    (tmp_path / "a.jpg").write_bytes(smooth_jpeg())
    (tmp_path / "b.jxl").write_bytes(jpeg_xl_codec.jpegxl_encode_jpeg(smooth_jpeg()))
    np.testing.assert_array_equal(read_image(tmp_path / "b.jxl"), read_image(tmp_path / "a.jpg"))


def _truncated(path, data):
    """How many of the files that are cut off anywhere are refused; the others must give the whole picture."""
    path.write_bytes(data)
    whole, refused = read_image(path), 0
    lengths = [*range(1, len(data), max(1, len(data) // 25)), len(data) - 1]
    for length in lengths:
        path.write_bytes(data[:length])
        try:
            np.testing.assert_array_equal(read_image(path), whole)
        except ImageError as error:
            assert_one_line(error, path)
            refused += 1
    return refused / len(lengths)


@avif
def test_truncated_avif_is_refused(tmp_path, rgb):
    buffer = io.BytesIO()
    Image.fromarray(rgb).save(buffer, "AVIF")
    assert _truncated(tmp_path / "a.avif", buffer.getvalue()) == 1


def test_truncated_heic_is_refused(tmp_path, rgb, heif):
    buffer = io.BytesIO()
    Image.fromarray(rgb[:20, :34]).save(buffer, "HEIF")
    assert _truncated(tmp_path / "a.heic", buffer.getvalue()) == 1


def test_truncated_jpeg_xl_is_refused(tmp_path, rgb, jxl):
    buffer = io.BytesIO()
    Image.fromarray(rgb).save(buffer, "JXL", lossless=True)
    assert _truncated(tmp_path / "a.jxl", buffer.getvalue()) == 1


@avif
def test_folders_leave_these_formats_out_as_lossy(tmp_path, rgb):
    write_png(tmp_path / "a.png", rgb.repeat(4, 0).repeat(4, 1))
    Image.fromarray(rgb).save(tmp_path / "named wrongly.png", "AVIF")
    (tmp_path / "b").write_bytes(HEADS["HEIC"])
    found = folder.scan(tmp_path)
    assert [photo.path.name for photo in found.photos] == ["a.png"]
    assert {one.path.name: one.reason.partition(":")[0] for one in found.left_out} == {
        "named wrongly.png": "AVIF (taken for lossy)",
        "b": "HEIC (taken for lossy)",
    }
    assert check_picture(tmp_path / "named wrongly.png").as_json() == {"damage": [], "frames": 1}


def _expected(linear):
    """What LibRaw makes of a value between black and white without a matrix: Rec. 709's curve, slope 4.5 at black."""
    share = ((linear.astype(float) - 1000) / 59000).clip(0, 1)
    return 255 * np.where(share < 0.018, 4.5 * share, 1.099 * share**0.45 - 0.099)


def test_a_linear_dng_is_developed(tmp_path):
    path, pixels = tmp_path / "a.dng", linear_pixels()
    write_dng(path, pixels)
    assert dng.look(path.read_bytes()) == dng.Dng(linear=True, jpeg_xl=False)
    image = read_photograph(path)
    assert image.shape == (64, 96, 3) and image.dtype == np.uint8
    grey = np.repeat(pixels[..., 1:2], 3, 2)  # of which LibRaw's primaries change nothing
    write_dng(path, grey)
    assert np.abs(read_photograph(path) - _expected(grey)).max() < 2
    assert read_photograph(path, half_size=True).shape == (64, 96, 3)


def test_dng_files_coded_as_jpeg_xl_are_developed_like_others(tmp_path, jpeg_xl_codec):
    linear = linear_pixels()
    for pixels in (linear, linear[..., 1]):
        write_dng(tmp_path / "plain.dng", pixels)
        write_dng(tmp_path / "jxl.dng", pixels, "jpegxl_dng")
        found = dng.look((tmp_path / "jxl.dng").read_bytes())
        assert found is not None and found.jpeg_xl and found.linear == (pixels.ndim == 3)
        np.testing.assert_array_equal(read_photograph(tmp_path / "jxl.dng"), read_photograph(tmp_path / "plain.dng"))
    data = (tmp_path / "jxl.dng").read_bytes()
    (tmp_path / "jxl.dng").write_bytes(data[: len(data) // 2])
    with pytest.raises(ImageError) as caught:
        read_photograph(tmp_path / "jxl.dng")
    assert_one_line(caught.value, tmp_path / "jxl.dng")


def test_jpeg_xl_in_a_dng_names_the_extra(tmp_path, monkeypatch):
    path = tmp_path / "a.dng"
    write_dng(path, linear_pixels())
    data = bytearray(path.read_bytes())
    with tifffile.TiffFile(path) as file:  # only the number of the coding is changed: the file is never decoded
        at = file.pages[0].tags[259].valueoffset
    data[at : at + 2] = (52546).to_bytes(2, "little")
    path.write_bytes(data)
    monkeypatch.setitem(sys.modules, "imagecodecs", None)
    with pytest.raises(ImageError, match=r"coded as JPEG XL, .*forensics-zoo\[formats\]") as caught:
        read_photograph(path)
    assert_one_line(caught.value, path)


def test_prnu_refuses_them_with_the_reason(tmp_path, rng, command, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_dng("a.dng", linear_pixels())
    write_fingerprint("camera.npz", rng.standard_normal((64, 96)).astype(np.float32))
    for arguments in (
        ("match", "camera.npz", "a.dng"),
        ("identify", "a.dng", "--cameras", "camera.npz"),
        ("fingerprint", "a.dng", "-o", "other.npz"),
    ):
        code, out, err = command("imaging", "prnu", *arguments)
        assert code and not out and "a.dng: is a linear DNG: its pixels were computed" in err, err
    assert command("score", "prnu", "a.dng", "--weights", "camera.npz", "-o", "scores.csv")[0] == 0
    assert "is a linear DNG: its pixels were computed" in (tmp_path / "scores.csv").read_text()
    mosaic = dng.Dng(linear=False, jpeg_xl=False)
    assert not mosaic.computed and "JPEG XL" in dng.Dng(linear=False, jpeg_xl=True).computed


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("background", [0, 255])
def test_transparency_is_flattened_onto_a_background(tmp_path, rng, depth, background):
    top = 2**depth - 1
    rgba = rng.integers(0, top, (9, 11, 4), endpoint=True).astype(np.uint16 if depth == 16 else np.uint8)
    rgba[0], rgba[1, :, 3], rgba[2, :, 3] = top, 0, top
    path = tmp_path / "a.png"
    path.write_bytes(png(depth, 6, rgba))
    with pytest.raises(ImageError, match="transparent"):
        read_image(path)
    found = read_image(path, background)
    alpha = rgba[..., 3:] / top
    expected = alpha * rgba[..., :3] / top * 255 + (1 - alpha) * background
    assert np.abs(found - expected).max() <= (0.5 if depth == 8 else 1.5)  # 16 bits are rounded to 8 before
    assert (found[1] == background).all()
    np.testing.assert_array_equal(read_photograph(path, background=background), found)


def test_flatten_on_the_command_line(tmp_path, rng, command, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rgba = rng.integers(0, 256, (70, 70, 4), np.uint8)
    (tmp_path / "a.png").write_bytes(png(8, 6, rgba))
    write_fingerprint(tmp_path / "camera.npz", rng.standard_normal((70, 70)).astype(np.float32))
    arguments = ("imaging", "prnu", "match", tmp_path / "camera.npz", tmp_path / "a.png", "--json")
    code, out, err = command(*arguments)
    assert code == 1 and "has transparent pixels" in err and "--flatten" in err and not out
    code, out, err = command(*arguments, "--flatten", "white")
    assert code == 0 and '"flatten": "white"' in out, err
    for without in (
        ("imaging", "prnu", "fingerprint", "a.png", "-o", "a.npz"),
        ("steganography", "hide", "a.png", "a.png", "-o", "hidden.png"),
    ):
        code, _, err = command(*without)
        assert code in (1, 2) and "has transparent pixels" in err and "--flatten" not in err, without
    code, _, err = command(*arguments, "--flatten", "pink")
    assert code == 2 and "invalid choice" in err
