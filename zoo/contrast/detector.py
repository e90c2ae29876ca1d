"""Picture scores (the mean of the soft patch scores, section II) and localisation heatmaps.

``ContrastDetector`` takes uint8 RGB pictures of any size and is used by the tables and the command line.
"""

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from zoo import tiles
from zoo.checks import check_rgb
from zoo.contrast.dense import STEP, DenseScores
from zoo.contrast.model import ADJUSTED, ContrastNet

DEFAULT_WEIGHTS = "contrast-aware.photographs"
PATCH = 64


class ContrastDetector:
    """Scores pictures by the mean of ContrastNet's probability of "adjusted" over 64x64 patches.

    Args:
        weights: As for ``ContrastNet``.
        batch_size: Patches per forward pass.
        track: Wraps the iterator over a picture's batches, a ``range``; ``tqdm.tqdm`` shows a progress bar.
    """

    def __init__(
        self,
        weights: str | Path | None = DEFAULT_WEIGHTS,
        batch_size: int = 64,
        track: Callable[[range], Iterable[int]] = iter,
    ) -> None:
        self.model = ContrastNet(weights=weights)
        self.batch_size, self.track = batch_size, track
        self._last: DenseScores | None = None

    def score(self, image: np.ndarray) -> float:
        """Return the score of a picture, 0..1, higher for adjusted: mean over the patches of the grid from (0, 0).

        ``image`` is uint8 RGB (height, width, 3). The remainder on the right and bottom is ignored, as in the paper. A
        picture smaller than a patch is padded by reflection.

        Raises:
            ValueError: For an image that is not uint8 RGB.
        """
        image = _checked(image)
        height, width = image.shape[:2]
        return float(self._score_at(image, tiles.grid(height, width, PATCH)).mean())

    def _dense(self, stride: int) -> DenseScores:
        if self._last is None or self._last.stride != stride:
            self._last = DenseScores(self.model, stride, self.track)
        return self._last

    def _score_at(self, image: np.ndarray, corners: np.ndarray) -> np.ndarray:
        """Return the scores of the patches at ``corners``, float32 (n,); only a batch of them is held at a time."""
        batches = self.track(range(0, len(corners), self.batch_size))
        cut = (tiles.cut(image, corners[first : first + self.batch_size], PATCH) for first in batches)
        return np.concatenate([self.score_patches(patches) for patches in cut])

    def score_patches(self, patches: np.ndarray) -> np.ndarray:
        """Return the probability of "adjusted" of each patch, float32 (n,); ``patches`` is uint8 (n, 64, 64, 3).

        Raises:
            ValueError: For other patches.
        """
        patches = np.asarray(patches)
        if patches.dtype != np.uint8 or patches.shape[1:] != (PATCH, PATCH, 3):
            raise ValueError(
                f"Patches must be uint8 (n, {PATCH}, {PATCH}, 3). Received: {patches.dtype} {patches.shape}"
            )
        scores = [np.zeros(0, np.float32)]  # an empty batch has an empty answer
        for first in range(0, len(patches), self.batch_size):
            batch = patches[first : first + self.batch_size]
            # Filled up to one of a few sizes: every other shape would be traced and compiled anew.
            size = 1 << (len(batch) - 1).bit_length() if len(batch) <= 16 else -(-len(batch) // 16) * 16
            filled = np.zeros((size, PATCH, PATCH, 3), np.float32)
            filled[: len(batch)] = batch.astype(np.float32) / 255
            scores.append(self.model.predict_on_batch(filled)[: len(batch), ADJUSTED])
        return np.concatenate(scores)

    def heatmap(self, image: np.ndarray, stride: int = 32) -> np.ndarray:
        """Return where the picture looks adjusted: float32 (height, width) in 0..1, from overlapping patches.

        Each pixel is the weighted mean score of the patches that cover it; nearer patches weigh more. If ``stride`` is
        a multiple of 4, the patches are computed in one pass (``zoo.contrast.dense``). The paper leaves localisation to
        future work; the family's README has our measurements.

        Raises:
            ValueError: For an image that is not uint8 RGB or a stride outside 1..64.
        """
        return self.score_and_heatmap(image, stride)[1]

    def score_and_heatmap(self, image: np.ndarray, stride: int = 32) -> tuple[float, np.ndarray]:
        """Return the results of ``score`` and ``heatmap``, computed in one pass if ``stride`` divides 64.

        Raises:
            ValueError: As of ``heatmap``.
        """
        if not 1 <= stride <= PATCH:
            raise ValueError(f"stride must be from 1 to {PATCH}. Received: {stride}")
        height, width = np.shape(image)[:2]
        image = _checked(image)
        tall, wide = image.shape[:2]
        corners = tiles.positions(tall, wide, PATCH, stride)
        scores = self._score_at(image, corners) if stride % STEP else self._dense(stride)(image).ravel()
        flat = (np.full((PATCH, PATCH), s, np.float32) for s in scores)
        heatmap = tiles.blend(flat, corners, tall, wide)[:height, :width]
        on_grid = (corners % PATCH == 0).all(1)
        return float(scores[on_grid].mean()) if PATCH % stride == 0 else self.score(image), heatmap


def _checked(image: np.ndarray) -> np.ndarray:
    return tiles.pad(check_rgb(image), PATCH, PATCH)
