"""Whole pictures: AUC of the aware network, and error rates of a 5 % threshold on held-out pictures.

Command:  zoo reproduce contrast pictures [--dataset open_photographs]
Expected: runs/tables/laptop/contrast_pictures.csv
Time:     3.5 hours of one core on `open_photographs`, while other programs ran; divide it by `--shard I/5`, a
          column each

The paper scores whole pictures; Table I at `laptop` scores a part of 192 x 192 pixels of each, which has fewer patches.
The thresholds are set on the data set's calibration photographs, where it has them, else on half of the scenes, and
judged on the others. Rates have the exact interval of Clopper and Pearson. The paper's thresholds range over the
qualities from .56 to .71; it prints no rate of detection.
"""

from collections.abc import Iterator
from functools import partial

import numpy as np

from zoo.contrast.detector import DEFAULT_WEIGHTS
from zoo.experiments.cli.calibrated_table import exact_percent
from zoo.experiments.contrast.evaluation import (
    CONTROL,
    MATCHED,
    QUALITIES,
    TABLE_1_OPERATORS,
    Evaluation,
    auc,
    evaluation_of,
)
from zoo.experiments.run.cells import Cell, Settings, Table, grid
from zoo.metrics import Estimate, threshold_at_false_alarm

COLUMNS = ("no jpg", "95", "90", "85", "80")
CALIBRATED = "open_photographs"
"""The data set that has photographs to set thresholds on."""


class Alarms:
    """Thresholds at 5 % false alarms and the rates that follow from them, at each quality."""

    def __init__(self, settings: Settings) -> None:
        self.settings, self.judging = settings, evaluation_of(settings, whole=True)
        apart = settings.dataset == CALIBRATED
        self.setting = evaluation_of(settings, "calibration", whole=True) if apart else self.judging
        self.apart = apart

    def threshold(self, quality: int) -> Estimate:
        """Return the threshold; its interval resamples the scenes that set it."""
        scores = self.setting.scores(DEFAULT_WEIGHTS, None, quality)[self._part(self.setting, 0)]
        rng = np.random.default_rng(self.settings.seed)
        drawn = [threshold_at_false_alarm(rng.choice(scores, len(scores))) for _ in range(2000)]
        return Estimate.from_samples(threshold_at_false_alarm(scores), drawn, len(scores), len(scores))

    def rate(self, operator: str | None, quality: int) -> Estimate:
        """Share in percent of the other pictures above the threshold, pristine ones or those of ``operator``."""
        limit = self.threshold(quality).value
        scores = self.judging.scores(DEFAULT_WEIGHTS, operator, quality)[self._part(self.judging, 1)]
        return exact_percent(scores > limit)

    def _part(self, evaluation: Evaluation, number: int) -> np.ndarray:
        """Return the pictures that set (0) or test (1) the threshold: separate splits, else alternate scenes."""
        first = [evaluation.sources.index(scene) for scene in dict.fromkeys(evaluation.sources)]
        if not self.apart and len(first) < 2:
            raise ValueError(f"A threshold needs two scenes: one to set it, one to test it. Received: {len(first)}")
        return np.array(first if self.apart else first[number::2])


def cells(settings: Settings) -> Iterator[Cell]:
    """AUC by operator and quality, then the thresholds and their rates."""
    evaluation, alarms = evaluation_of(settings, whole=True), Alarms(settings)
    operators, columns = ({name: name for name in names} for names in ((*TABLE_1_OPERATORS, CONTROL), COLUMNS))
    yield from grid(operators, columns, "AUC", partial(auc, evaluation, DEFAULT_WEIGHTS), DEFAULT_WEIGHTS)
    for column in COLUMNS:
        measure = partial(alarms.threshold, QUALITIES[column])
        yield Cell("threshold for 5 % false alarms", column, "threshold", None, measure, weights=DEFAULT_WEIGHTS)
    rates = {"false alarms": None} | {f"detected, {operator}": operator for operator in MATCHED}
    yield from grid(rates, {c: QUALITIES[c] for c in COLUMNS}, "rate", alarms.rate, DEFAULT_WEIGHTS)


TABLE = Table("contrast", "pictures", cells, decimals={"threshold": 3}, units={"AUC": "%", "rate": "%"})
