"""Held-out pictures of Table 1 and how each pipeline develops them, every measure computed once."""

import dataclasses
import tempfile
import time
from pathlib import Path
from typing import cast

import keras
import numpy as np

import zoo.weights
from zoo import tiles
from zoo.datasets.developed import Developed, DevelopedPatches
from zoo.experiments.imaging import data
from zoo.experiments.imaging.developing.pretrained import NAMES
from zoo.experiments.imaging.developing.training import NETWORKS, squared_error_255
from zoo.experiments.imaging.real_cameras import PAPERS, in_folder
from zoo.experiments.run.cached_method import cached_method
from zoo.experiments.run.cells import Settings
from zoo.experiments.run.scales import scale_of
from zoo.imaging import INet
from zoo.imaging.developing import bayer, demosaicing, pipeline
from zoo.imaging.metrics import PAPER_SSIM_RANGE, psnr, ssim
from zoo.metrics import Estimate, bootstrap_mean

GENERATED, PHOTOGRAPHED, OWN = "generated scenes", "photographs", "own RAW files"
MEAN = "mean over the cameras"
"""The column of the paper's numbers where there are real cameras."""
ROWS = {"INet": "inet", "UNet": "unet", "DNet": "dnet"}
"""The networks of the paper's rows."""
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

    Pictures are a synthetic camera's, those of a folder with one camera's RAW files, or of a folder of the paper's
    cameras (``cameras``, see ``real_cameras``). ``real`` says that it is about the latter, as it always is at `paper`
    without a folder: there are none then.

    Raises:
        ValueError: For an unknown scale, or a data set: RAW files come as a folder.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings, self.scale = settings, scale_of(SCALES, settings.scale)
        self.raw = data.raw_folder(settings)
        here = {} if self.raw is None else in_folder(self.raw)
        self.cameras = {PAPERS[name].label: (name, path) for name, path in here.items()}
        self.real = bool(here) or (self.raw is None and settings.scale == "paper")

    @property
    def columns(self) -> tuple[str, ...]:
        """What the pictures are of."""
        if self.real:
            return tuple(self.cameras)
        return (GENERATED, PHOTOGRAPHED) if self.raw is None else (OWN,)

    @cached_method()
    def pictures(self, column: str) -> list[Developed]:
        """Return the middles of the pictures of a column; no picture was trained on."""
        settings = self.settings
        if column == GENERATED:
            return data.synthetic("test", self.scale.scenes, self.scale.side, settings.seed)
        if column == PHOTOGRAPHED:
            return data.photographed(self.scale.side, dataset=settings.dataset, data_dir=settings.data_dir)
        raw = self.cameras[column][1] if column in self.cameras else cast(Path, self.raw)
        with tempfile.TemporaryDirectory(prefix="pictures-") as kept:  # a whole photograph has 100 MB and more
            return [self._middle(picture) for picture in data.folder(raw, "test", self.scale.scenes, Path(kept))]

    def weights(self, network: str, column: str = "") -> str | Path | None:
        """Return the network's stored weights, or its file in the user's folder; None where there are none.

        The stored ones are of the synthetic camera, and of `laptop`: neither for a user's RAW files nor for `paper`.
        Those of the paper's cameras are in sub-folders of their names.
        """
        folder = self.settings.weights
        if self.real:
            name = self.cameras[column][0] if column in self.cameras else ""
            file = None if folder is None or not name else folder / name / f"{network}.npz"
            return file if file is not None and file.is_file() else None
        if folder is None:
            fit = self.raw is None and self.settings.scale != "paper"
            return NAMES[network] if fit and NAMES[network] in zoo.weights.names() else None
        files = [folder / f"{stem}.npz" for stem in (NAMES[network], network)]
        return next((file for file in files if file.is_file()), None)

    def estimate(self, row: str, column: str, metric: str) -> Estimate:
        """Return the mean of a measure over the column's pictures."""
        return self._bootstrap(self.values(row, column, metric), column)

    def difference(self, row: str, other: str, column: str, metric: str) -> Estimate:
        """Return the mean paired difference of two rows."""
        return self._bootstrap(self.values(row, column, metric) - self.values(other, column, metric), column)

    def mean_over_cameras(self, row: str, metric: str, other: str | None = None) -> Estimate:
        """The mean of the cameras' means, or of their paired differences from ``other``; pictures are resampled."""
        parts = [self.values(row, column, metric) for column in self.columns]
        if other is not None:
            parts = [p - self.values(other, c, metric) for p, c in zip(parts, self.columns, strict=True)]
        rng = np.random.default_rng(self.settings.seed)
        means = [part[rng.integers(len(part), size=(2000, len(part)))].mean(1) for part in parts]
        value = np.mean([part.mean() for part in parts])
        return Estimate.from_samples(value, np.mean(means, axis=0), len(parts), sum(map(len, parts)))

    def _bootstrap(self, values: np.ndarray, column: str) -> Estimate:
        sources = [picture.source for picture in self.pictures(column)]
        return bootstrap_mean(values, sources, seed=self.settings.seed)

    @cached_method()
    def values(self, row: str, column: str, metric: str) -> np.ndarray:
        """Return a measure of each picture of a column, (n,)."""
        return np.array([self._measured(row, column)[i][metric] for i in range(len(self.pictures(column)))])

    @cached_method()
    def _measured(self, row: str, column: str) -> list[dict[str, float]]:
        """Return all measures of a row at once: pictures are developed once and not kept."""
        found = []
        for picture in self.pictures(column):
            planes, target = self._window(picture)
            image = self._developed(row, column, picture, planes)
            found.append({name: measure(target, image) for name, measure in MEASURES.items()})
        return found

    def _window(self, picture: Developed) -> tuple[np.ndarray, np.ndarray]:
        """Return the middle of the picture, at most ``side`` pixels."""
        y, x, side = self._place(picture)
        return picture.cut(y, x, side)

    def _middle(self, picture: Developed) -> Developed:
        """Return the same as a picture of its own."""
        y, x, side = self._place(picture)
        planes = np.array(picture.planes[y : y + side, x : x + side])
        target = np.array(picture.target[2 * y : 2 * (y + side), 2 * x : 2 * (x + side)])
        return dataclasses.replace(picture, planes=planes, target=target)

    def _place(self, picture: Developed) -> tuple[int, int, int]:
        height, width = picture.planes.shape[:2]
        side = min(self.scale.side // 2, height, width)
        return (height - side) // 2, (width - side) // 2, side

    def _developed(self, row: str, column: str, picture: Developed, planes: np.ndarray) -> np.ndarray:
        if row == BILINEAR:
            mosaic = bayer.unpack(planes, picture.cfa)
            return pipeline.render(demosaicing.bilinear(mosaic, picture.cfa), picture.camera_matrix)
        height, width = planes.shape[:2]
        planes = tiles.pad(planes, 4, 4)
        return np.asarray(self._network(row, column).predict_on_batch(planes[None]))[0, : 2 * height, : 2 * width]

    @cached_method(maxsize=4)
    def _network(self, row: str, column: str) -> keras.Model:
        if row == UNTRAINED:
            return INet()
        return NETWORKS[ROWS[row]](weights=self.weights(ROWS[row], column))


def training_speed(evaluation: Evaluation, network: str) -> Estimate:
    """Return the training steps per second by the paper's protocol (20 patches of 128 pixels, float32) on this machine.

    The first two steps, which compile, are not counted; the interval is over steps.
    """
    scale = evaluation.scale
    if evaluation.columns:
        pictures = evaluation.pictures(evaluation.columns[0])
    else:  # the speed does not depend on the content of the patches
        pictures = data.synthetic("test", 2, scale.side, evaluation.settings.seed)
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
