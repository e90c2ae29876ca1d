"""Figures of patches: a labelled grid of pictures and spectra."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from zoo.experiments.run.plotting import pyplot, save


def spectrum(images: np.ndarray) -> np.ndarray:
    """Amplitude of the Fourier transform, the mean of the channels in the range of 255, zero in the middle.

    ``images`` is (..., height, width, 3) about [0, 1]; returns (..., height, width).
    """
    return np.fft.fftshift(np.abs(np.fft.fft2(255 * images.mean(-1))), axes=(-2, -1))


def logarithmic(amplitudes: np.ndarray) -> np.ndarray:
    """Return the scale of the paper's Figure 10: log(10 + |x|)."""
    return np.log(10 + np.abs(amplitudes))


def draw_grid(
    rows: Sequence[Sequence[np.ndarray]],
    row_labels: Sequence[str],
    column_labels: Sequence[str],
    title: str,
    path: Path,
) -> None:
    """Write a PNG of ``rows`` of pictures: RGB (height, width, 3) in [0, 1], or maps (height, width) in grey levels.

    Maps of one column share their scale, so that they can be compared.
    """
    plt = pyplot()

    size = (max(3.6, 1.7 * len(column_labels) + 0.6), 1.75 * len(rows) + 0.9)  # at least as wide as a title
    figure, axes = plt.subplots(len(rows), len(column_labels), figsize=size, squeeze=False)
    for c, label in enumerate(column_labels):
        maps = [row[c] for row in rows if row[c].ndim == 2]
        limits = {"vmin": min(m.min() for m in maps), "vmax": max(m.max() for m in maps)} if maps else {}
        for r, row in enumerate(rows):
            shown = limits | {"cmap": "gray"} if row[c].ndim == 2 else {}
            axes[r, c].imshow(np.clip(row[c], 0, 1) if row[c].ndim == 3 else row[c], interpolation="nearest", **shown)
            axes[r, c].set(xticks=[], yticks=[])
        axes[0, c].set_title(label, fontsize=8)
    for r, label in enumerate(row_labels):
        axes[r, 0].set_ylabel(label, fontsize=8)
    figure.suptitle(title, fontsize=10, wrap=True)
    figure.tight_layout()
    save(figure, path)
