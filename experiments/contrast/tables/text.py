"""Numbers in the text of Barni et al. 2018, section III-B: patch accuracies, the unaware detector, the matched mean.

Command:  zoo reproduce contrast text
Expected: runs/tables/laptop/contrast_text.csv; docs/results/contrast.md has the numbers
Time:     `laptop` four minutes on two cores; 15 minutes of one core on open_photographs

Accuracies are balanced: as many pristine as adjusted patches, threshold .5. A mean over operators weighs the paper's
three families alike, CLAHE, gamma correction (half of it 1.5, half .7) and histogram stretching. The paper's range
[90, 100] of qualities is measured at its even ones. Thresholds are in the table of whole pictures.
"""

from collections.abc import Iterator
from functools import partial

import numpy as np

from zoo.contrast.detector import DEFAULT_WEIGHTS
from zoo.experiments.contrast.evaluation import QUALITIES, SOME, UNAWARE, Evaluation, evaluation_of
from zoo.experiments.run.cells import Cell, Settings, Table
from zoo.metrics import Estimate, bootstrap_auc, bootstrap_mean, percent

TRAINED = range(90, 101, 2)
"""The even JPEG qualities among those of the paper's training, 90 to 100."""
FAMILIES = {"CLAHE": ("CLAHE 0.005",), "gamma": ("gamma 1.5", "gamma 0.7"), "HS": ("HS 5",)}
"""The operators of the training; each family is a third of its adjusted patches."""


def cells(settings: Settings) -> Iterator[Cell]:
    """Yield the cells of the text's numbers."""
    evaluation = evaluation_of(settings)
    measure = partial(patch_accuracy, evaluation, UNAWARE, tuple(FAMILIES), (0,))
    yield Cell("unaware, patches", "no jpg", "accuracy", 93.5, measure, weights=UNAWARE)
    for column, paper in (("no jpg", 99.8), *((c, 56.0) for c in SOME[1:])):
        measure = partial(mean_auc, evaluation, UNAWARE, QUALITIES[column])
        yield Cell("unaware, pictures", column, "AUC", paper, measure, weights=UNAWARE)
    for family, paper in (("CLAHE", 84.0), ("gamma", 72.0), ("HS", 79.0)):
        measure = partial(patch_accuracy, evaluation, DEFAULT_WEIGHTS, (family,), tuple(TRAINED))
        yield Cell(f"aware, patches, {family}", "90-100", "accuracy", paper, measure, weights=DEFAULT_WEIGHTS)
    measure = partial(mean_auc, evaluation, DEFAULT_WEIGHTS, 0)
    yield Cell("aware, pictures", "no jpg", "AUC", 99.6, measure, weights=DEFAULT_WEIGHTS)
    for column, paper in (("gamma 1.5, 85", 97.0), ("gamma 0.7, 95", 78.0)):
        yield Cell(
            "footnote 3: trained with gamma 1.5 alone",
            column,
            "AUC",
            paper,
            status="not-run",
            why="`zoo reproduce contrast gamma` trains such networks",
        )


def patch_accuracy(
    evaluation: Evaluation, weights: str, families: tuple[str, ...], qualities: tuple[int, ...]
) -> Estimate:
    """Return the share of patches on the right side of .5 in percent, classes balanced, families weighed alike."""
    right = []
    for quality in qualities:
        pristine = np.array([(p < 0.5).mean() for p in evaluation.patch_scores(weights, None, quality)])
        for family in families:
            found = [evaluation.patch_scores(weights, operator, quality) for operator in FAMILIES[family]]
            adjusted = np.mean([[(a >= 0.5).mean() for a in scores] for scores in found], axis=0)
            right.append((pristine + adjusted) / 2)
    return percent(bootstrap_mean(np.mean(right, axis=0), evaluation.sources, seed=evaluation.settings.seed))


def mean_auc(evaluation: Evaluation, weights: str, quality: int) -> Estimate:
    """Return the AUC in percent over the four matched operators together, families weighed alike."""
    # Gamma correction has two operators, so the operator of each other family counts twice.
    operators = [operator for family in FAMILIES.values() for operator in (family * 2)[:2]]
    pristine = np.tile(evaluation.scores(weights, None, quality), len(operators))
    adjusted = np.concatenate([evaluation.scores(weights, operator, quality) for operator in operators])
    sources = evaluation.sources * len(operators)
    estimate = percent(bootstrap_auc(pristine, adjusted, sources, seed=evaluation.settings.seed))
    return Estimate(estimate.value, estimate.ci_low, estimate.ci_high, estimate.n_sources, len(evaluation.sources))


TABLE = Table("contrast", "text", cells, decimals=2, units="%")
