import numpy as np
import pytest
from sklearn.metrics import roc_auc_score, roc_curve

from zoo.adversarial.rates import bootstrap_measure, bootstrap_replicates, eer_threshold
from zoo.adversarial.threshold import rejection_threshold, threshold_at


def measured(trusted, spurious, measure="EER accuracy"):
    sources = range(len(trusted)), range(len(spurious))
    return bootstrap_measure(trusted, spurious, *sources, measure, samples=1).value


def interpolated(trusted, spurious):
    return measured(trusted, spurious, "EER accuracy, interpolated")


def by_scikit_learn(trusted, spurious):
    """The authors' rule, with the library they used."""
    truth, scores = np.r_[np.ones(len(trusted)), np.zeros(len(spurious))], np.r_[trusted, spurious]
    false, true, thresholds = roc_curve(truth, scores)
    threshold = thresholds[np.abs((1 - true) - false).argmin()]
    return threshold, np.mean(truth == (scores > threshold))


def test_known_scores():
    # Threshold .6: .7, .8, .9 are above it of the trusted; .6 itself is not, by the strict comparison.
    trusted, spurious = np.array([0.6, 0.7, 0.8, 0.9]), np.array([0.1, 0.2, 0.3, 0.65])
    assert eer_threshold(trusted, spurious) == 0.65
    assert measured(trusted, spurious) == 7 / 8
    assert measured(np.array([1.0, 2]), np.array([0.0, 0.5])) == 3 / 4  # strict: the threshold itself is rejected


@pytest.mark.parametrize("levels", [3, 10, 1000])
def test_agrees_with_scikit_learn_also_on_ties(rng, levels):
    for _ in range(30):
        trusted = rng.integers(1, levels + 1, rng.integers(1, 40)) / levels
        spurious = rng.integers(0, levels, rng.integers(1, 60)) / levels
        threshold, accuracy = by_scikit_learn(trusted, spurious)
        assert eer_threshold(trusted, spurious) == threshold
        assert measured(trusted, spurious) == accuracy


def test_replicates_are_eer_accuracies_of_resampled_sources(rng):
    trusted, spurious = rng.integers(2, 9, 25) / 8, rng.integers(0, 7, 25) / 8
    found, sources = bootstrap_replicates(trusted, spurious, range(25), range(25), samples=40, seed=3)
    assert sources == 25
    draws = np.random.default_rng(3)
    order = sorted(range(25), key=str)
    for value in found:
        counts = draws.multinomial(25, np.full(25, 1 / 25))
        times = np.array([counts[order.index(i)] for i in range(25)])
        assert value == pytest.approx(by_scikit_learn(np.repeat(trusted, times), np.repeat(spurious, times))[1])


def test_auc_agrees_with_scikit_learn_on_ties(rng):
    trusted, spurious = rng.integers(2, 9, 40) / 8, rng.integers(0, 9, 25) / 8
    truth = np.r_[np.ones(40), np.zeros(25)]
    found = bootstrap_measure(trusted, spurious, range(40), range(25), "AUC", samples=50)
    assert found.value == pytest.approx(roc_auc_score(truth, np.r_[trusted, spurious]))
    assert found.ci_low < found.value < found.ci_high
    draws, order = np.random.default_rng(0), sorted(range(40), key=str)
    counts = draws.multinomial(40, np.full(40, 1 / 40))
    weights = np.array([counts[order.index(i)] for i in (*range(40), *range(25))])
    first = bootstrap_replicates(trusted, spurious, range(40), range(25), "AUC", samples=1)[0][0]
    assert first == pytest.approx(roc_auc_score(truth, np.r_[trusted, spurious], sample_weight=weights))


def test_interval_holds_the_value_and_shrinks_with_more_sources(rng):
    widths = []
    for n in (30, 1000):
        trusted, spurious = rng.normal(1, 1, n), rng.normal(0, 1, n)
        found = bootstrap_measure(trusted, spurious, range(n), range(n), samples=200)
        assert found.ci_low <= found.value <= found.ci_high
        widths.append(found.ci_high - found.ci_low)
    assert widths[1] < widths[0] / 3


def test_what_cannot_be_measured_is_said():
    with pytest.raises(ValueError, match="Received: 0 trusted, 2 spurious"):
        eer_threshold(np.array([]), np.array([0.1, 0.2]))
    with pytest.raises(ValueError, match="1 not finite"):
        eer_threshold(np.array([np.nan]), np.array([0.1, 0.2]))
    with pytest.raises(ValueError, match="Each score needs its source"):
        bootstrap_replicates(np.ones(2), np.ones(2), [1], [1, 2])


def test_rejection_threshold_rejects_at_most_the_rate():
    scores = np.arange(100) / 100
    for rate in (0, 0.01, 0.05, 0.5, 1):
        threshold = rejection_threshold(scores, rate)
        assert (scores <= threshold).sum() == min(int(rate * 100), 99)
    tied = np.r_[np.zeros(10), np.ones(90)]
    assert (tied <= rejection_threshold(tied, 0.05)).sum() == 0  # all ten or none


@pytest.mark.parametrize(("at", "message"), [("fpr", "Received: 'fpr'"), (1.5, r"Received: 1\.5")])
def test_threshold_at_checks(at, message):
    with pytest.raises(ValueError, match=message):
        threshold_at(np.ones(3), np.ones(3), at)


def test_interpolated_over_ties(rng):
    # All scores equal: the curve is the diagonal. The strict rule trusts nothing or everything.
    assert interpolated(np.ones(5), np.ones(3)) == 0.5
    # Shares at 1: .75 of the trusted, .25 of the spurious. By hand: the curve goes from (0, 0) over (.25, .75) to
    # (1, 1), and is balanced at that corner.
    assert interpolated(np.array([1, 1, 1, 0]), np.array([1, 0, 0, 0])) == 0.75
    assert measured(np.array([1, 1, 1, 0]), np.array([1, 0, 0, 0])) == 0.5
    # Half-way along a tie: trusted 1 and .5, spurious .5 and 0.
    assert interpolated(np.array([1.0, 0.5]), np.array([0.5, 0.0])) == 0.75
    for _ in range(20):
        trusted, spurious = rng.integers(2, 9, 31) / 8, rng.integers(0, 7, 17) / 8
        truth = np.r_[np.ones(31), np.zeros(17)]
        false, true, _ = roc_curve(truth, np.r_[trusted, spurious])
        fine = np.linspace(0, 1, 200_001)
        expected = 1 - fine[np.abs(1 - np.interp(fine, false, true) - fine).argmin()]
        assert interpolated(trusted, spurious) == pytest.approx(expected, abs=1e-5)
    # Without ties both rules differ by one score at most.
    trusted, spurious = rng.normal(1, 1, 400), rng.normal(0, 1, 400)
    assert interpolated(trusted, spurious) == pytest.approx(measured(trusted, spurious), abs=2 / 400)
