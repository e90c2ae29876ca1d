"""Figures 3 and 4 of Korus and Memon 2019: photographs by each pipeline, and whether networks surpass their target.

Command:  zoo reproduce imaging figure-3        and figure-4
          zoo reproduce imaging figure-4 --weights runs/imaging-laptop-0      networks of your own training
Expected: runs/tables/laptop/imaging_figure_3.csv and .png, imaging_figure_4.csv and .png
Time:     not measured undisturbed

The paper shows one photograph by five pipelines (Figure 3), and two close-ups where a network demosaics better, or
leaves less noise, than the pipeline that it was trained to reproduce (Figure 4). Here both are numbers for each of the
four synthetic cameras, on scenes that no network was trained on. Figure 3: PSNR to the standard pipeline, that with
Menon's demosaicing. LibRaw keeps its own tone curve, hence its low values. Figure 4, where a synthetic camera knows
what a real one does not:

- demosaicing: PSNR to the picture of a sensor that sees all three colours at each pixel, both without noise;
- noise: PSNR of a pipeline's picture to what the same pipeline makes of the same scene without noise;
- both: PSNR to the picture of the sensor with three colours and without noise.

"UNet - Menon" above zero is an improvement over the target. LibRaw is left out of Figure 4: it shares the tone curve of
no other. Networks are those of the camera "birch" alone.
"""

import dataclasses
from collections.abc import Callable, Iterator
from functools import cached_property, partial
from itertools import product
from pathlib import Path
from typing import cast

import numpy as np
import pandas as pd

from zoo.datasets.camera import CAMERAS, Body
from zoo.experiments.imaging.data import raw_folder
from zoo.experiments.imaging.prnu import shots
from zoo.experiments.imaging.prnu.evaluation import cell_of
from zoo.experiments.imaging.prnu.pipelines import NETWORKS, standard
from zoo.experiments.run.cached_method import cached_method
from zoo.experiments.run.cells import Cell, Settings, Table
from zoo.experiments.run.plotting import pyplot, save
from zoo.experiments.run.scales import scale_of
from zoo.imaging.developing import bayer, pipeline
from zoo.imaging.developing.picture import to_8_bits
from zoo.imaging.metrics import psnr
from zoo.metrics import Estimate, bootstrap_mean

TARGET = "Menon"
"""The standard pipeline, which the networks are trained to reproduce."""
SCENES = {"smoke": 2, "laptop": 15, "paper": 30}
SIDES = {"smoke": 96, "laptop": 512, "paper": 512}
DEMOSAICING, NOISE, BOTH = "PSNR, demosaicing", "PSNR, noise", "PSNR, both"


class Photographs:
    """Held-out scenes by one synthetic camera and every pipeline.

    Raises:
        ValueError: For an unknown scale, or RAW files: what they show without noise is not known.
    """

    def __init__(self, settings: Settings, camera: str) -> None:
        if raw_folder(settings) is not None:
            raise ValueError(
                f"Figures 3 and 4 need a synthetic camera, without --data-dir. Received: --data-dir {settings.data_dir}"
            )
        self.settings, self.camera = settings, camera
        self.count, self.side = scale_of(SCENES, settings.scale), scale_of(SIDES, settings.scale)
        self.pipelines = {p.name: p for p in standard(camera, settings.weights)}

    def shots(self, noise: bool = True, cfa: str | None = None) -> list[shots.Shot]:
        """The scenes as the camera records them; without noise if asked to, or with a mosaic of another phase."""
        model = CAMERAS[self.camera]
        model = model if noise else dataclasses.replace(model, shot=0.0, read=0.0, prnu=0.0)
        body = Body(dataclasses.replace(model, cfa=cfa or model.cfa), serial=1)
        pictures = shots.scenes(self.settings, "test")
        return shots.synthetic(body, "test", self.count, self.side, self.settings.seed, pictures=pictures)

    @cached_method()
    def developed(self, name: str, noise: bool = True) -> list[np.ndarray]:
        """Return the pictures of a pipeline, uint8 RGB (side, side, 3)."""
        develop = cast(Callable[[shots.Shot], np.ndarray], self.pipelines[name].develop)  # else no ``measure``
        return [develop(shot) for shot in self.shots(noise)]

    @cached_property
    def truth(self) -> list[np.ndarray]:
        """What a sensor with three colours at each pixel gives, without noise: uint8 RGB (side, side, 3)."""
        phases = [self.shots(False, cfa) for cfa in bayer.SITES]
        return [to_8_bits(_whole(same)) for same in zip(*phases, strict=True)]

    def fidelity(self, name: str, metric: str) -> np.ndarray:
        """Return a measure of each picture of a pipeline, in dB, (n,)."""
        compared = {
            "PSNR": lambda: (self.developed(TARGET), self.developed(name)),
            DEMOSAICING: lambda: (self.truth, self.developed(name, noise=False)),
            NOISE: lambda: (self.developed(name, noise=False), self.developed(name)),
            BOTH: lambda: (self.truth, self.developed(name)),
        }
        pairs = zip(*compared[metric](), strict=True)
        return np.array([psnr(*(picture.astype(np.float32) / 255 for picture in pair)) for pair in pairs])

    def estimate(self, name: str, metric: str, other: str | None = None) -> Estimate:
        """Return the mean over scenes, or that of the paired differences from ``other``."""
        values = self.fidelity(name, metric)
        values = values if other is None else values - self.fidelity(other, metric)
        return bootstrap_mean(values, list(range(len(values))), seed=self.settings.seed)


