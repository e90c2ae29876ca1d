"""``zoo pretrain``: train a paper's stored weights anew, for the local store or for the package."""

import argparse
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from zoo.experiments.cli import data_options
from zoo.experiments.cli.data_options import EMBEDDED
from zoo.experiments.hyperimage import commands as hyperimage
from zoo.experiments.imaging import commands as imaging

if TYPE_CHECKING:
    from zoo.datasets.photographs import Photograph

PAPERS = ("adversarial", "contrast", "hyperimage", "imaging", "steganography")
STORED_SCALE = "laptop"
"""Of the package's weights."""


def add(commands: "argparse._SubParsersAction") -> None:
    """Add the command to the ``zoo`` parser."""
    parser = commands.add_parser("pretrain", help="train a paper's stored weights anew")
    parser.add_argument("paper", choices=PAPERS)
    parser.add_argument("--scale", default=STORED_SCALE, help="smoke, laptop (default) or paper")
    data_options.add(parser)
    parser.add_argument("--install", action="store_true", help="into the package, not the local store")
    parser.add_argument("--folder", type=Path, default=Path("runs"), help="checkpoints; a killed training resumes")
    after = parser.add_mutually_exclusive_group()
    after.add_argument("--joint", action="store_true", help="imaging: camera and analyst, after the networks")
    after.add_argument("--low-light", action="store_true", help="imaging: Table 3's network for low light")
    parser.add_argument("--only", choices=hyperimage.TASKS, help="hyperimage: one of its three tasks")
    parser.set_defaults(run=_run)


def training_command(options: argparse.Namespace) -> str:
    """The command as it is kept with the weights; of ``--data-dir`` the folder's name only, not the user's path."""
    part = ["--joint"] * options.joint + ["--low-light"] * options.low_light
    words = ["zoo", "pretrain", options.paper, *part, "--scale", options.scale]
    if options.dataset != EMBEDDED:
        words += ["--dataset", options.dataset]
    if options.data_dir is not None:
        words += ["--data-dir", data_options.folder_name(options)]
    return shlex.join([*words, "--seed", str(options.seed)])


def _run(options: argparse.Namespace) -> int:
    _check(options)
    if options.paper == "imaging":
        return imaging.pretrain(options, training_command(options))
    if options.paper == "hyperimage":
        return hyperimage.pretrain(options, training_command(options))
    return _adversarial(options) if options.paper == "adversarial" else _on_photographs(options)


def _check(options: argparse.Namespace) -> None:
    if (options.joint or options.low_light) and options.paper != "imaging":
        raise ValueError(f"--joint and --low-light are for imaging. Received: {options.paper}")
    if options.only and options.paper != "hyperimage":
        raise ValueError(f"--only is for hyperimage. Received: {options.paper}")
    if not options.install:
        return
    other = {"--dataset": (options.dataset, EMBEDDED), "--scale": (options.scale, STORED_SCALE)}
    given = [f"{option} {value}" for option, (value, usual) in other.items() if value != usual]
    given += [] if options.data_dir is None else [f"--data-dir {options.data_dir}"]
    if given:
        raise ValueError(
            f"--install replaces the package's weights, which are those of its own data at {STORED_SCALE}; without it "
            f"weights go to the local store. Received: {' '.join(given)}"
        )


def _on_photographs(options: argparse.Namespace) -> int:
    """Contrast and steganography, which train on generated scenes or on photographs."""
    from zoo.experiments.train.fitting import check_same
    from zoo.experiments.train.install_weights import training_tag

    command, dataset = training_command(options), data_options.dataset_of(options)
    pictures = _photographs(options, dataset)
    folder = options.folder / f"{options.paper}-{options.scale}-{options.seed}"
    check_same(folder, "training", {"dataset": dataset, "files": [p.name for p in pictures]})
    data = dataset if pictures else "generated dead-leaves scenes"
    local = None if options.install else training_tag(options.scale, dataset)
    if options.paper == "steganography":
        from zoo.experiments.steganography import pretrained

        pretrained.run(options.scale, folder, options.seed, pictures, command, data, local)
        return 0
    from zoo.experiments.contrast.pretrained import install, pack_all
    from zoo.experiments.contrast.training import pretrain

    pretrain(options.scale, folder, options.seed, pictures)
    for path, loss in pack_all(folder).items():
        print(f"written: {path} (packing moves a score by {loss:.4f} on average)")
    install(folder, command, data, local)
    return 0


def _photographs(options: argparse.Namespace, dataset: str) -> "list[Photograph]":
    """The photographs to train on; none for generated scenes."""
    if dataset == EMBEDDED:
        return []
    from zoo.datasets.photographs import photographs

    named = None if dataset.startswith("folder:") else dataset
    found = photographs(named, options.data_dir, "train", options.seed)
    if not found:
        raise ValueError(f"This data set has photographs to test on only. Received: --dataset {dataset}")
    return found


def _adversarial(options: argparse.Namespace) -> int:
    from zoo.experiments.adversarial.pretrained import install, pack_all
    from zoo.experiments.adversarial.training import pretrain
    from zoo.experiments.train.install_weights import training_tag

    if options.scale == "paper":
        raise ValueError(
            "The paper's networks, OverFeat and InceptionV3, come with weights; the small ones are trained at smoke "
            f"and laptop. Received: --scale {options.scale}"
        )
    if options.data_dir is not None:
        raise ValueError(
            f"adversarial trains on --dataset embedded, cifar10 or imagenette. Received: {options.data_dir}"
        )
    digits = options.dataset == EMBEDDED
    name = "" if digits else f"{options.dataset}-"
    folder = options.folder / f"adversarial-{name}{options.scale}-{options.seed}"
    pretrain(options.scale, folder, options.seed, options.dataset)
    for path, (before, after) in pack_all(folder, options.dataset).items():
        print(f"written: {path} ({before:.2%} of the test pictures right, packed {after:.2%})")
    # In the package and here the small networks are called after the digits that they know.
    local = None if options.install else training_tag(options.scale, "digits" if digits else options.dataset)
    data = "scikit-learn's digits, the first 1,200" if digits else f"{options.dataset}, its training part"
    install(folder, training_command(options), data, local)
    return 0
