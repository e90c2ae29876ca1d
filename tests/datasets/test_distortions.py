import numpy as np
import pytest

from zoo.datasets import keyed
from zoo.datasets.distortions import DISTORTIONS, LEAST_UNIFORM, distort
from zoo.hyperimage.full_reference import ssim_map


def _at(photo, number, level):
    return distort(photo, number, level, keyed.generator(1, number, level))


@pytest.fixture
def crop(photo):
    return np.ascontiguousarray(photo[40:200, 120:330])


# Contrast goes up and down in turn, as in TID2013, and squares get fewer as they get stronger.
@pytest.mark.parametrize("number", [n for n in DISTORTIONS if n not in (15, 17)])
def test_higher_levels_are_farther_from_the_reference(crop, number):
    errors = [np.abs(_at(crop, number, level).astype(float) - crop).mean() for level in (1, 3, 5)]
    assert 0 < errors[0] < errors[1] < errors[2]


@pytest.mark.parametrize("number", DISTORTIONS)
def test_shape_type_and_key(crop, number):
    before = crop.copy()
    one, again = _at(crop, number, 2), _at(crop, number, 2)
    assert one.shape == crop.shape
    assert one.dtype == np.uint8
    np.testing.assert_array_equal(one, again)
    np.testing.assert_array_equal(crop, before)
    assert _at(crop[:20, :17], number, 5).shape == (20, 17, 3)


@pytest.mark.parametrize("number", LEAST_UNIFORM)
def test_local_distortions_leave_most_patches_alone(crop, number):
    untouched = ssim_map(crop, _at(crop, number, 1)) > 0.99
    assert 0.15 < untouched.mean() < 1
    assert (ssim_map(crop, _at(crop, 1, 5)) > 0.99).mean() < 0.01  # noise is everywhere


def test_noise_has_the_strength_it_says(crop):
    grey = np.full((200, 200, 3), 128, np.uint8)
    assert _at(grey, 1, 3).std() == pytest.approx(13, rel=0.05)
    assert _at(grey, 19, 2).std() == pytest.approx(0.08 * 128, rel=0.05)
    assert _at(grey, 6, 4).std() > 20
    assert (_at(grey, 18, 5) == grey).all()


def test_saturation_at_the_last_level_is_grey(crop):
    assert np.ptp(_at(crop, 18, 5).astype(int), axis=-1).max() == 0


@pytest.mark.parametrize(("number", "level"), [(12, 1), (0, 1), (1, 0), (1, 6)])
def test_unknown_numbers_and_levels(crop, number, level):
    with pytest.raises(ValueError, match="Received"):
        distort(crop, number, level, keyed.generator(0))
    for bad in (crop[..., 0], crop[:0], crop.tolist()):
        with pytest.raises(ValueError, match="uint8 RGB"):
            distort(bad, 1, 1, keyed.generator(0))
