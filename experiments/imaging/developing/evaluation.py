"""Held-out pictures of Table 1 and how each pipeline develops them, every measure computed once."""

import dataclasses
import time
from functools import cached_property
from pathlib import Path

import keras
import numpy as np

import zoo.weights
from zoo import tiles
from zoo.datasets.developed import Developed, DevelopedPatches
from zoo.experiments.imaging import data
from zoo.experiments.imaging.developing.pretrained import NAMES
from zoo.experiments.imaging.developing.training import NETWORKS, squared_error_255
from zoo.experiments.run.cached_method import cached_method
from zoo.experiments.run.cells import Settings
from zoo.experiments.run.scales import scale_of
from zoo.imaging import INet
from zoo.imaging.developing import bayer, demosaicing, pipeline
from zoo.imaging.metrics import PAPER_SSIM_RANGE, psnr, ssim
from zoo.metrics import Estimate, bootstrap_mean

GENERATED, PHOTOGRAPHED, OWN = "generated scenes", "photographs", "own RAW files"
BILINEAR, UNTRAINED = "baseline: bilinear", "baseline: untrained INet"
MEASURES = {
    "PSNR": psnr,
    "SSIM, range 2": lambda target, image: ssim(target, image, PAPER_SSIM_RANGE),
    "SSIM": ssim,
}


@dataclasses.dataclass(frozen=True)
class Scale:
    """How much is measured; ``side`` in pixels, None for whole pictures where these are given."""

    scenes: int
    side: int
    batch: int
    patch: int
    timed_steps: int


SCALES = {
    "smoke": Scale(scenes=2, side=32, batch=2, patch=16, timed_steps=2),
    "laptop": Scale(scenes=30, side=512, batch=20, patch=64, timed_steps=8),
    "paper": Scale(scenes=30, side=512, batch=20, patch=64, timed_steps=100),
}


class Evaluation:
    """The held-out pictures of ``settings`` and what the pipelines make of them.

    Raises:
        ValueError: For an unknown scale, or a data set: RAW files come as a folder.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings, self.scale = settings, scale_of(SCALES, settings.scale)
        self.raw = data.raw_folder(settings)

    @property
    def columns(self) -> tuple[str, ...]:
        """What the pictures are of."""
        return (GENERATED, PHOTOGRAPHED) if self.raw is None else (OWN,)

    @cached_property
    def pictures(self) -> dict[str, list[Developed]]:
        """The pictures of each column; none was trained on."""
        if self.raw is not None:
            return {OWN: data.folder(self.raw, "test", self.scale.scenes)}
        return {
            GENERATED: data.synthetic("test", self.scale.scenes, self.scale.side, self.settings.seed),
            PHOTOGRAPHED: data.photographed(
                self.scale.side, dataset=self.settings.dataset, data_dir=self.settings.data_dir
            ),
        }

    def weights(self, network: str) -> str | Path | None:
        """The network's stored weights, or its file in the user's folder; None where there are none.

        The stored ones are of the synthetic camera, and of `laptop`: neither for a user's RAW files nor for `paper`.
        """
        folder = self.settings.weights
        if folder is None:
            fit = self.raw is None and self.settings.scale != "paper"
            return NAMES[network] if fit and NAMES[network] in zoo.weights.names() else None
        files = [folder / f"{stem}.npz" for stem in (NAMES[network], network)]
        return next((file for file in files if file.is_file()), None)

    def estimate(self, row: str, column: str, metric: str) -> Estimate:
        """Mean of a measure over the column's pictures."""
        return self._bootstrap(self.values(row, column, metric), column)

    def difference(self, row: str, other: str, column: str, metric: str) -> Estimate:
        """Mean paired difference of two rows."""
        return self._bootstrap(self.values(row, column, metric) - self.values(other, column, metric), column)

    def _bootstrap(self, values: np.ndarray, column: str) -> Estimate:
        sources = [picture.source for picture in self.pictures[column]]
        return bootstrap_mean(values, sources, seed=self.settings.seed)

    @cached_method()
    def values(self, row: str, column: str, metric: str) -> np.ndarray:
        """A measure of each picture of a column, (n,)."""
        return np.array([self._measured(row, column)[i][metric] for i in range(len(self.pictures[column]))])

    @cached_method()
    def _measured(self, row: str, column: str) -> list[dict[str, float]]:
        """All measures of a row at once: pictures are developed once and not kept."""
        found = []
        for picture in self.pictures[column]:
            planes, target = self._window(picture)
            image = self._developed(row, picture, planes)
            found.append({name: measure(target, image) for name, measure in MEASURES.items()})
        return found

    def _window(self, picture: Developed) -> tuple[np.ndarray, np.ndarray]:
        """The middle of the picture, at most ``side`` pixels."""
        height, width = picture.planes.shape[:2]
        side = min(self.scale.side // 2, height, width)
        return picture.cut((height - side) // 2, (width - side) // 2, side)

    def _developed(self, row: str, picture: Developed, planes: np.ndarray) -> np.ndarray:
        if row == BILINEAR:
            mosaic = bayer.unpack(planes, picture.cfa)
            return pipeline.render(demosaicing.bilinear(mosaic, picture.cfa), picture.camera_matrix)
        height, width = planes.shape[:2]
        planes = tiles.pad(planes, 4, 4)
        return np.asarray(self._network(row).predict_on_batch(planes[None]))[0, : 2 * height, : 2 * width]

    @cached_method()
    def _network(self, row: str) -> keras.Model:
        if row == UNTRAINED:
            return INet()
        return NETWORKS[row.lower()](weights=self.weights(row.lower()))


def training_speed(evaluation: Evaluation, network: str) -> Estimate:
    """Training steps a second by the paper's protocol (20 patches of 128 pixels, float32) on this machine.

    The first two steps, which compile, are not counted; the interval is over steps.
    """
    scale = evaluation.scale
    pictures = next(iter(evaluation.pictures.values()))
    model = NETWORKS[network](clip=False)
    model.compile(keras.optimizers.Adam(1e-4), squared_error_255)
    patch = min(scale.patch, *(n for p in pictures for n in p.planes.shape[:2]))
    batch = DevelopedPatches(pictures, 1, scale.batch, patch).batch(0, 0)
    seconds = []
    for step in range(scale.timed_steps + 2):
        began = time.perf_counter()
        model.train_on_batch(*batch)
        if step >= 2:
            seconds.append(time.perf_counter() - began)
    estimate = bootstrap_mean(np.array(seconds), list(range(len(seconds))), seed=evaluation.settings.seed)
    return Estimate(1 / estimate.value, 1 / estimate.ci_high, 1 / estimate.ci_low, 1, len(seconds))
