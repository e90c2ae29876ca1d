"""Scores of generated distortions of photographs, by every method of Table 2 and by baselines."""

import itertools
from collections.abc import Callable, Iterator
from functools import cached_property, partial

import numpy as np

from zoo import extensions
from zoo.datasets.distortions import DISTORTIONS, LEAST_UNIFORM, LEVELS, SHARED_WITH_LIVE
from zoo.datasets.jpeg import compress
from zoo.datasets.photographs import WITH_VALIDATION, Photograph, photographs
from zoo.experiments.hyperimage.quality import protocol
from zoo.experiments.hyperimage.quality import training as quality
from zoo.experiments.hyperimage.quality.training import ALL, SCALES, SECOND, SELECTED
from zoo.experiments.hyperimage.stages import find
from zoo.experiments.run.cached_method import cached_method
from zoo.experiments.run.cells import Settings
from zoo.hyperimage import CNNIQA, TIDStageTwo, TwoStage
from zoo.hyperimage.agreement import bootstrap_agreement, bootstrap_agreement_difference, krocc, plcc, srocc
from zoo.hyperimage.brisque import Brisque
from zoo.layers import LocalContrastNormalization
from zoo.metrics import Estimate

STATISTICS: dict[str, Callable] = {
    "SROCC": srocc,
    "PLCC": plcc,
    "PLCC, logistic": partial(plcc, logistic=True),
    "KROCC": krocc,
}
WHOLE = "all 24"
"""The subset that leaves nothing out; listed are its distortions as far as they are made here."""
SUBSETS = {"four": SHARED_WITH_LIVE, "six": SHARED_WITH_LIVE + LEAST_UNIFORM, WHOLE: tuple(DISTORTIONS)}
CNN, SELECTIVE, PROPOSED = protocol.METHODS
SUBSET_ROWS = {f"{m}, {subset} distortions": (m, subset) for m in (SELECTIVE, PROPOSED) for subset in SUBSETS}
"""Method and subset of the paper's rows of experiment 3."""
FEW, DRAWN = 20, 2
"""With more than ``FEW`` photographs, ``DRAWN`` distortions of each are scored at all levels, in turn; else all 20."""
COARSE = 8
"""A JPEG quality at which anyone sees the blocks."""
LABEL = "label"
LEVEL, BRISQUE = "baseline: distortion level", "baseline: BRISQUE"


