"""Store trained ContrastNets as small files with checksum and provenance."""

from functools import partial
from pathlib import Path

import numpy as np

from zoo.contrast import ContrastNet
from zoo.contrast.widening import widen
from zoo.experiments.contrast.training import training_batches
from zoo.experiments.train import install_weights
from zoo.experiments.train.install_weights import Trained
from zoo.saved_training import SavedState

BITS = {"fc": 6}
"""The dense layer holds two thirds of the parameters. `zoo pretrain contrast` prints by how much this moves scores."""
UNSEEN = 10**9
"""A seed far from any that a training uses."""
NAMES = {
    "unaware": "contrast-unaware.photographs",
    "aware": "contrast-aware.photographs",
    "control": "contrast-round-trip.photographs",
}


def store(folder: Path, command: str, data: str, local: str | None = None) -> None:
    """Widen the models that ``pretrain`` left in ``folder``, pack and store them, see ``install_weights.store``.

    Packing costs by how much a score moves on average, over 192 compressed patches of scenes that no training draws.
    """
    batches = training_batches(16, UNSEEN, aware=True)
    patches = np.concatenate([batches.batch(0, step)[0] for step in range(6)])
    history: list[dict] = []
    for step, name in NAMES.items():
        state = SavedState(folder / step)
        if not state.log:  # --start trains only one step, stored patches two
            continue
        # A step starts from the previous one, so its weights cost the time of both.
        history = [*history, *state.log]
        model = ContrastNet()
        widen(state.load(), model)
        networks, scores = [Trained(name, model, history, BITS)], partial(model.predict, patches, verbose=0)
        install_weights.store("contrast", folder, networks, scores, _said, command, data, local)


def _said(before: np.ndarray, after: np.ndarray) -> str:
    return f"packing moves a score by {np.abs(after - before).mean():.4f} on average"
