"""Store trained H-nets and R-nets as small files with checksum and provenance."""

import json
from pathlib import Path

import numpy as np

import zoo.weights
from zoo.datasets.pairs import HidingPairs
from zoo.experiments.run.scales import scale_of
from zoo.experiments.steganography.training import (
    SCALES,
    VALIDATION_SEED,
    pretrain,
    pretrain_through_jpeg,
    state_name,
)
from zoo.experiments.train import install_weights
from zoo.steganography import HNet, RNet, Steganographer
from zoo.steganography.hiding import HIDING_WEIGHTS, REVEALING_WEIGHTS, THROUGH_JPEG, load_steganographer

NAMES = {"hiding": HIDING_WEIGHTS, "revealing": REVEALING_WEIGHTS}
BITS = {"hiding": {"h_net_conv2d_1": 16, "h_net_conv_transpose2d_30": 16}, "revealing": {}}
"""Of what is not stored in 8 bits: what these two pass on to the container is seen in it."""
STORED_WEIGHT = 0.75
"""The lambda of the stored networks."""


def pack(model: Steganographer, folder: Path, pairs: HidingPairs, ending: str = "") -> dict[Path, tuple[float, float]]:
    """Pack both networks into ``folder``, for ``stored_steganographer``; ``ending`` is that of their names.

    Returns, for each file, the mean squared error of its own task (container or revealed image) over ``pairs`` before
    and after packing, the other network being the trained one, and nothing between the two.
    """
    batches = [pairs.batch(0, step) for step in range(len(pairs))]
    # Policies other than float32 are for training alone.
    full = Steganographer(HNet(), RNet(), quantize=True)
    trained = {part: getattr(model, part).get_weights() for part in NAMES}
    for part, weights in trained.items():
        getattr(full, part).set_weights(weights)
    before = _errors(full, batches)
    written = {}
    for part, name in NAMES.items():
        path = folder / f"{name}{ending}.npz"
        zoo.weights.pack(getattr(full, part), path, BITS[part])
        zoo.weights.unpack(getattr(full, part), path)
        written[path] = before[part], _errors(full, batches)[part]
        getattr(full, part).set_weights(trained[part])
    return written


def _errors(model: Steganographer, batches: list[dict[str, np.ndarray]]) -> dict[str, float]:
    outputs = [model.predict_on_batch(batch) for batch in batches]
    parts = {"hiding": ("cover", "container"), "revealing": ("secret", "revealed")}
    return {
        part: float(np.mean([np.square(o[image] - b[truth]).mean() for o, b in zip(outputs, batches, strict=True)]))
        for part, (truth, image) in parts.items()
    }


def run(
    scale: str,
    folder: Path,
    seed: int,
    pictures: list,
    validation: list,
    command: str,
    data: str,
    local: str | None,
    workers: int = 0,
) -> None:
    """Train, pack and install, see ``install_weights.install``.

    ``pictures`` and ``validation`` as for ``pretrain``; ``data`` names the training images; ``workers`` as for
    ``zoo.datasets.feed.Feed``.
    """
    plan = scale_of(SCALES, scale)
    unseen = HidingPairs(4, plan.batch_size, plan.size, seed + 2 * VALIDATION_SEED)
    history = []
    for ending, train in (("", pretrain), (THROUGH_JPEG, pretrain_through_jpeg)):
        if ending and not plan.jpeg_epochs:
            continue
        train(scale, folder, seed, pictures, validation, workers)
        state = folder / f"{state_name('ours' + ending, STORED_WEIGHT)}.keras"
        for path, (before, after) in pack(load_steganographer(state), folder, unseen, ending).items():
            print(f"written: {path} (packing moves its mean squared error from {before:.6f} to {after:.6f})")
        history += json.loads(state.with_suffix(".json").read_text())  # the second pair goes on from the first
        for part, name in NAMES.items():
            bits = "8, ends 16" if BITS[part] else "8"
            packed, tag = folder / f"{name}{ending}.npz", None if local is None else local + ending
            install_weights.install("steganography", packed, history, bits, command, data, tag)
