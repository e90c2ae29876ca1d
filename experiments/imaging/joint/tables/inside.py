"""Accuracy of F+N inside a picture and at the border of a developed patch (not in the paper).

Command:  zoo reproduce imaging inside --weights runs/imaging-laptop-0       after `zoo pretrain imaging joint`
          zoo reproduce imaging inside --dataset open_photographs      the stored pair: lambda .1 with a margin
Expected: runs/tables/laptop/imaging_inside.csv and .png; docs/results/imaging.md has the numbers
Time:     3 minutes for the three rows with a margin, beside other work; the whole was not measured undisturbed

In training, and in Tables 4 and S1 as in the paper, the network develops patches one by one, and pads their borders
with zeros. So it may mark the border, where the FAN finds it; a photograph has a border, too, but not where it is
examined. Here the FAN sees the same pixels twice: developed as a patch, and developed with as much again around
them, of which they are the middle. PSNR is that inside a picture, and what is lost of it that to the plain network's.
Chance is 20 %. Intervals are over test scenes; differences are patch by patch.
"""

from collections.abc import Iterator
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import pandas as pd

from zoo.experiments.imaging.joint.evaluation import (
    TRAINED_CHANNEL,
    Channel,
    JointEvaluation,
    fidelity,
    joint_evaluation,
    received,
)
from zoo.experiments.imaging.joint.real_channel import CHANNELS
from zoo.experiments.imaging.joint.scales import JointRun
from zoo.experiments.imaging.joint.training import validation_patches
from zoo.experiments.run.cached_method import cached_method
from zoo.experiments.run.cells import Cell, Settings, Table
from zoo.experiments.run.plotting import pyplot, save
from zoo.imaging.joint.manipulations import CLASSES
from zoo.metrics import Estimate, bootstrap_mean

METRICS: dict[str, Channel] = {"accuracy": TRAINED_CHANNEL, f"accuracy, {CHANNELS[0].label}": CHANNELS[0]}
PATCH, INSIDE, LOST = "patch by patch", "inside a picture", "lost inside"
CHANCE = "baseline: chance"


def cells(settings: Settings) -> Iterator[Cell]:
    """Accuracy of F and every F+N, developed either way."""
    evaluation = joint_evaluation(settings)
    measured = Inside(evaluation)
    for row, run in evaluation.training.labelled(evaluation.camera).items():
        for metric, channel in METRICS.items():
            for column in (PATCH, INSIDE, LOST):
                measure = partial(measured.accuracy, run, channel, column)
                yield evaluation.cell([run], row, column, metric, None, measure)
        yield evaluation.cell([run], row, INSIDE, "PSNR", None, partial(measured.fidelity, run))
        if run.weight is not None:
            plain = evaluation.training.run(run.network, camera=run.camera)
            measure = partial(measured.fidelity, plain, run)
            yield evaluation.cell([run, plain], row, INSIDE, "PSNR lost", None, measure)
    chance = 100 / len(CLASSES)
    for metric in METRICS:
        yield Cell(CHANCE, INSIDE, metric, measure=partial(Estimate.exact, chance))


class Inside:
    """Patches with as much again around them, of the held-out pictures."""

    def __init__(self, evaluation: JointEvaluation) -> None:
        self.evaluation, self.side = evaluation, evaluation.training.patch
        self.each = max(1, evaluation.scale.each // 2)

    @cached_property
    def patches(self) -> tuple[np.ndarray, np.ndarray]:
        """RAW patches of twice the side, (n, 2 side, 2 side, 4), and the targets of their middles."""
        planes, targets = validation_patches(self.evaluation.pictures, 2 * self.side, self.each, 10**6)
        return planes, targets[:, self.side : 3 * self.side, self.side : 3 * self.side]

    @property
    def sources(self) -> list[str]:
        """The picture that each patch comes from."""
        return [picture.source for picture in self.evaluation.pictures] * self.each

    def accuracy(self, run: JointRun, channel: Channel, column: str) -> Estimate:
        """In percent, or what is lost inside."""
        found = 100 * (self.per_patch_accuracy(run, channel, PATCH if column == LOST else column))
        if column == LOST:
            found = found - 100 * self.per_patch_accuracy(run, channel, INSIDE)
        return bootstrap_mean(found, self.sources, seed=self.evaluation.settings.seed)

    def fidelity(self, run: JointRun, less: JointRun | None = None) -> Estimate:
        """Return the PSNR inside a picture in dB, or by how much that of ``less`` is lower, patch by patch."""
        found = self.per_patch_fidelity(run)
        found = found if less is None else found - self.per_patch_fidelity(less)
        return bootstrap_mean(found, self.sources, seed=self.evaluation.settings.seed)

    @cached_method()
    def per_patch_fidelity(self, run: JointRun) -> np.ndarray:
        """Return the PSNR of each patch, developed inside a picture, to its target, (n,)."""
        return fidelity(self.patches[1], self.developed(run, INSIDE), "PSNR")

    @cached_method()
    def per_patch_accuracy(self, run: JointRun, channel: Channel, column: str) -> np.ndarray:
        """Return the fraction of correctly classified versions of each patch, (n,)."""
        workflow, rgb = self.evaluation.workflow(run), self.developed(run, column)
        parts = (received(workflow, rgb[i : i + 16], channel) for i in range(0, len(rgb), 16))
        found = np.concatenate([np.stack([np.asarray(workflow.fan(v)) for v in part], 1) for part in parts])
        return (found.argmax(-1) == np.arange(found.shape[1])).mean(1)

    @cached_method(maxsize=2)
    def developed(self, run: JointRun, column: str) -> np.ndarray:
        """Return the same pixels, either way: float32 [0, 1], (n, 2 side, 2 side, 3)."""
        half, side, nip = self.side // 2, self.side, self.evaluation.nip(run)
        planes = self.patches[0]
        if column == PATCH:
            planes = planes[:, half : half + side, half : half + side]
        parts = [np.asarray(nip(planes[i : i + 4]), np.float32) for i in range(0, len(planes), 4)]
        rgb = np.clip(np.concatenate(parts), 0, 1)
        return rgb if column == PATCH else rgb[:, side : 3 * side, side : 3 * side]


def draw(frame: pd.DataFrame, settings: Settings, title: str, path: Path) -> None:
    """A panel for each channel, a line for each network: the same pixels developed either way."""
    plt = pyplot()
    figure, axes = plt.subplots(1, len(METRICS), figsize=(11, 4.6), sharey=True, layout="constrained")
    rows = [row for row in dict.fromkeys(frame["row"]) if row != CHANCE]
    for axis, metric in zip(axes, METRICS, strict=True):
        for column, marker in ((PATCH, "s"), (INSIDE, "o")):
            part = frame[(frame["metric"] == metric) & (frame["column"] == column)].set_index("row").reindex(rows)
            spans = [part["value"] - part["ci_low"], part["ci_high"] - part["value"]]
            axis.errorbar(part["value"], range(len(rows)), xerr=spans, fmt=marker, ms=5, label=column)
        axis.axvline(100 / len(CLASSES), color="grey", lw=0.8, ls=":")
        axis.set(title=f"{metric} [%]", xlim=(0, 100))
        axis.grid(alpha=0.3)
    axes[0].set_yticks(range(len(rows)), rows)
    axes[0].invert_yaxis()
    axes[0].legend(fontsize=8)
    figure.suptitle(title)
    save(figure, path)


UNITS = dict.fromkeys(METRICS, "%") | {"PSNR": "dB", "PSNR lost": "dB"}
TABLE = Table("imaging", "inside", cells, decimals=1, plot=draw, units=UNITS)
