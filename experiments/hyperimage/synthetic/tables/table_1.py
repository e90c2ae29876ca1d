"""Table 1 of Chandakkar and Li 2017: the synthetic task, both experiments at the paper's size.

Command:  zoo reproduce hyperimage table-1            (or: make reproduce-table-1 PAPER=hyperimage)
Expected: results/laptop/hyperimage_table_1.csv; the family's README has the numbers and what they mean
Time:     minutes on two cores with the stored weights; `zoo pretrain hyperimage --only synthetic` trains them anew

Experiment 1: images with random contents and positions. Experiment 2: 1,000 images that differ in nothing but the
positions of one to five patches; the networks are experiment 1's. Rows beside the paper's: a closed form without any
learning, ``-sum(alpha_i)`` from the pixels, which is all but the score itself; the number of patches; and a second
stage trained and tested on hyper-images whose cells were shuffled, which can know no position. ``comparable`` is
``yes``: task, sizes and networks are the paper's, as far as it gives them.
"""

from collections.abc import Callable, Iterator
from functools import cache, cached_property, partial

import numpy as np

from zoo.datasets.synthetic_artifacts import MOST, PATCH, SIDE, make_moved, nearness
from zoo.experiments.hyperimage.stages import find
from zoo.experiments.hyperimage.synthetic.training import FIRST, PERMUTED, SCALES, SECOND, arrays, examples, permuted
from zoo.experiments.hyperimage.values import printed
from zoo.experiments.run.cells import Cell, Settings, Table
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
        self.images = cache(self._images)
        self.scores = cache(self._scores)
        self.hyper_images = cache(self._hyper_images)

    @cached_property
    def network(self) -> TwoStage:
        """Both stages with their weights."""
        first, second = (find(self.settings.weights, name) for name in (FIRST, SECOND))
        return TwoStage(SyntheticPatchNet(weights=first), SyntheticStageTwo(weights=second))

    def _images(self, patches: int | None) -> tuple[np.ndarray, np.ndarray]:
        """Images and true scores of experiment 1 (None), or of experiment 2 with so many patches."""
        seed = self.settings.seed
        if patches is None:
            return arrays(examples(self.scale, "test", seed))
        return arrays([make_moved(seed, patches, i, self.scale.overlap) for i in range(self.scale.test)])

    def _hyper_images(self, patches: int | None) -> np.ndarray:
        return self.network.hyper_images(self.images(patches)[0], BATCH)

    def _scores(self, method: str, patches: int | None) -> np.ndarray:
        images, _ = self.images(patches)
        if method == CLOSED:
            return location_weighted_sum(images[..., 0])
        if method == COUNT:  # of experiment 1's images, which the generator knows
            return -np.array([len(e.corners) for e in examples(self.scale, "test", self.settings.seed)], float)
        if method == AVERAGE:
            # The output layer is linear: the mean of the patches' scores is the score of their mean features.
            features = self.hyper_images(patches).astype(np.float32).mean((1, 2))
            kernel, bias = self.network.first.get_layer("output").get_weights()
            return (features @ kernel + bias)[:, 0]
        if method == CONTROL:
            second = SyntheticStageTwo(weights=find(self.settings.weights, PERMUTED))
            return second.predict(permuted(self.hyper_images(patches), 7), verbose=0)[:, 0]
        return self.network.predict(self.hyper_images(patches))

    def agreement(self, method: str, patches: int | None, statistic: Callable) -> Estimate:
        """How the method's scores agree with the true ones; every image is a source of its own."""
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
    """The mean of SROCC and PLCC, which the paper prints for experiment 2."""
    return (srocc(scores, truth) + plcc(scores, truth)) / 2


def cells(settings: Settings) -> Iterator[Cell]:
    """The cells of Table 1."""
    evaluation = Evaluation(settings)
    comparable = settings.scale != "smoke"
    weights = {AVERAGE: FIRST, PROPOSED: SECOND, CONTROL: PERMUTED}
    for method in (AVERAGE, PROPOSED, CONTROL, CLOSED, COUNT):
        for column, statistic in STATISTICS.items():
            measure = partial(evaluation.agreement, method, None, statistic)
            paper, row = printed("table_1", 1, method, column), f"Experiment 1: {method}"
            yield Cell(row, column, "agreement", paper, measure, "measured", comparable, weights.get(method, ""))
    for method in (AVERAGE, PROPOSED, CONTROL, CLOSED):
        for patches in range(1, MOST + 1):
            measure = partial(evaluation.agreement, method, patches, mean_of_both)
            paper, row = printed("table_1", 2, method, str(patches)), f"Experiment 2: {method}"
            metric = "mean of SROCC and PLCC, by number of patches"
            yield Cell(row, str(patches), metric, paper, measure, "measured", comparable, weights.get(method, ""))


TABLE = Table("hyperimage", "table_1", "Hyper-images, synthetic task, Table 1", cells, decimals=3)
