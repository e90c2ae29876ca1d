"""Reading RAW files: DNGs made by hand from the specification, apart from the camera's writer."""

import warnings
from pathlib import Path

import numpy as np
import pytest
import rawpy
import tifffile
from PIL import Image

from zoo.imaging import bayer, raw
from zoo.imaging.raw import ImageError, from_mosaic, orient, read

COLOURS = {"R": 0, "G": 1, "B": 2}
MATRIX_XYZ = np.array([[0.9, -0.3, -0.1], [-0.5, 1.3, 0.2], [-0.1, 0.2, 0.7]])


def write(path: Path, image: np.ndarray, cfa="RGGB", **tags) -> Path:
    """A DNG by the specification; ``tags`` replaces by name, ``None`` leaves out."""
    pattern = [COLOURS[letter] for letter in cfa] if isinstance(cfa, str) else list(cfa)
    side = int(len(pattern) ** 0.5)
    values = {
        "make": (271, "s", "maker"),
        "model": (272, "s", "model"),
        "pattern_size": (33421, "H", (side, side)),
        "pattern": (33422, "B", pattern),
        "version": (50706, "B", (1, 4, 0, 0)),
        "camera": (50708, "s", "maker model"),
        "black": (50714, "H", (100,)),
        "white": (50717, "H", (4000,)),
        "matrix": (50721, "2i", [n for v in MATRIX_XYZ.ravel() for n in (round(v * 10**6), 10**6)]),
        "neutral": (50728, "2I", (1, 2, 1, 1, 2, 3)),
        "illuminant": (50778, "H", (21,)),
    } | tags
    extra = [
        (code, kind, 0 if kind == "s" else len(value) // (2 if kind[0] == "2" else 1), value, True)
        for code, kind, value in filter(None, values.values())
    ]
    tifffile.imwrite(path, image, photometric="cfa", software=False, metadata=None, extratags=extra, bigtiff=False)
    return path


@pytest.fixture
def mosaic(rng):
    return rng.integers(50, 4001, (64, 96)).astype(np.uint16)


@pytest.mark.parametrize("cfa", bayer.SITES)
def test_planes_are_the_normalised_samples_of_each_colour(tmp_path, mosaic, cfa):
    image = read(write(tmp_path / "a.dng", mosaic, cfa))
    assert image.cfa == cfa
    assert image.shape == mosaic.shape
    np.testing.assert_array_equal(image.mosaic, mosaic)
    assert image.planes.dtype == np.float32
    assert image.planes.shape == (32, 48, 4)
    expected = np.clip((mosaic.astype(float) - 100) / 3900, 0, 1)
    letters = np.array(list(cfa)).reshape(2, 2)
    greens = iter((1, 2))
    for y in (0, 1):
        for x in (0, 1):
            plane = {"R": 0, "B": 3}.get(letters[y, x]) or (0 if letters[y, x] == "R" else next(greens))
            np.testing.assert_allclose(image.planes[..., plane], expected[y::2, x::2], atol=1e-6)


def test_metadata(tmp_path, mosaic):
    image = read(write(tmp_path / "a.dng", mosaic))
    assert image.black_level == 100
    assert image.black_levels == (100, 100, 100, 100)
    assert image.white_level == 4000
    np.testing.assert_allclose(image.white_balance, (2, 1, 1.5), rtol=1e-5)
    assert (image.white_balance_source, image.camera_matrix_source) == ("camera", "file")
    # Camera to sRGB: the inverse of XYZ to camera after sRGB to XYZ, white to white.
    srgb = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    forward = MATRIX_XYZ @ srgb
    expected = np.linalg.inv(forward / forward.sum(axis=1, keepdims=True))
    np.testing.assert_allclose(image.camera_matrix, expected, atol=1e-3)
    np.testing.assert_allclose(image.camera_matrix.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(raw.matrix_from_xyz(MATRIX_XYZ), image.camera_matrix, atol=1e-4)
    with pytest.raises(AttributeError):
        image.cfa = "BGGR"


def test_white_balance_is_clipped_as_the_networks_take_it(tmp_path, mosaic):
    image = read(write(tmp_path / "a.dng", mosaic))
    expected = np.minimum(image.planes * (2, 1, 1, 1.5), 1)
    np.testing.assert_allclose(image.balanced_planes, expected, atol=1e-6)
    assert image.balanced_planes.max() == 1


@pytest.mark.parametrize("top", [0, 1, 2, 5])
@pytest.mark.parametrize("left", [0, 1, 2, 3])
def test_masked_margins(tmp_path, rng, top, left):
    """Odd margins too, where LibRaw begins one pixel later: phase, codes and black levels stay with their pixels."""
    mosaic = rng.integers(200, 4000, (40, 50)).astype(np.uint16)
    framed = np.full((40 + top + 3, 50 + left + 1), 7, np.uint16)
    framed[top : top + 40, left : left + 50] = mosaic
    blacks = np.array([[90, 95], [100, 110]])
    path = write(
        tmp_path / "a.dng",
        framed,
        "GRBG",
        area=(50829, "I", (top, left, top + 40, left + 50)),
        black_size=(50713, "H", (2, 2)),
        black=(50714, "H", tuple(blacks.ravel())),
    )
    image = read(path)
    dy, dx = top % 2, left % 2
    kept = mosaic[dy:, dx:][: (40 - dy) // 2 * 2, : (50 - dx) // 2 * 2]
    np.testing.assert_array_equal(image.mosaic, kept)
    letters = np.array([list("GR"), list("BG")])
    assert image.cfa == "".join(letters[(y + dy) % 2, (x + dx) % 2] for y in (0, 1) for x in (0, 1))
    expected = [blacks[(y + dy) % 2, (x + dx) % 2] for y, x in bayer.SITES[image.cfa]]
    assert image.black_levels == tuple(expected)
    assert image.black_level == 90


def test_odd_sizes_lose_a_row_and_a_column(tmp_path, mosaic):
    image = read(write(tmp_path / "a.dng", mosaic[:63, :95]))
    np.testing.assert_array_equal(image.mosaic, mosaic[:62, :94])


@pytest.mark.parametrize("neutral", [None, (50728, "2I", (0, 1, 0, 1, 0, 1))])
def test_missing_white_balance_falls_back_to_daylight_and_says_so(tmp_path, mosaic, neutral):
    path = write(tmp_path / "a.dng", mosaic, neutral=neutral)
    with pytest.warns(UserWarning, match=r"a\.dng: the camera's white balance is missing; daylight"):
        image = read(path)
    assert image.white_balance_source == "daylight"
    # What makes a D65 white neutral to this camera.
    response = MATRIX_XYZ @ (0.9505, 1, 1.0891)
    np.testing.assert_allclose(image.white_balance, response[1] / response, rtol=2e-3)


def test_negative_white_balance_is_no_white_balance(tmp_path, mosaic, monkeypatch):
    """As LibRaw gives it for some Canon CRW files."""

    class Negative(rawpy.RawPy):
        camera_whitebalance = (-1.0, 0.98, 1.01, 0.0)

    monkeypatch.setattr(rawpy, "RawPy", Negative)
    with pytest.warns(UserWarning, match="daylight is used"):
        assert read(write(tmp_path / "a.dng", mosaic)).white_balance_source == "daylight"


def test_unknown_camera_falls_back_to_grey_world(tmp_path, rng):
    codes = np.empty((64, 96), np.uint16)
    for (y, x), mean in zip(bayer.SITES["RGGB"], (600, 1100, 1100, 850), strict=True):
        codes[y::2, x::2] = mean + rng.integers(-20, 21, (32, 48))
    path = write(tmp_path / "a.dng", codes, neutral=None, matrix=None, illuminant=None)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        image = read(path)
    messages = [str(warning.message) for warning in caught]
    assert any("grey world" in message for message in messages)
    assert any("no camera matrix is known" in message for message in messages)
    assert all(warning.filename == __file__ for warning in caught)
    assert (image.white_balance_source, image.camera_matrix_source) == ("grey world", "none")
    np.testing.assert_allclose(image.white_balance, (2, 1, 1000 / 750), rtol=0.02)
    np.testing.assert_array_equal(image.camera_matrix, np.eye(3))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_exifs(tmp_path, mosaic, orientation):
    """Against Pillow's transposition of a picture with the same tag."""
    path = write(tmp_path / "a.dng", mosaic, orientation=(274, "H", (orientation,)))
    image = read(path)
    assert image.orientation == orientation
    np.testing.assert_array_equal(image.mosaic, mosaic)  # not applied
    picture = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    exif = Image.Exif()
    exif[274] = orientation
    tagged = Image.fromarray(picture)
    tagged.info["exif"] = exif.tobytes()
    tagged.getexif()[274] = orientation
    from PIL import ImageOps

    np.testing.assert_array_equal(orient(picture, orientation), np.asarray(ImageOps.exif_transpose(tagged)))
    assert orient(picture, orientation).flags.c_contiguous


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


def test_from_mosaic_refuses():
    codes = np.zeros((4, 4), np.uint16)
    for wrong, match in (
        ((codes.astype(float), "RGGB", 0, 100), "float64"),
        ((codes, "RGBG", 0, 100), "RGBG"),
        ((codes, "RGGB", (0, 0, 100, 0), 100), "Received: 100, black"),
        ((codes, "RGGB", 0, 100, (1, 0, 1)), r"Received: \(1, 0, 1\)"),
        ((codes, "RGGB", 0, 100, (1, 1, 1), np.eye(4)), r"Received: \(4, 4\)"),
        ((codes, "RGGB", 0, 100, (1, 1, 1), None, 9), "Received: 9"),
    ):
        with pytest.raises(ValueError, match=match):
            from_mosaic(*wrong)
    with pytest.raises(ValueError, match="Received: 0"):
        orient(np.zeros((2, 2, 3)), 0)
