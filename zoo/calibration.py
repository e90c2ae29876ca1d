"""Calibrated likelihood ratios of a detector: mappings, their measures, bounds, and thresholds with exact intervals.

All likelihood ratios are **log10**, above 0 where they support the first proposition (say, "was adjusted"). ``truth``,
bool (n,), is whether the first proposition holds for each unit. With ``weights``, (n,), all units of one source count
as one (``weights_by_source``); by default each unit is its own source.
"""

import dataclasses
import math
from collections import Counter
from collections.abc import Callable, Hashable, Sequence

import numpy as np
from scipy.stats import binomtest

from zoo.metrics import rate_upper_bound, threshold_at_false_alarm

RIDGE = 100.0
"""Variance of the Gaussian prior on the logistic slope per standard deviation of the scores. It keeps the slope finite
where the classes do not overlap, and is too wide to matter otherwise."""
FOLDS = 10
"""Groups of sources in ``cross_validated``."""
VERBAL = (
    (2, "no support"),
    (10, "weak support"),
    (100, "moderate support"),
    (1_000, "moderately strong support"),
    (10_000, "strong support"),
    (1_000_000, "very strong support"),
)
"""Likelihood ratios from 1 up, each below the number before its words; from the last one on it is extremely strong.
Source: ENFSI 2015, "Guideline for evaluative reporting in forensic science", whose scale begins at 2."""


@dataclasses.dataclass(frozen=True)
class Logistic:
    """A mapping from score to log10 likelihood ratio: ``intercept + slope * score``."""

    intercept: float
    slope: float

    def __call__(self, scores: np.ndarray) -> np.ndarray:
        """Return the log10 likelihood ratios of ``scores``, (n,)."""
        return self.intercept + self.slope * np.asarray(scores, np.float64)


@dataclasses.dataclass(frozen=True)
class Isotonic:
    """A mapping from score to log10 likelihood ratio that never falls, by interpolation; both ends may be infinite."""

    scores: tuple[float, ...]
    """Rising."""
    probabilities: tuple[float, ...]
    """Probability of the first proposition at each score, for equal prior probabilities; 0..1."""

    def __call__(self, scores: np.ndarray) -> np.ndarray:
        """Return the log10 likelihood ratios of ``scores``, (n,); those outside the range get the value of its end."""
        probability = np.interp(np.asarray(scores, np.float64), self.scores, self.probabilities)
        with np.errstate(divide="ignore"):
            return np.log10(probability) - np.log10(1 - probability)


Mapping = Logistic | Isotonic
Fit = Callable[[np.ndarray, np.ndarray, np.ndarray | None], Mapping]
"""``logistic`` or ``isotonic``."""


@dataclasses.dataclass(frozen=True)
class Cost:
    """The log-likelihood-ratio cost, Cllr, and its two parts, in bits."""

    cllr: float
    """0 for perfect likelihood ratios; 1 for those that always are 1, and say nothing."""
    discrimination: float
    """Cllr of the same units after the best rising mapping (Cllr-min)."""
    calibration: float
    """The rest: what wrong values of the likelihood ratios cost."""


@dataclasses.dataclass(frozen=True)
class Rate:
    """A rate of events with its exact 95 % interval."""

    events: int
    trials: int
    low: float
    high: float

    @property
    def value(self) -> float:
        """Events per trial, 0..1."""
        return self.events / self.trials


def weights_by_source(sources: Sequence[Hashable]) -> np.ndarray:
    """Return the weights of units, float (n,), with which each source counts as 1, however many units it has."""
    counts = Counter(sources)
    return np.array([1 / counts[source] for source in sources])


def logistic(scores: np.ndarray, truth: np.ndarray, weights: np.ndarray | None = None) -> Logistic:
    """Fit a logistic mapping of ``scores``, (n,), with scikit-learn's logistic regression.

    Both classes have the same weight, so the fitted log odds are log likelihood ratios (Brummer and du Preez 2006). A
    negative slope, which would mean that higher scores are evidence against the class, is set to 0: the detector is
    then uninformative.

    Raises:
        ValueError: For scores that are not finite, or where a class is missing.
    """
    from sklearn.linear_model import LogisticRegression

    scores, truth, weights = _checked(scores, truth, weights)
    mean, deviation = float(scores.mean()), float(scores.std()) or 1.0
    model = LogisticRegression(C=RIDGE, tol=1e-8, max_iter=1000)
    model.fit(((scores - mean) / deviation)[:, None], truth, _balanced(truth, weights))
    slope = float(model.coef_[0, 0]) / deviation / math.log(10)
    if slope <= 0:
        return Logistic(0.0, 0.0)
    return Logistic(float(model.intercept_[0]) / math.log(10) - slope * mean, slope)


