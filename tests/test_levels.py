import numpy as np

from zoo.levels import to_levels, to_levels_half_up


def test_ties_go_to_even_levels_and_what_is_outside_is_clipped():
    found = to_levels(np.array([[-1e9, -0.5, 0.5, 1.5], [2.5, 254.5, 255.4, 1e9]], np.float32))
    assert found.dtype == np.uint8
    assert found.tolist() == [[0, 0, 0, 2], [2, 254, 255, 255]]


def test_ties_go_up_in_generated_scenes():
    found = to_levels_half_up(np.array([-1e9, -0.5, 0.4, 0.5, 1.5, 254.5, 255.4, 1e9], np.float32))
    assert found.dtype == np.uint8
    assert found.tolist() == [0, 0, 0, 1, 2, 255, 255, 255]
