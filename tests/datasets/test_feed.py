"""Batches as tf.data: the same bits as the reference, made by one process or several, before and after a kill."""

import collections
import hashlib
import os
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest
import tensorflow as tf

from zoo.contrast.operators import draw_training_operator
from zoo.datasets.developed import Developed, DevelopedPatches
from zoo.datasets.feed import Feed, unit_range
from zoo.datasets.jpeg import ORIGINAL_QUALITIES
from zoo.datasets.keyed_batches import KeyedBatches
from zoo.datasets.labelled import Labelled
from zoo.datasets.pairs import HidingPairs, ResizedPhotographs
from zoo.datasets.patches import PairedPatches
from zoo.datasets.photographs import Photograph


def _scene(rng):
    return rng.integers(0, 256, (140, 200, 3), np.uint8)


def _patches(steps=40, **change):
    arguments = {"batch_size": 4, "qualities": ORIGINAL_QUALITIES, "seed": 5, "positions": 4}
    return PairedPatches(_scene, draw_training_operator, steps, **(arguments | change))


def _photographs(count):
    pictures = [np.full((20, 24, 3), 10 * n, np.uint8) for n in range(count)]
    return [Photograph(str(n), str(n), lambda n=n: pictures[n]) for n in range(count)]


def _developed():
    rng = np.random.default_rng(6)
    pictures = [
        Developed(
            rng.integers(0, 65536, (12, 14, 4)).astype(np.uint16),
            rng.integers(0, 65536, (24, 28, 3)).astype(np.uint16),
            str(n),
            np.eye(3),
            "RGGB",
        )
        for n in range(3)
    ]
    return DevelopedPatches(pictures, steps=5, batch_size=2, patch=6, seed=3)


def _labelled():
    rng = np.random.default_rng(7)
    return Labelled(rng.random((11, 5, 5, 3)).astype(np.float16), rng.random((11, 1)), batch_size=4, seed=2)


ALL = {
    "contrast": _patches,
    "contrast, no JPEG": lambda: _patches(qualities=None),
    "contrast, one window": lambda: _patches(steps=3),
    "steganography": lambda: HidingPairs(5, 3, 16, seed=4),
    "steganography, photographs": lambda: HidingPairs(5, 3, 16, 4, ResizedPhotographs(_photographs(7))),
    "imaging": _developed,
    "hyper-image": _labelled,
}


def _hash(batch):
    digest = hashlib.sha256()
    for array in tf.nest.flatten(batch):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


@pytest.mark.parametrize("name", ALL)
def test_tf_data_equals_the_reference_to_the_bit(name):
    batches = ALL[name]()
    with Feed(batches) as feed:
        dataset = feed.dataset(first=2, epochs=2)
        assert int(dataset.cardinality()) == 2 * len(batches)
        for shape in tf.nest.flatten(tf.nest.map_structure(lambda spec: spec.shape, dataset.element_spec)):
            assert shape[1:].is_fully_defined()
            assert shape.is_fully_defined() or batches.last_is_shorter
        found = list(dataset.as_numpy_iterator())
    wanted = [batches.batch(epoch, step) for epoch in (2, 3) for step in range(len(batches))]
    assert len(found) == len(wanted)
    for one, other in zip(found, wanted, strict=True):
        tf.nest.assert_same_structure(one, other)
        for a, b in zip(tf.nest.flatten(one), tf.nest.flatten(other), strict=True):
            assert a.dtype == b.dtype
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("workers", [0, 1])
def test_streams_of_one_feed_do_not_disturb_each_other(workers):
    wanted = {epoch: [_hash(_patches().batch(epoch, step)) for step in range(40)] for epoch in (0, 1)}
    with Feed(_patches(), workers) as feed:
        later, earlier = (iter(feed.dataset(epoch, 1).as_numpy_iterator()) for epoch in (1, 0))
        found = [(_hash(next(later)), _hash(next(earlier))) for _ in range(40)]
        assert [one for one, _ in found] == wanted[1]
        assert [other for _, other in found] == wanted[0]


def test_pixels_are_scaled_as_numpy_scales_them():
    pixels = np.arange(256, dtype=np.uint8)
    found = next(tf.data.Dataset.from_tensors(pixels).map(unit_range).as_numpy_iterator())
    np.testing.assert_array_equal(found, pixels.astype(np.float32) / 255)


