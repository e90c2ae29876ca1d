"""Store trained networks as small files with checksum and provenance."""

import json
from pathlib import Path

import keras
import numpy as np

import zoo.weights
from zoo.experiments.imaging.data import CAMERA, synthetic
from zoo.experiments.imaging.developing.training import NETWORKS
from zoo.experiments.train import install_weights
from zoo.imaging.metrics import psnr

NAMES = {name: f"{name}-{CAMERA}.generated" for name in NETWORKS}
"""Stored names: the network and the synthetic camera it was trained for."""
# 8 bits cost nothing where maps are coarse; what is close to the pixels bears less.
_FINE = ("c1_1", "c1_2", "c2_1", "c2_2", "c8_1", "c8_2", "c9_1", "c9_2")
_UNET_BITS = dict.fromkeys([*(f"{c}_conv" for c in _FINE), "s7_whole", "s8_whole", "c10"], 16)
UNSEEN = 10**9
"""A seed far from any that a training uses."""


def pack_all(folder: Path, side: int = 256, scenes: int = 4) -> dict[Path, float]:
    """Pack the networks that ``pretrain`` left in ``folder``, for ``zoo reproduce --weights``.

    Returns the files and what packing costs: by how many dB the mean PSNR falls, over scenes that no training draws.
    """
    pictures = synthetic("test", scenes, side, UNSEEN)
    written = {}
    for name, build in NETWORKS.items():
        if not (folder / f"{name}.keras").exists():
            continue
        whole = build()
        whole.set_weights(keras.models.load_model(folder / f"{name}.keras").get_weights())
        path = folder / f"{NAMES[name]}.npz"
        zoo.weights.pack(whole, path, bits(name, whole))
        values = []
        for model in (whole, build(weights=path)):
            pairs = [p.cut(0, 0, side // 2) for p in pictures]
            values.append(np.mean([psnr(y, np.asarray(model.predict_on_batch(x[None]))[0]) for x, y in pairs]))
        written[path] = float(values[0] - values[1])
    return written


def bits(name: str, model: keras.Model) -> dict[str, int]:
    """Bits of each layer: INet is too small to save anything, DNet is half floats, UNet's coarse levels are 8 bits.

    DNet's tone curve, a sum of steep pieces of either sign, is whole: in half floats it cost 6 dB.
    """
    if name == "unet":
        return _UNET_BITS
    whole = ("c17_conv", "rgb")
    return {layer.name: 32 if name == "inet" or layer.name in whole else 16 for layer in model.layers}


def install(folder: Path, command: str, data: str, local: str | None = None) -> None:
    """Copy the packed networks of ``folder`` into the package or the local store, see ``install_weights.install``."""
    described = {"inet": "32", "unet": "8, fine levels 16", "dnet": "16, tone curve 32"}
    for name, stem in NAMES.items():
        history = json.loads((folder / f"{name}.json").read_text())
        install_weights.install("imaging", folder / f"{stem}.npz", history, described[name], command, data, local)
