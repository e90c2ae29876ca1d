import numpy as np
import pytest
from scipy import stats

from zoo.hyperimage.agreement import (
    bootstrap_agreement,
    bootstrap_agreement_difference,
    fitted,
    krocc,
    over_splits,
    plcc,
    srocc,
)


def test_rank_correlations_by_their_definitions(rng):
    x = rng.integers(0, 12, 40).astype(float)  # with ties
    y = x + rng.normal(0, 4, 40)
    ranks = [stats.rankdata(v) for v in (x, y)]
    assert srocc(x, y) == pytest.approx(np.corrcoef(*ranks)[0, 1])
    concordant = discordant = ties_x = ties_y = 0
    for i in range(40):
        for j in range(i):
            product = (x[i] - x[j]) * (y[i] - y[j])
            concordant, discordant = concordant + (product > 0), discordant + (product < 0)
            ties_x, ties_y = ties_x + (x[i] == x[j]), ties_y + (y[i] == y[j])
    pairs = 40 * 39 / 2
    tau = (concordant - discordant) / np.sqrt((pairs - ties_x) * (pairs - ties_y))
    assert krocc(x, y) == pytest.approx(tau)
    assert plcc(x, y) == pytest.approx(np.cov(x, y)[0, 1] / np.sqrt(np.var(x, ddof=1) * np.var(y, ddof=1)))


def test_logistic_fit_undoes_a_monotone_curve(rng):
    opinions = rng.uniform(0, 9, 200)
    scores = np.log(opinions + 0.05)
    assert plcc(scores, opinions) < 0.95
    assert plcc(scores, opinions, logistic=True) > 0.98
    assert plcc(-scores, opinions, logistic=True) > 0.98  # DMOS falls where scores rise
    np.testing.assert_allclose(fitted(opinions, opinions), opinions, atol=0.05)


def test_fit_of_few_or_constant_scores_changes_nothing():
    assert fitted([1, 2, 3], [3, 1, 2]).tolist() == [1, 2, 3]
    assert srocc([2, 2, 2], [1, 2, 3]) == plcc([2] * 9, range(9), logistic=True) == 0


def test_bootstrap_keeps_sources_together(rng):
    sources = np.repeat(np.arange(6), 10)
    truth = rng.normal(size=60) + 5 * (sources >= 3)
    scores = truth + rng.normal(0, 0.3, 60)
    whole = bootstrap_agreement(srocc, scores, truth, sources.tolist())
    assert whole.value == srocc(scores, truth)
    assert (whole.n_sources, whole.n_units) == (6, 60)
    assert whole.ci_low <= whole.value <= whole.ci_high
    alone = bootstrap_agreement(srocc, scores, truth, range(60))
    assert whole.ci_high - whole.ci_low > alone.ci_high - alone.ci_low  # few sources say less


def test_difference_is_paired(rng):
    """Two methods whose errors are alike differ by less than their intervals, taken apart, would allow."""
    truth = rng.normal(size=200)
    shared = truth + rng.normal(0, 1, 200)
    better = shared + 0.1 * (truth - shared)
    found = bootstrap_agreement_difference(srocc, better, shared, truth, range(200))
    assert found.value == pytest.approx(srocc(better, truth) - srocc(shared, truth))
    assert 0 < found.ci_low < found.value < found.ci_high
    apart = [bootstrap_agreement(srocc, scores, truth, range(200)) for scores in (better, shared)]
    assert apart[0].ci_low < apart[1].ci_high
    same = bootstrap_agreement_difference(srocc, shared, shared, truth, range(200))
    assert (same.value, same.ci_low, same.ci_high) == (0, 0, 0)


def test_trainings_are_averaged_and_resampled(rng):
    truth = rng.normal(size=100)
    runs = truth + rng.normal(size=(3, 100)) * np.array([[0.1], [1], [3]])
    each = [srocc(run, truth) for run in runs]
    three = bootstrap_agreement(srocc, runs, truth, range(100))
    assert three.value == pytest.approx(np.mean(each))
    assert three.ci_low < np.mean(each) - 0.2 and three.ci_high > np.mean(each) + 0.1  # which runs were drawn matters
    one = bootstrap_agreement(srocc, runs[0], truth, range(100))
    assert one == bootstrap_agreement(srocc, runs[:1], truth, range(100))
    difference = bootstrap_agreement_difference(srocc, runs, runs[1], truth, range(100))
    assert difference.value == pytest.approx(np.mean(each) - each[1])
    with pytest.raises(ValueError, match="Received"):
        bootstrap_agreement_difference(srocc, runs, runs, truth, range(100))


def test_over_splits():
    estimate = over_splits([0.1, 0.9, 0.5])
    assert estimate.value == 0.5
    assert over_splits([0.0, 0.0, 0.9], np.mean).value == pytest.approx(0.3)
    assert estimate.ci_low == pytest.approx(0.12)


@pytest.mark.parametrize(("x", "y"), [([1], [1]), ([1, 2], [1, 2, 3]), ([1, np.nan], [1, 2])])
def test_bad_pairs(x, y):
    for statistic in (srocc, krocc, plcc):
        with pytest.raises(ValueError, match="Received"):
            statistic(x, y)
