"""What the quality scorer is worth on photographs: agreement, order of strengths, and a coarse JPEG.

Command:  zoo reproduce hyperimage scorer --scale photographs --dataset open_photographs --weights FOLDER
          (FOLDER: of `zoo pretrain hyperimage --only quality --scale photographs --dataset open_photographs`)
          zoo reproduce hyperimage scorer       (the stored networks on the embedded photographs)
Expected: runs/tables/<scale>/hyperimage_scorer.csv
Time:     minutes on two cores

``agreement``: with the full-reference measure that the scale is trained on, over all generated distortions of the test
photographs, and by how much the proposed method agrees better than each other one, paired over photographs. BRISQUE is
trained on as many images as the networks of the scale, of the data set's training photographs where it has such.

``fall``: the mean score of a distortion must fall at every step of its strength; the number is the smallest fall of the
four. Local block-wise distortions become fewer as they become stronger, and so do not fall by MDSI itself.

``coarse JPEG``: by how much photographs lie above their JPEG at quality 8. It takes no full-reference measure.
"""

from collections.abc import Iterator
from functools import partial

import numpy as np

from zoo.datasets.distortions import DISTORTIONS
from zoo.experiments.hyperimage.quality.evaluation import (
    BRISQUE,
    CNN,
    COARSE,
    PROPOSED,
    SELECTIVE,
    SUBSETS,
    Offline,
    smallest_fall,
)
from zoo.experiments.hyperimage.quality.training import ALL, SCALES, SECOND, SELECTED
from zoo.experiments.hyperimage.stages import or_not_run
from zoo.experiments.run.cells import Cell, Settings, Table
from zoo.experiments.run.scales import scale_of
from zoo.hyperimage.agreement import srocc
from zoo.metrics import Estimate, bootstrap_mean

WEIGHTS = {CNN: ALL, SELECTIVE: SELECTED, PROPOSED: SECOND, BRISQUE: ""}
WANTED = 2.5
"""Points by which a photograph should lie above its coarse JPEG."""


def cells(settings: Settings) -> Iterator[Cell]:
    """The cells of all three parts.

    Raises:
        ValueError: For an unknown scale, and for `paper`, which trains on TID2013.
    """
    scale = scale_of(SCALES, settings.scale)
    if settings.scale == "paper":
        raise ValueError("scorer takes --scale smoke, laptop or photographs. Received: paper")
    offline = Offline(settings)
    numbers = SUBSETS["six"] if settings.scale == "smoke" else tuple(DISTORTIONS)
    metric = f"agreement with {scale.label}"
    for method, weights in WEIGHTS.items():
        measure = partial(offline.agreement, method, srocc, numbers)
        yield or_not_run(Cell(method, "SROCC", metric, None, measure, weights=weights), settings)
    for other in (SELECTIVE, CNN, BRISQUE):
        cell = Cell(
            f"{PROPOSED} - {other}",
            "SROCC",
            f"difference: {metric}",
            None,
            partial(offline.gain, other, srocc, numbers),
            weights=WEIGHTS[other] or SECOND,
        )
        yield or_not_run(cell, settings)
    fall = "fall of the mean score, least of its steps"
    for number in numbers:
        measure = partial(_fall, offline, number)
        yield Cell(DISTORTIONS[number][0], "points", fall, None, measure, weights=SECOND)
    row, measure = f"distortions, of {len(numbers)}", partial(_falling, offline, numbers)
    yield Cell(row, "count", "fall at every step", None, measure, weights=SECOND)
    above, row = f"photograph less its JPEG at quality {COARSE}", "Proposed"
    yield Cell(row, "points", above, None, partial(_coarse, offline, False), weights=SECOND)
    yield Cell(row, f"{WANTED} points or more, %", above, None, partial(_coarse, offline, True), weights=SECOND)


def _fall(offline: Offline, number: int) -> Estimate:
    return smallest_fall(offline.by_level(number), seed=offline.settings.seed)[0]


def _falling(offline: Offline, numbers: tuple[int, ...]) -> Estimate:
    """How many distortions fall at every step, with the 95 % interval over photographs."""
    found = [smallest_fall(offline.by_level(number), seed=offline.settings.seed) for number in numbers]
    low, high = np.quantile(sum((drawn > 0).astype(int) for _, drawn in found), (0.025, 0.975))
    value = sum(estimate.value > 0 for estimate, _ in found)
    return Estimate(float(value), float(low), float(high), len(offline.pictures), len(offline.drawn))


def _coarse(offline: Offline, share: bool) -> Estimate:
    values = 100.0 * (offline.falls >= WANTED) if share else offline.falls
    return bootstrap_mean(values, [picture.scene for picture in offline.pictures], seed=offline.settings.seed)


TABLE = Table("hyperimage", "scorer", cells, decimals=3)