def isotonic(scores: np.ndarray, truth: np.ndarray, weights: np.ndarray | None = None) -> Isotonic:
    """Fit the rising mapping of ``scores``, (n,), with the lowest Cllr: pool adjacent violators (PAV), scikit-learn's.

    Source: Zadrozny and Elkan 2002, "Transforming classifier scores into accurate multiclass probability estimates";
    for likelihood ratios Brummer and du Preez 2006.

    Raises:
        ValueError: As of ``logistic``.
    """
    from sklearn.isotonic import IsotonicRegression

    scores, truth, weights = _checked(scores, truth, weights)
    model = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip")
    model.fit(scores, truth.astype(np.float64), _balanced(truth, weights))
    return Isotonic(tuple(model.X_thresholds_.tolist()), tuple(model.y_thresholds_.tolist()))


def cost(log10_lrs: np.ndarray, truth: np.ndarray, weights: np.ndarray | None = None) -> Cost:
    """Return the Cllr of ``log10_lrs``, (n,), which may be infinite, and its parts.

    Source: Brummer and du Preez 2006, "Application-independent evaluation of speaker detection", Computer Speech and
    Language 20.

    Raises:
        ValueError: For NaN, or where a class is missing.
    """
    whole = float(empirical_cross_entropy(log10_lrs, truth, np.zeros(1), weights)[0])
    best = float(empirical_cross_entropy(after_pav(log10_lrs, truth, weights), truth, np.zeros(1), weights)[0])
    return Cost(whole, best, whole - best)


def empirical_cross_entropy(
    log10_lrs: np.ndarray, truth: np.ndarray, log10_prior_odds: np.ndarray, weights: np.ndarray | None = None
) -> np.ndarray:
    """Return the empirical cross-entropy in bits at each of ``log10_prior_odds``, (priors,); float (priors,).

    This is the mean uncertainty that remains, for given prior odds, once the likelihood ratios ``log10_lrs``, (n,), are
    known. At prior odds of 1 it is Cllr. Likelihood ratios that are always 1 give the entropy of the prior; larger
    values mean that the likelihood ratios do harm.
    Source: Ramos and Gonzalez-Rodriguez 2013, "Reliable support: measuring calibration of likelihood ratios", Forensic
    Science International 230.

    Raises:
        ValueError: As of ``cost``.
    """
    values, truth, weights = _checked(log10_lrs, truth, weights, infinite=True)
    odds = np.asarray(log10_prior_odds, np.float64).ravel() * math.log(10)
    prior = 1 / (1 + np.exp(-odds))
    posterior = values * math.log(10) + odds[:, None]
    for_true = np.average(np.logaddexp(0, -posterior[:, truth]), 1, weights[truth])
    for_false = np.average(np.logaddexp(0, posterior[:, ~truth]), 1, weights[~truth])
    return (prior * for_true + (1 - prior) * for_false) / math.log(2)


