import numpy as np
import pytest

from zoo.imaging.developing import bayer

LETTERS = {"R": 10, "G": 20, "B": 30}


@pytest.mark.parametrize("cfa", bayer.SITES)
def test_planes_hold_their_colour_in_every_phase(cfa):
    """Against the phase's own name, read row by row; odd sizes lose a row and a column."""
    cell = np.array([LETTERS[letter] for letter in cfa], np.uint16).reshape(2, 2)
    mosaic = np.tile(cell, (5, 7))
    mosaic[::2] += 1  # upper rows
    planes = bayer.pack(mosaic[:9, :13], cfa)
    assert planes.shape == (4, 6, 4)
    red, upper, lower, blue = planes.reshape(-1, 4).T
    assert set(red // 10) == {1}
    assert set(blue // 10) == {3}
    assert set(upper) == {21}
    assert set(lower) == {20}


@pytest.mark.parametrize("cfa", bayer.SITES)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_unpack_undoes_pack(cfa, dtype, rng):
    mosaic = rng.integers(0, 200, (8, 10)).astype(dtype)
    view = np.zeros((12, 16), dtype)[2:10, 3:13]  # as LibRaw's visible area: not contiguous
    view[:] = mosaic
    for source in (mosaic, view):
        planes = bayer.pack(source, cfa)
        assert planes.dtype == dtype
        np.testing.assert_array_equal(bayer.unpack(planes, cfa), mosaic)


def test_bad_arguments():
    with pytest.raises(ValueError, match="Received: 'RGBG'"):
        bayer.pack(np.zeros((4, 4), np.uint16), "RGBG")
    with pytest.raises(ValueError, match=r"Received: \(4, 1\)"):
        bayer.pack(np.zeros((4, 1), np.uint16), "RGGB")
    with pytest.raises(ValueError, match=r"Received: \(4, 4, 3\)"):
        bayer.unpack(np.zeros((4, 4, 3), np.uint16), "RGGB")
