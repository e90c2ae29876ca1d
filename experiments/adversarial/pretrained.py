"""Store the trained networks of digits and photographs as small files with checksum and provenance."""

import json
from pathlib import Path

import keras

import zoo.weights
from zoo.adversarial.efficientnet import EfficientNetLite0
from zoo.adversarial.small import DIGITS
from zoo.experiments.adversarial.data import CLOTHING, pictures
from zoo.experiments.adversarial.training import NETWORKS, accuracy
from zoo.experiments.train import install_weights
from zoo.images import atomic

NAMES = {name: f"adversarial-{name}.digits" for name in NETWORKS}
EFFICIENTNET = "efficientnet"
"""The network of photographs of clothes, for the tables of both problems."""


def network_name(name: str, dataset: str) -> str:
    """What the network of the problem ``name`` on a data set is called."""
    return EFFICIENTNET if dataset == CLOTHING else name


def stored_name(name: str, dataset: str) -> str | None:
    """Under what name it is stored in the package; None where it is not."""
    if dataset == CLOTHING:
        return f"adversarial-{EFFICIENTNET}.{CLOTHING}"
    return NAMES[name] if dataset == "embedded" else None


def pack_all(folder: Path, dataset: str = "embedded") -> dict[Path, tuple[float, float]]:
    """Pack the networks that ``pretrain`` left in ``folder``, for ``zoo reproduce --weights``.

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


def pack_photographs(folder: Path, data_dir: Path | None) -> tuple[Path, float, float]:
    """Pack the EfficientNet-Lite0 that ``fine_tuning`` left in ``folder`` as ``efficientnet.npz``.

    Kernels that filter each channel by itself have one scale for all channels in 8 bits: they are kept in 16.
    Returns the file, and the shares of test pictures classified right before and after packing.
    """
    images, labels = pictures(CLOTHING, "test", data_dir)
    trained = keras.models.load_model(folder / f"{EFFICIENTNET}.keras")
    path = folder / f"{EFFICIENTNET}.npz"
    bits = {layer.name: 16 for layer in trained.layers if isinstance(layer, keras.layers.DepthwiseConv2D)}
    zoo.weights.pack(trained, path, bits)
    packed = EfficientNetLite0(trained.outputs[0].shape[-1], path)
    return path, accuracy(trained, images, labels), accuracy(packed, images, labels)


def install_photographs(folder: Path, command: str, local: str | None) -> None:
    """Copy ``efficientnet.npz`` into the package or the local store, see ``install_weights.install``."""
    log = json.loads((folder / f"{EFFICIENTNET}.json").read_text())
    packed = folder / f"adversarial-{EFFICIENTNET}.{CLOTHING}.npz"
    with atomic(packed) as partial:
        partial.write_bytes((folder / f"{EFFICIENTNET}.npz").read_bytes())
    classes = keras.models.load_model(folder / f"{EFFICIENTNET}.keras").outputs[0].shape[-1]
    data = "clothing-dataset-small, its training part; ImageNet before that"
    install_weights.install(
        "adversarial", packed, [log], "8, depthwise 16", command, data, local, {"classes": int(classes)}
    )
