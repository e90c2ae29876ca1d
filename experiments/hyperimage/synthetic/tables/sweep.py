"""Variants of what the paper leaves open in the synthetic task: number of images, overlap, the label of a patch.

Besides, the second stage with another start and rate than the paper's, and features before the ReLU: the paper says
that those behind it gave a lower validation loss.

Command:  zoo reproduce hyperimage sweep
Expected: runs/tables/laptop/hyperimage_sweep.csv
Time:     an hour of one core, while other programs ran; seconds for `smoke`
"""

import dataclasses
import zlib
from collections.abc import Callable, Iterator
from functools import cache, partial

import numpy as np

from zoo.experiments.hyperimage.stages import KEPT
from zoo.experiments.hyperimage.synthetic.evaluation import AVERAGE, BATCH, PROPOSED, STATISTICS
from zoo.experiments.hyperimage.synthetic.training import SCALES, SHORT, VARIANTS, Scale, arrays, examples, train
from zoo.experiments.run.cells import Cell, Settings, Table
from zoo.experiments.run.environment import commit
from zoo.experiments.run.scales import scale_of
from zoo.hyperimage.agreement import bootstrap_agreement
from zoo.metrics import Estimate


def cells(settings: Settings) -> Iterator[Cell]:
    """Yield a row a variant and method.

    Raises:
        ValueError: For an unknown scale.
    """
    scale = scale_of(SCALES, settings.scale)
    short = SHORT if settings.scale == "laptop" else scale
    scores = cache(partial(_scores, settings.seed))
    for name, change in VARIANTS.items():
        smaller = {} if settings.scale == "smoke" and change.keys() & {"images", "second"} else change
        scale = dataclasses.replace(short, **smaller)
        for method in (AVERAGE, PROPOSED) if scale.relu else (PROPOSED,):
            for column in STATISTICS:
                measure = partial(_agreement, scores, scale, method, column, settings.seed)
                yield Cell(f"{name}: {method}", column, "agreement", None, measure, weights="trained")


def _agreement(
    scores: Callable[[Scale], dict[str, np.ndarray]], scale: Scale, method: str, column: str, seed: int
) -> Estimate:
    found = scores(scale)
    return bootstrap_agreement(STATISTICS[column], found[method], found["truth"], range(scale.test), seed=seed)


def _scores(seed: int, scale: Scale) -> dict[str, np.ndarray]:
    # The folder belongs to this variant, seed and code; an interrupted run resumes from it.
    folder = KEPT / f"sweep-{zlib.crc32(repr(scale).encode()):08x}-{seed}-{commit()}"
    network = train(scale, folder, seed, control=False)
    images, truth = arrays(examples(scale, "test", seed))
    return {
        AVERAGE: network.predict_patch_average(images, BATCH),
        PROPOSED: network.predict(images, BATCH),
        "truth": truth,
    }


TABLE = Table("hyperimage", "sweep", cells, decimals=3)
