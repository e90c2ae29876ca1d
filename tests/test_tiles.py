import numpy as np
import pytest

from zoo import tiles


@pytest.mark.parametrize(
    ("length", "tile", "stride", "expected"),
    [
        (10, 4, 4, [0, 4, 6]),
        (12, 4, 4, [0, 4, 8]),
        (5, 5, 2, [0]),
        (9, 4, 3, [0, 3, 5]),
        (7, 3, 5, [0, 4]),
    ],
)
def test_starts_cover_the_side_and_stay_inside(length, tile, stride, expected):
    assert tiles.starts(length, tile, stride) == expected


@pytest.mark.parametrize("arguments", [(3, 4, 1), (4, 0, 1), (4, 2, 0)])
def test_starts_refuse_sizes_that_do_not_fit(arguments):
    with pytest.raises(ValueError, match="Received"):
        tiles.starts(*arguments)


def test_grid_leaves_the_remainder_out():
    np.testing.assert_array_equal(tiles.grid(130, 70, 64), [[0, 0], [64, 0]])
    assert tiles.grid(63, 500, 64).shape == (0, 2)


@pytest.mark.parametrize("taper", [True, False])
@pytest.mark.parametrize("shape", [(50, 70, 3), (33, 41), (16, 16, 2)])
def test_cut_and_blend_give_the_picture_back(rng, shape, taper):
    image = rng.random(shape)
    corners = tiles.positions(*shape[:2], 16, 9)
    together = tiles.blend(tiles.cut(image, corners, 16), corners, *shape[:2], taper=taper)
    np.testing.assert_allclose(together, image, atol=1e-6)


def test_blend_averages_by_weight():
    # Two tiles of 4 overlap by 2; a taper of 1 2 2 1 weighs 2:1 and 1:2 there.
    pieces = [np.zeros((4, 4)), np.ones((4, 4))]
    row = tiles.blend(pieces, [(0, 0), (0, 2)], 4, 6)[0]
    np.testing.assert_allclose(row, [0, 0, 1 / 3, 2 / 3, 1, 1], atol=1e-6)
    row = tiles.blend(pieces, [(0, 0), (0, 2)], 4, 6, taper=False)[0]
    np.testing.assert_allclose(row, [0, 0, 0.5, 0.5, 1, 1], atol=1e-6)


def test_blend_refuses_gaps():
    with pytest.raises(ValueError, match="cover the whole picture"):
        tiles.blend([np.zeros((4, 4))], [(0, 0)], 4, 6)


@pytest.mark.parametrize("shape", [(1, 1, 3), (3, 200, 3), (64, 64, 3), (40, 2)])
def test_pad_reflects_to_the_size_and_keeps_the_picture(rng, shape):
    image = rng.integers(0, 256, shape, np.uint8)
    padded = tiles.pad(image, 64, 64)
    assert padded.shape[:2] == (max(shape[0], 64), max(shape[1], 64))
    np.testing.assert_array_equal(padded[: shape[0], : shape[1]], image)
    if 64 > shape[0] > 1:
        np.testing.assert_array_equal(padded[shape[0], : shape[1]], image[-1])
