"""Likelihood ratios, their measures and bounds: against closed cases, simulation, and lir (see parity/make_lir.py)."""

import math

import numpy as np
import pytest
import scipy.optimize
import scipy.stats

from zoo import calibration

FALSE = np.array([-1.9, -1.4, -1.3, -1.1, -0.8, -0.75, -0.4, -0.3, -0.1, 0.0, 0.35, 0.5, 1.2])
TRUE = np.array([-1.2, -0.35, 0.1, 0.3, 0.45, 0.6, 0.9, 1.0, 1.25, 1.5, 1.6, 1.7, 2.1, 2.2, 2.5])
VALUES, TRUTH = np.concatenate([FALSE, TRUE]), np.repeat([False, True], [len(FALSE), len(TRUE)])


def _both(false, true):
    return np.concatenate([false, true]), np.repeat([False, True], [len(false), len(true)])


def test_lir_says_the_same():
    found = calibration.cost(VALUES, TRUTH)
    assert (found.cllr, found.discrimination) == pytest.approx((0.7229097319051507, 0.5334422962397637), abs=1e-12)
    assert found.calibration == pytest.approx(0.7229097319051507 - 0.5334422962397637, abs=1e-12)
    np.testing.assert_allclose(
        calibration.empirical_cross_entropy(VALUES, TRUTH, np.array([-2, -1, 0, 0.5, 1.5])),
        [0.06361851639712295, 0.33079958148760796, 0.7229097319051508, 0.5991755220421165, 0.1676995340299687],
        rtol=1e-12,
    )
    # lir looks for the bounds in steps, here of 1e-5.
    assert calibration.empirical_bounds(VALUES, TRUTH) == pytest.approx((-0.53511, 0.46488), abs=2e-5)
    steps = [-np.inf, -0.6642078980768068, -0.5392691614685069, 0.11394335230683689, 0.414973347970818, np.inf]
    np.testing.assert_allclose(calibration.after_pav(VALUES, TRUTH)[:13], np.repeat(steps[:5], [3, 4, 3, 2, 1]))
    np.testing.assert_allclose(calibration.after_pav(VALUES, TRUTH)[13:], np.repeat(steps[1:], [1, 1, 3, 3, 7]))
    # Without a penalty there; the wide one here moves the third digit.
    mapping = calibration.logistic(VALUES, TRUTH)
    np.testing.assert_allclose(
        mapping(VALUES[[0, 13, 27]]), [-1.4750456914678054, -0.9926717774509186, 1.5570189109240553], rtol=5e-3
    )


def test_cllr_of_closed_cases():
    truth = np.array([False, False, True, True])
    assert calibration.cost(np.zeros(4), truth) == calibration.Cost(1.0, 1.0, 0.0)  # they say nothing
    perfect = calibration.cost(np.array([-np.inf, -np.inf, np.inf, np.inf]), truth)
    assert perfect == calibration.Cost(0.0, 0.0, 0.0)
    # LR 3 for both true and 1/3 for both false units: log2(1 + 1/3), all of it calibration.
    found = calibration.cost(np.log10([1 / 3, 1 / 3, 3, 3]), truth)
    assert (found.cllr, found.discrimination) == (pytest.approx(math.log2(4 / 3)), 0)
    # One of three on the wrong side: PAV pools to LR 2 and 1/2, and that is what is given.
    rates = _both(np.log10([0.5, 0.5, 2]), np.log10([0.5, 2, 2]))
    found = calibration.cost(*rates)
    entropy = -(math.log2(2 / 3) * 2 + math.log2(1 / 3)) / 3
    assert (found.cllr, found.discrimination) == pytest.approx((entropy, entropy))
    # Infinitely wrong once costs infinitely much.
    assert calibration.cost(np.array([-np.inf, np.inf, 1, 1]), truth).cllr == np.inf


