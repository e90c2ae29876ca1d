"""Score pictures with the stored hyper-image networks: quality (agreement with MDSI) and forgery."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import keras
import numpy as np

from zoo.checks import check_rgb
from zoo.hyperimage.grid import fit_inside
from zoo.hyperimage.model import CNNIQA, ForgeryChannel, ForgeryStageTwo, TIDStageTwo
from zoo.hyperimage.two_stage import TwoStage
from zoo.layers import LocalContrastNormalization

QUALITY_WEIGHTS = ("hyperimage-quality-patches.photographs", "hyperimage-quality-stage-two.photographs")
FORGERY_WEIGHTS = ("hyperimage-forgery-channel.photographs", "hyperimage-forgery-stage-two.photographs")
QUALITY_LARGEST, FORGERY_LARGEST = (1024, 1024), (900, 900)
"""Larger pictures are scaled down before patches are cut, as the paper does beyond its data set's largest image; its
TID2013 has one size only, and 900 is CASIA-2's largest side."""
TRAINING_MEAN = (0.575, 0.594, 0.588)
"""Mean of the training patches of the stored networks, RGB in [0, 1]: subtracted from every patch."""
HEATMAP_HIGH = 0.1
"""Upper end of a colour bar for ``ForgeryDetector.heatmap``: a place that a tenth of the score rests on."""
END_TO_END_SIZE = (256, 384)


class QualityScorer:
    """Scores pictures by the two-stage network trained on distorted photographs: 9 is undistorted, lower is worse.

    The training target was 9 - 20 MDSI, not opinions of people. Args: ``weights`` of the first and second stage, stored
    names or files.
    """

    def __init__(self, weights: tuple[str | Path | None, str | Path | None] = QUALITY_WEIGHTS) -> None:
        stages = CNNIQA(weights=weights[0]), TIDStageTwo(weights=weights[1])
        self.network = TwoStage(*stages, LocalContrastNormalization())

    def score(self, image: np.ndarray) -> float:
        """Return the score of a picture, uint8 RGB (height, width, 3) of any size.

        Raises:
            ValueError: For an image that is not uint8 RGB.
        """
        return float(self.network.predict([fit_inside(check_rgb(image), QUALITY_LARGEST)])[0])


class ForgeryDetector:
    """Scores pictures by the two-stage network trained on splices of photographs: 0..1, higher for tampered.

    Args:
        weights: Of the channel and the second stage, stored names or files, of any width.
    """

    def __init__(self, weights: tuple[str | Path | None, str | Path | None] = FORGERY_WEIGHTS) -> None:
        stages = ForgeryChannel(weights=weights[0]), ForgeryStageTwo(weights=weights[1])
        self.network = TwoStage(*stages, preprocessing())

    def score(self, image: np.ndarray) -> float:
        """One minus the network's probability of authentic; ``image`` is uint8 RGB (height, width, 3) of any size.

        Raises:
            ValueError: For an image that is not uint8 RGB.
        """
        return 1 - float(self.network.predict([fit_inside(check_rgb(image), FORGERY_LARGEST)])[0])

    def heatmap(self, image: np.ndarray) -> np.ndarray:
        """Return how much the score falls without each part: float32 (height, width) in 0..1.

        Each cell of the hyper-image is replaced in turn by the mean of all cells. The value is the drop of the tampered
        score, or 0 if the score rises. Most drops are small: ``HEATMAP_HIGH`` is a suitable end of the colour bar.
        Localisation is not in the paper.

        Raises:
            ValueError: For an image that is not uint8 RGB.
        """
        image = check_rgb(image)
        small = fit_inside(image, FORGERY_LARGEST)
        hyper = self.network.hyper_images([small]).astype(np.float32)
        rows, columns = hyper.shape[1:3]
        changed = np.repeat(hyper, rows * columns + 1, 0)
        mean = hyper.mean((1, 2))[0]
        for cell in range(rows * columns):
            changed[cell, cell // columns, cell % columns] = mean
        authentic = self.network.second.predict(changed, batch_size=64, verbose=0)[:, 0]
        fall = np.maximum(authentic[:-1] - authentic[-1], 0).reshape(rows, columns)
        size = (image.shape[1], image.shape[0])
        return np.clip(cv2.resize(fall.astype(np.float32), size, interpolation=cv2.INTER_LINEAR), 0, 1)


def preprocessing(mean: Sequence[float] | np.ndarray = TRAINING_MEAN) -> keras.layers.Layer:
    """Convert RGB in [0, 255] to the forgery networks' input: [0, 1] minus the ``mean`` of their training, (3,)."""
    return keras.layers.Rescaling(1 / 255, [-float(m) for m in mean], name="centre")


def to_end_to_end(image: np.ndarray, mean: Sequence[float] | np.ndarray = TRAINING_MEAN) -> np.ndarray:
    """Convert uint8 RGB to the end-to-end network's input: float32 (256, 384, 3), portraits turned by 90 degrees.

    The paper resizes to this size, "since it needs minimum number of resize operations".
    """
    if image.shape[0] > image.shape[1]:
        image = np.rot90(image)
    if image.shape[:2] != END_TO_END_SIZE:
        image = cv2.resize(np.ascontiguousarray(image), END_TO_END_SIZE[::-1], interpolation=cv2.INTER_AREA)
    return (image.astype(np.float32) / 255 - np.array(mean, np.float32)).astype(np.float32)
