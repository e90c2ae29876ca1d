"""Labelled examples in memory or on disk."""

import numpy as np
import pytest

from zoo.datasets.labelled import GrowingArray, Labelled


def test_every_example_once_an_epoch_with_its_own_label_in_another_order_each_time():
    examples = np.arange(10, dtype=np.uint8)[:, None]
    batches = Labelled(examples, np.arange(10) * 2, batch_size=4, seed=1)
    assert len(batches) == 3
    orders = []
    for epoch in (0, 1, 0):  # going back gives the same again
        made = [batches.batch(epoch, step) for step in range(3)]
        assert [len(x) for x, _ in made] == [4, 4, 2]
        x, y = (np.concatenate(part) for part in zip(*made, strict=True))
        assert x.dtype == y.dtype == np.float32
        np.testing.assert_array_equal(y, x[:, 0] * 2)
        assert sorted(y) == list(range(0, 20, 2))
        orders.append(y.tolist())
    assert orders[0] == orders[2] != orders[1]


def test_flips_are_of_each_kind_for_each_example_and_come_again():
    examples = np.arange(6 * 2 * 3 * 1).reshape(6, 2, 3, 1)
    batches = Labelled(examples, np.arange(6), batch_size=6, seed=1, flips=True)
    seen = set()
    for epoch in range(20):
        x, y = batches.batch(epoch, 0)
        np.testing.assert_array_equal(x, batches.batch(epoch, 0)[0])
        for found, label in zip(x, y.astype(int), strict=True):
            whole = examples[label]
            kinds = (whole, whole[:, ::-1], whole[::-1], whole[::-1, ::-1])
            (kind,) = [number for number, version in enumerate(kinds) if np.array_equal(found, version)]
            seen.add((label, kind))
    assert len(seen) == 6 * 4


@pytest.mark.parametrize("lengths", [(0, 0), (3, 2)])
def test_labels_that_do_not_fit(lengths):
    examples, labels = (np.zeros((n, 1)) for n in lengths)
    with pytest.raises(ValueError, match=f"Received: {lengths[0]}, {lengths[1]}"):
        Labelled(examples, labels)


def test_an_array_that_grows_on_disk_is_what_was_written(tmp_path):
    rng = np.random.default_rng(0)
    parts = [rng.random((n, 3, 2)).astype(np.float16) for n in (2, 0, 5)]
    growing = GrowingArray(tmp_path / "new" / "x")
    for part in parts:
        growing.append(part)
    np.testing.assert_array_equal(growing.array(), np.concatenate(parts))
    assert isinstance(growing.array(), np.memmap)
    for wrong in (np.zeros((1, 3, 2)), np.zeros((1, 2, 2), np.float16)):
        with pytest.raises(ValueError, match="All rows must be"):
            growing.append(wrong)
    with pytest.raises(ValueError, match="Received: none"):
        GrowingArray(tmp_path / "empty").array()
