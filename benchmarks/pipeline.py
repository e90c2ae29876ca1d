"""How fast training examples are made, and whether a model on one core waits for examples made on another.

Command: python benchmarks/pipeline.py [--batches 160]
Prints ratios measured in one run, and writes benchmarks/pipeline.csv.
"""

import argparse
import os
import platform
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import pandas as pd
import tensorflow as tf

from zoo.contrast import ContrastNet
from zoo.datasets.camera import CAMERAS, Body, shoot, write_dng
from zoo.datasets.developed import DevelopedPatches, develop_pair, load, save
from zoo.datasets.feed import AHEAD, Feed
from zoo.datasets.keyed_batches import KeyedBatches
from zoo.experiments.contrast.training import compile_recipe, training_batches
from zoo.images import atomic
from zoo.imaging.developing import raw


def main() -> None:
    """Time every way three times, in turns, and keep the best of each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batches", type=int, default=160)
    count = parser.parse_args().batches
    tf.config.threading.set_intra_op_parallelism_threads(1)
    ways: dict[str, Callable[[], float]] = {
        "contrast examples, reference (PyDataset, one thread)": lambda: _reference(count),
        "contrast examples, tf.data": lambda: _fed(count, 0),
        "contrast examples, tf.data, 1 worker": lambda: _fed(count, 1),
        "contrast examples, tf.data, 2 workers": lambda: _fed(count, 2),
        "contrast step, one cached batch": lambda: _step(count // 4, None),
        "contrast step, tf.data": lambda: _step(count // 4, 0),
        "contrast step, tf.data, 1 worker": lambda: _step(count // 4, 1),
        "contrast step, PyDataset, two threads": lambda: _step(count // 4, None, threads=True),
    }
    with tempfile.TemporaryDirectory() as folder:
        ways |= _raw_ways(Path(folder))
        best = _timed(ways)
    frame = pd.DataFrame({"way": best.keys(), "examples_a_second": [round(v, 1) for v in best.values()]})
    first = {
        "examples": "contrast examples, reference (PyDataset, one thread)",
        "step": "contrast step, one cached batch",
        "patches": "RAW patches, each file read whole",
    }
    frame["ratio"] = [round(value / best[first[name.split(",")[0].split()[1]]], 2) for name, value in best.items()]
    print(frame.to_string(index=False))
    frame["machine"] = f"{platform.machine()}, {os.cpu_count()} cores"
    with atomic(Path(__file__).with_suffix(".csv")) as partial:
        frame.to_csv(partial, index=False)


def _timed(ways: dict[str, Callable[[], float]]) -> dict[str, float]:
    best = dict.fromkeys(ways, 0.0)
    for _ in range(3):
        for name, run in ways.items():
            best[name] = max(best[name], run())
    return best


def _raw_ways(folder: Path) -> dict[str, Callable[[], float]]:
    """Patches of a photograph of 12 megapixels, one at a time from the file, and from what was kept of it."""
    body, path = Body(CAMERAS["birch"], serial=1), folder / "photo.dng"
    write_dng(path, shoot(body, seed=0, index=0, height=3000, width=4000), body)

    def whole() -> float:
        began = time.perf_counter()
        DevelopedPatches([develop_pair(raw.read(path), "photo", "GBRG")], 1, 1).batch(0, 0)
        return 1 / (time.perf_counter() - began)

    def kept() -> float:
        batches = DevelopedPatches([load(folder, "photo")], 100, 20)
        with Feed(batches) as feed:
            made = iter(feed.dataset(0, 1))
            next(made)
            began = time.perf_counter()
            return 20 * sum(1 for _ in made) / (time.perf_counter() - began)

    save(develop_pair(raw.read(path), "photo", "GBRG"), folder, "photo")
    return {"RAW patches, each file read whole": whole, "RAW patches, kept on disk": kept}


def _reference(count: int) -> float:
    batches = training_batches(count, 0, aware=True)
    began = time.perf_counter()
    for step in range(count):
        batches.batch(0, step)
    return count * batches.batch_size / (time.perf_counter() - began)


def _fed(count: int, workers: int) -> float:
    """Examples a second, from when the batches that are made ahead at the start have been taken."""
    batches = training_batches(count, 0, aware=True)
    ahead = 8 + (AHEAD if workers else 0)
    with Feed(batches, workers) as feed:
        for number, _ in enumerate(feed.dataset(0, 1)):
            if number == ahead:
                began = time.perf_counter()
        return (count - 1 - ahead) * batches.batch_size / (time.perf_counter() - began)


class _Cached(KeyedBatches):
    """One batch, always."""

    def __init__(self, steps: int) -> None:
        super().__init__()
        self.steps, self.kept = steps, training_batches(1, 0, aware=True).batch(0, 0)

    def __len__(self) -> int:
        return self.steps

    def batch(self, epoch: int, step: int) -> tuple[np.ndarray, np.ndarray]:
        return self.kept


def _step(count: int, workers: int | None, threads: bool = False) -> float:
    """Examples a second of ``fit`` in its second epoch; of a cached batch without ``workers`` and ``threads``."""
    cached = workers is None and not threads
    batches: KeyedBatches = _Cached(count) if cached else training_batches(count, 0, aware=True)
    keras.utils.set_random_seed(0)
    model = ContrastNet(base_filters=8)
    compile_recipe(model, "short")
    seconds: list[float] = []
    follow = keras.callbacks.LambdaCallback(on_epoch_begin=lambda *_: seconds.append(time.perf_counter()))
    if threads:
        model.fit(batches, epochs=2, shuffle=False, verbose=0, callbacks=[follow, batches.follow()])
        return count * 32 / (time.perf_counter() - seconds[1])
    with Feed(batches, workers or 0) as feed:
        model.fit(feed.dataset(0, 2), epochs=2, steps_per_epoch=count, shuffle=False, verbose=0, callbacks=[follow])
    return count * 32 / (time.perf_counter() - seconds[1])


if __name__ == "__main__":
    main()
