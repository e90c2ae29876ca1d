"""Accuracy at the equal error rate, as Carrara et al. 2018 measured it, and rates at a threshold, with intervals.

Positive is a classification to be trusted. Scores are higher for trusted ones; a score counts as trusted when it lies
strictly above the threshold.
"""

from collections.abc import Hashable, Sequence
from itertools import islice
from typing import Literal

import numpy as np

from zoo.metrics import Estimate, resamples

Measure = Literal["EER accuracy", "EER accuracy, interpolated", "AUC"]


def eer_threshold(trusted: np.ndarray, spurious: np.ndarray) -> float:
    """Return the score at which false-positive and false-negative rate are closest, by the original's rule.

    That is scikit-learn's ``roc_curve`` (scores at or above a threshold are positive, collinear points dropped) and the
    first point with the least difference; one of the scores, or infinity where the best is to trust nothing.

    Raises:
        ValueError: When a class is empty or a score not finite.
    """
    return _threshold(*_ordered(trusted, spurious), np.ones(len(trusted) + len(spurious)))


def bootstrap_measure(
    trusted: np.ndarray,
    spurious: np.ndarray,
    trusted_sources: Sequence[Hashable],
    spurious_sources: Sequence[Hashable],
    measure: Measure = "EER accuracy",
    samples: int = 500,
    seed: int = 0,
) -> Estimate:
    """One of the measures, 0..1, with its 95 % percentile interval: of EER accuracies or the area under the ROC curve.

    ``trusted`` and ``spurious`` are scores, (n,) and (m,), and the sources the images that they were made of. These are
    resampled, ``samples`` times, and the threshold, where there is one, is set anew in every sample. ``"AUC"`` counts
    ties half.
    """
    value = MEASURES[measure](*_ordered(trusted, spurious), np.ones(len(trusted) + len(spurious)))
    replicates, sources = bootstrap_replicates(
        trusted, spurious, trusted_sources, spurious_sources, measure, samples, seed
    )
    return Estimate.from_samples(value, replicates, sources, len(trusted) + len(spurious))


def bootstrap_replicates(
    trusted: np.ndarray,
    spurious: np.ndarray,
    trusted_sources: Sequence[Hashable],
    spurious_sources: Sequence[Hashable],
    measure: Measure = "EER accuracy",
    samples: int = 500,
    seed: int = 0,
) -> tuple[np.ndarray, int]:
    """Return the measure in bootstrap samples, (samples,), and the number of sources.

    The same sources and seed draw the same samples, so differences of two detectors' replicates are paired.

    Raises:
        ValueError: For lengths that differ, an empty class or scores that are not finite.
    """
    if len(trusted) != len(trusted_sources) or len(spurious) != len(spurious_sources):
        raise ValueError(
            "Each score needs its source. Received: "
            f"{len(trusted)} and {len(spurious)} scores, {len(trusted_sources)} and {len(spurious_sources)} sources"
        )
    positive, scores = _ordered(trusted, spurious)
    order = _order(trusted, spurious)
    index = {source: i for i, source in enumerate(sorted(set(trusted_sources) | set(spurious_sources), key=str))}
    of_unit = np.array([index[s] for s in (*trusted_sources, *spurious_sources)])[order]
    drawn = (counts[of_unit] for counts in resamples(len(index), seed))
    # A sample of one class has no rate of the other.
    drawn = (weights for weights in drawn if weights[positive].any() and weights[~positive].any())
    replicates = [MEASURES[measure](positive, scores, weights) for weights in islice(drawn, samples)]
    return np.array(replicates), len(index)


def _eer_accuracy(positive: np.ndarray, scores: np.ndarray, weights: np.ndarray) -> float:
    right = positive == (scores > _threshold(positive, scores, weights))
    return float(weights[right].sum() / weights.sum())


def _curve(positive: np.ndarray, scores: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the shares of the trusted and the spurious at or above each score, from (0, 0) to (1, 1)."""
    ends = np.r_[np.flatnonzero(np.diff(scores)), len(scores) - 1]
    trues, falses = (np.r_[0, np.cumsum(weights * kind)[ends]] for kind in (positive, ~positive))
    return trues / trues[-1], falses / falses[-1]


def _eer_interpolated(positive: np.ndarray, scores: np.ndarray, weights: np.ndarray) -> float:
    """Return 1 minus the rate, 0..1, at which the ROC curve has equal false-positive and false-negative rates.

    Between two scores, and so across ties, the curve is a straight line, as for its area. Where many scores are equal,
    as votes of few neighbours are, ``_eer_accuracy`` falls below .5 even for a detector that is better than chance: all
    ties are on one side of its threshold. This measure does not.
    """
    trues, falses = _curve(positive, scores, weights)
    # Missed less passed falls from 1 to -1; both are equal where it is 0.
    balance = 1 - trues - falses
    rate = np.interp(0.0, -balance, falses)
    return float(1 - rate)


def _auc(positive: np.ndarray, scores: np.ndarray, weights: np.ndarray) -> float:
    trues, falses = _curve(positive, scores, weights)
    return float(np.trapezoid(trues, falses))


MEASURES = {"EER accuracy": _eer_accuracy, "EER accuracy, interpolated": _eer_interpolated, "AUC": _auc}


def _order(trusted: np.ndarray, spurious: np.ndarray) -> np.ndarray:
    return np.argsort(np.concatenate([trusted, spurious]).astype(np.float64), kind="stable")[::-1]


def _ordered(trusted: np.ndarray, spurious: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return whether positive, and scores, from the highest score down."""
    scores = np.concatenate([np.asarray(trusted, np.float64).ravel(), np.asarray(spurious, np.float64).ravel()])
    if not len(trusted) or not len(spurious) or not np.isfinite(scores).all():
        raise ValueError(
            f"An equal error rate needs finite scores of both kinds. Received: {len(trusted)} trusted, "
            f"{len(spurious)} spurious, {int((~np.isfinite(scores)).sum())} not finite"
        )
    order = _order(trusted, spurious)
    return (np.arange(len(scores)) < len(trusted))[order], scores[order]


# Not scikit-learn's roc_curve, which sorts the scores anew in every bootstrap sample and takes eight times as long.
def _threshold(positive: np.ndarray, scores: np.ndarray, weights: np.ndarray) -> float:
    if (weights == 0).any():
        kept = weights > 0
        positive, scores, weights = positive[kept], scores[kept], weights[kept]
    ends = np.r_[np.flatnonzero(np.diff(scores)), len(scores) - 1]
    trues, falses = (np.cumsum(weights * kind)[ends] for kind in (positive, ~positive))
    if len(ends) > 2:
        corner = np.r_[True, np.logical_or(np.diff(falses, 2), np.diff(trues, 2)), True]
        ends, trues, falses = ends[corner], trues[corner], falses[corner]
    missed = np.r_[1.0, 1 - trues / trues[-1]]
    passed = np.r_[0.0, falses / falses[-1]]
    return float(np.r_[np.inf, scores[ends]][np.abs(missed - passed).argmin()])
