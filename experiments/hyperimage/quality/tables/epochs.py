"""Seconds of an epoch of both stages on LIVE and TID2013 (Chandakkar and Li 2017, page 5), which the text prints.

Command:  zoo reproduce hyperimage epochs
Expected: runs/tables/laptop/hyperimage_epochs.csv; only the ratio of the stages means anything on another machine
Time:     a minute on two cores

A few updates are timed on random patches and hyper-images, and taken times the updates of an epoch of the paper's
protocol. How many patches an epoch had is not in the paper. Counted are the most there can be: of each image 713, as
many as TID2013's grid has places, and as many of its reference. The clock is the process's own time on a CPU.
"""

import math
from collections.abc import Iterator
from functools import cache, partial

import numpy as np

from zoo.experiments.hyperimage import plan
from zoo.experiments.hyperimage.quality.training import SCALES
from zoo.experiments.run.cells import Cell, Settings, Table
from zoo.experiments.run.scales import scale_of
from zoo.experiments.run.timing import take_turns
from zoo.metrics import Estimate, bootstrap_mean

STAGES = {"first stage": 0, "second stage": 1}
PRINTED = {"live_iqa": (23, 3), "tid2013": (106, 43)}
STEPS = {"live_iqa": (plan.live_patches, plan.live_second), "tid2013": (plan.patches, plan.second)}
TURNS = {"smoke": 1, "laptop": 5, "paper": 20}
"""Timed updates of each stage."""


def cells(settings: Settings) -> Iterator[Cell]:
    """Seconds of an epoch of each stage, and their ratio.

    Raises:
        ValueError: For an unknown scale.
    """
    turns = scale_of(TURNS, settings.scale)
    for database, printed in PRINTED.items():
        for stage, place in STAGES.items():
            yield Cell(database, stage, "time of an epoch", printed[place], partial(_seconds, database, place, turns))
        yield Cell(database, "second / first", "ratio", printed[1] / printed[0], partial(_ratio, database, turns))


@cache
def _epochs(database: str, turns: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the seconds of an epoch of each stage at each turn."""
    scale, images = SCALES["paper"], plan.IMAGES[database]
    updates = (
        math.ceil(2 * images * scale.patches / scale.first.batch_size),
        math.ceil(images / scale.second.batch_size),
    )
    sizes = scale.first.batch_size, scale.second.batch_size
    steps = [step(size).run for step, size in zip(STEPS[database], sizes, strict=True)]
    times = take_turns(dict(zip(STAGES, steps, strict=True)), turns)
    first, second = (count * times[stage] for count, stage in zip(updates, STAGES, strict=True))
    return first, second


def _seconds(database: str, place: int, turns: int) -> Estimate:
    return bootstrap_mean(_epochs(database, turns)[place], range(turns))


def _ratio(database: str, turns: int) -> Estimate:
    first, second = _epochs(database, turns)
    return bootstrap_mean(second / first, range(turns))


TABLE = Table("hyperimage", "epochs", cells, decimals=2, units={"time of an epoch": "s"})
