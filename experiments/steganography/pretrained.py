"""Store trained networks as small files with checksum and provenance."""

from functools import partial

from zoo.datasets.pairs import HidingPairs, ResizedPhotographs
from zoo.experiments.steganography.narrow_start import OUTER as OUTER_LEVELS
from zoo.experiments.steganography.training import (
    NARROW,
    NETWORKS,
    VALIDATION_SEED,
    Material,
    Scale,
    begins_with,
    pretrain,
    pretrain_through_jpeg,
    state_name,
)
from zoo.experiments.train import install_weights
from zoo.experiments.train.install_weights import GENERATED, Trained
from zoo.saved_training import saved_log
from zoo.steganography import BalujaNet, HNet, RNet, Steganographer
from zoo.steganography.hiding import (
    BALUJA_WEIGHTS,
    HIDING_WEIGHTS,
    JPEG_WEIGHTS,
    REVEALING_WEIGHTS,
    THROUGH_JPEG,
    ending_of,
)

NAMES = {"ours": {"hiding": HIDING_WEIGHTS, "revealing": REVEALING_WEIGHTS}, "baluja": {"both": BALUJA_WEIGHTS}}
"""Files of each of ``NETWORKS``, by the part of a ``Steganographer`` that they hold."""
JPEG_NAMES = dict(zip(("hiding", "revealing"), JPEG_WEIGHTS, strict=True))
"""Those of our networks with JPEG between them."""
OUTER = dict.fromkeys(OUTER_LEVELS, 16)
"""What H-net's two outermost levels pass on to the container is seen in it."""
FIRST = {"r_net_conv2d_1": 16}
"""What R-net reads lies in the container's lowest bits."""
LARGE = ("h_net_conv2d_9", "h_net_conv2d_12", "h_net_conv_transpose2d_14", "h_net_conv_transpose2d_18")
"""Nine tenths of H-net's weights."""
BITS: dict[str, dict[str, int]] = {"hiding": OUTER | dict.fromkeys(LARGE, 3), "revealing": FIRST, "both": {}}
"""Bits of the layers that are not stored in 8 bits; see the table `packing`."""
DESCRIBED = {"hiding": "8, large layers 3, outer levels 16", "revealing": "8, first layer 16", "both": "8"}


def run(
    scale: Scale, material: Material, command: str, data: str, local: str | None, begin: Steganographer | None = None
) -> None:
    """Train all networks of a scale; each is packed and installed before the next, see ``install_weights.store``.

    ``data`` names the training images. With ``begin`` only our networks that go on from it through JPEG are trained.
    """
    held_out = ResizedPhotographs(material.validation) if material.validation else None
    unseen = HidingPairs(4, scale.batch_size, scale.size, material.seed + 2 * VALIDATION_SEED, held_out)

    def store(model: Steganographer, network: str, weight: float, history: list[dict], through_jpeg: str = "") -> None:
        # Policies other than float32 are for training alone.
        full = BalujaNet(quantize=True) if network == "baluja" else Steganographer(HNet(), RNet(), quantize=True)
        full.hiding.set_weights(model.hiding.get_weights())
        full.revealing.set_weights(model.revealing.get_weights())
        full.compile()
        ending = ending_of(weight) + through_jpeg
        tag = None if local is None else local + ending
        training = ("photographs" if material.pictures else GENERATED) + ending
        parts, networks = {"both": full, "hiding": full.hiding, "revealing": full.revealing}, []
        for part, file in (JPEG_NAMES if through_jpeg else NAMES[network]).items():
            name = f"{file.rpartition('.')[0]}.{training}"
            file += ending_of(weight)
            networks.append(Trained(name, parts[part], history, BITS[part], DESCRIBED[part], file=file))
        measure = partial(full.evaluate, unseen, return_dict=True, verbose=0)  # with nothing between the two networks
        install_weights.store("steganography", material.folder, networks, measure, _said, command, data, tag)

    for network in scale.networks:
        for weight in scale.weights:
            history, first = [], begin
            if first is None:
                first = pretrain(scale, network, weight, material)
                before, name = begins_with(scale, network, weight), state_name(network, weight)
                began = NARROW + name if before is None else state_name(network, before)
                history = [entry for state in (began, name) for entry in saved_log(material.folder / state)]
                store(first, network, weight, history)
            if begin is not None or (scale.with_jpeg and network == NETWORKS[0]):
                model = pretrain_through_jpeg(scale, weight, material, first)
                history = [*history, *saved_log(material.folder / state_name(network + THROUGH_JPEG, weight))]
                store(model, network, weight, history, THROUGH_JPEG)


def train(scale: Scale, network: str, weight: float, material: Material, begin: Steganographer | None = None) -> None:
    """Train what ``run`` trains for one network and lambda. Only the states of the training are written."""
    first = pretrain(scale, network, weight, material) if begin is None else begin
    if begin is not None or (scale.with_jpeg and network == NETWORKS[0]):
        pretrain_through_jpeg(scale, weight, material, first)


def _said(before: dict[str, float], after: dict[str, float]) -> str:
    images = {"container": "container_psnr", "revealed": "reveal_psnr"}
    costs = ", ".join(f"{image} {before[name]:.2f} to {after[name]:.2f} dB" for image, name in images.items())
    return f"packing moves the PSNRs: {costs}"