def test_entropy_of_likelihood_ratios_that_say_nothing_is_that_of_the_prior():
    odds = np.array([-3, -0.5, 0, 0.25, 2])
    prior = 10**odds / (1 + 10**odds)
    found = calibration.empirical_cross_entropy(np.zeros(len(VALUES)), TRUTH, odds)
    np.testing.assert_allclose(found, [scipy.stats.entropy([p, 1 - p], base=2) for p in prior])
    assert calibration.empirical_cross_entropy(VALUES, TRUTH, [0.0])[0] == calibration.cost(VALUES, TRUTH).cllr


def test_logistic_has_the_lowest_cllr_of_all_straight_lines(rng):
    scores, truth = _both(rng.normal(0, 1, 300), rng.normal(1.5, 1.3, 90))
    best = scipy.optimize.minimize(
        lambda line: calibration.empirical_cross_entropy(line[0] + line[1] * scores, truth, [0.0])[0], (0.0, 1.0)
    )
    found = calibration.logistic(scores, truth)
    assert (found.intercept, found.slope) == pytest.approx(tuple(best.x), rel=5e-3)


def test_logistic_finds_the_known_likelihood_ratio(rng):
    # Normal scores one deviation wide, two apart: log LR is 2 s - 2.
    scores, truth = _both(rng.normal(0, 1, 40_000), rng.normal(2, 1, 10_000))
    found = calibration.logistic(scores, truth)
    assert found.slope * math.log(10) == pytest.approx(2, abs=0.05)
    assert found.intercept * math.log(10) == pytest.approx(-2, abs=0.05)
    assert calibration.isotonic(scores, truth)(np.array([1.0]))[0] == pytest.approx(0, abs=0.06)


def test_logistic_is_finite_without_overlap_and_silent_where_the_detector_points_the_wrong_way():
    scores, truth = _both(np.array([0.0, 0.1, 0.2]), np.array([0.8, 0.9]))
    found = calibration.logistic(scores, truth)
    assert 0 < found.slope < 100 and 0.2 < -found.intercept / found.slope < 0.8
    assert calibration.logistic(-scores, truth) == calibration.Logistic(0.0, 0.0)
    assert calibration.logistic(np.ones(5), truth) == calibration.Logistic(0.0, 0.0)


def test_pav_is_the_closed_form_of_isotonic_regression(rng):
    """At unit i: the largest, over where a run may begin, of the smallest mean of runs from there beyond i."""
    scores, truth = _both(rng.normal(0, 1, 30), rng.normal(0.7, 1, 17))
    order = np.argsort(scores)
    labels, weights = truth[order], np.where(truth[order], 0.5 / 17, 0.5 / 30)

    def mean(first, last):
        return np.average(labels[first : last + 1], weights=weights[first : last + 1])

    n = len(scores)
    closed = np.array([max(min(mean(j, k) for k in range(i, n)) for j in range(i + 1)) for i in range(n)])
    with np.errstate(divide="ignore"):
        expected = np.log10(closed) - np.log10(1 - closed)
    np.testing.assert_allclose(calibration.after_pav(scores, truth)[order], expected, atol=1e-9)
    np.testing.assert_allclose(calibration.isotonic(scores, truth)(scores)[order], expected, atol=1e-9)


@pytest.mark.parametrize("n", [2, 10, 250])
def test_bounds_of_perfect_separation_are_the_number_of_sources(n):
    for strength in (np.inf, 9.0):
        values, truth = _both(np.full(n, -strength), np.full(n, strength))
        assert calibration.empirical_bounds(values, truth) == pytest.approx((-math.log10(n), math.log10(n)))


def test_bounds_are_those_of_a_search_through_thresholds(rng):
    """The definition, step by step: the first threshold at which decisions cost more than without likelihood ratios."""
    for trial in range(5):
        values, truth = _both(rng.normal(-0.8, 0.8, 40 + trial), rng.normal(0.8, 0.8, 30))
        thresholds = np.arange(0, 4, 1e-3)
        costs = [
            ((values[truth] <= t).sum() + 1) / 31 + 10**t * ((values[~truth] > t).sum() + 1) / (41 + trial)
            for t in thresholds
        ]
        first = thresholds[np.argmax(np.array(costs) > 1)]
        assert calibration.empirical_bounds(values, truth)[1] == pytest.approx(first, abs=1.5e-3)


