"""How often `reveal` takes pictures for containers: containers as saved, after harm, and pictures that never were one.

Command:  zoo reproduce steganography recognition --dataset open_photographs [--weights FOLDER]
Expected: runs/tables/laptop/steganography_recognition.csv
Time:     `laptop` half a minute of one core

Not in the paper. The middle squares of photographs are hidden in each other, each in that of the next scene, and
harmed; `hiding.is_plausible` judges the result. Its limit was chosen on the calibration scenes. The row "limit" has
what ``KEPT`` of the containers have there as saved, or, of the networks through JPEG, after JPEG 75;
``LEAST_CHECKERBOARD`` lies between both. The column "test" is of other scenes, which nothing was chosen by. Without
`--dataset open_photographs` the calibration scenes are generated, and the test scenes embedded.
"""

import dataclasses
from collections.abc import Callable, Iterator
from functools import partial

import cv2
import numpy as np

from zoo.datasets import keyed
from zoo.datasets.embedded import generate_scene
from zoo.datasets.jpeg import compress
from zoo.datasets.photographs import photographs
from zoo.experiments.run.cached_method import cached_method
from zoo.experiments.run.cells import Cell, Settings, Table
from zoo.experiments.run.scales import scale_of
from zoo.experiments.steganography.evaluation import OURS_JPEG, Evaluation
from zoo.experiments.steganography.training import state_name
from zoo.metrics import Estimate, bootstrap_mean
from zoo.steganography.hiding import (
    STORED_WEIGHT,
    ImageHider,
    is_plausible,
    load_steganographer,
    mean_checkerboard,
    stored_steganographer,
)

AS_SAVED, WORST = "a container as saved", "saved as JPEG 75"
KEPT = 0.95
"""Share of the calibration containers that have at least what the row "limit" says."""
NETWORKS = {"": "ours", ", through JPEG": OURS_JPEG}
"""Networks by what their columns' names end in."""
LIMIT = "limit"
ACCEPTED = "taken for a container"
MEASURE = "mean checkerboard"
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
    AS_SAVED: lambda container: container,
    "saved as JPEG 95": partial(compress, quality=95),
    WORST: partial(compress, quality=75),
    "a pixel wider": partial(stretch, pixels=1),
    "a pixel narrower": partial(stretch, pixels=-1),
}


class Recognition:
    """What the networks make of containers and of photographs, and how likely each is a container."""

    def __init__(self, settings: Settings) -> None:
        self.settings, self.scale = settings, scale_of(SCALES, settings.scale)

    @cached_method()
    def hider(self, network: str) -> ImageHider:
        """Return the stored networks, or those of the folder."""
        folder = self.settings.weights
        if folder is None:
            return ImageHider(stored_steganographer(jpeg=network == OURS_JPEG))
        return ImageHider(load_steganographer(folder / f"{state_name(network, STORED_WEIGHT)}.keras"))

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
    def pictures(self, network: str, row: str, split: str) -> list[np.ndarray]:
        """Return the scenes as containers, after a row of ``HARMS``; for the row ``NEVER`` as they are."""
        scenes = self.scenes(split)
        if row == NEVER:
            return scenes
        pairs = zip(scenes, scenes[1:] + scenes[:1], strict=True)
        return [HARMS[row](self.hider(network).hide(*pair)) for pair in pairs]

    def accepted(self, network: str, row: str, split: str) -> Estimate:
        """Return the percentage that is taken for containers."""
        taken = [is_plausible(picture) for picture in self.pictures(network, row, split)]
        return bootstrap_mean(100.0 * np.array(taken), list(range(len(taken))), seed=self.settings.seed)

    def limit(self, network: str) -> Estimate:
        """Return what ``KEPT`` of the calibration containers have at least."""
        pictures = self.pictures(network, WORST if network == OURS_JPEG else AS_SAVED, "calibration")
        return Estimate.exact(float(np.quantile([mean_checkerboard(p) for p in pictures], 1 - KEPT)), len(pictures))


def cells(settings: Settings) -> Iterator[Cell]:
    """Yield the cells of the recognition table."""
    recognition, evaluation = Recognition(settings), Evaluation(settings)
    for ending, network in NETWORKS.items():
        for row in (*HARMS, NEVER):
            for split in ("calibration", "test"):
                accepted = partial(recognition.accepted, network, row, split)
                yield evaluation.cell(row, f"{split}{ending}", ACCEPTED, network, accepted)
        limit = partial(recognition.limit, network)
        yield evaluation.cell(LIMIT, f"calibration{ending}", MEASURE, network, limit)


def _middle(image: np.ndarray, size: int) -> np.ndarray:
    top, left = ((n - size) // 2 for n in image.shape[:2])
    return np.ascontiguousarray(image[top : top + size, left : left + size])


TABLE = Table(
    "steganography", "recognition", cells, {ACCEPTED: 1, MEASURE: 2}, units={ACCEPTED: "%", MEASURE: "grey levels"}
)
