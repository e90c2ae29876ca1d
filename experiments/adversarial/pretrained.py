"""Store the trained networks of digits and photographs as small files with checksum and provenance."""

from functools import partial
from pathlib import Path

from keras.layers import DepthwiseConv2D

from zoo.adversarial.small import DIGITS
from zoo.experiments.adversarial.data import CLOTHING, pictures
from zoo.experiments.adversarial.training import NETWORKS, accuracy
from zoo.experiments.cli.data_options import EMBEDDED
from zoo.experiments.train import install_weights
from zoo.experiments.train.install_weights import Trained
from zoo.saved_training import SavedState

NAMES = {name: f"adversarial-{name}.digits" for name in NETWORKS}
EFFICIENTNET = "efficientnet"
"""The network of photographs of clothes, for the tables of both problems."""


def network_name(name: str, dataset: str) -> str:
    """Return the name of the network of problem ``name`` on a data set."""
    return EFFICIENTNET if dataset == CLOTHING else name


def stored_name(name: str, dataset: str) -> str | None:
    """Under what name it is stored in the package; None where it is not."""
    if dataset == CLOTHING:
        return f"adversarial-{EFFICIENTNET}.{CLOTHING}"
    return NAMES[name] if dataset == "embedded" else None


def store(folder: Path, dataset: str, command: str, local: str | None, data_dir: Path | None = None) -> None:
    """Pack and store the networks that a training on ``dataset`` left in ``folder``, see ``install_weights.store``.

    Packing costs a share of the test pictures that are classified right. Of EfficientNet, kernels that filter each
    channel by itself have one scale for all channels in 8 bits: they are kept in 16.
    """
    images, labels = pictures(dataset, "test", data_dir)
    right = partial(accuracy, images=images, labels=labels)
    for network in (EFFICIENTNET,) if dataset == CLOTHING else NETWORKS:
        state = SavedState(folder / network)
        model = state.load()
        if dataset == CLOTHING:
            data = "clothing-dataset-small, its training part; ImageNet before that"
            arguments: dict | None = {"classes": int(model.outputs[0].shape[-1])}
            bits, described = {n.name: 16 for n in model.layers if isinstance(n, DepthwiseConv2D)}, "8, depthwise 16"
        else:
            data = f"{dataset}, its training part" if dataset != EMBEDDED else "scikit-learn's digits, the first 1,200"
            shape = model.inputs[0].shape[1:]
            # Only data sets other than the digits have other image sides.
            arguments = {"input_shape": list(shape)} if tuple(shape) != DIGITS else None
            bits, described = {}, "8"
        name = stored_name(network, dataset) or NAMES[network]
        networks = [Trained(name, model, state.log, bits, described, arguments, file=network)]
        install_weights.store("adversarial", folder, networks, partial(right, model), _said, command, data, local)


def _said(before: float, after: float) -> str:
    return f"{before:.2%} of the test pictures right, packed {after:.2%}"
