"""What is no Bayer RAW file is refused in one line; damage raises nothing else."""

import warnings

import numpy as np
import pytest
import tifffile
from handmade_dng import write
from PIL import Image

from zoo.imaging.developing.raw import ImageError, read


@pytest.fixture
def mosaic(rng):
    return rng.integers(50, 4001, (64, 96)).astype(np.uint16)


def xtrans(tmp_path, mosaic):
    pattern = (
        1,
        1,
        0,
        1,
        1,
        2,
        1,
        1,
        2,
        1,
        1,
        0,
        2,
        0,
        1,
        0,
        2,
        1,
        1,
        1,
        2,
        1,
        1,
        0,
        1,
        1,
        0,
        1,
        1,
        2,
        0,
        2,
        1,
        2,
        0,
        1,
    )
    return write(tmp_path / "x.dng", mosaic, pattern)


def four_colours(tmp_path, mosaic):
    return write(tmp_path / "x.dng", mosaic, (3, 4, 1, 5), planes=(50710, "B", (3, 4, 1, 5)))


def linear(tmp_path, mosaic):
    path = tmp_path / "x.dng"
    tags = [(50706, "B", 4, (1, 4, 0, 0), True), (271, "s", 0, "maker", True), (50708, "s", 0, "maker model", True)]
    tifffile.imwrite(path, np.stack([mosaic] * 3, -1), photometric=34892, metadata=None, extratags=tags)
    return path


def no_range(tmp_path, mosaic):
    return write(tmp_path / "x.dng", mosaic, black=(50714, "H", (4000,)))


def grey_tiff(tmp_path, mosaic):
    tifffile.imwrite(tmp_path / "x.tif", mosaic)
    return tmp_path / "x.tif"


def png(tmp_path, mosaic):
    Image.fromarray(mosaic).save(tmp_path / "x.png")
    return tmp_path / "x.png"


def jpeg_by_another_name(tmp_path, mosaic):
    Image.fromarray((mosaic // 16).astype(np.uint8)).save(tmp_path / "x.nef", "JPEG")
    return tmp_path / "x.nef"


def dump(tmp_path, mosaic):
    # LibRaw would take this size for a camera of 1024x768 pixels.
    np.full((512, 768), 700, "<u2").tofile(tmp_path / "x.raw")
    return tmp_path / "x.raw"


def gopro(tmp_path, mosaic):
    path = write(tmp_path / "x.gpr", mosaic)
    data = path.read_bytes()
    # The entry of Compression (259, SHORT, one value): from 1, none, to 9, VC-5.
    plain, vc5 = (bytes([3, 1, 3, 0, 1, 0, 0, 0, value, 0]) for value in (1, 9))
    assert data.count(plain) == 1
    path.write_bytes(data.replace(plain, vc5))
    return path


def gigantic(tmp_path, mosaic):
    path = write(tmp_path / "x.dng", mosaic)
    data = path.read_bytes()
    for tag, value in ((0, mosaic.shape[1]), (1, mosaic.shape[0])):  # ImageWidth 256 and ImageLength 257, LONG
        entry = bytes([tag, 1, 4, 0, 1, 0, 0, 0])
        assert data.count(entry + bytes([value, 0])) == 1
        data = data.replace(entry + bytes([value, 0]), entry + bytes([0, 250]))
    path.write_bytes(data)
    return path


def truncated(tmp_path, mosaic):
    path = write(tmp_path / "x.dng", mosaic)
    path.write_bytes(path.read_bytes()[:-1000])
    return path


def directory_only(tmp_path, mosaic):
    path = write(tmp_path / "x.dng", mosaic)
    path.write_bytes(path.read_bytes()[:300])
    return path


def empty(tmp_path, mosaic):
    (tmp_path / "x.dng").touch()
    return tmp_path / "x.dng"


def folder(tmp_path, mosaic):
    (tmp_path / "x.dng").mkdir()
    return tmp_path / "x.dng"


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (xtrans, "6x6 .X-Trans"),
        (four_colours, "other colour filters than red, green"),
        (linear, "no colour filter mosaic"),
        (no_range, "no range of values"),
        (grey_tiff, "names no camera"),
        (png, "does not begin as any camera's RAW"),
        (jpeg_by_another_name, "no RAW file that LibRaw can decode"),
        (dump, "does not begin as any camera's RAW.*from_mosaic"),
        (gopro, "GoPro GPR"),
        (gigantic, "far too many pixels"),
        (truncated, "is truncated: its picture ends at byte"),
        (directory_only, "is truncated"),
        (empty, "is empty"),
        (folder, "is a folder"),
        (lambda tmp_path, mosaic: tmp_path / "x.dng", "does not exist"),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_refused_in_one_line(tmp_path, mosaic, capfd, make, reason):
    path = make(tmp_path, mosaic)
    with pytest.raises(ImageError, match=reason) as caught:
        read(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "Received: " in message
    assert "\n" not in message
    assert capfd.readouterr() == ("", "")


def test_damaged_headers_raise_nothing_else(tmp_path, mosaic):
    data = write(tmp_path / "a.dng", mosaic).read_bytes()
    rng = np.random.default_rng(1)
    refused = 0
    for _ in range(60):
        damaged = bytearray(data)
        for position in rng.integers(0, 600, 6):
            damaged[position] = rng.integers(256)
        (tmp_path / "b.dng").write_bytes(damaged)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                read(tmp_path / "b.dng")
            except ImageError:
                refused += 1
    assert 5 < refused < 60


@pytest.mark.parametrize(
    ("size", "filters"),
    [((3, 3), (0, 1, 1, 2)), ((1, 4), (0, 1, 1, 2)), ((4, 1), (0, 1, 1, 2)), ((2, 2), (0, 1, 1, 2) * 2)],
)
def test_mosaic_of_another_size_than_its_filters(tmp_path, mosaic, size, filters):
    path = write(tmp_path / "a.dng", mosaic, filters, pattern_size=(33421, "H", size))
    with pytest.raises(ImageError, match=rf"a mosaic of {size[0]}x{size[1]} with {len(filters)} filters.*is needed"):
        read(path)
