"""ContrastNet as a first stage: a hyper-image network instead of the mean of patch scores.

Barni et al. 2018 (zoo.contrast) average patch scores and leave better fusion to future work. Here the second stage of
the synthetic task's shape reads the hyper-images that ContrastNet's `fc` makes, and is compared with that mean.

Command:  zoo reproduce hyperimage fusion
Expected: runs/tables/laptop/hyperimage_fusion.csv
Time:     some minutes on two cores at `laptop`

Pictures are compressed at quality 90. With ``--dataset open_photographs`` the second stage is trained on photographs of
its ``train``; without, on generated scenes, and tested on the embedded photographs.

The second stage is trained twice on the same hyper-images: by the paper's start (Glorot) and rate (.005), and scaled
to data at a rate of .0015, as the networks for forgery are. The table has the lowest cross-entropy of the validation
pictures for both.
"""

import dataclasses
import json
from collections.abc import Iterator
from functools import cached_property, partial
from pathlib import Path

import keras
import numpy as np

from zoo import tiles
from zoo.contrast import ContrastNet
from zoo.contrast.model import ADJUSTED
from zoo.contrast.operators import draw_training_operator
from zoo.datasets import keyed
from zoo.datasets.embedded import generate_scene
from zoo.datasets.jpeg import compress
from zoo.datasets.labelled import Labelled
from zoo.datasets.photographs import photographs
from zoo.experiments.contrast.evaluation import percent
from zoo.experiments.hyperimage import stages
from zoo.experiments.run.cached_method import cached_method
from zoo.experiments.run.cells import Cell, DataUnavailable, Settings, Table
from zoo.experiments.run.environment import commit
from zoo.experiments.run.scales import scale_of
from zoo.hyperimage import Recipe, SyntheticStageTwo, TwoStage
from zoo.metrics import Estimate, bootstrap_auc, bootstrap_auc_difference
from zoo.weights import names

WEIGHTS = "contrast-aware.photographs"
WITH_TRAINING = "open_photographs"
"""The data set that has photographs to train on."""
GRID, SIDE, QUALITY = (3, 3), 192, 90
MEAN, HYPER, SCALED = "mean", "hyper-image", "hyper-image, scaled to data"
SCALED_RATE = 0.0015
LOSS = keras.losses.BinaryCrossentropy(from_logits=True)
"""The second stage ends in a linear layer, as in the synthetic task."""


@dataclasses.dataclass(frozen=True)
class Scale:
    """Scenes to train and validate on, crops of a photograph to test on, and the training."""

    scenes: int
    validation: int
    crops: int
    recipe: Recipe
    photographs: int = 400
    """In place of ``scenes`` where the data set has photographs to train on."""


SCALES = {
    "smoke": Scale(3, 2, 1, Recipe(1, 1, LOSS, batch_size=2), photographs=3),
    "laptop": Scale(60, 20, 4, Recipe(60, 15, LOSS, plateau=6, batch_size=16)),
    "paper": Scale(1000, 200, 8, Recipe(200, 40, LOSS, batch_size=32)),
}


