"""Numbers in the text of Carrara et al. 2018, sections 5.1 and 6, and how the attacks went.

Command:  zoo reproduce adversarial text
Expected: runs/tables/laptop/adversarial_text.csv; docs/results/adversarial.md has the numbers
Time:     `laptop` minutes on two cores

Section 5.1.1: at a DW-kNN score of .002 more than 50 % of L-BFGS's and more than 40 % of FGS's pictures are filtered
and about 10 % of the errors, while more than 98 % of the authentic stay (pool5, PCA and whitening). The score's scale
depends on k and the number of classes, so that .002 means little elsewhere; the row "2 % rejected" sets the threshold
on the calibration pictures so that 98 % of those stay.
"""

from collections.abc import Iterator
from functools import partial

import numpy as np

from zoo.experiments.adversarial.detectors import knn
from zoo.experiments.adversarial.evaluation import (
    AUTHENTIC,
    ERRORS,
    OVERFEAT_ATTACKS,
    Evaluation,
    rejected,
    rejected_at,
)
from zoo.experiments.adversarial.evaluation_cache import evaluation_of, weights_of
from zoo.experiments.run.cells import Cell, Settings, Table
from zoo.metrics import Estimate, bootstrap_mean, percent

THRESHOLD = 0.002
PRINTED = {AUTHENTIC: 2.0, "L-BFGS": 50.0, "FGS": 40.0, ERRORS: 10.0}
"""Rejected in percent: at most, more than, more than, around."""
SUCCESS = {"L-BFGS": 99.2, "FGS": 100.0, "fgsm": None, "iter_target_class": None}
"""992 and 1,000 of 1,000 (section 5.1); not printed for section 5.2."""


def cells(settings: Settings) -> Iterator[Cell]:
    """Yield the cells of the text's numbers."""
    overfeat, weights = evaluation_of("overfeat", settings), weights_of("overfeat", settings)
    scorer = knn(overfeat, "pool5", "PCA+W", "DW-kNN")
    for group in (AUTHENTIC, *OVERFEAT_ATTACKS, ERRORS):
        measure = partial(rejected_at, overfeat, scorer, group, THRESHOLD)
        yield Cell("threshold .002", group, "rejected", PRINTED[group], measure, weights=weights)
        measure = partial(rejected, overfeat, scorer, group, 0.02)
        yield Cell("threshold: 2 % rejected", group, "rejected", PRINTED[group], measure, weights=weights)
    for name in ("overfeat", "inception"):
        evaluation, weights = evaluation_of(name, settings), weights_of(name, settings)
        yield Cell(f"accuracy, {name}", "test", "accuracy", measure=partial(_accuracy, evaluation), weights=weights)
        for attack in evaluation.attacks:
            measure = partial(_success, evaluation, attack)
            yield Cell("prediction changed", attack, "success", SUCCESS[attack], measure, weights=weights)


def _accuracy(evaluation: Evaluation) -> Estimate:
    right = (evaluation.judged == evaluation.problem.test.labels).astype(float)
    return percent(bootstrap_mean(right, range(len(right)), seed=evaluation.settings.seed))


def _success(evaluation: Evaluation, attack: str) -> Estimate:
    tried = evaluation.attackable(attack)
    changed = np.isin(tried, evaluation.group(attack).sources).astype(float)
    return percent(bootstrap_mean(changed, tried.tolist(), seed=evaluation.settings.seed))


TABLE = Table("adversarial", "text", cells, takes_index=True, units="%")