def test_bounds_of_what_says_nothing_are_zero(rng):
    values, truth = _both(rng.normal(0, 1, 50), rng.normal(0, 1, 50))
    assert calibration.empirical_bounds(np.zeros(100), truth) == (0, 0)
    assert max(np.abs(calibration.empirical_bounds(values, truth))) < 0.3


def test_units_of_one_source_count_once(rng):
    scores, truth = _both(rng.normal(0, 1, 20), rng.normal(1, 1, 20))
    many, sources = np.repeat(scores, 7), np.repeat(np.arange(40), 7).tolist()
    weights = calibration.weights_by_source(sources)
    assert weights.sum() == pytest.approx(40)
    for function in (calibration.empirical_bounds, lambda *a: calibration.cost(*a).discrimination):
        assert function(many, np.repeat(truth, 7), weights) == pytest.approx(function(scores, truth))
    one, other = calibration.logistic(many, np.repeat(truth, 7), weights), calibration.logistic(scores, truth)
    assert (one.slope, one.intercept) == pytest.approx((other.slope, other.intercept), rel=1e-4)


def test_cross_validation_shows_what_fitting_hides():
    """Labels that say nothing of the scores: isotonic regression fits them, and the sources left out show it."""
    rng = np.random.default_rng(1)
    scores, truth = rng.normal(size=80), np.tile([False, True], 40)
    sources = np.repeat(np.arange(40), 2).tolist()
    fitted = calibration.isotonic(scores, truth)(scores)
    held_out = np.clip(calibration.cross_validated(scores, truth, sources, calibration.isotonic), -2, 2)
    assert calibration.cost(fitted, truth).cllr < 1 < calibration.cost(held_out, truth).cllr
    assert np.abs(calibration.cross_validated(scores, truth, sources)).max() < 0.6


def test_no_source_is_on_both_sides():
    seen = []

    def fit(scores, truth, weights):
        seen.append(set(scores.tolist()))
        return lambda held_out: np.full(len(held_out), float(len(seen)))

    sources = np.repeat(np.arange(23), 2)
    folds = calibration.cross_validated(sources, np.tile([False, True], 23), sources.tolist(), fit)
    for fold, others in enumerate(seen, 1):
        assert others.isdisjoint(sources[folds == fold].tolist())
        assert others | set(sources[folds == fold].tolist()) == set(range(23))
    assert len(seen) == calibration.FOLDS


def test_exact_intervals():
    # Closed without events; else by the definition: what was seen or more, or less, has a chance of 2.5 % there.
    found = calibration.exact_rate(0, 60)
    assert (found.value, found.low) == (0, 0)
    assert found.high == pytest.approx(1 - 0.025 ** (1 / 60))
    found = calibration.exact_rate(3, 10)
    assert scipy.stats.binom.sf(2, 10, found.low) == pytest.approx(0.025, abs=1e-9)
    assert scipy.stats.binom.cdf(3, 10, found.high) == pytest.approx(0.025, abs=1e-9)


def test_one_per_cent_is_refused_below_300_sources():
    assert [calibration.sources_needed(rate) for rate in (0.01, 0.05, 0.1)] == [300, 60, 30]
    scores = np.arange(300.0)[:, None]
    assert calibration.false_alarm_threshold(scores, 0.01) == 296  # three lie above
    reason = r"1% of false alarms needs 300 sources: .* in 100 the rate may still be 3\.0%. Received: 100 sources"
    with pytest.raises(ValueError, match=reason):
        calibration.false_alarm_threshold(scores[:100], 0.01)
    with pytest.raises(ValueError, match="299 sources"):
        calibration.false_alarm_threshold(scores[:299], 0.01)


