"""Training data from the options of ``zoo pretrain``: photographs, or generated scenes."""

import argparse
from pathlib import Path
from typing import NamedTuple

from zoo.datasets import keyed
from zoo.datasets.photographs import WITH_VALIDATION, Photograph, photographs
from zoo.datasets.prepared import Prepared
from zoo.experiments.cli import data_options
from zoo.experiments.train.fitting import check_same
from zoo.experiments.train.install_weights import training_tag


class Material(NamedTuple):
    """What is trained on, and where."""

    pictures: list[Photograph]
    """Empty for generated scenes."""
    validation: list[Photograph]
    """To validate on; empty for generated scenes, and where it was not asked for."""
    folder: Path
    """Where checkpoints lie."""
    data: str
    """What the weights' provenance says of it."""
    local: str | None
    """Tag of weights in the local store; see ``install_weights.install``."""


def material(options: argparse.Namespace, validation: bool = False, others: Prepared | None = None) -> Material:
    """Return the training data that the options of ``zoo pretrain`` name; generated scenes by default.

    With ``validation`` some photographs are set apart to validate on: those that the data set has for it, else a tenth
    of the scenes. ``others`` is what is trained on instead of whole photographs.

    Raises:
        ValueError: For a data set that has photographs to test on only; where the folder holds a training on others.
    """
    dataset = data_options.dataset_of(options)
    pictures: list[Photograph] = []
    held_out: list[Photograph] = []
    if dataset != data_options.EMBEDDED and others is None:
        named = None if dataset.startswith("folder:") else dataset
        pictures = photographs(named, options.data_dir, "train", options.seed)
        if not pictures:
            raise ValueError(
                "The data set must have training photographs; this one only has test photographs. Received: "
                f"--dataset {dataset}"
            )
        if validation and named in WITH_VALIDATION:
            held_out = photographs(named, options.data_dir, "validation", options.seed)
            if not held_out:
                raise ValueError(
                    f"The data set must have validation photographs. Received: --dataset {dataset}, which has none"
                )
        elif validation:
            pictures, held_out = set_apart(pictures, options.seed)
    folder = options.folder / f"{options.paper}-{options.scale}-{options.seed}"
    files = [p.name for p in pictures] if others is None else [others.name]
    check_same(folder, "training", {"dataset": dataset, "files": files})
    data = dataset if dataset != data_options.EMBEDDED else "generated dead-leaves scenes"
    return Material(pictures, held_out, folder, data, None if options.install else training_tag(options.scale, dataset))


def set_apart(pictures: list[Photograph], seed: int) -> tuple[list[Photograph], list[Photograph]]:
    """Divide photographs into those to train on and a tenth of the scenes, at least two, to validate on.

    Raises:
        ValueError: For fewer than four scenes.
    """
    scenes = sorted({picture.scene for picture in pictures})
    if len(scenes) < 4:
        raise ValueError(
            "Training needs photographs of at least four scenes, two of them for validation; half of a folder's scenes "
            f"are held out for testing. Received: {len(scenes)}"
        )
    order = keyed.permutation(len(scenes), seed, 0)[: max(2, len(scenes) // 10)]
    chosen = {scenes[i] for i in order}
    return [p for p in pictures if p.scene not in chosen], [p for p in pictures if p.scene in chosen]