class Fusion:
    """Scores of pristine and adjusted crops by the mean and by the second stage."""

    def __init__(self, settings: Settings) -> None:
        self.settings, self.scale = settings, SCALES[settings.scale]

    @cached_property
    def first(self) -> TwoStage:
        """ContrastNet with an untrained second stage, for patches and hyper-images; takes RGB in [0, 255].

        Raises:
            DataUnavailable: Without ContrastNet's stored weights.
        """
        if WEIGHTS not in names():
            raise DataUnavailable(f"stored weights {WEIGHTS}")
        return TwoStage(ContrastNet(weights=WEIGHTS), _second(), keras.layers.Rescaling(1 / 255))

    @cached_property
    def training(self) -> list[Labelled]:
        """Hyper-images and labels (1 is adjusted) to train on and to validate."""
        parts = []
        for part, split in enumerate(("train", "validation")):
            own = 2 * self.settings.seed + part
            scenes = self._scenes(split, own)
            pairs = [version for i, scene in enumerate(scenes) for version in _pair(scene, own, i)]
            labels = np.tile(np.array([[0], [1]], np.float32), (len(scenes), 1))
            found = self.first.hyper_images(pairs)
            parts.append(Labelled(found, labels, self.scale.recipe.batch_size, self.settings.seed))
        return parts

    @cached_method()
    def trained(self, way: str) -> tuple[keras.Model, float]:
        """Return the trained second stage of a way, and its lowest cross-entropy of the validation pictures."""
        settings, name = self.settings, "scaled" if way == SCALED else "second-stage"
        keras.utils.set_random_seed(settings.seed)
        second = _second()
        # The folder belongs to this data set, seed and code; an interrupted run resumes from it.
        folder = stages.KEPT / f"fusion-{settings.dataset}-{settings.scale}-{settings.seed}-{commit()}"
        stages.train_stage(folder, name, second, partial(self._fit, second, way), stages.EXACT)
        return second, min(json.loads((folder / f"{name}.json").read_text())["log"]["val_loss"])

    def _fit(self, second: keras.Model, way: str, saved: Path) -> keras.callbacks.History:
        train, validation = self.training
        recipe = self.scale.recipe
        if way == SCALED:
            stages.scale_to_data(second, train.examples[:64])
            recipe = dataclasses.replace(recipe, learning_rate=SCALED_RATE)
        return stages.fit(second, train, validation, recipe, saved=saved)

    def _scenes(self, split: str, seed: int) -> list[np.ndarray]:
        """Return the pictures of ``SIDE`` pixels to train or validate on: a part of each photograph, or generated."""
        train = split == "train"
        if self.settings.dataset != WITH_TRAINING:
            count = self.scale.scenes if train else self.scale.validation
            return [generate_scene(keyed.generator(seed, 10, i), SIDE, SIDE) for i in range(count)]
        found = photographs(WITH_TRAINING, self.settings.data_dir, split, self.settings.seed)
        if not found:
            raise DataUnavailable(f"photographs of {WITH_TRAINING}'s {split}")
        count = self.scale.photographs if train else self.scale.validation
        return [_part(found[i].load(), seed, i) for i in keyed.permutation(len(found), seed, 10)[:count].tolist()]

    @cached_property
    def scores(self) -> dict[str, np.ndarray]:
        """Scores of (pristine, adjusted), (n, 2), by method; one operator is drawn for each crop."""
        found: dict[str, list] = {MEAN: [], HYPER: [], SCALED: []}
        contrast = self.first.first
        for i, (_, crop) in enumerate(self.crops):
            pair = _pair(crop, self.settings.seed + 10**6, i)
            patches = [np.asarray(self.first.to_patches(v[None].astype(np.float32))) for v in pair]
            patches = [p.reshape(-1, *p.shape[3:]) for p in patches]
            found[MEAN].append([float(contrast.predict_on_batch(p)[:, ADJUSTED].mean()) for p in patches])
            hyper_images = self.first.hyper_images(list(pair))
            for way in (HYPER, SCALED):
                found[way].append(self.trained(way)[0].predict_on_batch(hyper_images)[:, 0])
        return {name: np.array(values) for name, values in found.items()}

    @cached_property
    def crops(self) -> list[tuple[str, np.ndarray]]:
        """Scene and crop: at most so many a photograph, spread over it."""
        made = []
        for picture in photographs(self.settings.dataset, self.settings.data_dir, "test", self.settings.seed):
            image = picture.load()
            height, width = image.shape[:2]
            corners = tiles.grid(height, width, SIDE)
            chosen = np.linspace(0, len(corners) - 1, min(len(corners), self.scale.crops)).round().astype(int)
            made += [(picture.scene, crop) for crop in tiles.cut(image, corners[chosen], SIDE)]
        return made

    def auc(self, way: str) -> Estimate:
        """Return the AUC of a way, in percent."""
        scores = self.scores[way]
        return percent(bootstrap_auc(scores[:, 0], scores[:, 1], self._sources, seed=self.settings.seed))

    def gain(self, way: str, other: str) -> Estimate:
        """Return the AUC of a way less that of another, in percentage points."""
        one, two = ((self.scores[name][:, 0], self.scores[name][:, 1]) for name in (way, other))
        return percent(bootstrap_auc_difference(one, two, self._sources, seed=self.settings.seed))

    def validation_loss(self, way: str) -> Estimate:
        """Return the lowest cross-entropy of the validation pictures."""
        return Estimate.exact(self.trained(way)[1])

    @property
    def _sources(self) -> list[str]:
        return [scene for scene, _ in self.crops]


def _second() -> keras.Model:
    return SyntheticStageTwo((*GRID, 250), pooling="ceil")


def _part(image: np.ndarray, seed: int, index: int) -> np.ndarray:
    rng = keyed.generator(seed, 12, index)
    top, left = (int(rng.integers(length - SIDE + 1)) for length in image.shape[:2])
    return np.ascontiguousarray(image[top : top + SIDE, left : left + SIDE])


def _pair(image: np.ndarray, seed: int, index: int) -> tuple[np.ndarray, np.ndarray]:
    _, operator = draw_training_operator(keyed.generator(seed, 11, index))
    return compress(image, QUALITY), compress(operator(image), QUALITY)


def cells(settings: Settings) -> Iterator[Cell]:
    """Yield the mean, the hyper-image, and the difference.

    Raises:
        ValueError: For an unknown scale, or another data set than ``embedded``, ``open_photographs`` and ``clic``.
    """
    scale_of(SCALES, settings.scale)  # refuse an unknown scale before anything else
    if settings.dataset not in ("embedded", "open_photographs", "clic"):
        raise ValueError(f"fusion is measured on embedded, open_photographs or clic. Received: {settings.dataset!r}")
    fusion = Fusion(settings)
    for way in (MEAN, HYPER, SCALED):
        yield Cell(way, "quality 90", "AUC", None, partial(fusion.auc, way), weights=WEIGHTS)
    for way, other in ((HYPER, MEAN), (SCALED, MEAN), (HYPER, SCALED)):
        measure = partial(fusion.gain, way, other)
        yield Cell(f"{way} - {other}", "quality 90", "AUC difference", None, measure, weights=WEIGHTS)
    for way in (HYPER, SCALED):
        measure = partial(fusion.validation_loss, way)
        yield Cell(way, "validation", "cross-entropy", None, measure, weights=WEIGHTS)


TABLE = Table("hyperimage", "fusion", cells, {"cross-entropy": 3}, units={"AUC": "%", "AUC difference": "points"})
