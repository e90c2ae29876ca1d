"""Store the small trained networks as small files with checksum and provenance."""

import json
from pathlib import Path

import keras

import zoo.weights
from zoo.adversarial.small import DIGITS
from zoo.experiments.adversarial.data import pictures
from zoo.experiments.adversarial.training import NETWORKS, accuracy
from zoo.experiments.train import install_weights
from zoo.images import atomic

NAMES = {name: f"adversarial-{name}.digits" for name in NETWORKS}


def pack_all(folder: Path, dataset: str = "embedded") -> dict[Path, tuple[float, float]]:
    """Pack the networks that ``pretrain`` left in ``folder`` beside them, for ``zoo reproduce --weights``.

    Returns the files with the share of test pictures classified right before and after packing.
    """
    images, labels = pictures(dataset, "test")
    written = {}
    for name, build in NETWORKS.items():
        trained = keras.models.load_model(folder / f"{name}.keras")
        path = folder / f"{name}.npz"
        zoo.weights.pack(trained, path)
        packed = build(trained.inputs[0].shape[1:], trained.outputs[0].shape[-1], weights=path)
        written[path] = (accuracy(trained, images, labels), accuracy(packed, images, labels))
    return written


def install(folder: Path, command: str, data: str, local: str | None = None) -> None:
    """Copy the packed networks of ``folder`` into the package or the local store, see ``install_weights.install``."""
    for name, stem in NAMES.items():
        packed, trained = folder / f"{stem}.npz", json.loads((folder / f"{name}.json").read_text())
        with atomic(packed) as partial:
            partial.write_bytes((folder / f"{name}.npz").read_bytes())
        shape = keras.models.load_model(folder / f"{name}.keras").inputs[0].shape[1:]
        # Only other data sets than the digits have other sides.
        arguments = {"input_shape": list(shape)} if tuple(shape) != DIGITS else None
        install_weights.install("adversarial", packed, [trained], "8", command, data, local, arguments)
