"""Timings of both methods in one run: what Tables III and IV share.

Times are wall-clock times on a GPU and processor time of this process on a CPU, so that other work on the machine does
not count. Both methods take turns, and the ratio is that of neighbouring turns.
"""

import dataclasses
from collections.abc import Callable
from functools import cache

import keras
import numpy as np

from zoo.datasets import keyed
from zoo.experiments.run.timing import take_turns
from zoo.experiments.steganography.training import SCALES as TRAINING
from zoo.experiments.steganography.training import build
from zoo.metrics import Estimate, bootstrap_mean
from zoo.steganography import Steganographer

NETWORKS = {"ours": "ours", "Baluja": "baluja"}
RATIO = "Baluja / ours"
BATCHES = (16, 32, 64)
IMAGES = 15_000


@dataclasses.dataclass(frozen=True)
class Scale:
    """How long and how large: images of ``train_size`` pixels in Table III, ``test_size`` in Table IV."""

    turns: int
    train_size: int
    test_size: int
    batches: tuple[int, ...] = BATCHES
    most_in_memory: int = max(BATCHES)
    """Pairs of the largest batch that is timed on a CPU; a GPU has memory of its own."""


SCALES = {
    "smoke": Scale(turns=1, train_size=32, test_size=32, batches=(2,)),
    "laptop": Scale(turns=3, train_size=32, test_size=224),
    # An update of Baluja's networks takes .76 GiB a pair: benchmarks/paper_memory.csv.
    "paper": Scale(turns=20, train_size=224, test_size=224, most_in_memory=16),
}


@cache
def training_times(size: int, batch: int, turns: int) -> dict[str, np.ndarray]:
    """Return the seconds of a training step of each method at each turn, (turns,), optimisers included."""
    images = keyed.generator(0, batch).random((2, batch, size, size, 3), np.float32)
    batch_of = {"cover": images[0], "secret": images[1]}
    models = _models()
    return take_turns({name: _step(model, batch_of) for name, model in models.items()}, turns)


@cache
def testing_times(size: int, turns: int) -> dict[str, np.ndarray]:
    """Return the seconds to hide and reveal one image by each method at each turn, (turns,)."""
    images = keyed.generator(1).random((2, 1, size, size, 3), np.float32)
    models = _models()
    return take_turns({name: _pass(model, images) for name, model in models.items()}, turns)


def estimate(values: np.ndarray, factor: float = 1.0) -> Estimate:
    """Return the mean over turns times ``factor``; its interval resamples turns."""
    return bootstrap_mean(values * factor, list(range(len(values))))


def _models() -> dict[str, Steganographer]:
    keras.utils.set_random_seed(0)
    return {name: build(TRAINING["smoke"], network=network) for name, network in NETWORKS.items()}


def _step(model: Steganographer, batch: dict[str, np.ndarray]) -> Callable[[], None]:
    return lambda: model.train_on_batch(batch)


def _pass(model: Steganographer, images: np.ndarray) -> Callable[[], None]:
    return lambda: model.revealing.predict_on_batch(model.hiding.predict_on_batch(list(images)))
