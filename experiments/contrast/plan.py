"""What the contrast tables need at the paper's scale, for ``zoo plan``."""

import math
from functools import partial

import numpy as np

from zoo.contrast import ContrastNet
from zoo.contrast.photoshop import table_2_operators
from zoo.experiments.contrast import evaluation
from zoo.experiments.contrast.training import SCALES, compile_recipe
from zoo.experiments.run.planning import Needed, Plan, Work, of_calibration, pictures_of
from zoo.experiments.run.step_cost import Step

PATCHES = 67 * 44
"""Patches of a photograph of a Nikon D90, 4288 x 2848, which most of RAISE are of."""
_SQUARES = 200
"""Patches that an adjusted square of each size and operator changes, all together: of these alone scores are new."""
_MATCHED = 1 + len(evaluation.MATCHED)
"""Pristine pictures, and those by each operator of the training."""
_ALL = len(evaluation.TABLE_1_OPERATORS)
VERSIONS: dict[str, float] = {
    # Scored versions of each test picture: pristine and adjusted, at each quality; some also by other networks.
    "table_1": len(evaluation.QUALITIES) * (2 + _ALL) + 2 * len(evaluation.SOME) * _MATCHED,
    "table_2": (len(evaluation.QUALITIES) - 1) * (1 + len(table_2_operators())),
    # The unaware network at four qualities, the aware one at six training qualities and without JPEG.
    "text": (4 + 6 + 1) * _MATCHED,
    "pictures": 5 * (2 + _ALL),
    # Four networks, eight versions each: three at two qualities, and pristine and gamma 1.5 at a third.
    "gamma": 4 * 8,
    # At three qualities. Overlapping patches share their layers, so they cost as much as patches side by side.
    "localisation": 3 * (1 + _SQUARES / PATCHES),
}
"""By table."""
_GAMMA = 4
"""Trainings of the table of that name."""


def plan(table: str, scale: str) -> Plan:
    """Data, trainings and scoring of any table that the paper has.

    Raises:
        ValueError: For another table.
    """
    if table == "calibrated":
        return of_calibration(30)
    if table not in VERSIONS:
        raise ValueError(f"There is a plan of {', '.join(VERSIONS)}, calibrated of contrast. Received: {table}")
    trained, measured = SCALES[scale], evaluation.SCALES[scale]
    if table == "gamma":
        epochs = {"gamma 1.5 alone, with and without JPEG and drawn tones": (_GAMMA, trained.aware_epochs)}
    else:
        epochs = {
            "unaware": (1, trained.unaware_epochs),
            "aware": (1, trained.aware_epochs),
            "control": (1, trained.control_epochs),
        }
    patches = math.ceil((measured.pictures or 0) * PATCHES * VERSIONS[table])
    return Plan(
        needed=(Needed("raise8k", "8,156 photographs, TIFF", 350, pictures_of("raise8k")),),
        works=(
            *(
                Work(f"ContrastNet, {name}", count, each * trained.steps, trained.batch_size, f"{__name__}:step")
                for name, (count, each) in epochs.items()
            ),
            Work("patches to score", 1, -(-patches // 64), 64, f"{__name__}:scoring", passes=1, saved=False),
        ),
        memory=(("16 groups of 16 scenes, 16 patches in two classes each", 16 * 16 * 32 * 64 * 64 * 3 / 1e9),),
        trained_by=f"zoo pretrain contrast --scale {scale} --dataset raise8k --data-dir RAISE" * (table != "gamma"),
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
