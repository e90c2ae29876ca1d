"""Reading RAW files, against what was written into them."""

import warnings

import numpy as np
import pytest
import rawpy
from handmade_dng import MATRIX_XYZ, write
from PIL import Image, ImageOps

from zoo.imaging.developing import bayer, raw
from zoo.imaging.developing.raw import from_mosaic, orient, read


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


def _white(x, y):
    return (50729, "2I", (round(x * 10**6), 10**6, round(y * 10**6), 10**6))


def _matrix(code, values):
    return (code, "2i", [n for v in np.ravel(values) for n in (round(v * 10**6), 10**6)])


@pytest.mark.parametrize("white", [(0.3127, 0.3290), (0.4476, 0.4074)], ids=["D65", "tungsten"])
def test_white_as_a_chromaticity(tmp_path, mosaic, white):
    """LibRaw works it out too, for files with one matrix, and calls it daylight."""
    path = write(tmp_path / "a.dng", mosaic, neutral=None, white=_white(*white))
    image = read(path)
    assert image.white_balance_source == "camera"
    x, y = white
    response = MATRIX_XYZ @ (x / y, 1, (1 - x - y) / y)
    np.testing.assert_allclose(image.white_balance, response[1] / response, rtol=1e-4)
    with rawpy.imread(str(path)) as file:
        red, green, blue, _ = file.daylight_whitebalance
    np.testing.assert_allclose(image.white_balance, (red / green, 1, blue / green), rtol=2e-3)


def test_white_between_two_matrices(tmp_path, mosaic):
    """Standard light A at 2,856 K and D65 at 6,504 K: each has its own matrix, what lies between has both."""
    tungsten = np.array([[1.1, -0.2, 0.0], [-0.3, 1.2, 0.1], [0.0, 0.1, 0.5]])
    balance, gain = np.array([0.5, 1, 0.8]), np.diag([1.0, 1.02, 0.97])
    tags = {
        "neutral": None,
        "matrix": _matrix(50721, tungsten),
        "matrix_2": _matrix(50722, MATRIX_XYZ),
        "calibration": _matrix(50723, gain),
        "calibration_2": _matrix(50724, gain),
        "analog": (50727, "2I", [n for v in balance for n in (round(v * 100), 100)]),
        "illuminant": (50778, "H", (17,)),
        "illuminant_2": (50779, "H", (21,)),
    }
    # Kelvin of the white by tables of the Planckian locus, and not by the formula that the reader has.
    for (x, y), kelvin in (((0.4476, 0.4074), 2856), ((0.3127, 0.3290), 6504), ((0.3805, 0.3768), 4000)):
        image = read(write(tmp_path / "a.dng", mosaic, white=_white(x, y), **tags))
        share = (1 / kelvin - 1 / 6504) / (1 / 2856 - 1 / 6504)
        camera = balance * (gain @ (share * tungsten + (1 - share) * MATRIX_XYZ) @ (x / y, 1, (1 - x - y) / y))
        np.testing.assert_allclose(image.white_balance, camera[1] / camera, rtol=3e-3)
        assert image.white_balance_source == "camera"


@pytest.mark.parametrize("white", [(0, 1), (0.9, 0.9), (0.3, 0)])
def test_no_chromaticity_is_no_white_balance(tmp_path, mosaic, white):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        image = read(write(tmp_path / "a.dng", mosaic, neutral=None, white=_white(*white)))
    assert image.white_balance_source != "camera"
    assert np.isfinite(image.white_balance).all()
    assert np.isfinite(image.camera_matrix).all()
    assert any("white balance is missing" in str(warning.message) for warning in caught)
    assert {warning.category for warning in caught} == {UserWarning}


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
    np.testing.assert_array_equal(orient(picture, orientation), np.asarray(ImageOps.exif_transpose(tagged)))
    assert orient(picture, orientation).flags.c_contiguous


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