def _whole(phases: tuple[shots.Shot, ...]) -> np.ndarray:
    """One scene from mosaics of all four phases, rendered: between them they hold every colour at every pixel."""
    rgb = np.empty((*phases[0].image.shape, 3), np.float32)
    for shot in phases:
        mosaic = pipeline.balanced_mosaic(shot.image)
        for colour, (y, x) in zip((0, 1, 1, 2), bayer.SITES[shot.image.cfa], strict=True):
            rgb[y::2, x::2, colour] = mosaic[y::2, x::2]
    return pipeline.render(rgb, phases[0].image.camera_matrix)


def cells_of_figure_3(settings: Settings) -> Iterator[Cell]:
    """Yield the PSNR of every pipeline to the standard one, camera by camera."""
    for camera in CAMERAS:
        photographs = Photographs(settings, camera)
        for p in photographs.pipelines.values():
            if p.name != TARGET:
                yield cell_of("PSNR", camera, p.name, (p,), partial(photographs.estimate, p.name, "PSNR"))


def cells_of_figure_4(settings: Settings) -> Iterator[Cell]:
    """Demosaicing and noise of every pipeline, and of each network against its target."""
    measured = {camera: Photographs(settings, camera) for camera in CAMERAS}
    for metric, (camera, photographs) in product((DEMOSAICING, NOISE, BOTH), measured.items()):
        of = photographs.pipelines
        for p in of.values():
            if p.name != "libRAW":
                yield cell_of(metric, camera, p.name, (p,), partial(photographs.estimate, p.name, metric))
        for name in NETWORKS:
            gain = partial(photographs.estimate, name, metric, TARGET)
            yield cell_of(metric, camera, f"{name} - {TARGET}", (of[name], of[TARGET]), gain)


def draw_figure_3(frame: pd.DataFrame, settings: Settings, title: str, path: Path) -> None:
    """The first scene: a row for each camera, a column for each pipeline."""
    names = [TARGET, "bilinear", "libRAW", *NETWORKS]
    figure, axes = pyplot().subplots(len(CAMERAS), len(names), figsize=(1.2 * len(names), 1.35 * len(CAMERAS)))
    for camera, row in zip(CAMERAS, axes, strict=True):
        photographs = Photographs(settings, camera)
        (shot,) = photographs.shots()[:1]
        for name, axis in zip(names, row, strict=True):
            develop = photographs.pipelines[name].develop
            if develop is None:
                axis.text(0.5, 0.5, "not trained for\nthis camera", ha="center", va="center", fontsize=6)
            else:
                axis.imshow(develop(shot))
            axis.set(xticks=[], yticks=[])
            axis.set_title(f"{camera}, {name}", fontsize=6)
    figure.suptitle(title, fontsize=9)
    figure.tight_layout()
    save(figure, path)


FIGURE_3 = Table("imaging", "figure_3", cells_of_figure_3, plot=draw_figure_3, plots_pictures=True, units="dB")
FIGURE_4 = Table("imaging", "figure_4", cells_of_figure_4, decimals=2, units="dB")
