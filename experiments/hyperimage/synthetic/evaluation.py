"""Scores of the synthetic task's test images, by the networks, by a control and by what needs no learning."""

from collections.abc import Callable
from functools import cached_property

import keras
import numpy as np

from zoo.datasets.synthetic_artifacts import MOST, PATCH, SIDE, make_moved, nearness
from zoo.experiments.hyperimage.stages import find
from zoo.experiments.hyperimage.synthetic.training import FIRST, PERMUTED, SCALES, SECOND, arrays, examples, permuted
from zoo.experiments.run.cached_method import cached_method
from zoo.experiments.run.cells import Settings
from zoo.experiments.run.scales import scale_of
from zoo.hyperimage import SyntheticPatchNet, SyntheticStageTwo, TwoStage
from zoo.hyperimage.agreement import bootstrap_agreement, plcc, srocc
from zoo.metrics import Estimate

AVERAGE, PROPOSED = "Patch-averaging", "Proposed"
CONTROL = "control: cells permuted"
CLOSED, COUNT = "baseline: location-weighted sum", "baseline: number of patches"
STATISTICS = {"SROCC": srocc, "PLCC": plcc}
BATCH = 25


class Evaluation:
    """Scores of the test images by every method, each computed once.

    Raises:
        ValueError: For an unknown scale.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings, self.scale = settings, scale_of(SCALES, settings.scale)

    @cached_property
    def network(self) -> TwoStage:
        """Both stages with their weights."""
        first, second = (find(self.settings.weights, name) for name in (FIRST, SECOND))
        return TwoStage(SyntheticPatchNet(weights=first), SyntheticStageTwo(weights=second))

    @cached_property
    def control(self) -> keras.Model:
        """The second stage that was trained on hyper-images with their cells in another order."""
        return SyntheticStageTwo(weights=find(self.settings.weights, PERMUTED))

    @cached_method()
    def images(self, patches: int | None) -> tuple[np.ndarray, np.ndarray]:
        """Return the images and true scores of experiment 1 (None), or of experiment 2 with so many patches."""
        seed = self.settings.seed
        if patches is None:
            return arrays(examples(self.scale, "test", seed))
        return arrays([make_moved(seed, patches, i, self.scale.overlap) for i in range(self.scale.test)])

    @cached_method()
    def hyper_images(self, patches: int | None) -> np.ndarray:
        """Return the hyper-images of the images of an experiment, (n, h, w, c); ``patches`` as of ``images``."""
        return self.network.hyper_images(self.images(patches)[0], BATCH)

    @cached_method()
    def scores(self, method: str, patches: int | None) -> np.ndarray:
        """Return the score of each image by a method, (n,); ``patches`` as of ``images``."""
        images, _ = self.images(patches)
        if method == CLOSED:
            return location_weighted_sum(images[..., 0])
        if method == COUNT:  # the generator knows the number of patches in experiment 1's images
            return -np.array([len(e.corners) for e in examples(self.scale, "test", self.settings.seed)], float)
        if method == AVERAGE:
            # The output layer is linear, so the mean of the patches' scores is the score of their mean features.
            features = self.hyper_images(patches).astype(np.float32).mean((1, 2))
            kernel, bias = self.network.first.get_layer("output").get_weights()
            return (features @ kernel + bias)[:, 0]
        if method == CONTROL:
            return self.control.predict(permuted(self.hyper_images(patches), 7), verbose=0)[:, 0]
        return self.network.predict(self.hyper_images(patches))

    def agreement(self, method: str, patches: int | None, statistic: Callable) -> Estimate:
        """Return the agreement of the method's scores with the true ones; every image is its own source."""
        scores, truth = self.scores(method, patches), self.images(patches)[1]
        return bootstrap_agreement(statistic, scores, truth, range(len(truth)), seed=self.settings.seed)


def location_weighted_sum(images: np.ndarray) -> np.ndarray:
    """``5 - sum over pixels of (|pixel - background| + nearness to the centre) / 256``, no learning; images (n, h, w).

    That is 5 - sum(alpha_i) up to the pixels' own nearness, where the score is 5 - sqrt(sum(alpha_i ** 2)). The
    background is the most frequent value.
    """
    ys, xs = np.mgrid[:SIDE, :SIDE]
    near = nearness(np.stack([ys.ravel(), xs.ravel()], -1) + 0.5 - PATCH / 2).reshape(SIDE, SIDE)
    found = []
    for image in images:
        values, counts = np.unique(image, return_counts=True)
        difference = np.abs(image - values[counts.argmax()])
        found.append(MOST - ((difference + near) * (difference > 0)).sum() / PATCH**2)
    return np.array(found)


def mean_of_both(scores: np.ndarray, truth: np.ndarray) -> float:
    """Return the mean of SROCC and PLCC, which the paper prints for experiment 2."""
    return (srocc(scores, truth) + plcc(scores, truth)) / 2