def test_a_threshold_holds_for_every_version():
    scores = np.stack([np.arange(100.0), np.arange(100.0) * 2], 1)
    assert calibration.false_alarm_threshold(scores, 0.05) == 188


def test_the_interval_holds_for_the_threshold_of_the_same_sources():
    """Known truth: for uniform scores the rate above a threshold is 1 less it."""
    rng, above, high = np.random.default_rng(3), 0, calibration.exact_rate(3, 60).high
    for _ in range(2000):
        above += 1 - calibration.false_alarm_threshold(rng.random((60, 1)), 0.05) > high
    assert above / 2000 == pytest.approx(0.025, abs=0.01)


def test_the_interval_covers_the_known_likelihood_ratio():
    """Normal scores one deviation wide, two apart: log LR is 2 s - 2, for a mapping of the means and the deviation."""

    def fit(scores, truth, weights):
        means = [np.average(scores[side], weights=weights[side]) for side in (~truth, truth)]
        spread = np.average((scores - np.array(means)[truth.astype(int)]) ** 2, weights=weights)
        slope = (means[1] - means[0]) / spread / math.log(10)
        return calibration.Logistic(-slope * (means[0] + means[1]) / 2, slope)

    rng, covered, n = np.random.default_rng(8), 0, 60
    truth, sources = np.repeat([False, True], n), [*range(n), *range(n)]
    for trial in range(100):
        scores = np.concatenate([rng.normal(0, 1, n), rng.normal(2, 1, n)])
        low, high = calibration.resampled_interval(scores, truth, sources, np.array([1.0]), fit, 100, trial)
        covered += low[0] <= 0 <= high[0]
    assert 88 <= covered <= 99
    again = calibration.resampled_interval(scores, truth, sources, np.array([1.0]), fit, 100, trial)
    assert again == (low, high)


def test_intervals_of_more_sources_are_narrower(rng):
    widths = []
    for n in (100, 1000):
        scores = np.concatenate([rng.normal(0, 1, n), rng.normal(1, 1, n)])
        truth, sources = np.repeat([False, True], n), [*range(n), *range(n)]
        low, high = calibration.resampled_interval(scores, truth, sources, np.array([2.0]), resamples=40)
        assert low[0] < calibration.logistic(scores, truth)(np.array([2.0]))[0] < high[0]
        widths.append(high[0] - low[0])
    assert 2 < widths[0] / widths[1] < 5  # the square root of 10


def test_words_for_likelihood_ratios():
    ratios = (1, 1.9, 2, 9.9, 10, 99, 100, 1000, 10_000, 999_999, 1e6)
    found = [calibration.verbal(math.log10(ratio)).removesuffix(" support") for ratio in ratios]
    words = "no no weak weak moderate moderate,moderately strong,strong,very strong,very strong,extremely strong"
    head, _, tail = words.partition(",")
    assert found == [*head.split(), *tail.split(",")]
    assert calibration.verbal(-1.5) == calibration.verbal(1.5) == "moderate support"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: calibration.cost(np.zeros(3), np.zeros(3, bool)), "both classes"),
        (lambda: calibration.cost(np.array([0, np.nan]), np.array([True, False])), "finite"),
        (lambda: calibration.logistic(np.array([0, np.inf]), np.array([True, False])), "finite"),
        (lambda: calibration.cost(np.zeros(2), np.array([True])), "one truth"),
        (lambda: calibration.cost(np.zeros(2), np.array([True, False]), np.zeros(2)), "above 0"),
        (lambda: calibration.exact_rate(3, 2), "Received: 3 of 2"),
        (lambda: calibration.sources_needed(0), "between 0 and 1"),
        (lambda: calibration.false_alarm_threshold(np.zeros(300), 0.05), "sources, versions"),
        (lambda: calibration.cross_validated(np.arange(4), np.tile([True, False], 2), [1, 1, 2, 2]), "10 sources"),
    ],
)
def test_wrong_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
