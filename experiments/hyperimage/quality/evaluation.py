"""Scores of generated distortions of photographs, by every method of Table 2 and by baselines."""

from collections.abc import Callable
from functools import cached_property, partial

import numpy as np

from zoo import extensions
from zoo.datasets.distortions import DISTORTIONS, LEAST_UNIFORM, LEVELS, SHARED_WITH_LIVE
from zoo.datasets.photographs import photographs
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
LEVEL, BRISQUE = "baseline: distortion level", "baseline: BRISQUE"


class Offline:
    """Scores of generated distortions of photographs by every method, each computed once."""

    def __init__(self, settings: Settings) -> None:
        self.settings, self.scale = settings, SCALES[settings.scale]

    @cached_property
    def examples(self) -> list[quality.Example]:
        """Every distortion and level of every photograph; at `smoke` two levels of two photographs' corners."""
        own = self.settings.dataset.startswith("folder:")
        found = photographs(None if own else self.settings.dataset, self.settings.data_dir, "all" if own else "test")
        smoke = self.settings.scale == "smoke"
        levels = LEVELS[::4] if smoke else LEVELS
        numbers = (*(SUBSETS["six"] if smoke else DISTORTIONS), *extensions.names("distortions"))
        made = []
        for picture in found[:2] if smoke else found:
            reference = np.ascontiguousarray(picture.load()[:96, :128] if smoke else picture.load())
            kinds = [(n, level) for n in numbers for level in levels]
            made += [quality.distorted(reference, picture.scene, n, level, self.settings.seed) for n, level in kinds]
        return made

    @cached_property
    def features(self) -> tuple[np.ndarray, np.ndarray]:
        """Scores of the second stage, and mean scores of the selected-patch network, from one pass over the patches."""
        names = (find(self.settings.weights, name) for name in (SELECTED, SECOND))
        network = quality.network(self.scale, *names)
        kernel, bias = network.first.get_layer("output").get_weights()
        proposed, averaged = [], []
        for example in self.examples:
            hyper = network.hyper_images([example.image])
            proposed.append(network.predict(hyper)[0])
            # The output layer is linear: the mean of the patches' scores is the score of their mean features.
            averaged.append((hyper.astype(np.float32).mean((0, 1, 2)) @ kernel + bias)[0])
        return np.array(proposed), np.array(averaged)

    @cached_method()
    def scores(self, method: str) -> np.ndarray:
        """Score of each example by a method, (n,)."""
        if method == LEVEL:
            return -np.array([e.level for e in self.examples], float)
        if method == BRISQUE:
            train = list(quality.examples(self.scale, "train", self.settings.seed))
            model = Brisque().fit([e.image for e in train], np.array([e.score for e in train]))
            return model.predict([e.image for e in self.examples])
        if method == CNN:
            first = CNNIQA(weights=find(self.settings.weights, ALL))
            second = TIDStageTwo()
            network = TwoStage(first, second, LocalContrastNormalization())
            return np.concatenate([network.predict_patch_average([e.image]) for e in self.examples])
        return self.features[0 if method == PROPOSED else 1]

    def agreement(self, method: str, statistic: Callable, numbers: tuple[int | str, ...]) -> Estimate:
        """Agreement of a method's scores with the stand-in, over the distortions ``numbers``."""
        kept = np.array([e.distortion in numbers for e in self.examples])
        chosen = [e for e in self.examples if e.distortion in numbers]
        truth, sources = np.array([e.score for e in chosen]), [e.source for e in chosen]
        return bootstrap_agreement(statistic, self.scores(method)[kept], truth, sources, seed=self.settings.seed)
