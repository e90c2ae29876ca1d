"""Baseline of the forensic network: logistic regression on a patch's frequency-band energies."""

import numpy as np
from scipy.fft import dctn
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler


def band_energies(images: np.ndarray) -> np.ndarray:
    """Log mean energy of the 63 AC coefficients of luminance's 8x8 DCT, float64 (n, 63).

    ``images`` is RGB, float [0, 1], (n, height, width, 3); the grid begins at the top left, as JPEG's.
    """
    grey = images.astype(np.float64) @ [0.299, 0.587, 0.114]
    rows, columns = (n // 8 for n in grey.shape[1:])
    blocks = grey[:, : 8 * rows, : 8 * columns].reshape(-1, rows, 8, columns, 8)
    energies = (dctn(blocks, axes=(2, 4), norm="ortho") ** 2).mean((1, 3))
    return np.log(energies.reshape(len(images), 64)[:, 1:] + 1e-7)


def fit(energies: list[np.ndarray]) -> Pipeline:
    """Return a classifier of the classes whose ``band_energies`` are listed."""
    labels = np.repeat(np.arange(len(energies)), [len(found) for found in energies])
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000)).fit(np.concatenate(energies), labels)


def per_patch_accuracy(classifier: Pipeline, energies: list[np.ndarray]) -> np.ndarray:
    """Return the fraction of correctly classified versions of each picture, (n,).

    ``energies`` lists ``band_energies``, version by version.
    """
    found = np.stack([classifier.predict(of_version) for of_version in energies], 1)
    return (found == np.arange(len(energies))).mean(1)
