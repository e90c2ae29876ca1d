"""How often `reveal` takes pictures for containers: containers as saved, after harm, and pictures that never were one.

Command:  zoo reproduce steganography recognition --dataset open_photographs [--weights FOLDER]
Expected: runs/tables/laptop/steganography_recognition.csv
Time:     not measured as a whole yet

Not in the paper. The middle squares of photographs are hidden in each other, each in that of the next scene, and
harmed; `ImageHider.is_plausible` judges what is revealed. Its limit, ``MOST_EMPTY``, is the row "limit" rounded: what
all but 2 % of the containers of the calibration scenes are below. The column "test" is of other scenes, which nothing
was chosen by. Without `--dataset open_photographs` the calibration scenes are generated, and the test scenes embedded.
"""

import dataclasses
from collections.abc import Callable, Iterator
from functools import cached_property, partial

import cv2
import numpy as np

from zoo.datasets import keyed
from zoo.datasets.embedded import generate_scene
from zoo.datasets.jpeg import compress
from zoo.datasets.photographs import photographs
from zoo.experiments.run.cached_method import cached_method
from zoo.experiments.run.cells import Cell, Settings, Table
from zoo.experiments.run.scales import scale_of
from zoo.experiments.steganography.evaluation import Evaluation, missing
from zoo.experiments.steganography.training import state_name
from zoo.metrics import Estimate, bootstrap_mean
from zoo.steganography.hiding import MOST_EMPTY, STORED_WEIGHT, ImageHider, load_steganographer

MISSES = 0.02
"""Share of the calibration containers above the limit."""
LIMIT = "limit"
ACCEPTED, SHARE = "taken for a container, %", "share of pixels that show nothing"
SEED = 9 * 10**6
"""Seed of the generated calibration scenes; no training and no test draws with it."""
NEVER = "a photograph, never a container"


@dataclasses.dataclass(frozen=True)
class Scale:
    """How many scenes of each split at most, and the side of their squares."""

    scenes: int
    size: int


SCALES = {"smoke": Scale(2, 32), "laptop": Scale(50, 96), "photographs": Scale(100, 128), "paper": Scale(100, 224)}


def stretch(container: np.ndarray, pixels: int) -> np.ndarray:
    """Return the container with ``pixels`` more columns, interpolated."""
    height, width = container.shape[:2]
    return cv2.resize(container, (width + pixels, height), interpolation=cv2.INTER_LINEAR)


HARMS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "a container as saved": lambda container: container,
    "saved as JPEG 95": partial(compress, quality=95),
    "saved as JPEG 75": partial(compress, quality=75),
    "a pixel wider": partial(stretch, pixels=1),
    "a pixel narrower": partial(stretch, pixels=-1),
}


class Recognition:
    """What the networks make of containers and of photographs, and how likely each is a container."""

    def __init__(self, settings: Settings) -> None:
        self.settings, self.scale = settings, scale_of(SCALES, settings.scale)

    @cached_property
    def hider(self) -> ImageHider:
        """The stored networks, or those of the folder."""
        folder = self.settings.weights
        return ImageHider(
            None if folder is None else load_steganographer(folder / f"{state_name('ours', STORED_WEIGHT)}.keras")
        )

    @cached_method()
    def scenes(self, split: str) -> list[np.ndarray]:
        """Middle squares of the photographs of a split, at most one of each scene."""
        settings, size = self.settings, self.scale.size
        if split == "calibration" and settings.dataset != "open_photographs":
            rngs = (keyed.generator(SEED, settings.seed, i) for i in range(self.scale.scenes))
            return [generate_scene(rng, size, size) for rng in rngs]
        found = photographs(settings.named, settings.data_dir, split, settings.seed)
        return [_middle(picture.load(), size) for picture in found[: self.scale.scenes]]

    @cached_method()
    def emptiness(self, row: str, split: str) -> np.ndarray:
        """``ImageHider.emptiness`` of what is revealed from each scene, after a row of ``HARMS``."""
        scenes, pictures = self.scenes(split), self.scenes(split)
        if row != NEVER:
            pairs = zip(scenes, scenes[1:] + scenes[:1], strict=True)
            pictures = [HARMS[row](self.hider.hide(*pair)) for pair in pairs]
        return np.array([self.hider.emptiness(self.hider.reveal(picture)) for picture in pictures])

    def accepted(self, row: str, split: str) -> Estimate:
        """Return the percentage that is taken for containers."""
        values = self.emptiness(row, split)
        return bootstrap_mean(100.0 * (values <= MOST_EMPTY), list(range(len(values))), seed=self.settings.seed)

    def limit(self) -> Estimate:
        """Return the limit that all but ``MISSES`` of the calibration containers are below."""
        values = self.emptiness("a container as saved", "calibration")
        limit = float(np.quantile(values, 1 - MISSES))
        return Estimate.exact(limit, len(values))


def cells(settings: Settings) -> Iterator[Cell]:
    """Yield the cells of the recognition table."""
    recognition, evaluation = Recognition(settings), Evaluation(settings)
    absent = "" if evaluation.available("ours") else missing("ours")
    label = "" if absent else evaluation.weights_label("ours")
    wanted: list[tuple[str, str, str, Callable[[], Estimate]]] = [
        (row, split, ACCEPTED, partial(recognition.accepted, row, split))
        for row in (*HARMS, NEVER)
        for split in ("calibration", "test")
    ]
    for row, split, metric, measure in [
        *wanted,
        (LIMIT, "calibration", SHARE, recognition.limit),
    ]:
        if absent:
            yield Cell(row, split, metric, status="not-run", why=absent)
        else:
            yield Cell(row, split, metric, None, measure, weights=label)


def _middle(image: np.ndarray, size: int) -> np.ndarray:
    top, left = ((n - size) // 2 for n in image.shape[:2])
    return np.ascontiguousarray(image[top : top + size, left : left + size])


TABLE = Table("steganography", "recognition", cells, {ACCEPTED: 1, SHARE: 4})
