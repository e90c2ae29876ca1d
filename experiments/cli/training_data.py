"""Training data from the options of ``zoo pretrain``: photographs, or generated scenes."""

import argparse
from pathlib import Path
from typing import NamedTuple

from zoo.datasets.photographs import Photograph, photographs
from zoo.experiments.cli import data_options
from zoo.experiments.train.fitting import check_same
from zoo.experiments.train.install_weights import training_tag


class Material(NamedTuple):
    """What is trained on, and where."""

    pictures: list[Photograph]
    """Empty for generated scenes."""
    folder: Path
    """Where checkpoints lie."""
    data: str
    """What the weights' provenance says of it."""
    local: str | None
    """As for ``install_weights.install``."""


def material(options: argparse.Namespace) -> Material:
    """What the options of ``zoo pretrain`` name; without ``--dataset`` and ``--data-dir`` generated scenes.

    Raises:
        ValueError: For a data set that has photographs to test on only; where the folder holds a training on others.
    """
    dataset = data_options.dataset_of(options)
    pictures = []
    if dataset != data_options.EMBEDDED:
        named = None if dataset.startswith("folder:") else dataset
        pictures = photographs(named, options.data_dir, "train", options.seed)
        if not pictures:
            raise ValueError(f"This data set has photographs to test on only. Received: --dataset {dataset}")
    folder = options.folder / f"{options.paper}-{options.scale}-{options.seed}"
    check_same(folder, "training", {"dataset": dataset, "files": [p.name for p in pictures]})
    data = dataset if pictures else "generated dead-leaves scenes"
    return Material(pictures, folder, data, None if options.install else training_tag(options.scale, dataset))
