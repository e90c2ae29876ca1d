"""What files say of themselves: known tables and qualities, EXIF, thumbnails, hashes."""

import hashlib
import io

import cv2
import numpy as np
import pytest
from PIL import Image

from zoo import file_facts as module
from zoo.file_facts import file_facts, jpeg_quality, thumbnail
from zoo.images import read_image, write_png


def _facts(path):
    return file_facts(path, read_image(path))


@pytest.mark.parametrize(
    ("quality", "subsampling"), [(1, "4:2:0"), (37, "4:4:4"), (75, "4:2:2"), (95, "4:2:0"), (100, "4:4:4")]
)
def test_quality_and_subsampling_are_those_that_it_was_saved_with(tmp_path, rgb, quality, subsampling):
    path = tmp_path / "a.jpg"
    Image.fromarray(rgb).save(path, quality=quality, subsampling=subsampling, progressive=quality == 37)
    found = _facts(path)["jpeg"]
    assert (found["quality"], found["exact"], found["subsampling"]) == (quality, True, subsampling)
    assert found["progressive"] == (quality == 37)


def test_tables_of_opencv_and_of_ones_own(tmp_path, rgb):
    path = tmp_path / "a.jpg"
    cv2.imwrite(str(path), rgb, [cv2.IMWRITE_JPEG_QUALITY, 88])
    assert (_facts(path)["jpeg"]["quality"], _facts(path)["jpeg"]["exact"]) == (88, True)
    tables = [[17] + [16] * 63, [20] * 64]
    Image.fromarray(rgb).save(path, qtables=tables)
    found = _facts(path)["jpeg"]
    assert not found["exact"] and found["difference"] > 0
    assert found["tables"]["0"][0][:2] == [17, 16] and found["tables"]["1"] == [[20] * 8] * 8
    Image.fromarray(rgb[..., 0]).save(path, quality=60)
    assert (_facts(path)["jpeg"]["quality"], _facts(path)["jpeg"]["subsampling"]) == (60, "one channel")


@pytest.mark.parametrize(("name", "quality"), [("a.jpg", 61), ("a.png", None), ("a.webp", None)])
def test_the_quality_is_known_of_jpeg_files_alone(tmp_path, rgb, name, quality):
    Image.fromarray(rgb).save(tmp_path / name, quality=61)
    assert jpeg_quality(tmp_path / name) == quality


@pytest.mark.parametrize(("coding", "quality"), [(None, 0), ("lossy JPEG", None)])
def test_a_raw_file_never_was_jpeg_unless_it_is_coded_as_one(tmp_path, monkeypatch, coding, quality):
    monkeypatch.setattr(module, "lossy_coding", lambda path: coding)
    assert jpeg_quality(tmp_path / "a.nef") == quality


def test_hashes_tell_the_file_from_the_pixels(tmp_path, rgb):
    write_png(tmp_path / "a.png", rgb)
    Image.fromarray(rgb).save(tmp_path / "b.bmp")
    one, other = _facts(tmp_path / "a.png"), _facts(tmp_path / "b.bmp")
    assert one["pixels_sha256"] == other["pixels_sha256"] == hashlib.sha256(rgb.tobytes()).hexdigest()
    assert one["sha256"] == hashlib.sha256((tmp_path / "a.png").read_bytes()).hexdigest() != other["sha256"]
    assert (one["format"], one["width"], one["height"], one["jpeg"]) == ("PNG", rgb.shape[1], rgb.shape[0], None)


def test_exif_is_text_on_one_line_and_says_only_that_there_is_a_place(tmp_path, rgb):
    exif = Image.Exif()
    exif[271], exif[305] = "Maker\nof \x1b[31mcameras", "x" * 999
    exif.get_ifd(0x8769)[36867] = "2024:01:02 03:04:05"
    exif.get_ifd(0x8769)[37500] = b"maker's own"
    exif.get_ifd(0x8825)[1] = "N"
    Image.fromarray(rgb).save(tmp_path / "a.jpg", exif=exif)
    found = _facts(tmp_path / "a.jpg")
    assert found["position"] and "GPSInfo" not in found["exif"] and "MakerNote" not in found["exif"]
    assert found["exif"]["DateTimeOriginal"] == "2024:01:02 03:04:05"
    assert found["exif"]["Make"] == "Maker of \\x1b[31mcameras" and len(found["exif"]["Software"]) == 203
    write_png(tmp_path / "b.png", rgb)
    assert _facts(tmp_path / "b.png")["exif"] == {} and not _facts(tmp_path / "b.png")["position"]


def _with_thumbnail(path, picture, small):
    """A JPEG with a thumbnail in EXIF's second directory, by hand."""
    buffer = io.BytesIO()
    Image.fromarray(small).save(buffer, "JPEG", quality=90)
    data = buffer.getvalue()

    def entries(*rows):
        numbers = ((tag.to_bytes(2, "little"), value.to_bytes(4, "little")) for tag, value in rows)
        long = (4).to_bytes(2, "little") + (1).to_bytes(4, "little")
        return len(rows).to_bytes(2, "little") + b"".join(tag + long + value for tag, value in numbers)

    first = entries((256, picture.shape[1]))
    second_at = 8 + len(first) + 4
    second = entries((513, second_at + 2 + 24 + 4), (514, len(data)))
    block = b"II*\0" + (8).to_bytes(4, "little") + first + second_at.to_bytes(4, "little") + second + b"\0\0\0\0" + data
    Image.fromarray(picture).save(path, quality=95, exif=b"Exif\0\0" + block)


def test_a_thumbnail_of_another_picture_differs(tmp_path, photo):
    picture = photo[:384]  # 4:3
    small = cv2.resize(picture, (160, 120), interpolation=cv2.INTER_AREA)
    _with_thumbnail(tmp_path / "own.jpg", picture, small)
    _with_thumbnail(tmp_path / "other.jpg", picture, small[::-1].copy())
    bars = np.zeros((120, 160, 3), np.uint8)
    bars[20:100] = cv2.resize(photo[:256], (160, 80), interpolation=cv2.INTER_AREA)
    _with_thumbnail(tmp_path / "bars.jpg", photo[:256], bars)
    own, other, with_bars = (
        thumbnail(tmp_path / f"{name}.jpg", read_image(tmp_path / f"{name}.jpg")) for name in ("own", "other", "bars")
    )
    assert own.pixels.shape == (120, 160, 3) and own.correlation > 0.99 and own.difference < 3
    assert other.correlation < 0.7 and not other.shape_differs
    assert with_bars.correlation > 0.99 and with_bars.shape_differs
    write_png(tmp_path / "a.png", photo)
    assert thumbnail(tmp_path / "a.png", photo) is None


def test_a_thumbnail_that_is_flat_or_damaged(tmp_path, photo):
    flat = np.full((60, 80, 3), 9, np.uint8)
    _with_thumbnail(tmp_path / "a.jpg", photo[:384], flat)
    assert thumbnail(tmp_path / "a.jpg", photo[:384]).correlation is None
    data = (tmp_path / "a.jpg").read_bytes()
    begin = data.index(b"\xff\xd8", 4)  # of the thumbnail
    (tmp_path / "a.jpg").write_bytes(data[:begin] + b"\0\0" + data[begin + 2 :])
    assert thumbnail(tmp_path / "a.jpg", photo[:384]) is None
