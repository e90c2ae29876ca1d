"""Store trained ContrastNets as small files with checksum and provenance."""

import json
from pathlib import Path

import keras
import numpy as np

import zoo.weights
from zoo.contrast import ContrastNet
from zoo.contrast.widening import widen
from zoo.experiments.contrast.training import training_batches
from zoo.experiments.train import install_weights

BITS = {"fc": 6}
"""The dense layer holds two thirds of the parameters. `zoo pretrain contrast` prints by how much this moves scores."""
UNSEEN = 10**9
"""A seed far from any that a training uses."""
NAMES = {
    "unaware": "contrast-unaware.photographs",
    "aware": "contrast-aware.photographs",
    "control": "contrast-round-trip.photographs",
}


def pack_all(folder: Path) -> dict[Path, float]:
    """Widen the models that ``pretrain`` left in ``folder`` and pack them there, for ``zoo reproduce --weights``.

    Returns the files and what packing costs: by how much a score moves on average, over 192 compressed patches of
    scenes that no training draws.
    """
    batches = training_batches(16, UNSEEN, aware=True)
    patches = np.concatenate([batches.batch(0, step)[0] for step in range(6)])
    written = {}
    for step, name in NAMES.items():
        path = folder / f"{name}.npz"
        if not (folder / f"{step}.keras").is_file():  # --start trains one step, stored patches two
            continue
        trained = keras.models.load_model(folder / f"{step}.keras")
        model = ContrastNet()
        widen(trained, model)
        zoo.weights.pack(model, path, BITS)
        packed = ContrastNet(weights=path)
        moved = packed.predict(patches, verbose=0) - trained.predict(patches, verbose=0)
        written[path] = float(np.abs(moved).mean())
    return written


def install(folder: Path, command: str, data: str, local: str | None = None) -> None:
    """Copy the packed models of ``folder`` into the package or the local store, see ``install_weights.install``."""
    history: list[dict] = []
    for step, name in NAMES.items():
        if not (folder / f"{step}.keras").is_file():
            continue
        # A step starts from the one before, so its weights have cost both.
        history += json.loads((folder / f"{step}.json").read_text())
        install_weights.install("contrast", folder / f"{name}.npz", history, "8, fc 6", command, data, local)
