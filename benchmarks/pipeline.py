"""How fast training examples are made, and whether a model on one core waits for examples made on another.

Examples, patches and, for steps, batches a second.

Command: python benchmarks/pipeline.py [--batches 96] [--rounds 2]
Prints ratios measured in one run, and writes benchmarks/pipeline.csv.
"""

import argparse
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import pandas as pd
import tensorflow as tf

from zoo.adversarial import SmallOverFeat
from zoo.contrast import ContrastNet
from zoo.datasets.camera import CAMERAS, Body, shoot, write_dng
from zoo.datasets.developed import DevelopedPatches, develop_pair, load, save
from zoo.datasets.feed import AHEAD, Feed
from zoo.datasets.keyed_batches import KeyedBatches
from zoo.datasets.labelled import Labelled
from zoo.datasets.pairs import HidingPairs, ResizedPhotographs
from zoo.datasets.photographs import photographs
from zoo.experiments.adversarial.training import Moved
from zoo.experiments.contrast.training import compile_recipe, training_batches
from zoo.experiments.hyperimage.quality import training as quality_training
from zoo.experiments.imaging import data as imaging_data
from zoo.hyperimage import CNNIQA
from zoo.images import atomic
from zoo.imaging import UNet
from zoo.imaging.developing import raw
from zoo.steganography import HNet, RNet, Steganographer
from zoo.steganography.steganographer import adam


def main() -> None:
    """Time every way several times, in turns, and keep the best of each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batches", type=int, default=96)
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args()
    count = options.batches
    tf.config.threading.set_intra_op_parallelism_threads(1)
    ways: dict[str, Callable[[], float]] = {
        "contrast examples, reference (PyDataset, one thread)": lambda: _reference(count),
        "contrast examples, tf.data": lambda: _fed(count, 0),
        "contrast examples, tf.data, 1 worker": lambda: _fed(count, 1),
        "contrast examples, tf.data, 2 workers": lambda: _fed(count, 2),
    }
    ways |= _step_ways()
    with tempfile.TemporaryDirectory() as folder:
        ways |= _raw_ways(Path(folder))
        best = _timed(ways, options.rounds)
    frame = pd.DataFrame({"way": best.keys(), "a_second": [round(v, 1) for v in best.values()]})
    # Each is compared with the first way of what is timed.
    first: dict[str, float] = {}
    frame["ratio"] = [round(value / first.setdefault(name.split(",")[0], value), 2) for name, value in best.items()]
    print(frame.to_string(index=False))
    frame["machine"] = f"{platform.machine()}, {os.cpu_count()} cores"
    with atomic(Path(__file__).with_suffix(".csv")) as partial:
        frame.to_csv(partial, index=False)


def _timed(ways: dict[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    best = dict.fromkeys(ways, 0.0)
    for number in range(rounds):
        for name, run in ways.items():
            best[name] = max(best[name], run())
            print(f"round {number + 1}: {name}: {best[name]:.1f} a second", file=sys.stderr)
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
    """The first batch of another set, always."""

    def __init__(self, batches: KeyedBatches) -> None:
        super().__init__()
        self.steps, self.kept = len(batches), batches.batch(0, 0)

    def __len__(self) -> int:
        return self.steps

    def batch(self, epoch: int, step: int) -> Any:
        return self.kept


def _contrast() -> keras.Model:
    model = ContrastNet(base_filters=8)
    compile_recipe(model, "short")
    return model


def _steganographer() -> keras.Model:
    model = Steganographer(HNet(), RNet(), 0.75)
    model.compile(adam(1e-3, 0.9))
    return model


def _unet() -> keras.Model:
    model = UNet()
    model.compile(keras.optimizers.Adam(1e-4), "mse")
    return model


def _quality() -> keras.Model:
    model = CNNIQA()
    quality_training.SCALES["laptop"].first.compile(model)
    return model


def _classifier() -> keras.Model:
    model = SmallOverFeat((16, 16, 1), 10)
    model.compile("adam", "categorical_crossentropy")
    return model


def _developed(steps: int) -> KeyedBatches:
    return DevelopedPatches(imaging_data.synthetic("train", 4, 256), steps, 20)


def _covers(steps: int) -> KeyedBatches:
    return HidingPairs(steps, 8, 64, draw=ResizedPhotographs(photographs("embedded", None, "test")))


def _patches(steps: int) -> KeyedBatches:
    rng = np.random.default_rng(0)
    return Labelled(rng.random((64 * steps, 32, 32, 3)).astype(np.float16), rng.random((64 * steps, 1)), 64)


def _pictures(steps: int) -> KeyedBatches:
    images = np.random.default_rng(0).integers(0, 256, (64 * steps, 16, 16, 1), np.uint8)
    return Moved(images, np.arange(64 * steps) % 10, 10)


STEPS: dict[str, tuple[Callable[[], keras.Model], Callable[[int], KeyedBatches], int, bool]] = {
    "contrast": (_contrast, lambda steps: training_batches(steps, 0, aware=True), 72, True),
    "steganography": (_steganographer, _covers, 6, True),
    "imaging": (_unet, _developed, 6, False),
    "hyper-image": (_quality, _patches, 60, False),
    "adversarial": (_classifier, _pictures, 60, True),
}
"""Of each family: a model, its batches, how many of them, and whether other processes make them."""


def _step_ways() -> dict[str, Callable[[], float]]:
    ways = {}
    for family, (_, _, _, others) in STEPS.items():
        ways[f"{family} step, one cached batch"] = partial(_step, family, None)
        ways[f"{family} step, tf.data"] = partial(_step, family, 0)
        if others:
            ways[f"{family} step, tf.data, 1 worker"] = partial(_step, family, 1)
    return ways | {"contrast step, PyDataset, two threads": partial(_step, "contrast", None, threads=True)}


def _step(family: str, workers: int | None, threads: bool = False) -> float:
    """Batches a second of ``fit`` after the first third; of a cached batch without ``workers`` and ``threads``."""
    build, made, count, _ = STEPS[family]
    batches = made(count)
    if workers is None and not threads:
        batches = _Cached(batches)
    keras.utils.set_random_seed(0)
    model = build()
    seconds: list[float] = []
    follow = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs=None: seconds.append(time.perf_counter())
    )
    if threads:
        model.fit(batches, shuffle=False, verbose=0, callbacks=[follow, batches.follow()])
    else:
        with Feed(batches, workers or 0) as feed:
            model.fit(feed.dataset(0, 1), steps_per_epoch=count, shuffle=False, verbose=0, callbacks=[follow])
    first = count // 3  # compiled by then, and what was made ahead meanwhile is used up
    return (count - first) / (seconds[-1] - seconds[first - 1])


if __name__ == "__main__":
    main()
