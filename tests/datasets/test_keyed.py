import numpy as np
import pytest

from zoo.datasets import keyed


def test_draws_depend_on_seed_and_key_alone():
    first = keyed.generator(1, 2, 3).random(5)
    keyed.generator(9, 9).random(100)
    np.testing.assert_array_equal(first, keyed.generator(1, 2, 3).random(5))
    others = [keyed.generator(*k).random(5) for k in ((1, 2, 4), (1, 3, 3), (2, 2, 3), (1, 2), (1, 2, 3, 0), (1, 3, 2))]
    assert all((first != other).all() for other in others)


def test_neighbouring_streams_are_uncorrelated():
    streams = np.stack([keyed.generator(0, i).random(500) for i in range(60)])
    correlation = np.corrcoef(streams)[~np.eye(60, dtype=bool)]
    assert np.abs(correlation).max() < 0.25
    assert abs(correlation.std() - 500**-0.5) < 0.01


def test_permutation_is_one_and_differs_by_epoch():
    one, two = keyed.permutation(50, 3, 0), keyed.permutation(50, 3, 1)
    assert sorted(one) == list(range(50))
    assert (one != two).any()
    np.testing.assert_array_equal(one, keyed.permutation(50, 3, 0))


def test_negative_keys_are_refused():
    with pytest.raises(ValueError, match=r"Received: \(1, -2\)"):
        keyed.generator(1, -2)
