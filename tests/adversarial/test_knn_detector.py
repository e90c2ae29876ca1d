import warnings

import keras
import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors

from zoo.adversarial import KNNDetector, spool
from zoo.adversarial import index as neighbours_index
from zoo.adversarial.spool import Spool


@pytest.fixture(scope="module")
def fitted(trained):
    model, images, labels = trained
    return KNNDetector(model, "pool", k=30, processing="none").fit((images[:150], labels[:150]))


def features_by_hand(model, images):
    pooled = keras.Model(model.input, model.get_layer("pool").output)
    return np.asarray(pooled.predict_on_batch(images.astype(np.float32))).mean((1, 2))


@pytest.mark.parametrize("weighting", ["kNN", "W-kNN", "DW-kNN"])
def test_scores_are_scikit_learns(trained, weighting):
    model, images, labels = trained
    base, queries = features_by_hand(model, images[:150]), features_by_hand(model, images[150:])
    detector = KNNDetector(model, "pool", 30, weighting, "none").fit((images[:150], labels[:150]))
    weights = {
        "kNN": "uniform",
        "W-kNN": lambda d: np.tile(1 / np.arange(1, 31), (len(d), 1)),
        "DW-kNN": lambda d: 1 / d**2,
    }[weighting]
    theirs = KNeighborsClassifier(30, weights=weights, algorithm="brute").fit(base, labels[:150])
    predicted = model.predict_on_batch(images[150:].astype(np.float32)).argmax(1)
    expected = theirs.predict_proba(queries)[np.arange(50), predicted]
    np.testing.assert_allclose(detector.score(images[150:]), expected, rtol=2e-4)


def test_neighbours_are_scikit_learns(trained, fitted):
    model, images, _ = trained
    base, queries = features_by_hand(model, images[:150]), features_by_hand(model, images[150:])
    distances, found = NearestNeighbors(n_neighbors=30).fit(base).kneighbors(queries)
    squared, rows = fitted.index_search(queries, 30)
    np.testing.assert_allclose(np.sqrt(squared), distances, rtol=1e-3, atol=1e-3)
    assert (rows == found).mean() > 0.99


def test_any_dataset_gives_the_same_database(trained, fitted):
    import tensorflow as tf

    model, images, labels = trained
    one_hot = np.eye(4, dtype=np.float32)[labels[:150]]

    class Batches(keras.utils.PyDataset):
        def __len__(self):
            return 15

        def __getitem__(self, i):
            return images[10 * i : 10 * i + 10], one_hot[10 * i : 10 * i + 10]

    expected = fitted.score(images[150:])
    for dataset in (
        Batches(),
        tf.data.Dataset.from_tensor_slices((images[:150], labels[:150])).batch(32),
        ((images[i : i + 50], labels[i : i + 50]) for i in (0, 50, 100)),
    ):
        found = KNNDetector(model, "pool", k=30, processing="none").fit(dataset)
        np.testing.assert_allclose(found.score(images[150:]), expected, rtol=1e-3)


def test_wrong_classes_score_low(trained, fitted):
    _model, images, labels = trained
    features = fitted.extractor(images[150:])[1]["pool"]
    right = fitted.score_features(features, labels[150:])
    wrong = fitted.score_features(features, (labels[150:] + 1) % 4)
    assert right.mean() > wrong.mean() + 0.4


def test_calibrate_and_predict(trained):
    model, images, labels = trained
    detector = KNNDetector(model, "pool", k=30, processing="pca-whiten", dimensions=4)
    detector.fit((images[:100], labels[:100]))
    with pytest.raises(ValueError, match="call calibrate first"):
        detector.predict(images[:2])
    detector.calibrate(images[100:150], np.ones(50, int), at=0.1)
    assert (~detector.predict(images[100:150])).sum() <= 5
    noise = np.random.default_rng(0).integers(0, 256, (50, 12, 12, 3), np.uint8)
    both = np.concatenate([images[100:150], noise])
    detector.calibrate(both, np.r_[np.ones(50, int), np.zeros(50, int)])
    assert detector.predict(images[150:]).mean() > 0.8
    with pytest.raises(ValueError, match="labels must be 0 or 1"):
        detector.calibrate(images[:3], np.array([0, 1, 2]))
    with pytest.raises(ValueError, match="needs images to be trusted"):
        detector.calibrate(images[:3], np.zeros(3, int), at=0.1)


