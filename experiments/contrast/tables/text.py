"""Numbers in the text of Barni et al. 2018, section III-B: patch accuracies, the unaware detector, thresholds.

Command:  zoo reproduce contrast text
Expected: runs/tables/laptop/contrast_text.csv; the family's README has the numbers and what they mean
Time:     `laptop` seven minutes on two cores

Accuracies are balanced (as many pristine as adjusted patches, threshold .5). The threshold at 5 % false alarms is set
on one half of the scenes and judged on the other. Footnote 3 wants a network of its own, trained with gamma 1.5 alone.
"""

from collections.abc import Iterator
from functools import partial

import numpy as np

from zoo.contrast.detector import DEFAULT_WEIGHTS
from zoo.experiments.contrast.evaluation import MATCHED, QUALITIES, SOME, UNAWARE, Evaluation, patch_scores, percent
from zoo.experiments.run.cells import Cell, Settings, Table
from zoo.metrics import Estimate, bootstrap_auc, bootstrap_mean, threshold_at_false_alarm

TRAINED = (100, 95, 90)
"""Qualities that stand for the trained range [90, 100]."""


def cells(settings: Settings) -> Iterator[Cell]:
    """The cells of the text's numbers."""
    evaluation = Evaluation(settings)
    measure = partial(patch_accuracy, evaluation, UNAWARE, MATCHED, (0,))
    yield Cell("unaware, patches", "no jpg", "accuracy", 93.5, measure, weights=UNAWARE)
    for column, paper in (("no jpg", 99.8), *((c, 56.0) for c in SOME[1:])):
        measure = partial(pooled_auc, evaluation, UNAWARE, QUALITIES[column])
        yield Cell("unaware, pictures", column, "AUC", paper, measure, weights=UNAWARE)
    families: tuple[tuple[str, tuple[str, ...], float], ...] = (
        ("CLAHE", MATCHED[:1], 84.0),
        ("gamma", MATCHED[1:3], 72.0),
        ("HS", MATCHED[3:], 79.0),
    )
    for family, operators, paper in families:
        measure = partial(patch_accuracy, evaluation, DEFAULT_WEIGHTS, operators, TRAINED)
        yield Cell(f"aware, patches, {family}", "90-100", "accuracy", paper, measure, weights=DEFAULT_WEIGHTS)
    # The paper gives a range over qualities for the threshold, .56 to .71, and no rate of detection.
    for name in SOME:
        quality = QUALITIES[name]
        yield Cell(
            "threshold, 5 % false alarms",
            name,
            "threshold",
            measure=partial(threshold, evaluation, quality),
            weights=DEFAULT_WEIGHTS,
        )
        for row, operators in (("false alarms, other scenes", ()), ("detected, other scenes", MATCHED)):
            measure = partial(rate, evaluation, quality, operators)
            yield Cell(row, name, "rate", measure=measure, weights=DEFAULT_WEIGHTS)
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
    evaluation: Evaluation, weights: str, operators: tuple[str, ...], qualities: tuple[int, ...]
) -> Estimate:
    """Share of patches on the right side of .5 in percent, classes balanced."""
    right, sources = [], []
    for quality in qualities:
        pristine = _patch_scores(evaluation, weights, None, quality)
        for operator in operators:
            adjusted = _patch_scores(evaluation, weights, operator, quality)
            right += [((p < 0.5).mean() + (a >= 0.5).mean()) / 2 for p, a in zip(pristine, adjusted, strict=True)]
            sources += evaluation.sources
    estimate = percent(bootstrap_mean(np.array(right), sources, seed=evaluation.settings.seed))
    return Estimate(estimate.value, estimate.ci_low, estimate.ci_high, estimate.n_sources, len(evaluation.sources))


def pooled_auc(evaluation: Evaluation, weights: str, quality: int) -> Estimate:
    """AUC in percent over the four matched operators together."""
    pristine = np.tile(evaluation.scores(weights, None, quality), len(MATCHED))
    adjusted = np.concatenate([evaluation.scores(weights, operator, quality) for operator in MATCHED])
    sources = evaluation.sources * len(MATCHED)
    estimate = percent(bootstrap_auc(pristine, adjusted, sources, seed=evaluation.settings.seed))
    return Estimate(estimate.value, estimate.ci_low, estimate.ci_high, estimate.n_sources, len(evaluation.sources))


def threshold(evaluation: Evaluation, quality: int) -> Estimate:
    """The threshold at 5 % false alarms on the first half of the scenes; the interval resamples its scenes."""
    setting, _ = _halves(evaluation)
    scores = evaluation.scores(DEFAULT_WEIGHTS, None, quality)
    sources = np.array(evaluation.sources, object)
    chosen = list(dict.fromkeys(sources[setting]))
    rng = np.random.default_rng(evaluation.settings.seed)
    values = []
    for _ in range(500):
        drawn = rng.choice(len(chosen), len(chosen))
        values.append(threshold_at_false_alarm(np.concatenate([scores[sources == chosen[i]] for i in drawn])))
    low, high = np.quantile(values, (0.025, 0.975))
    value = threshold_at_false_alarm(scores[setting])
    return Estimate(value, float(low), float(high), len(chosen), int(setting.sum()))


def rate(evaluation: Evaluation, quality: int, operators: tuple[str, ...]) -> Estimate:
    """Share in percent of the other scenes' pictures above that threshold: pristine ones, or those of ``operators``."""
    setting, judging = _halves(evaluation)
    limit = threshold_at_false_alarm(evaluation.scores(DEFAULT_WEIGHTS, None, quality)[setting])
    above, sources = [], []
    for operator in operators or (None,):
        above += list(evaluation.scores(DEFAULT_WEIGHTS, operator, quality)[judging] > limit)
        sources += [s for s, judged in zip(evaluation.sources, judging, strict=True) if judged]
    estimate = percent(bootstrap_mean(np.array(above, float), sources, seed=evaluation.settings.seed))
    return Estimate(estimate.value, estimate.ci_low, estimate.ci_high, estimate.n_sources, int(judging.sum()))


def _halves(evaluation: Evaluation) -> tuple[np.ndarray, np.ndarray]:
    """Which units set the threshold and which are judged by it; no scene is in both."""
    order = {scene: i for i, scene in enumerate(dict.fromkeys(evaluation.sources))}
    if len(order) < 2:
        raise ValueError(f"A threshold needs two scenes: one to set it, one to judge it. Received: {len(order)}")
    setting = np.array([order[scene] % 2 == 0 for scene in evaluation.sources])
    return setting, ~setting


def _patch_scores(evaluation: Evaluation, weights: str, operator: str | None, quality: int) -> list[np.ndarray]:
    units = [unit for units in evaluation.units(operator, quality) for unit in units]
    return patch_scores(evaluation.where(weights), units)


TABLE = Table("contrast", "text", cells, decimals=2)
