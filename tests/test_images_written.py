"""What image files say of themselves, and writing them: whole or not at all."""

import itertools
import os
import warnings
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import numpy as np
import pytest
from image_files import by_257, smooth_jpeg
from PIL import Image

from zoo.images import ImageError, atomic, lossy_coding, read_image, time_taken, write_png, written


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
    for length, lossless, alpha, frames in itertools.product((0, 1, 5001), (False, True), (3, 4), (1, 2)):
        mask = np.arange(rgb[..., :1].size, dtype=np.uint8).reshape(*rgb.shape[:2], 1)
        first, second = (Image.fromarray(np.concatenate([one, mask], 2)[..., :alpha]) for one in (rgb, rgb[::-1]))
        options = {"icc_profile": bytes(length)} if length else {}
        options |= {"save_all": True, "append_images": [second]} if frames == 2 else {}
        first.save(tmp_path / "a.webp", lossless=lossless, **options)
        expected = None if lossless else "WebP (lossy)"
        assert lossy_coding(tmp_path / "a.webp") == expected, (length, lossless, alpha, frames)
    picture.save(tmp_path / "a.webp", lossless=True, icc_profile=b"VP8 ")  # a name in a profile is no picture
    assert lossy_coding(tmp_path / "a.webp") is None
    assert lossy_coding(tmp_path / "missing") is None
    assert lossy_coding(tmp_path) is None


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


def test_written_says_why_a_file_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("no folder")
    (tmp_path / "folder").mkdir()
    reasons = {"none/a": "No such file or directory", "file/a": "Not a directory", "folder": "Is a directory"}
    for name, reason in reasons.items():
        said = rf"{name}: cannot be written \({reason}\); .* Received: "
        with pytest.raises(ImageError, match=said), written(tmp_path / name) as temporary:
            temporary.write_text("new")
    with written(tmp_path / "file") as temporary:
        temporary.write_text("new")
    assert (tmp_path / "file").read_text() == "new"
    assert sorted(os.listdir(tmp_path)) == ["file", "folder"]
