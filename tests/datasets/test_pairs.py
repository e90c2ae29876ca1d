import numpy as np
import pytest

from zoo.datasets.pairs import HidingPairs, ResizedPhotographs, shrink, small_scene
from zoo.datasets.photographs import Photograph


def test_batches_are_a_function_of_seed_epoch_and_step_alone():
    forward, backward = HidingPairs(2, 2, 16, seed=3), HidingPairs(2, 2, 16, seed=3)
    keys = [(epoch, step) for epoch in range(2) for step in range(2)]
    there = {key: forward.batch(*key) for key in keys}
    back = {key: backward.batch(*key) for key in reversed(keys)}
    images = [image.tobytes() for batch in there.values() for part in batch.values() for image in part]
    assert len(set(images)) == 2 * 2 * 2 * 2
    for key in keys:
        for part in ("cover", "secret"):
            np.testing.assert_array_equal(there[key][part], back[key][part])
            assert there[key][part].shape == (2, 16, 16, 3)
            assert there[key][part].dtype == np.float32
            assert 0 <= there[key][part].min() < there[key][part].max() <= 1
    assert (HidingPairs(2, 2, 16, seed=4).batch(0, 0)["cover"] != there[0, 0]["cover"]).any()


def test_epochs_are_followed_where_asked_for():
    pairs = HidingPairs(1, 1, 16)
    first = pairs[0][0]["cover"]
    pairs.follow().on_epoch_begin(1, None)
    assert (pairs[0][0]["cover"] != first).any()
    np.testing.assert_array_equal(pairs.batch(0, 0)["cover"], first)


def test_photographs_are_resized_as_a_whole_and_read_once(rng):
    reads = []
    blocks = rng.integers(0, 256, (2, 4, 4, 3), np.uint8)

    def load(i):
        reads.append(i)
        return blocks[i].repeat(6, 0).repeat(9, 1)

    pictures = [Photograph(str(i), str(i), lambda i=i: load(i)) for i in range(2)]
    draw = ResizedPhotographs(pictures)
    found = [draw(rng, 4) for _ in range(12)]
    assert {image.tobytes() for image in found} == {block.tobytes() for block in blocks}
    assert sorted(reads) == [0, 1]
    with pytest.raises(ValueError, match="Received: none"):
        ResizedPhotographs([])


def test_small_scenes_and_enlarging(rng):
    assert {small_scene(rng, 20).shape for _ in range(4)} == {(20, 20, 3)}
    assert shrink(rng.integers(0, 256, (5, 50, 3), np.uint8), 20).shape == (20, 20, 3)


@pytest.mark.parametrize("arguments", [(0,), (1, 0), (1, 1, 0)])
def test_bad_arguments(arguments):
    with pytest.raises(ValueError, match="Received"):
        HidingPairs(*arguments)
