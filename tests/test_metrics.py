import numpy as np
import pytest
import scipy.stats
import sklearn.metrics

from zoo import metrics


def test_auc_is_scikit_learns_with_ties(rng):
    negative, positive = rng.integers(0, 9, 70), rng.integers(3, 12, 50)
    labels = np.r_[np.zeros(70), np.ones(50)]
    assert metrics.auc(negative, positive) == pytest.approx(
        sklearn.metrics.roc_auc_score(labels, np.r_[negative, positive]), abs=1e-12
    )


def test_bootstrap_auc_is_the_plain_resampling_of_sources(rng):
    sources = ["a"] * 3 + ["b"] * 2 + ["c"] * 4 + ["d"]
    negative, positive = rng.normal(0, 1, 10), rng.normal(0.8, 1, 10)
    estimate = metrics.bootstrap_auc(negative, positive, sources, samples=4000, seed=3)
    plain = []
    index = {s: [i for i, t in enumerate(sources) if t == s] for s in "abcd"}
    other = np.random.default_rng(99)
    for _ in range(4000):
        units = [i for s in other.choice(list("abcd"), 4) for i in index[s]]
        before, after = negative[units], positive[units, None]
        plain.append(np.mean((after > before) + (after == before) / 2))
    np.testing.assert_allclose([estimate.ci_low, estimate.ci_high], np.quantile(plain, [0.025, 0.975]), atol=0.02)
    assert (estimate.n_sources, estimate.n_units) == (4, 10)


def test_intervals_cover_the_truth_about_as_often_as_they_say():
    # The known case: normal scores one deviation apart have AUC Phi(1 / sqrt 2) = .7602; each unit its own source.
    truth, covered = 0.76025, 0
    for trial in range(200):
        rng = np.random.default_rng(trial)
        estimate = metrics.bootstrap_auc(
            rng.normal(0, 1, 60), rng.normal(1, 1, 60), list(range(60)), samples=300, seed=trial
        )
        covered += estimate.ci_low <= truth <= estimate.ci_high
    assert 0.88 <= covered / 200 <= 0.99


def test_bootstrap_mean_has_the_known_standard_error(rng):
    values = rng.normal(5, 2, 400)
    estimate = metrics.bootstrap_mean(values, list(range(400)), samples=4000)
    half = 1.96 * values.std() / 20
    assert estimate.value == pytest.approx(values.mean())
    np.testing.assert_allclose([estimate.ci_low, estimate.ci_high], values.mean() + np.array([-half, half]), atol=0.02)


def test_patches_of_one_source_do_not_narrow_the_interval(rng):
    means = rng.normal(0, 1, 12)
    few = metrics.bootstrap_mean(means, list(range(12)))
    many = metrics.bootstrap_mean(np.repeat(means, 50), np.repeat(np.arange(12), 50).tolist())
    assert (few.ci_low, few.ci_high) == pytest.approx((many.ci_low, many.ci_high))
    assert (many.n_sources, many.n_units) == (12, 600)


def test_difference_is_paired(rng):
    negative, positive = rng.normal(0, 1, 40), rng.normal(1, 1, 40)
    sources = list(range(40))
    same = metrics.bootstrap_auc_difference((negative, positive), (negative, positive), sources)
    assert (same.value, same.ci_low, same.ci_high) == (0, 0, 0)
    better = metrics.bootstrap_auc_difference((negative, positive + 1), (negative, positive), sources)
    assert better.value == pytest.approx(metrics.auc(negative, positive + 1) - metrics.auc(negative, positive))
    assert better.ci_low > 0


def test_threshold_lets_at_most_the_rate_above_it():
    scores = np.arange(100) / 100
    assert metrics.threshold_at_false_alarm(scores, 0.05) == pytest.approx(0.94)
    assert (scores > 0.94).mean() == pytest.approx(0.05)
    assert metrics.threshold_at_false_alarm(scores, 0) == pytest.approx(0.99)
    assert metrics.threshold_at_false_alarm(np.full(7, 0.5), 0.05) == 0.5


@pytest.mark.parametrize(
    "call",
    [
        lambda: metrics.auc(np.array([]), np.array([1.0])),
        lambda: metrics.auc(np.array([np.nan]), np.array([1.0])),
        lambda: metrics.bootstrap_auc(np.zeros(3), np.zeros(2), ["a"] * 3),
        lambda: metrics.bootstrap_mean(np.zeros(3), ["a"] * 2),
        lambda: metrics.threshold_at_false_alarm(np.zeros(3), 1.5),
    ],
)
def test_bad_scores_say_what_was_received(call):
    with pytest.raises(ValueError, match="Received"):
        call()


def test_rate_upper_bound_is_exact():
    # The bound is the rate at which so few events or fewer come up in 5 % of all experiments.
    for events, trials in ((0, 1), (0, 300), (3, 40), (39, 40)):
        bound = metrics.rate_upper_bound(events, trials)
        assert scipy.stats.binom.cdf(events, trials, bound) == pytest.approx(0.05)
    assert metrics.rate_upper_bound(0, 1000) == pytest.approx(3 / 1000, rel=0.01)
    assert metrics.rate_upper_bound(7, 7) == 1
    for events, trials in ((0, 0), (-1, 5), (6, 5)):
        with pytest.raises(ValueError, match=f"Received: {events} of {trials}"):
            metrics.rate_upper_bound(events, trials)


def test_jackknife_of_a_mean_is_the_standard_error(rng):
    values = rng.normal(3, 2, 60)
    without = [np.delete(values, i).mean() for i in range(60)]
    found = metrics.jackknife(values.mean(), without, 60)
    error = values.std(ddof=1) / 60**0.5
    assert found.value == pytest.approx(values.mean())
    assert (found.ci_low, found.ci_high) == pytest.approx((values.mean() - 1.96 * error, values.mean() + 1.96 * error))
    with pytest.raises(ValueError, match=r"at least two groups\. Received: 1"):
        metrics.jackknife(1.0, [1.0], 5)
