"""Store trained networks as small files with checksum and provenance."""

from collections.abc import Iterable
from functools import partial
from pathlib import Path

import keras
import numpy as np

from zoo.experiments.imaging.data import CAMERA, synthetic
from zoo.experiments.imaging.developing.training import NETWORKS
from zoo.experiments.train import install_weights
from zoo.experiments.train.install_weights import Trained
from zoo.imaging.metrics import psnr
from zoo.saved_training import SavedState

PLAIN = {scenes: {name: f"{name}-{CAMERA}.{scenes}" for name in NETWORKS} for scenes in ("photographs", "generated")}
"""Stored names by what the networks were trained on: the package's on photographs, the local store's on generated
scenes alone; joint models are trained from either."""
NAMES = PLAIN["photographs"]
"""The package's."""
# 8 bits cost nothing in layers with coarse maps; layers close to the pixels need more.
_FINE = ("c1_1", "c1_2", "c2_1", "c2_2", "c8_1", "c8_2", "c9_1", "c9_2")
_UNET_BITS = dict.fromkeys([*(f"{c}_conv" for c in _FINE), "s7_whole", "s8_whole", "c10"], 16)
DESCRIBED = {"inet": "32", "unet": "8, fine levels 16", "dnet": "16, tone curve 32"}
"""``bits`` in words."""
UNSEEN = 10**9
"""A seed far from any that a training uses."""


def store(folder: Path, command: str, data: str, local: str | None = None, side: int = 256, scenes: int = 4) -> None:
    """Pack and store the networks that ``pretrain`` left in ``folder``, see ``install_weights.store``.

    Packing costs a fall of the mean PSNR, over scenes that no training draws.
    """
    pairs = [picture.cut(0, 0, side // 2) for picture in synthetic("test", scenes, side, UNSEEN)]
    for name, build in NETWORKS.items():
        state = SavedState(folder / name)
        if not state.log:
            continue
        model = build()
        model.set_weights(state.load().get_weights())
        networks = [Trained(NAMES[name], model, state.log, bits(name, model), DESCRIBED[name])]
        measure = partial(mean_psnr, model, pairs)
        install_weights.store("imaging", folder, networks, measure, _said, command, data, local)


def _said(before: float, after: float) -> str:
    return f"packing costs {before - after:.2f} dB"


def mean_psnr(model: keras.Model, pairs: Iterable[tuple[np.ndarray, np.ndarray]]) -> float:
    """Return the mean PSNR in dB of pictures that ``model`` develops, from pairs of planes and targets."""
    return float(np.mean([psnr(y, np.asarray(model.predict_on_batch(x[None]))[0]) for x, y in pairs]))


def bits(name: str, model: keras.Model) -> dict[str, int]:
    """Bits of each layer: INet is too small to save anything, DNet is half floats, UNet's coarse levels are 8 bits.

    DNet's tone curve, a sum of steep pieces of either sign, is whole: in half floats it cost 6 dB.
    """
    if name == "unet":
        return _UNET_BITS
    whole = ("c17_conv", "rgb")
    return {layer.name: 32 if name == "inet" or layer.name in whole else 16 for layer in model.layers}
