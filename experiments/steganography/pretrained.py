"""Store trained H-nets and R-nets as small files with checksum and provenance."""

import json
from pathlib import Path

import numpy as np

import zoo.weights
from zoo.datasets.pairs import HidingPairs
from zoo.experiments.steganography.training import VALIDATION_SEED, pretrain, state_name
from zoo.experiments.stored import store
from zoo.steganography import HNet, RNet, Steganographer
from zoo.steganography.hiding import HIDING_WEIGHTS, REVEALING_WEIGHTS, load_steganographer

NAMES = {"hiding": HIDING_WEIGHTS, "revealing": REVEALING_WEIGHTS}
STORED_WEIGHT = 0.75
"""The lambda of the stored networks."""


def pack(model: Steganographer, folder: Path, seed: int) -> dict[Path, tuple[float, float]]:
    """Pack both networks into ``folder``, for ``zoo reproduce --weights``.

    Returns, for each file, the mean squared error of its own task (container or revealed image) before and after
    packing, the other network being the trained one; over 64 pairs of scenes that no training draws.
    """
    pairs = HidingPairs(8, 8, 64, seed + 2 * VALIDATION_SEED)
    batches = [pairs.batch(0, step) for step in range(len(pairs))]
    written = {}
    for part, name in NAMES.items():
        path = folder / f"{name}.npz"
        zoo.weights.pack(getattr(model, part), path)
        packed = {"hiding": model.hiding, "revealing": model.revealing}
        # Policies other than float32 are for training alone.
        full = {"hiding": HNet(), "revealing": RNet()}
        for key, network in full.items():
            network.set_weights(packed[key].get_weights())
        before = _error(Steganographer(**full, quantize=True), batches, part)
        zoo.weights.unpack(full[part], path)
        written[path] = before, _error(Steganographer(**full, quantize=True), batches, part)
    return written


def _error(model: Steganographer, batches: list[dict], part: str) -> float:
    truth, image = ("cover", "container") if part == "hiding" else ("secret", "revealed")
    return float(np.mean([np.square(model.predict_on_batch(b)[image] - b[truth]).mean() for b in batches]))


def run(scale: str, folder: Path, seed: int, pictures: list, data: str, install: bool) -> None:
    """Train, pack and, where asked, install; says what was written. ``data`` names the training images."""
    pretrain(scale, folder, seed, pictures)
    state = folder / f"{state_name('ours', STORED_WEIGHT)}.keras"
    losses = pack(load_steganographer(state), folder, seed)
    for path, (before, after) in losses.items():
        print(f"written: {path} (packing moves its mean squared error from {before:.6f} to {after:.6f})")
    if not install:
        return
    history = json.loads(state.with_suffix(".json").read_text())
    for name in NAMES.values():
        store(
            name,
            folder / f"{name}.npz",
            "steganography",
            bits="8",
            command=f"zoo pretrain steganography --scale {scale} --seed {seed}",
            data=data,
            commit=history[-1]["commit"],
            seconds=int(sum(entry["seconds"] for entry in history)),
        )
