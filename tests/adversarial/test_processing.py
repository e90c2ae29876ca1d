import faiss
import keras
import numpy as np
import pytest
from sklearn.decomposition import PCA

from zoo.adversarial.processing import PROCESSINGS, fit_processing


@pytest.fixture
def rows(rng):
    return (rng.normal(size=(300, 12)) @ rng.normal(size=(12, 12)) + 5).astype(np.float32)


def distances(x):
    return np.linalg.norm(x[:, None].astype(np.float64) - x[None], axis=-1)


@pytest.mark.parametrize("whiten", [False, True])
def test_pca_agrees_with_scikit_learn(rows, whiten):
    blocks = [rows[:7], rows[7:150], rows[150:]]
    ours = fit_processing("pca-whiten" if whiten else "pca", blocks, 5)(rows)
    theirs = PCA(5, whiten=whiten, svd_solver="full").fit_transform(rows.astype(np.float64))
    signs = np.sign((ours * theirs).sum(0))
    np.testing.assert_allclose(ours * signs, theirs, atol=2e-4)


@pytest.mark.parametrize("whiten", [False, True])
def test_distances_are_faiss_distances_up_to_one_factor(rows, whiten):
    matrix = faiss.PCAMatrix(12, 5, -0.5 if whiten else 0)
    matrix.train(rows)
    theirs = distances(matrix.apply(rows[:40]))
    ours = distances(fit_processing("pca-whiten" if whiten else "pca", [rows], 5)(rows[:40]))
    off = ~np.eye(40, dtype=bool)
    ratio = (theirs[off] / ours[off]).astype(float)
    # FAISS takes eigenvalues of the scatter matrix: one factor for all, which no neighbour depends on.
    np.testing.assert_allclose(ratio, (299**-0.5 if whiten else 1), rtol=2e-3)


def test_l2_makes_unit_vectors_and_leaves_zero(rows):
    rows[3] = 0
    found = fit_processing("l2", [rows])(rows)
    np.testing.assert_allclose(np.delete(np.linalg.norm(found, axis=1), 3), 1, atol=1e-6)
    assert (found[3] == 0).all()


@pytest.mark.parametrize("name", PROCESSINGS)
def test_tensors_are_processed_as_arrays(rows, name):
    fitted = fit_processing(name, [rows], 4)
    of_tensor = keras.ops.convert_to_numpy(fitted(keras.ops.convert_to_tensor(rows[:9])))
    np.testing.assert_allclose(of_tensor, fitted(rows[:9]), atol=2e-4)


def test_directions_without_variance_are_left_out(rows):
    rows[:, 4] = 7  # a dead unit
    found = fit_processing("pca-whiten", [rows], 12)(rows)
    variances = found.astype(np.float64).var(0, ddof=1)
    np.testing.assert_allclose(variances[:11], 1, rtol=1e-3)
    assert variances[11] < 1e-6


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("zca", [np.ones((3, 2))]), "Received: 'zca'"),
        (("pca", [np.ones((3, 8))], 4), "needs more than 4 rows. Received: 3"),
        (("pca", [np.ones((3, 8))], 0), "Received: 0"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        fit_processing(*arguments)
