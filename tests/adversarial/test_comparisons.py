import numpy as np
import pytest
from scipy.spatial.distance import mahalanobis
from scipy.stats import multivariate_normal
from sklearn.covariance import LedoitWolf

from zoo.adversarial import spool
from zoo.adversarial.baselines import CentroidDistance, MaxSoftmax
from zoo.adversarial.deep_knn import DkNN
from zoo.adversarial.lid import LID, local_dimension
from zoo.adversarial.lockstep import run
from zoo.adversarial.mahalanobis import Mahalanobis


@pytest.fixture(scope="module")
def parts(trained):
    model, images, labels = trained
    return model, (images[:120], labels[:120]), (images[120:160], labels[120:160]), (images[160:], labels[160:])


def features_of(detector, images):
    return detector.extractor(images)[1][detector.layers[0]].astype(np.float64)


def test_max_softmax_is_the_largest_probability(parts):
    model, _, _, (images, _) = parts
    expected = model.predict_on_batch(images.astype(np.float32)).max(1)
    np.testing.assert_allclose(MaxSoftmax(model).score(images), expected, rtol=1e-5)


def test_centroid_distance(parts):
    model, (base, labels), _, (images, _) = parts
    detector = CentroidDistance(model, "conv").fit((base, labels))
    rows, queries = features_of(detector, base), features_of(detector, images)
    predicted = model.predict_on_batch(images.astype(np.float32)).argmax(1)
    expected = [-np.linalg.norm(q - rows[labels == c].mean(0)) for q, c in zip(queries, predicted, strict=True)]
    np.testing.assert_allclose(detector.score(images), expected, rtol=1e-4)


def test_mahalanobis_is_scipys(parts):
    model, (base, labels), _, (images, _) = parts
    detector = Mahalanobis(model, "conv").fit((base, labels))
    rows, queries = features_of(detector, base), features_of(detector, images)
    means = [rows[labels == c].mean(0) for c in range(4)]
    centred = rows - np.array(means)[labels]
    precision = np.linalg.inv(centred.T @ centred / len(rows))
    expected = [-min(mahalanobis(q, m, precision) ** 2 for m in means) for q in queries]
    np.testing.assert_allclose(detector.score(images), expected, rtol=1e-3)


def test_shrinkage_tames_a_unit_that_hardly_ever_answers(parts, rng, monkeypatch):
    model, _, _, _ = parts
    monkeypatch.setattr(spool, "NUMBERS", 6 * 70)  # three blocks of rows
    rows, labels = rng.normal(size=(200, 6)), np.arange(200) % 4
    rows[:, 5] = 0
    rows[0, 5] = 0.01
    queries = rng.normal(size=(50, 6))
    queries[:, 5] = 0
    queries[0, 5] = 1  # alone: the unit answers
    scores = {}
    for shrunk in (False, True):
        detector = Mahalanobis(model, "conv", shrunk=shrunk).fit_features({"conv": rows}, labels)
        scores[shrunk] = detector.score_features({"conv": queries}, np.zeros(50, int))
    assert scores[False][0] < 100 * np.median(scores[False])
    assert scores[True][0] > 10 * np.median(scores[True])
    means = np.array([rows[labels == c].mean(0) for c in range(4)])
    known = LedoitWolf(assume_centered=True).fit(rows - means[labels])
    expected = -np.min([known.mahalanobis(queries - m) for m in means], axis=0)
    np.testing.assert_allclose(scores[True], expected)


@pytest.mark.parametrize("dimension", [2, 5, 10])
def test_local_dimension_is_that_of_a_ball(rng, dimension):
    points = multivariate_normal(np.zeros(dimension)).rvs(60_000, random_state=1)
    nearest = np.sort(np.linalg.norm(points, axis=1))[None, :200]
    assert local_dimension(nearest)[0] == pytest.approx(dimension, rel=0.2)


def test_local_dimension_by_hand():
    assert local_dimension(np.array([[1.0, 2.0, 4.0]]))[0] == pytest.approx(1 / np.log(2))  # -3 / (-2 log 2 - log 2)


def test_dknn_is_the_share_of_calibration_images_that_are_as_strange(parts):
    model, (base, labels), calibration, (images, _) = parts
    detector = DkNN(model, ["conv", "pool"], k=9).fit((base, labels), calibration)

    def strange(x, classes):
        total = np.zeros(len(x))
        for layer in ("conv", "pool"):
            rows, queries = detector.extractor(base)[1][layer], detector.extractor(x)[1][layer]
            near = ((queries[:, None].astype(np.float64) - rows[None]) ** 2).sum(-1).argsort(1)[:, :9]
            total += (labels[near] != classes[:, None]).sum(1)
        return total

    reference = strange(*calibration)
    predicted = model.predict_on_batch(images.astype(np.float32)).argmax(1)
    expected = (reference[None] >= strange(images, predicted)[:, None]).mean(1)
    assert (np.abs(detector.score(images) - expected) < 1e-9).mean() > 0.9  # neighbours at equal distance may differ


def test_lid_and_thresholds_share_the_interface(parts):
    model, (base, labels), calibration, (images, _) = parts
    detector = LID(model, "pool", k=20).fit((base, labels))
    detector.calibrate(calibration[0], np.ones(40, int), at=0.1)
    assert detector.predict(images).dtype == bool
    assert (~detector.predict(calibration[0])).sum() <= 4


def test_what_does_not_fit_is_said(parts):
    model, (base, labels), _, _ = parts
    with pytest.raises(ValueError, match="Received: 1"):
        LID(model, "pool", k=1)
    with pytest.raises(ValueError, match="at least k=20 images. Received: 9".replace(".", r"\.")):
        LID(model, "pool", k=20).fit((base[:9], labels[:9]))
    with pytest.raises(ValueError, match="needs a calibration set"):
        DkNN(model, ["pool"], k=9).fit((base, labels))
    with pytest.raises(ValueError, match="Received: 0"):
        DkNN(model, ["pool"], k=0)
    with pytest.raises(ValueError, match="Each of the 4 classes needs images"):
        CentroidDistance(model, "pool").fit((base[labels != 2], labels[labels != 2]))
    with pytest.raises(ValueError, match="an empty dataset"):
        Mahalanobis(model, "pool").fit([])


def test_searches_in_lockstep_are_answered_together_and_in_order():
    sizes = []

    def answer(requests):
        sizes.append(len(requests))
        return [r * 10 for r in requests]

    def search(number):
        return lambda ask: [ask(number + i / 10) for i in range(number)]

    results = run([search(n) for n in (3, 0, 1)], answer)
    assert results == [[30, 31, 32], [], [10]]
    assert sizes == [2, 1, 1]


@pytest.mark.parametrize("where", ["search", "answer"])
def test_failures_in_lockstep_end_all_searches(where):
    def answer(requests):
        if where == "answer":
            raise ValueError("broken answer")
        return requests

    def bad(ask):
        ask(1)
        raise ValueError("broken search")

    with pytest.raises(ValueError, match=f"broken {where}"):
        run([bad, lambda ask: [ask(i) for i in range(5)]], answer)
