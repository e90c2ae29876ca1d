"""Measures with intervals: area under the ROC curve, thresholds, and the bootstrap over sources.

Higher scores mean the positive class. A "source" is an independently photographed or generated scene, or a camera.
Patches and crops of one source are never resampled separately, because the intervals would be too narrow.
"""

import dataclasses
from collections.abc import Hashable, Iterator, Sequence
from itertools import islice

import numpy as np
from scipy.stats import beta


@dataclasses.dataclass(frozen=True)
class Estimate:
    """A measured value with its 95 % interval and what it rests on."""

    value: float
    ci_low: float
    ci_high: float
    n_sources: int
    n_units: int

    @classmethod
    def exact(cls, value: float, units: int = 1) -> "Estimate":
        """Return a value that is known exactly, as a count is: both ends of its interval are the value itself."""
        return cls(value, value, value, units, units)

    @classmethod
    def from_samples(
        cls, value: float | np.floating, samples: np.ndarray | Sequence[float], n_sources: int, n_units: int
    ) -> "Estimate":
        """``value`` with the 95 % percentile interval of what bootstrap samples gave, (samples,)."""
        low, high = np.quantile(samples, (0.025, 0.975))
        return cls(float(value), float(low), float(high), n_sources, n_units)


def percent(estimate: Estimate) -> Estimate:
    """Convert the estimate of a fraction, 0..1, to percent."""
    value, low, high = (100 * v for v in (estimate.value, estimate.ci_low, estimate.ci_high))
    return Estimate(value, low, high, estimate.n_sources, estimate.n_units)


def auc(negative: np.ndarray, positive: np.ndarray) -> float:
    """Return the area under the ROC curve, 0..1: the chance that a positive scores above a negative, ties half.

    ``negative``, (n,), and ``positive``, (m,), are the scores of the two classes.

    Raises:
        ValueError: When a class is empty or a score is not finite.
    """
    return float(_comparison(negative, positive).mean())


def bootstrap_auc(
    negative: np.ndarray, positive: np.ndarray, sources: Sequence[Hashable], samples: int = 2000, seed: int = 0
) -> Estimate:
    """Return the AUC of paired units with its 95 % percentile interval, resampling sources.

    ``negative[i]`` and ``positive[i]`` are the scores, (n,), of the untouched and the processed version of unit i, and
    ``sources[i]`` is the scene it comes from. With one source the interval is the value itself and means nothing.

    Raises:
        ValueError: For lengths that differ, empty or non-finite scores.
    """
    comparison, weights = _paired(negative, positive, sources, samples, seed)
    areas = _weighted(comparison, weights)
    return Estimate.from_samples(comparison.mean(), areas, len(set(sources)), len(sources))


def bootstrap_auc_difference(
    first: tuple[np.ndarray, np.ndarray],
    second: tuple[np.ndarray, np.ndarray],
    sources: Sequence[Hashable],
    samples: int = 2000,
    seed: int = 0,
) -> Estimate:
    """Return the AUC of the first detector minus that of the second on the same units, with the paired 95 % interval.

    Each detector is ``(negative scores, positive scores)``. The difference is significant if the interval excludes 0.
    """
    one, weights = _paired(*first, sources, samples, seed)
    two, _ = _paired(*second, sources, samples, seed)
    differences = _weighted(one, weights) - _weighted(two, weights)
    return Estimate.from_samples(one.mean() - two.mean(), differences, len(set(sources)), len(sources))


def bootstrap_mean(values: np.ndarray, sources: Sequence[Hashable], samples: int = 2000, seed: int = 0) -> Estimate:
    """Return the mean of ``values``, (n,), with its 95 % percentile interval, resampling sources.

    ``sources[i]`` is where value i comes from; ``samples`` bootstrap samples are drawn with ``seed``.

    Raises:
        ValueError: For values that are not finite, or not as many as sources.
    """
    values = np.asarray(values, np.float64)
    if len(values) != len(sources) or not len(values) or not np.isfinite(values).all():
        raise ValueError(f"values must be finite, one per unit. Received: {values.shape} for {len(sources)} sources")
    weights = _source_weights(sources, samples, seed)
    means = weights @ values / weights.sum(1)
    return Estimate.from_samples(values.mean(), means, len(set(sources)), len(sources))