@pytest.mark.parametrize(("processing", "index", "search"), [("l2", "Flat", ""), ("pca", "IVF4,Flat", "nprobe=4")])
def test_saved_detector_scores_the_same(trained, tmp_path, processing, index, search):
    model, images, labels = trained
    detector = KNNDetector(model, "conv", 20, "W-kNN", processing, 4, "max", index, search)
    detector.fit((images[:160], labels[:160]))
    detector.calibrate(images[160:], np.ones(40, int), at=0.05)
    detector.save(tmp_path / "detector")
    for again in (KNNDetector.load(tmp_path / "detector"), KNNDetector.load(tmp_path / "detector", model)):
        np.testing.assert_array_equal(again.score(images[160:]), detector.score(images[160:]))
        assert (again.threshold, again.recall) == (detector.threshold, detector.recall)
    detector.save(tmp_path / "detector")  # over itself
    assert [p.name for p in tmp_path.iterdir()] == ["detector"]
    for path in (tmp_path / "detector").iterdir():
        assert b"pickle" not in path.read_bytes()[:4096]


def test_folders_that_hold_no_detector_are_refused(trained, fitted, tmp_path):
    with pytest.raises(ValueError, match="Not a folder of a saved detector"):
        KNNDetector.load(tmp_path)
    (tmp_path / "mine.txt").write_text("do not overwrite")
    with pytest.raises(ValueError, match="new folder or over another detector"):
        fitted.save(tmp_path)
    assert (tmp_path / "mine.txt").read_text() == "do not overwrite"
    with pytest.raises(ValueError, match="Only a fitted detector"):
        KNNDetector(trained[0], "pool").save(tmp_path / "new")
    fitted.save(tmp_path / "new")
    (tmp_path / "new" / "neighbours.faiss").write_bytes(b"no index")
    with pytest.raises(ValueError, match="Not a FAISS index"):
        KNNDetector.load(tmp_path / "new")


def test_an_index_that_misses_neighbours_is_measured_and_warned_of(trained):
    model, images, labels = trained
    with pytest.warns(UserWarning, match=r"of the 60 nearest neighbours: scores are biased"):
        poor = KNNDetector(model, "pool", k=60, processing="none", index="IVF8,Flat").fit((images, labels))
    assert 0 < poor.recall < 0.95
    full = KNNDetector(model, "pool", k=60, processing="none", index="IVF8,Flat", search="nprobe=8")
    assert full.fit((images, labels)).recall == 1


def test_recall_is_the_share_of_true_neighbours(rng):
    rows = rng.normal(size=(500, 6)).astype(np.float32)
    exact = NearestNeighbors(n_neighbors=9, algorithm="brute").fit(rows).kneighbors(rows[:20])[1]
    found = neighbours_index.InPlace(rows, block=70).search(rows[:20], 9)[1]
    np.testing.assert_array_equal(found, exact)


@pytest.mark.parametrize("processing", ["none", "l2", "pca", "pca-whiten"])
def test_without_a_copy_the_rows_are_read_where_they_are(trained, tmp_path, monkeypatch, processing):
    model, images, labels = trained
    np.save(tmp_path / "rows.npy", features_by_hand(model, images[:150]))
    rows, queries = np.load(tmp_path / "rows.npy", mmap_mode="r"), features_by_hand(model, images[150:])
    monkeypatch.setattr(spool, "NUMBERS", 40 * rows.shape[1])  # four blocks
    copied, in_place = (
        KNNDetector(model, "pool", k=30, processing=processing, dimensions=4).fit_features(
            rows, labels[:150], copy=copy
        )
        for copy in (True, False)
    )
    assert in_place.recall == 1
    scores = [detector.score_features(queries, labels[150:]) for detector in (copied, in_place)]
    np.testing.assert_allclose(scores[1], scores[0], rtol=1e-3)
    nearest = [detector.nearest_of_class(queries[0], 2, 3) for detector in (copied, in_place)]
    np.testing.assert_array_equal(nearest[0], nearest[1])
    np.testing.assert_allclose(in_place.vectors(nearest[0]), copied.vectors(nearest[0]), rtol=1e-5)
    with pytest.raises(ValueError, match="Received: one with copy=False"):
        in_place.save(tmp_path / "detector")
    with pytest.raises(ValueError, match="takes index='Flat'. Received: 'IVF4,Flat'".replace(".", r"\.")):
        KNNDetector(model, "pool", k=30, index="IVF4,Flat").fit_features(rows, labels[:150], copy=False)


