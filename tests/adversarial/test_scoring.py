from fractions import Fraction

import numpy as np
import pytest

from zoo.adversarial.scoring import WEIGHTINGS, knn_score, neighbour_weights

SQUARED = np.array([[1.0, 4.0, 4.0, 9.0, 16.0]])
LABELS = np.array([[2, 0, 2, 1, 2]])


@pytest.mark.parametrize(
    ("weighting", "expected"),
    [
        ("kNN", Fraction(3, 5)),
        # ranks 1, 3, 5 of the harmonic sum to 5
        (
            "W-kNN",
            (1 + Fraction(1, 3) + Fraction(1, 5))
            / (1 + Fraction(1, 2) + Fraction(1, 3) + Fraction(1, 4) + Fraction(1, 5)),
        ),
        # 1 + 1/4 + 1/16 of 1 + 1/4 + 1/4 + 1/9 + 1/16
        (
            "DW-kNN",
            (1 + Fraction(1, 4) + Fraction(1, 16))
            / (1 + Fraction(1, 4) + Fraction(1, 4) + Fraction(1, 9) + Fraction(1, 16)),
        ),
    ],
)
def test_equation_2_by_hand_on_five_points(weighting, expected):
    assert knn_score(SQUARED, LABELS, np.array([2]), weighting)[0] == pytest.approx(float(expected), abs=1e-15)


@pytest.mark.parametrize("weighting", list(WEIGHTINGS))
def test_scores_of_all_classes_add_up_to_one(weighting, rng):
    squared = np.sort(rng.random((7, 30)), 1)
    labels = rng.integers(0, 5, (7, 30))
    total = sum(knn_score(squared, labels, np.full(7, c), weighting) for c in range(5))
    np.testing.assert_allclose(total, 1, atol=1e-12)


def test_distance_zero_is_the_limit_of_small_distances():
    labels = np.array([[1, 0, 1, 0]])
    exact = knn_score(np.array([[0.0, 0.0, 1.0, 2.0]]), labels, np.array([1]))
    near = knn_score(np.array([[1e-12, 1e-12, 1.0, 2.0]]), labels, np.array([1]))
    assert exact[0] == 0.5
    assert near[0] == pytest.approx(0.5, abs=1e-9)
    assert knn_score(np.array([[0.0, 1.0]]), np.array([[3, 0]]), np.array([3]))[0] == 1


def test_neighbours_that_were_not_found_do_not_count():
    squared = np.array([[1.0, 2.0, 3.4e38]])
    labels = np.array([[1, 0, -1]])
    assert knn_score(squared, labels, np.array([1]), "kNN")[0] == 0.5
    assert knn_score(squared[:, :0], labels[:, :0], np.array([1]), "kNN")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((SQUARED, LABELS, np.array([2]), "dw"), "Received: 'dw'"),
        ((SQUARED * np.nan, LABELS, np.array([2]), "kNN"), "must be finite"),
        ((SQUARED, LABELS[:, :2], np.array([2]), "kNN"), r"Received: \(1, 5\), \(1, 2\), \(1,\)"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        knn_score(*arguments)


def test_weights_are_table_1():
    squared = np.array([[1.0, 4.0, 25.0]])
    np.testing.assert_array_equal(neighbour_weights(squared, "kNN"), [[1, 1, 1]])
    np.testing.assert_allclose(neighbour_weights(squared, "W-kNN"), [[1, 1 / 2, 1 / 3]])
    np.testing.assert_allclose(neighbour_weights(squared, "DW-kNN"), [[1, 1 / 4, 1 / 25]])
