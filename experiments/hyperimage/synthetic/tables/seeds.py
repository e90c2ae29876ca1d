"""The proposed method of Table 1 over three trainings of its second stage, less the paper and less the closed form.

Command:  zoo reproduce hyperimage seeds
Expected: runs/tables/laptop/hyperimage_seeds.csv
Time:     27 minutes of one core, while other programs ran

One training is the stored one, which Table 1 has; two more have other images to train on and another start, on the
same first stage. All are tested on Table 1's images. Intervals are over test images and trainings together. Of the
paper only its number is known: ``Proposed - paper`` has the interval of ours, moved by that number.
"""

import dataclasses
import shutil
from collections.abc import Callable, Iterator
from functools import cached_property, partial

import numpy as np

import zoo.weights
from zoo.datasets.synthetic_artifacts import MOST
from zoo.experiments.hyperimage.stages import KEPT, find
from zoo.experiments.hyperimage.synthetic.evaluation import (
    AVERAGE,
    CLOSED,
    PROPOSED,
    STATISTICS,
    Evaluation,
    mean_of_both,
)
from zoo.experiments.hyperimage.synthetic.training import FIRST, train
from zoo.experiments.hyperimage.values import printed
from zoo.experiments.run.cells import Cell, Settings, Table
from zoo.experiments.run.environment import commit
from zoo.hyperimage import TwoStage
from zoo.hyperimage.agreement import bootstrap_agreement, bootstrap_agreement_difference
from zoo.metrics import Estimate
from zoo.store import sha256

TRAININGS = 3


class Trainings:
    """Agreement of the stored second stage and of others that were trained like it, on the stored first stage."""

    def __init__(self, settings: Settings) -> None:
        self.settings, self.evaluation = settings, Evaluation(settings)

    @cached_property
    def networks(self) -> list[TwoStage]:
        """The stored training, and those of the next seeds."""
        return [self.evaluation.network, *(self._trained(self.settings.seed + i) for i in range(1, TRAININGS))]

    def agreement(self, patches: int | None, statistic: Callable) -> Estimate:
        """Return the mean agreement of the trainings; ``patches`` as of ``Evaluation.images``."""
        scores, truth = self._scores(patches), self.evaluation.images(patches)[1]
        return bootstrap_agreement(statistic, scores, truth, range(len(truth)), seed=self.settings.seed)

    def above_paper(self, patches: int | None, statistic: Callable, paper: float) -> Estimate:
        """``agreement`` less the paper's number."""
        found = self.agreement(patches, statistic)
        value, low, high = (number - paper for number in (found.value, found.ci_low, found.ci_high))
        return dataclasses.replace(found, value=value, ci_low=low, ci_high=high)

    def above(self, other: str, patches: int | None, statistic: Callable) -> Estimate:
        """Return the mean agreement less that of another method, on the same images."""
        truth = self.evaluation.images(patches)[1]
        theirs = self.evaluation.scores(other, patches)
        scores, images = self._scores(patches), range(len(truth))
        return bootstrap_agreement_difference(statistic, scores, theirs, truth, images, seed=self.settings.seed)

    def _scores(self, patches: int | None) -> np.ndarray:
        # All have the same first stage, and so the same hyper-images.
        hyper = self.evaluation.hyper_images(patches)
        return np.stack([network.predict(hyper) for network in self.networks])

    def _trained(self, seed: int) -> TwoStage:
        first = zoo.weights.find(find(self.settings.weights, FIRST))
        # The folder belongs to this first stage, seed and code; an interrupted run resumes from it.
        folder = KEPT / f"seeds-{self.settings.scale}-{seed}-{sha256(first)[:8]}-{commit()}"
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(first, folder / f"{FIRST}.npz")  # so that it is not trained again
        return train(self.evaluation.scale, folder, seed, control=False)


def cells(settings: Settings) -> Iterator[Cell]:
    """Yield the agreement and its differences, for both experiments.

    Raises:
        ValueError: For an unknown scale.
    """
    trainings, comparable = Trainings(settings), settings.scale != "smoke"
    both = "mean of SROCC and PLCC, by number of patches"
    columns: list[tuple[int, str, int | None, Callable, str]] = [
        *((1, column, None, statistic, "agreement") for column, statistic in STATISTICS.items()),
        *((2, str(patches), patches, mean_of_both, both) for patches in range(1, MOST + 1)),
    ]
    for experiment, column, patches, statistic, metric in columns:
        row = f"Experiment {experiment}: {PROPOSED}"
        paper = printed("table_1", experiment, PROPOSED, column)
        measure = partial(trainings.agreement, patches, statistic)
        yield Cell(row, column, metric, paper, measure, comparable=comparable, weights="trained")
        differences = {other: partial(trainings.above, other, patches, statistic) for other in (CLOSED, AVERAGE)}
        if paper is not None:
            differences["paper"] = partial(trainings.above_paper, patches, statistic, paper)
        for other, measure in differences.items():
            yield Cell(f"{row} - {other}", column, f"difference: {metric}", None, measure, weights="trained")


TABLE = Table("hyperimage", "seeds", cells, decimals=3)
