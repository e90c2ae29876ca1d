"""Quality scorer on photographs: agreement with MDSI, order of distortion levels, and a coarse JPEG.

Command:  zoo reproduce hyperimage scorer --dataset open_photographs       (or the embedded photographs)
          zoo reproduce hyperimage scorer --scale photographs --dataset open_photographs --weights FOLDER
          (FOLDER: of `zoo pretrain hyperimage quality --scale photographs --dataset open_photographs`)
Expected: runs/tables/<scale>/hyperimage_scorer.csv

``agreement``: with MDSI, over all generated distortions of the test photographs, and by how much the proposed method
agrees better than each other one, paired over photographs. BRISQUE is trained on the same images as the stored
networks, where the data set has photographs to train on, else on generated scenes.

``within a photograph``: the agreement over the distorted versions of one photograph, mean over photographs. It does not
ask whether versions of different photographs are compared rightly.

``fall``: the mean score of a distortion should fall at every step of its strength; the number is the smallest fall of
the four. ``JPEG at quality 8``: by how much photographs lie above it. Both also for the measure itself, from which the
networks learn: what it does not tell apart, they cannot learn.
"""

from collections.abc import Iterator
from functools import partial

import numpy as np

from zoo.datasets.distortions import DISTORTIONS
from zoo.experiments.hyperimage.quality.evaluation import (
    BRISQUE,
    CNN,
    COARSE,
    LABEL,
    PROPOSED,
    SELECTIVE,
    SUBSETS,
    Offline,
    smallest_fall,
)
from zoo.experiments.hyperimage.quality.training import ALL, MEASURE, SCALES, SECOND, SELECTED
from zoo.experiments.hyperimage.stages import or_not_run
from zoo.experiments.run.cells import Cell, Settings, Table
from zoo.experiments.run.scales import scale_of
from zoo.hyperimage.agreement import srocc
from zoo.metrics import Estimate, bootstrap_mean

WEIGHTS = {CNN: ALL, SELECTIVE: SELECTED, PROPOSED: SECOND, BRISQUE: ""}
FALL, ABOVE = "fall of the mean score, least of its steps", f"photograph less its JPEG at quality {COARSE}"
SHARE = f"share of photographs, {ABOVE}"
WANTED = 2.5
"""Points by which a photograph should lie above its coarse JPEG."""


def cells(settings: Settings) -> Iterator[Cell]:
    """Yield the cells of all parts.

    Raises:
        ValueError: For an unknown scale, and for `paper`, which trains on TID2013.
    """
    scale_of(SCALES, settings.scale)
    if settings.scale == "paper":
        raise ValueError("scorer takes --scale smoke, laptop or photographs. Received: paper")
    offline = Offline(settings)
    numbers = SUBSETS["six"] if settings.scale == "smoke" else tuple(DISTORTIONS)
    metric = f"agreement with {MEASURE}"
    for method, weights in WEIGHTS.items():
        measure = partial(offline.agreement, method, srocc, numbers)
        yield or_not_run(Cell(method, "SROCC", metric, None, measure, weights=weights), settings)
    measure = partial(_within, offline)
    yield Cell(f"{PROPOSED}, within a photograph", "SROCC", metric, None, measure, weights=SECOND)
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
    for method, name, weights in ((PROPOSED, PROPOSED, SECOND), (LABEL, MEASURE, "")):
        for number in numbers:
            measure = partial(_fall, offline, method, number)
            yield Cell(f"{name}: {DISTORTIONS[number][0]}", "points", FALL, None, measure, weights=weights)
        row, measure = f"{name}: distortions, of {len(numbers)}", partial(_falling, offline, method, numbers)
        yield Cell(row, "count", "fall at every step", None, measure, weights=weights)
        yield Cell(name, "points", ABOVE, None, partial(_coarse, offline, method, False), weights=weights)
        measure = partial(_coarse, offline, method, True)
        yield Cell(name, f"{WANTED} or more", SHARE, None, measure, weights=weights)


def _within(offline: Offline) -> Estimate:
    found = offline.within(PROPOSED, srocc)
    return bootstrap_mean(found, [picture.scene for picture in offline.pictures], seed=offline.settings.seed)


def _fall(offline: Offline, method: str, number: int) -> Estimate:
    return smallest_fall(offline.by_level(method, number), seed=offline.settings.seed)[0]


def _falling(offline: Offline, method: str, numbers: tuple[int, ...]) -> Estimate:
    """Return the number of distortions that fall at every level, with the 95 % interval over photographs."""
    found = [smallest_fall(offline.by_level(method, number), seed=offline.settings.seed) for number in numbers]
    drawn = np.sum([drawn > 0 for _, drawn in found], axis=0)
    value = sum(estimate.value > 0 for estimate, _ in found)
    return Estimate.from_samples(value, drawn, len(offline.pictures), len(offline.drawn))


def _coarse(offline: Offline, method: str, share: bool) -> Estimate:
    falls = offline.falls(method)
    values = 100.0 * (falls >= WANTED) if share else falls
    return bootstrap_mean(values, [picture.scene for picture in offline.pictures], seed=offline.settings.seed)


TABLE = Table("hyperimage", "scorer", cells, decimals=3, units={FALL: "of 9", ABOVE: "of 9", SHARE: "%"})
