"""Scores of generated distortions of photographs, by every method of Table 2 and by baselines."""

import itertools
from collections.abc import Callable, Iterator
from functools import cached_property, partial

import numpy as np

from zoo import extensions
from zoo.datasets import keyed
from zoo.datasets.distortions import DISTORTIONS, LEAST_UNIFORM, LEVELS, SHARED_WITH_LIVE
from zoo.datasets.photographs import Photograph, photographs
from zoo.experiments.hyperimage.quality import protocol
from zoo.experiments.hyperimage.quality import training as quality
from zoo.experiments.hyperimage.quality.training import ALL, SCALES, SECOND, SELECTED
from zoo.experiments.hyperimage.stages import find
from zoo.experiments.run.cached_method import cached_method
from zoo.experiments.run.cells import Settings
from zoo.hyperimage import CNNIQA, TIDStageTwo, TwoStage
from zoo.hyperimage.agreement import bootstrap_agreement, krocc, plcc, srocc
from zoo.hyperimage.brisque import Brisque
from zoo.layers import LocalContrastNormalization
from zoo.metrics import Estimate

STATISTICS: dict[str, Callable] = {
    "SROCC": srocc,
    "PLCC": plcc,
    "PLCC, logistic": partial(plcc, logistic=True),
    "KROCC": krocc,
}
SUBSETS = {"four": SHARED_WITH_LIVE, "six": SHARED_WITH_LIVE + LEAST_UNIFORM, "all 24": tuple(DISTORTIONS)}
CNN, SELECTIVE, PROPOSED = protocol.METHODS
FEW, DRAWN = 20, 10
"""Of more than so many photographs, so many distorted versions each are scored; of fewer all 100."""
LEVEL, BRISQUE = "baseline: distortion level", "baseline: BRISQUE"


class Offline:
    """Scores of generated distortions of photographs by every method, each computed once."""

    def __init__(self, settings: Settings) -> None:
        self.settings, self.scale = settings, SCALES[settings.scale]

    @cached_property
    def drawn(self) -> list[tuple[int, int | str, int]]:
        """Photograph, distortion and level of every example.

        All distortions and levels of each photograph, or of more than ``FEW`` photographs ``DRAWN`` of each, other ones
        for each; at `smoke` two levels.
        """
        smoke = self.settings.scale == "smoke"
        numbers = (*(SUBSETS["six"] if smoke else DISTORTIONS), *extensions.names("distortions"))
        kinds = [(number, level) for number in numbers for level in (LEVELS[::4] if smoke else LEVELS)]
        count = len(self.pictures)
        chosen = [
            keyed.permutation(len(kinds), self.settings.seed, picture)[: None if count <= FEW else DRAWN]
            for picture in range(count)
        ]
        return [(picture, *kinds[kind]) for picture in range(count) for kind in sorted(chosen[picture])]

    @cached_property
    def pictures(self) -> list[Photograph]:
        """The photographs; at `smoke` two."""
        settings = self.settings
        own = settings.dataset.startswith("folder:")
        # The stored networks have seen nothing of a user's folder: all of it is for testing.
        split = "all" if own and settings.weights is None else "test"
        found = photographs(None if own else settings.dataset, settings.data_dir, split, settings.seed)
        return found[:2] if self.settings.scale == "smoke" else found

    def examples(self) -> Iterator[quality.Example]:
        """Make the distorted images one after the other, in the order of ``drawn``; at `smoke` of corners alone."""
        for number, kinds in itertools.groupby(self.drawn, lambda one: one[0]):
            picture = self.pictures[number]
            reference = picture.load()
            if self.settings.scale == "smoke":
                reference = np.ascontiguousarray(reference[:96, :128])
            for _, distortion, level in kinds:
                yield quality.distorted(reference, picture.scene, distortion, level, self.settings.seed)

    @cached_property
    def truth(self) -> np.ndarray:
        """The stand-in for opinions of each example, (n,)."""
        return np.array([example.score for example in self.examples()])

    @cached_property
    def features(self) -> tuple[np.ndarray, np.ndarray]:
        """Scores of the second stage, and mean scores of the selected-patch network, from one pass over the patches."""
        names = (find(self.settings.weights, name) for name in (SELECTED, SECOND))
        network = quality.network(self.scale, *names)
        kernel, bias = network.first.get_layer("output").get_weights()
        proposed, averaged = [], []
        for example in self.examples():
            hyper = network.hyper_images([example.image])
            proposed.append(network.predict(hyper)[0])
            # The output layer is linear: the mean of the patches' scores is the score of their mean features.
            averaged.append((hyper.astype(np.float32).mean((0, 1, 2)) @ kernel + bias)[0])
        return np.array(proposed), np.array(averaged)

    @cached_method()
    def scores(self, method: str) -> np.ndarray:
        """Score of each example by a method, (n,)."""
        if method == LEVEL:
            return -np.array([level for _, _, level in self.drawn], float)
        if method == BRISQUE:
            train = list(quality.examples(self.scale, "train", self.settings.seed))
            model = Brisque().fit([e.image for e in train], np.array([e.score for e in train]))
            return np.concatenate([model.predict([example.image]) for example in self.examples()])
        if method == CNN:
            first = CNNIQA(weights=find(self.settings.weights, ALL))
            second = TIDStageTwo()
            network = TwoStage(first, second, LocalContrastNormalization())
            return np.concatenate([network.predict_patch_average([example.image]) for example in self.examples()])
        return self.features[0 if method == PROPOSED else 1]

    def agreement(self, method: str, statistic: Callable, numbers: tuple[int | str, ...]) -> Estimate:
        """Agreement of a method's scores with the stand-in, over the distortions ``numbers``."""
        kept = np.array([number in numbers for _, number, _ in self.drawn])
        sources = [self.pictures[picture].scene for picture, number, _ in self.drawn if number in numbers]
        scores, truth = self.scores(method)[kept], self.truth[kept]
        return bootstrap_agreement(statistic, scores, truth, sources, seed=self.settings.seed)
