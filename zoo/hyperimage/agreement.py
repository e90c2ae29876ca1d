"""How well scores agree with opinions: SROCC, KROCC and PLCC, the last with or without a logistic fit before."""

from collections.abc import Callable, Hashable, Sequence

import numpy as np
from scipy import optimize, stats

from zoo.metrics import Estimate


def srocc(scores: np.ndarray, opinions: np.ndarray) -> float:
    """Return Spearman's rank correlation of ``scores`` and ``opinions``, (n,) each: -1..1; 0 if either is constant.

    Raises:
        ValueError: For fewer than two pairs, lengths that differ or values that are not finite.
    """
    return _correlate(stats.spearmanr, scores, opinions)


def krocc(scores: np.ndarray, opinions: np.ndarray) -> float:
    """Return Kendall's rank correlation (tau-b), -1..1; otherwise as ``srocc``."""
    return _correlate(stats.kendalltau, scores, opinions)


def plcc(scores: np.ndarray, opinions: np.ndarray, logistic: bool = False) -> float:
    """Return Pearson's linear correlation, -1..1; otherwise as ``srocc``.

    With ``logistic``, after the five-parameter curve of the Video Quality Experts Group is fitted to the opinions, as
    most papers on quality do; this one does not say.
    """
    return _correlate(stats.pearsonr, fitted(scores, opinions) if logistic else scores, opinions)


def bootstrap_agreement(
    statistic: Callable[[np.ndarray, np.ndarray], float],
    scores: np.ndarray,
    opinions: np.ndarray,
    sources: Sequence[Hashable],
    samples: int = 500,
    seed: int = 0,
) -> Estimate:
    """``statistic(scores, opinions)`` with its 95 % percentile interval, resampling sources (reference images).

    ``scores`` are (n,), or (trainings, n) of one network that was trained several times: the value is then the mean
    over the trainings, and these are resampled too.

    Raises:
        ValueError: As ``srocc``.
    """

    def measure(chosen: np.ndarray, trainings: Sequence[int]) -> float:
        return float(np.mean([statistic(runs[t][chosen], opinions[chosen]) for t in trainings]))

    runs, opinions = _trainings(scores, opinions)
    return _resampled(measure, sources, len(runs), samples, seed)


def bootstrap_agreement_difference(
    statistic: Callable[[np.ndarray, np.ndarray], float],
    first: np.ndarray,
    second: np.ndarray,
    opinions: np.ndarray,
    sources: Sequence[Hashable],
    samples: int = 500,
    seed: int = 0,
) -> Estimate:
    """Return the agreement of ``first`` less that of ``second`` on the same images, with the paired 95 % interval.

    ``first`` as the scores of ``bootstrap_agreement``, ``second`` (n,). The difference is settled where the interval
    excludes 0.

    Raises:
        ValueError: As ``srocc``.
    """

    def measure(chosen: np.ndarray, trainings: Sequence[int]) -> float:
        ours = np.mean([statistic(runs[t][chosen], opinions[chosen]) for t in trainings])
        return float(ours - statistic(other[chosen], opinions[chosen]))

    runs, opinions = _trainings(first, opinions)
    other, _ = _pairs(second, opinions)
    return _resampled(measure, sources, len(runs), samples, seed)


def _trainings(scores: np.ndarray, opinions: np.ndarray) -> tuple[list[np.ndarray], np.ndarray]:
    """Return the scores of each training, and the opinions, all checked."""
    pairs = [_pairs(run, opinions) for run in np.atleast_2d(scores)]
    return [run for run, _ in pairs], pairs[0][1]


def _resampled(
    measure: Callable[[np.ndarray, Sequence[int]], float],
    sources: Sequence[Hashable],
    trainings: int,
    samples: int,
    seed: int,
) -> Estimate:
    """``measure(units, trainings)`` of all, with its 95 % percentile interval, resampling sources and trainings."""
    units: dict[Hashable, list[int]] = {}
    for i, source in enumerate(sources):
        units.setdefault(source, []).append(i)
    groups = [np.array(found) for found in units.values()]
    rng = np.random.default_rng(seed)
    drawn, known = [], {}
    for _ in range(samples):
        # Their order does not matter; few sources are drawn alike again and again.
        sample = tuple(sorted(rng.integers(0, len(groups), len(groups)).tolist()))
        runs = tuple(sorted(rng.integers(0, trainings, trainings).tolist())) if trainings > 1 else (0,)
        if (sample, runs) not in known:
            known[sample, runs] = measure(np.concatenate([groups[i] for i in sample]), runs)
        drawn.append(known[sample, runs])
    value = measure(np.arange(len(sources)), range(trainings))
    return Estimate.from_samples(value, drawn, len(groups), len(sources))


def over_splits(values: Sequence[float], how: Callable[[Sequence[float]], float] = np.median) -> Estimate:
    """Return the median (or mean) of one value per split, with the range that holds 95 % of the splits."""
    return Estimate.from_samples(how(values), values, len(values), len(values))


def fitted(scores: np.ndarray, opinions: np.ndarray) -> np.ndarray:
    """Return the scores through ``b1 (1/2 - 1 / (1 + exp(b2 (s - b3)))) + b4 s + b5``, fitted by least squares; (n,).

    The scores themselves where there are five or fewer, or all are the same. Sheikh, Sabir and Bovik, IEEE
    TIP 2006, equations 4 and 5.
    """
    scores, opinions = _pairs(scores, opinions)
    if len(scores) <= 5 or np.ptp(scores) == 0:
        return scores
    # In units of their own spread, so that the start fits whatever the scores' range is.
    x = (scores - scores.mean()) / scores.std()
    sign = np.sign(np.corrcoef(x, opinions)[0, 1]) if np.ptp(opinions) else 1.0
    start = [np.ptp(opinions) * (sign or 1.0), 1.0, 0.0, 0.0, opinions.mean()]
    # A far optimum, as for an exponential, need not be reached: what is found until then serves.
    found = optimize.least_squares(lambda b: _logistic(x, *b) - opinions, start, max_nfev=100)
    return _logistic(x, *found.x)


def _logistic(x: np.ndarray, b1: float, b2: float, b3: float, b4: float, b5: float) -> np.ndarray:
    return b1 * (0.5 - 1 / (1 + np.exp(np.clip(b2 * (x - b3), -500, 500)))) + b4 * x + b5


def _correlate(statistic: Callable[[np.ndarray, np.ndarray], tuple], scores: np.ndarray, opinions: np.ndarray) -> float:
    scores, opinions = _pairs(scores, opinions)
    if np.ptp(scores) == 0 or np.ptp(opinions) == 0:
        return 0.0
    return float(statistic(scores, opinions)[0])


def _pairs(scores: np.ndarray, opinions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    scores, opinions = (np.asarray(values, np.float64).ravel() for values in (scores, opinions))
    if len(scores) != len(opinions) or len(scores) < 2 or not np.isfinite([scores, opinions]).all():
        raise ValueError(
            f"Agreement needs two or more finite pairs. Received: {len(scores)} scores, {len(opinions)} opinions"
        )
    return scores, opinions