@pytest.mark.slow
def test_200_batches_by_one_process_by_three_and_by_three_after_a_kill():
    wanted = [_hash(_patches(100).batch(epoch, step)) for epoch in (0, 1) for step in range(100)]
    with Feed(_patches(100)) as alone:
        assert [_hash(batch) for batch in alone.dataset(0, 2).as_numpy_iterator()] == wanted
    # Ended in the second epoch, and resumed at its start.
    with Feed(_patches(100), workers=3) as three:
        stream = three.dataset(0, 2).as_numpy_iterator()
        assert [_hash(next(stream)) for _ in range(130)] == wanted[:130]
        del stream
    with Feed(_patches(100), workers=3) as resumed:
        assert [_hash(batch) for batch in resumed.dataset(1, 1).as_numpy_iterator()] == wanted[100:]


def test_a_batch_shares_no_scene_with_the_15_before_and_uses_every_position_once():
    batches = _patches(steps=128, batch_size=8, positions=4)
    assert (batches.groups, batches.lifetime) == (16, 64)
    keys = [batches.parts(epoch, step) for epoch in range(3) for step in range(128)]
    assert all(len(set(of_batch)) == 4 for of_batch in keys)
    for number, of_batch in enumerate(keys):
        assert all(not set(of_batch) & set(other) for other in keys[max(0, number - 15) : number])
    used = collections.defaultdict(list)
    for number, of_batch in enumerate(keys):
        for key in of_batch:
            used[key].append((number, batches._place(*divmod(number, 128))[2]))
    whole = {key: uses for key, uses in used.items() if 64 <= uses[0][0] < 300}
    assert all([position for _, position in uses] == [0, 1, 2, 3] for uses in whole.values())
    assert all(uses[-1][0] - uses[0][0] < batches.lifetime for uses in whole.values())
    # New scenes come evenly, not all at once.
    fresh = [min(number for number, _ in uses) for key, uses in whole.items() if key[2] == 0]
    assert set(np.diff(sorted(fresh)).tolist()) <= {1, 2, 3, 4, 5, 6, 7}


def test_every_photograph_is_drawn_once_before_any_a_second_time():
    count, batches = 12, HidingPairs(3, 2, 16, 8, ResizedPhotographs(_photographs(12)))
    drawn = [
        int(image[0, 0, 0])
        for epoch in range(3)
        for step in range(3)
        for image in map(batches.make, batches.parts(epoch, step))
    ]
    turns = [drawn[first : first + count] for first in range(0, len(drawn), count)]
    assert all(sorted(turn) == [10 * n for n in range(count)] for turn in turns)
    assert len({tuple(turn) for turn in turns}) == len(turns)


class Failing(KeyedBatches):
    """Raises at step 3; at step 5 its process ends."""

    def __init__(self, step, how):
        super().__init__()
        self.step, self.how = step, how

    def __len__(self):
        return 8

    def batch(self, epoch, step):
        if step == self.step:
            if self.how == "end":
                os._exit(7)
            raise ValueError("photo.png: is damaged. Received: 3 bytes")
        return np.full((2, 3), step, np.float32)


@pytest.mark.parametrize("workers", [0, 2])
def test_an_error_of_a_worker_is_raised_as_it_is(workers):
    seen = []
    with (
        pytest.raises(ValueError, match=r"^photo.png: is damaged. Received: 3 bytes$"),
        Feed(Failing(3, "raise"), workers) as feed,
    ):
        for batch in feed.stream(0, 1):
            seen.append(batch[0, 0])
    assert seen == [0, 1, 2] and feed.error is not None


def test_a_worker_that_ends_is_one_error():
    with (
        pytest.raises(ValueError, match=r"A worker process ended without a word.*Received: 2 workers"),
        Feed(Failing(3, "end"), 2) as feed,
    ):
        list(feed.stream(0, 1))
    with pytest.raises(ValueError, match=r"workers must be 0 or above. Received: -1"):
        Feed(Failing(3, "end"), -1)


CODE = textwrap.dedent("""
    import signal, sys, time
    import numpy as np
    from zoo.datasets.feed import Feed
    from zoo.datasets.pairs import HidingPairs
    if __name__ == "__main__":
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
        with Feed(HidingPairs(10_000, 2, 16, draw=lambda rng, size: np.zeros((size, size, 3), np.uint8)), 2) as feed:
            for number, _ in enumerate(feed.stream(0, 1)):
                if number == 3:
                    print(*feed._pool._processes, flush=True)
                    time.sleep(60)
""")


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_no_worker_is_left_behind(tmp_path, how):
    (tmp_path / "job.py").write_text(CODE)
    run = subprocess.Popen(
        [sys.executable, "job.py"], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    workers = [int(pid) for pid in run.stdout.readline().split()]
    assert len(workers) == 2 and all(_alive(pid) for pid in workers)
    run.send_signal(how)
    run.wait(30)
    run.stdout.close()
    until = time.monotonic() + 20
    while any(map(_alive, workers)) and time.monotonic() < until:
        time.sleep(0.05)
    assert not any(map(_alive, workers))


def _alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
