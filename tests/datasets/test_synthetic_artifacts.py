import numpy as np
import pytest

from zoo.datasets.synthetic_artifacts import FARTHEST, compose, make, make_moved, nearness


def test_score_by_equation_3():
    content = np.zeros((16, 16), np.float32)
    content[:8] = 1.0
    corners = np.array([[0, 0], [56, 56]])
    made = compose(0.25, [content, content], corners)
    difference = (0.75 + 0.25) / 2
    assert made.alphas == pytest.approx([difference + 0, difference + 1])  # a corner patch, and one in the centre
    assert made.score == pytest.approx(5 - np.sqrt(difference**2 + (difference + 1) ** 2))
    assert pytest.approx(79.196, abs=1e-3) == FARTHEST
    np.testing.assert_array_equal(made.image[56:72, 56:72], content)
    assert (made.image[20:50] == 0.25).all()
    assert nearness(np.array([[0, 56]]))[0] == pytest.approx(1 - 56 / FARTHEST)


def test_images_are_as_the_paper_says():
    for index in range(40):
        made = make(3, index)
        assert made.image.shape == (128, 128)
        assert 1 <= len(made.corners) <= 5
        assert 0.5 < made.score <= 5
        for y, x in made.corners:
            shades = np.unique(made.image[y : y + 16, x : x + 16])
            assert len(shades) <= 2
            if len(shades) == 2:
                assert shades[0] < 0.5 <= shades[1] <= 1
        apart = np.abs(made.corners[:, None] - made.corners).max(-1) + 16 * np.eye(len(made.corners))
        assert (apart >= 16).all()
    assert {len(make(3, i).corners) for i in range(40)} == {1, 2, 3, 4, 5}


def test_overlap_may_be_allowed():
    closest = []
    for index in range(60):
        corners = make(3, index, overlap=True).corners
        gaps = np.abs(corners[:, None] - corners).max(-1) + 99 * np.eye(len(corners))
        closest.append(gaps.min())
    assert min(closest) < 16


def test_a_pure_function_of_seed_and_index():
    one, again, other = make(1, 5), make(1, 5), make(2, 5)
    np.testing.assert_array_equal(one.image, again.image)
    assert (one.image != other.image).any()


def test_experiment_2_moves_and_nothing_else():
    images = [make_moved(0, 3, i) for i in range(5)]
    contents = [np.sort(image.image, axis=None) for image in images]
    assert len({image.score for image in images}) == 5
    for content in contents[1:]:
        np.testing.assert_array_equal(content, contents[0])
    first = [image.image[y : y + 16, x : x + 16] for image in images for y, x in image.corners[:1]]
    for patch in first[1:]:
        np.testing.assert_array_equal(patch, first[0])
