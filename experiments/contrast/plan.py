"""What the contrast tables need at the paper's scale, for ``zoo plan``."""

from functools import partial

import numpy as np

from zoo.contrast import ContrastNet
from zoo.contrast.photoshop import table_2_operators
from zoo.experiments.contrast import evaluation
from zoo.experiments.contrast.training import SCALES, compile_recipe
from zoo.experiments.run.planning import Needed, Plan, Work, pictures_of
from zoo.experiments.run.step_cost import Step

PATCHES = 67 * 44
"""Patches of a photograph of a Nikon D90, 4288 x 2848, which most of RAISE are of."""


def plan(table: str, scale: str) -> Plan:
    """Data, trainings and scoring of Table I or II.

    Raises:
        ValueError: For another table.
    """
    versions = {
        # Pristine and adjusted pictures by quality; some rows are of other networks, at fewer qualities.
        "table_1": len(evaluation.QUALITIES) * (2 + len(evaluation.TABLE_1_OPERATORS))
        + 2 * len(evaluation.SOME) * (1 + len(evaluation.MATCHED)),
        "table_2": len(evaluation.QUALITIES) * (1 + len(table_2_operators())),
    }
    if table not in versions:
        raise ValueError(f"There is a plan of {', '.join(versions)} of contrast. Received: {table}")
    trained, measured = SCALES[scale], evaluation.SCALES[scale]
    epochs = {"unaware": trained.unaware_epochs, "aware": trained.aware_epochs, "control": trained.control_epochs}
    patches = (measured.pictures or 0) * PATCHES * versions[table]
    return Plan(
        needed=(Needed("raise8k", "8,156 photographs, TIFF", 350, pictures_of("raise8k")),),
        works=(
            *(
                Work(f"ContrastNet, {name}", 1, count * trained.steps, trained.batch_size, f"{__name__}:step")
                for name, count in epochs.items()
            ),
            Work("patches to score", 1, -(-patches // 64), 64, f"{__name__}:scoring", passes=1, saved=False),
        ),
        memory=(("16 groups of 16 scenes, 16 patches in two classes each", 16 * 16 * 32 * 64 * 64 * 3 / 1e9),),
        trained_by=f"zoo pretrain contrast --scale {scale} --dataset raise8k --data-dir RAISE",
        left_out="reading TIFFs: a photograph is decoded for every 16 of its patches, 125,000 times an epoch, unless "
        "TFDS prepared raise8k/contrast_patches; --workers decodes in other processes",
    )


def step(batch: int) -> Step:
    """An update of ContrastNet."""
    model = ContrastNet()
    compile_recipe(model, "original")
    x, y = _patches(batch), np.eye(2, dtype=np.float32)[np.arange(batch) % 2]
    return Step(partial(model.train_on_batch, x, y), {"ContrastNet": (model, (64, 64, 3), 1)})


def scoring(batch: int) -> Step:
    """A forward pass of ContrastNet."""
    model = ContrastNet()
    return Step(partial(model.predict_on_batch, _patches(batch)), {"ContrastNet": (model, (64, 64, 3), 1)})


def _patches(batch: int) -> np.ndarray:
    return np.random.default_rng(0).random((batch, 64, 64, 3), np.float32)