def resamples(sources: int, seed: int) -> Iterator[np.ndarray]:
    """Yield, without end, how often each of ``sources`` sources occurs in a bootstrap sample, int (sources,)."""
    rng = np.random.default_rng(seed)
    while True:
        yield rng.multinomial(sources, np.full(sources, 1 / sources))


def jackknife(value: float, without: Sequence[float], n_units: int) -> Estimate:
    """``value`` with a 95 % interval from leaving out one group of sources at a time, of groups of one size.

    Use it for estimates from all sources together, such as a fingerprint; in a bootstrap, repeated sources would act
    like fewer sources.

    Args:
        value: From all groups.
        without: The same without each group in turn, (groups,), two or more.
        n_units: How many units the groups hold together.

    Raises:
        ValueError: For fewer than two groups.
    """
    values = _scores(np.asarray(without))
    if len(values) < 2:
        raise ValueError(f"A jackknife needs at least two groups. Received: {len(values)}")
    half = 1.96 * float(np.sqrt((len(values) - 1) * values.var()))
    return Estimate(float(value), float(value) - half, float(value) + half, n_units, n_units)


def threshold_at_false_alarm(negative: np.ndarray, rate: float = 0.05) -> float:
    """Return the lowest score with at most ``rate`` of the ``negative`` scores, (n,), **above** it.

    Raises:
        ValueError: For a rate outside [0, 1] or no finite scores.
    """
    negative = _scores(negative)
    if not 0 <= rate <= 1:
        raise ValueError(f"rate must be in [0, 1]. Received: {rate}")
    ordered = np.sort(negative)[::-1]
    return float(ordered[min(int(np.floor(rate * len(ordered) + 1e-9)), len(ordered) - 1)])


def rate_upper_bound(events: int, trials: int) -> float:
    """Return the exact upper 95 % bound of a rate, 0..1, for ``events`` in ``trials`` (Clopper and Pearson).

    For example, no false alarm in n pictures only shows a rate below about 3 / n.

    Raises:
        ValueError: Unless ``0 <= events <= trials`` and there is a trial.
    """
    if not 0 <= events <= trials or trials < 1:
        raise ValueError(f"Events must be from 0 to trials, trials at least 1. Received: {events} of {trials}")
    # Not SciPy's binomtest: it searches with an absolute tolerance, and for 0 of 10^9 is wrong in the fifth digit.
    return float(beta.ppf(0.95, events + 1, trials - events)) if events < trials else 1.0


def _scores(values: np.ndarray) -> np.ndarray:
    values = np.asarray(values, np.float64).ravel()
    if not values.size or not np.isfinite(values).all():
        raise ValueError(f"Scores must be finite and at least one. Received: {values.size} scores, {values[:5]}")
    return values


# Not scikit-learn's roc_auc_score, which takes 3 s for 2,000 bootstrap samples of 60 units; these pairs, .01 s.
def _comparison(negative: np.ndarray, positive: np.ndarray) -> np.ndarray:
    negative, positive = _scores(negative), _scores(positive)
    return (positive > negative[:, None]) + 0.5 * (positive == negative[:, None])


def _paired(
    negative: np.ndarray, positive: np.ndarray, sources: Sequence[Hashable], samples: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    if not len(negative) == len(positive) == len(sources):
        raise ValueError(
            "Paired scores need one negative, one positive and one source per unit. "
            f"Received: {len(negative)}, {len(positive)}, {len(sources)}"
        )
    return _comparison(negative, positive), _source_weights(sources, samples, seed)


def _source_weights(sources: Sequence[Hashable], samples: int, seed: int) -> np.ndarray:
    """Return how often each unit occurs in each bootstrap sample, (samples, units)."""
    index = {source: i for i, source in enumerate(dict.fromkeys(sources))}
    of_unit = np.array([index[source] for source in sources])
    return np.stack([*islice(resamples(len(index), seed), samples)])[:, of_unit].astype(np.float64)


def _weighted(comparison: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return np.einsum("bi,ij,bj->b", weights, comparison, weights, optimize=True) / weights.sum(1) ** 2
