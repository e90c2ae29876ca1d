"""The ``zoo imaging`` commands: develop a RAW photograph, train a network for one's own camera."""

import argparse
import sys
from pathlib import Path

PIPELINES = ("classical", "bilinear", "inet", "unet", "dnet")


def add_commands(commands: "argparse._SubParsersAction") -> None:
    """Add ``imaging`` with its verbs to the ``zoo`` command."""
    imaging = commands.add_parser("imaging", help="develop RAW photographs by classical and neural pipelines")
    verbs = imaging.add_subparsers(dest="verb", required=True, metavar="VERB")

    fit = verbs.add_parser("fit", help="train a network to develop the photographs of your camera")
    fit.add_argument("folder", type=Path, metavar="RAW_DIR", help="RAW files of one camera, five at least")
    fit.add_argument("--network", default="inet", choices=PIPELINES[2:])
    fit.add_argument("--scale", default="laptop", help="smoke, laptop (default) or paper")
    fit.add_argument("--seed", type=int, default=0)
    fit.add_argument(
        "-o", "--output", type=Path, default=Path("runs/imaging-fit"), help="weights; a kill resumes there"
    )
    fit.set_defaults(run=_fit)


def pretrain_networks(options: argparse.Namespace) -> int:
    """``zoo pretrain imaging``: train the stored networks on the synthetic camera, pack them, install them if asked.

    Raises:
        ValueError: For data: the stored networks are those of the synthetic camera.
    """
    from zoo.experiments.imaging.pretrained import install, pack_all
    from zoo.experiments.imaging.training import pretrain

    if options.data_dir is not None or options.dataset != "embedded":
        received = options.data_dir or options.dataset
        raise ValueError(f"For a camera of your own: zoo imaging fit RAW_DIR --network NAME. Received: {received}")
    folder = options.folder / f"imaging-{options.scale}-{options.seed}"
    pretrain(options.scale, folder, options.seed)
    for path, loss in pack_all(folder).items():
        print(f"written: {path} (packing costs {loss:.2f} dB)")
    if options.install:
        command = f"zoo pretrain imaging --scale {options.scale} --seed {options.seed}"
        install(folder, command, "generated dead-leaves scenes, synthetic camera")
    return 0


def _fit(options: argparse.Namespace) -> int:
    import zoo.weights
    from zoo.experiments.imaging import data, training

    settings = training.check(options.scale, [options.network])
    if options.seed < 0:
        raise ValueError(f"--seed must be 0 or above. Received: {options.seed}")
    training_pictures, validation = data.folder(options.folder, settings.training, settings.validation)
    print(f"{len(training_pictures)} photographs to train on, {len(validation)} to validate", file=sys.stderr)
    pictures = (training_pictures, validation)
    trained = training.pretrain(options.scale, options.output, options.seed, [options.network], pictures)
    network = training.NETWORKS[options.network]()
    network.set_weights(trained[options.network].get_weights())
    path = options.output / f"{options.network}.npz"
    zoo.weights.pack(network, path, {layer.name: 32 for layer in network.layers})
    print(f"written: {path}; use it with: zoo imaging develop PHOTO --pipeline {options.network} --weights {path}")
    return 0