def test_nearest_of_a_class(trained, fitted):
    model, images, labels = trained
    base = features_by_hand(model, images[:150])
    query = features_by_hand(model, images[150:151])[0]
    rows = np.flatnonzero(labels[:150] == 2)
    expected = rows[np.argsort(((base[rows] - query) ** 2).sum(1))[:3]]
    np.testing.assert_array_equal(fitted.nearest_of_class(query, 2, 3), expected)
    np.testing.assert_allclose(fitted.vectors(expected), base[expected], rtol=1e-4)
    unfitted = KNNDetector(model, "pool", k=30)
    for call in (lambda: unfitted.nearest_of_class(query, 2), lambda: unfitted.vectors([0])):
        with pytest.raises(ValueError, match="has no database: call fit or load one"):
            call()
    with pytest.raises(ValueError, match="Class 2 has 37 images"):
        fitted.nearest_of_class(query, 2, 1000)


@pytest.mark.parametrize(
    ("index", "search"),
    [("IVF4,Flat", "nprobe=1"), ("HNSW8", "efSearch=64"), ("IVF4,PQ2x4fs,RFlat", "nprobe=4,k_factor_rf=4")],
)
def test_an_approximate_index_knows_its_rows(trained, tmp_path, index, search):
    model, images, labels = trained
    base, query = (features_by_hand(model, part) for part in (images[:160], images[160:161]))
    rows = np.flatnonzero(labels[:160] == 2)
    nearest = rows[np.argsort(((base[rows] - query) ** 2).sum(1))[:3]]
    detector = KNNDetector(model, "pool", 20, processing="none", index=index, search=search)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The index finds|WARNING clustering")
        detector.fit_features(base, labels[:160])
    detector.save(tmp_path / "detector")
    for found in (detector, KNNDetector.load(tmp_path / "detector", model)):
        np.testing.assert_array_equal(found.nearest_of_class(query[0], 2, 3), nearest)
        np.testing.assert_allclose(found.vectors(nearest), base[nearest], rtol=1e-5)


def test_what_does_not_fit_is_said(trained):
    model, images, labels = trained
    with pytest.raises(ValueError, match=r"Layers of tiny must be among image, .*Received: \['mixed_6d'\]"):
        KNNDetector(model, "mixed_6d")
    for arguments, message in (
        ({"k": 0}, "Received: 0"),
        ({"weighting": "dw"}, "Received: 'dw'"),
        ({"processing": "zca"}, "Received: 'zca'"),
        ({"pooling": "sum"}, "Received: 'sum'"),
    ):
        with pytest.raises(ValueError, match=message):
            KNNDetector(model, "pool", **arguments)
    with pytest.raises(ValueError, match=r"at least k=1000 images with one class each\. Received: 200"):
        KNNDetector(model, "pool", processing="none").fit((images, labels))
    detector = KNNDetector(model, "pool", k=10, processing="none")
    with pytest.raises(ValueError, match="call fit or load"):
        detector.score(images[:1])
    with pytest.raises(ValueError, match=r"takes images of shape \(n, \(12, 12, 3\)\). Received: \(2, 9, 12, 3\)"):
        detector.fit((images[:2, :9], labels[:2]))
    broken = images[:20].astype(np.float32)
    broken[3, 2, 2] = np.nan
    with pytest.raises(ValueError, match=r"images must be finite\. Received: NaN or infinity in 1 of 20"):
        detector.fit((broken, labels[:20]))
    with pytest.raises(ValueError, match="Features of pool must be finite"):
        detector.fit_features(np.where(np.eye(20, 6) > 0, np.inf, 1), labels[:20])
    with pytest.raises(ValueError, match="labels must be one class per image"):
        detector.fit((images[:20], labels[:19]))
    with pytest.raises(ValueError, match="an empty dataset"):
        detector.fit([])
    with pytest.raises(ValueError, match=r"FAISS factory string for 200 rows.*Received: 'Fancy12'"):
        KNNDetector(model, "pool", k=10, processing="none", index="Fancy12").fit((images, labels))
    with pytest.raises(ValueError, match=r"200 rows can train, such as 'Flat'; 'IVF256,Flat' needs at least 256\."):
        KNNDetector(model, "pool", k=10, processing="none", index="IVF256,Flat").fit((images, labels))
    with pytest.raises(ValueError, match="Received: 'nprobs=3'"):
        KNNDetector(model, "pool", k=10, processing="none", search="nprobs=3").fit((images, labels))


def test_spool_keeps_rows_on_disk(tmp_path, rng):
    rows = rng.random((10, 3)).astype(np.float32)
    with Spool(tmp_path) as spool:
        spool.append(rows[:4])
        spool.append(rows[4:])
        np.testing.assert_array_equal(spool.rows(), rows)
        assert len(list(tmp_path.iterdir())) == 1
    assert not list(tmp_path.iterdir())