class Offline:
    """Scores of generated distortions of photographs by every method, each computed once."""

    def __init__(self, settings: Settings) -> None:
        self.settings, self.scale = settings, SCALES[settings.scale]

    @cached_property
    def drawn(self) -> list[tuple[int, int | str, int]]:
        """Photograph, distortion and level of every example.

        All distortions and levels of each photograph, or of more than ``FEW`` photographs ``DRAWN`` distortions of
        each, the next ones for the next; at `smoke` two levels.
        """
        smoke = self.settings.scale == "smoke"
        numbers = (*(SUBSETS["six"] if smoke else DISTORTIONS), *extensions.names("distortions"))
        levels, count = LEVELS[::4] if smoke else LEVELS, len(self.pictures)
        each = len(numbers) if count <= FEW else DRAWN
        return [
            (picture, numbers[(picture * each + i) % len(numbers)], level)
            for picture in range(count)
            for i in range(each)
            for level in levels
        ]

    @cached_property
    def pictures(self) -> list[Photograph]:
        """The photographs; at `smoke` two."""
        settings = self.settings
        found = photographs(settings.named, settings.data_dir, settings.test_split, settings.seed)
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
    def network(self) -> TwoStage:
        """Both stages with their weights."""
        return quality.network(self.scale, *(find(self.settings.weights, name) for name in (SELECTED, SECOND)))

    @cached_property
    def features(self) -> tuple[np.ndarray, np.ndarray]:
        """Scores of the second stage, and mean scores of the selected-patch network, from one pass over the patches."""
        kernel, bias = self.network.first.get_layer("output").get_weights()
        proposed, averaged = [], []
        for example in self.examples():
            hyper = self.network.hyper_images([example.image])
            proposed.append(self.network.predict(hyper)[0])
            # The output layer is linear, so the mean of the patches' scores is the score of their mean features.
            averaged.append((hyper.astype(np.float32).mean((0, 1, 2)) @ kernel + bias)[0])
        return np.array(proposed), np.array(averaged)

    @cached_method()
    def scores(self, method: str) -> np.ndarray:
        """Return the score of each example by a method, (n,)."""
        if method == LEVEL:
            return -np.array([level for _, _, level in self.drawn], float)
        if method == BRISQUE:
            images, scores = zip(*((e.image, e.score) for e in self._training()), strict=True)
            model = Brisque().fit(list(images), np.array(scores))
            return np.concatenate([model.predict([example.image]) for example in self.examples()])
        if method == CNN:
            first = CNNIQA(weights=find(self.settings.weights, ALL))
            second = TIDStageTwo()
            network = TwoStage(first, second, LocalContrastNormalization())
            return np.concatenate([network.predict_patch_average([example.image]) for example in self.examples()])
        return self.features[0 if method == PROPOSED else 1]

    def agreement(self, method: str, statistic: Callable, numbers: tuple[int | str, ...]) -> Estimate:
        """Return the agreement of a method's scores with the stand-in, over the distortions ``numbers``."""
        kept, sources = self._kept(numbers)
        scores, truth = self.scores(method)[kept], self.truth[kept]
        return bootstrap_agreement(statistic, scores, truth, sources, seed=self.settings.seed)

    def gain(self, other: str, statistic: Callable, numbers: tuple[int | str, ...]) -> Estimate:
        """Return the agreement of the proposed method less that of another, on the same images."""
        kept, sources = self._kept(numbers)
        ours, theirs, truth = self.scores(PROPOSED)[kept], self.scores(other)[kept], self.truth[kept]
        return bootstrap_agreement_difference(statistic, ours, theirs, truth, sources, seed=self.settings.seed)

    def within(self, method: str, statistic: Callable) -> np.ndarray:
        """Return the agreement of a method's scores with the stand-in over the versions of each photograph, (n,)."""
        scores, of_picture = self.scores(method), np.array([picture for picture, _, _ in self.drawn])
        chosen = (of_picture == i for i in range(len(self.pictures)))
        return np.array([statistic(scores[one], self.truth[one]) for one in chosen])

    def by_level(self, method: str, number: int | str) -> np.ndarray:
        """Return scores of a distortion, (photographs, levels), weakest level first; ``LABEL``: the labels."""
        kept, _ = self._kept((number,))
        scores = self.truth if method == LABEL else self.scores(method)
        return scores[kept].reshape(-1, len({level for _, _, level in self.drawn}))

    @cached_method()
    def falls(self, method: str) -> np.ndarray:
        """By how much each photograph's score lies above that of its JPEG at quality ``COARSE``, in points, (n,).

        ``method`` is ``PROPOSED`` or ``LABEL``.
        """
        found = []
        for picture in self.pictures:
            image = picture.load()
            pair = [image, compress(image, COARSE)]
            if method == LABEL:
                before, after = (quality.stand_in(image, version) for version in pair)
            else:
                before, after = self.network.predict(pair)
            found.append(before - after)
        return np.array(found)

    def _kept(self, numbers: tuple[int | str, ...]) -> tuple[np.ndarray, list[str]]:
        """Return the examples of the distortions ``numbers``, and their scenes."""
        kept = [i for i, (_, number, _) in enumerate(self.drawn) if number in numbers]
        return np.array(kept, int), [self.pictures[self.drawn[i][0]].scene for i in kept]

    def _training(self) -> Iterator[quality.Example]:
        """Return BRISQUE's training images: those of the stored networks, or generated scenes.

        The former where the data set has photographs to train on.
        """
        settings = self.settings
        if settings.dataset not in WITH_VALIDATION or settings.scale == "smoke":
            return quality.examples(self.scale, "train", settings.seed)
        pictures = photographs(settings.dataset, settings.data_dir, "train", settings.seed)
        return quality.examples(SCALES["photographs"], "train", settings.seed, pictures)


def smallest_fall(scores: np.ndarray, samples: int = 500, seed: int = 0) -> tuple[Estimate, np.ndarray]:
    """By how much the mean score falls from one level to the next, at the step where it falls least.

    ``scores`` are (photographs, levels). Above 0 the mean falls at every step. Returns it with its 95 % interval over
    photographs, and what it is in each bootstrap sample, (samples,).
    """
    chosen = np.random.default_rng(seed).integers(0, len(scores), (samples, len(scores)))
    drawn = -np.diff(scores[chosen].mean(1)).max(1)
    return Estimate.from_samples(-np.diff(scores.mean(0)).max(), drawn, len(scores), scores.size), drawn