def after_pav(log10_lrs: np.ndarray, truth: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """``log10_lrs``, (n,), after the best rising mapping of these very units: (n,), may be infinite.

    Raises:
        ValueError: As of ``cost``.
    """
    values, truth, weights = _checked(log10_lrs, truth, weights, infinite=True)
    # PAV only sees the order, so that ranks stand for likelihood ratios that are infinite.
    ranks = np.unique(values, return_inverse=True)[1].astype(np.float64)
    return isotonic(ranks, truth, weights)(ranks)


def empirical_bounds(
    log10_lrs: np.ndarray, truth: np.ndarray, weights: np.ndarray | None = None
) -> tuple[float, float]:
    """Return the lowest (at most 0) and highest (at least 0) supported log10 likelihood ratio (ELUB).

    One infinitely misleading source is added to each class. Beyond the bounds, decisions by the likelihood ratios would
    then cost more than decisions without them. For n sources in each class that are separated perfectly, the bounds are
    ``-log10(n)`` and ``log10(n)``; data of that size cannot give wider bounds.
    Source: Vergeer, van Es, de Jongh, Alberink, Stoel 2016, "Numerical likelihood ratios outputted by LR systems are
    often based on extrapolation: when to stop extrapolating?", Science and Justice 56, 482-491. There each unit is a
    source; here the units of a source share its weight.

    Args:
        log10_lrs: (n,), of units that the mapping was not fitted to (``cross_validated``); may be infinite.
        truth: As for the module.
        weights: As for the module.

    Raises:
        ValueError: As of ``cost``.
    """
    values, truth, weights = _checked(log10_lrs, truth, weights, infinite=True)
    high = _upper_bound(values[truth], weights[truth], values[~truth], weights[~truth])
    low = -_upper_bound(-values[~truth], weights[~truth], -values[truth], weights[truth])
    return min(low, 0.0), high


def _upper_bound(true: np.ndarray, true_weights: np.ndarray, false: np.ndarray, false_weights: np.ndarray) -> float:
    """Return the log10 of the smallest threshold, 1 or above, at which a decision costs more than the neutral 1.

    The cost at a threshold is the rate of misses plus the threshold times the rate of false alarms. Between two
    neighbouring likelihood ratios both rates stay the same, so that the threshold is found exactly.
    """
    steps = np.unique(np.concatenate([[0.0], true[true > 0], false[false > 0]]))
    for step, after in zip(steps, np.append(steps[1:], np.inf), strict=True):
        hits = true_weights[true > step].sum() / (true_weights.sum() + 1)
        alarms = (false_weights[false > step].sum() + 1) / (false_weights.sum() + 1)
        bound = max(step, math.log10(hits / alarms)) if hits > 0 else step
        if bound < after:
            break
    return float(bound)


def cross_validated(
    scores: np.ndarray,
    truth: np.ndarray,
    sources: Sequence[Hashable],
    fit: Fit = logistic,
) -> np.ndarray:
    """Return the log10 likelihood ratios of units, (n,), each by a mapping that was fitted without its source.

    Args:
        scores: (n,).
        truth: As for the module.
        sources: The source of each unit; the units of one source are never on both sides.
        fit: ``logistic`` or ``isotonic``.

    Raises:
        ValueError: For fewer sources than ``FOLDS``, and as of ``fit``.
    """
    from sklearn.model_selection import GroupKFold

    scores, truth, weights = _checked(scores, truth, weights_by_source(sources))
    if len(set(sources)) < FOLDS:
        raise ValueError(f"Cross-validation needs at least {FOLDS} sources. Received: {len(set(sources))}")
    numbers = {source: i for i, source in enumerate(dict.fromkeys(sources))}
    found = np.empty(len(scores))
    for others, held_out in GroupKFold(FOLDS).split(scores, groups=[numbers[source] for source in sources]):
        found[held_out] = fit(scores[others], truth[others], weights[others])(scores[held_out])
    return found


def resampled_interval(
    scores: np.ndarray,
    truth: np.ndarray,
    sources: Sequence[Hashable],
    at: np.ndarray,
    fit: Fit = logistic,
    resamples: int = 200,
    seed: int = 0,
) -> tuple[np.ndarray, np.ndarray]:
    """95 % percentile interval of the log10 likelihood ratio at each score of ``at``, (n,): two arrays, (n,).

    Mappings are fitted to sources drawn with replacement. The interval shows how much the likelihood ratio depends on
    the choice of reference photographs. It does not show whether the questioned picture is like them.

    Args:
        scores: (units,).
        truth: As for the module.
        sources: The source of each unit; a source is drawn with all its units, which may be of both classes.
        at: Scores.
        fit: ``logistic`` or ``isotonic``.
        resamples: Number of bootstrap samples.
        seed: Random seed.

    Raises:
        ValueError: As of ``fit``.
    """
    scores, truth, weights = _checked(scores, truth, weights_by_source(list(zip(sources, truth, strict=True))))
    numbers = np.unique(np.asarray(sources), return_inverse=True)[1]
    rng, count = np.random.default_rng(seed), int(numbers.max()) + 1
    found = np.empty((resamples, len(at)))
    for row in found:
        drawn = np.bincount(rng.integers(0, count, count), minlength=count)[numbers]
        there = drawn > 0
        row[:] = fit(scores[there], truth[there], (weights * drawn)[there])(at)
    low, high = np.quantile(found, [0.025, 0.975], axis=0, method="nearest")
    return low, high


def verbal(log10_lr: float) -> str:
    """Return the verbal equivalent, ``VERBAL``; below 0 it is for the second proposition."""
    ratio = 10 ** abs(log10_lr)
    return next((words for below, words in VERBAL if ratio < below), "extremely strong support")


def exact_rate(events: int, trials: int) -> Rate:
    """Return a rate with its exact 95 % interval (Clopper and Pearson 1934).

    Trials must be independent: one picture of each source.

    Raises:
        ValueError: Unless ``0 <= events <= trials`` and there is a trial.
    """
    if not 0 <= events <= trials or trials < 1:
        raise ValueError(f"Events must be from 0 to trials, trials at least 1. Received: {events} of {trials}")
    interval = binomtest(int(events), int(trials)).proportion_ci(method="exact")
    return Rate(int(events), int(trials), float(interval.low), float(interval.high))


def sources_needed(rate: float) -> int:
    """Return the sources that a false-positive rate needs: ``3 / rate``, 300 for 1 %, 60 for 5 %.

    With fewer sources, even a threshold without any false alarm does not show, at 95 % confidence, a rate below
    ``rate``.

    Raises:
        ValueError: For a rate that is not between 0 and 1.
    """
    if not 0 < rate < 1:
        raise ValueError(f"rate must be between 0 and 1. Received: {rate}")
    return math.ceil(3 / rate - 1e-9)


def false_alarm_threshold(negative: np.ndarray, rate: float) -> float:
    """Return the lowest score above which at most ``rate`` of the sources lie in **every** version.

    For each version alone, the upper end of ``exact_rate`` holds although the threshold was set on the same sources:
    the true rate above the k-th highest of n scores has exactly that distribution (Wilks 1941).

    Args:
        negative: Scores of untouched pictures, (sources, versions); for example, one version per JPEG quality.
        rate: False-positive rate, between 0 and 1.

    Raises:
        ValueError: For fewer sources than ``sources_needed(rate)``, other shapes, and scores that are not finite.
    """
    negative = np.asarray(negative, np.float64)
    if negative.ndim != 2 or not negative.size:
        raise ValueError(f"Scores must be of shape (sources, versions). Received: {negative.shape}")
    needed = sources_needed(rate)
    if len(negative) < needed:
        best = rate_upper_bound(0, len(negative))
        raise ValueError(
            f"{rate:.0%} of false alarms needs {needed} sources: without any false alarm in {len(negative)} the rate "
            f"may still be {best:.1%}. Received: {len(negative)} sources"
        )
    return max(threshold_at_false_alarm(column, rate) for column in negative.T)


def _balanced(truth: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """``weights`` with the same sum for both classes, and the same sum of all."""
    return weights * np.where(truth, 0.5 / weights[truth].sum(), 0.5 / weights[~truth].sum()) * weights.sum()


def _checked(
    values: np.ndarray, truth: np.ndarray, weights: np.ndarray | None, infinite: bool = False
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    values, truth = np.asarray(values, np.float64).ravel(), np.asarray(truth, bool).ravel()
    weights = np.ones(len(values)) if weights is None else np.asarray(weights, np.float64).ravel()
    if not len(values) == len(truth) == len(weights):
        raise ValueError(
            "There must be one truth and one weight for each unit. "
            f"Received: {len(values)} units, {len(truth)} truths, {len(weights)} weights"
        )
    if truth.all() or not truth.any():
        raise ValueError(f"Units of both classes are needed. Received: {truth.sum()} true of {len(truth)}")
    if np.isnan(values).any() or not (infinite or np.isfinite(values).all()):
        raise ValueError(f"Values must be finite numbers. Received: {values[~np.isfinite(values)][:3]}")
    if not (weights > 0).all():
        raise ValueError(f"Weights must be above 0. Received: {weights[~(weights > 0)][:3]}")
    return values, truth, weights
