r"""Table 4 of Korus and Memon 2019: confusion matrices of UNet, F (a) and F+N at lambda .25 (b), .1 (c), .05 (d).

Command:  zoo reproduce imaging table-4 --weights runs/imaging-laptop-0      after `zoo pretrain imaging joint`
          zoo reproduce imaging table-4                     a and c, where that training has filled the local store
Expected: runs/tables/laptop/imaging_table_4.csv; docs/results/imaging.md has the numbers
Time:     `laptop` 21 minutes on one core; `paper` (3,000 patches of 256 pixels) wants a GPU

A row is what is true, a column what the FAN says, a value the share of the true class in percent; 600 held-out patches
a class at `laptop`. (The head of the paper's table has it the other way round, but its rows add up to 100, and the
columns of 4a to between 63 and 133.) Below: accuracy as trained and behind the real channel (8-bit files,
libjpeg-turbo 4:2:0, also for the manipulation by JPEG; unseen qualities and resizers), what is lost there by all of
this together, and what F+N gains over the F of the same codec, patch by patch. "Without a channel" is section 5.1's
check of the FAN. Baselines: chance, and logistic regression on band energies of what the same camera develops, trained
for each camera and channel on patches of 200 of the training's scenes; what the FAN gains over it is paired, too.
Intervals are over test scenes: each network is trained once.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property, partial
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from zoo.experiments.imaging.joint import band_baseline
from zoo.experiments.imaging.joint.evaluation import (
    TRAINED_CHANNEL,
    Channel,
    JointEvaluation,
    joint_evaluation,
    label_of,
    received,
)
from zoo.experiments.imaging.joint.real_channel import CHANNELS, Files
from zoo.experiments.imaging.joint.scales import JointRun
from zoo.experiments.imaging.joint.training import validation_patches
from zoo.experiments.run.cached_method import cached_method
from zoo.experiments.run.cells import Cell, Settings, Table, captioned
from zoo.experiments.run.paper_values import paper_values
from zoo.experiments.run.plotting import pyplot, save
from zoo.imaging.joint.manipulations import CLASSES
from zoo.metrics import Estimate

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LETTERS = {"a": None, "b": 0.25, "c": 0.1, "d": 0.05}
"""The paper's four matrices by lambda; None is F."""
PRINTED_ACCURACY = {"a": 44.6, "b": 87.0, "c": 92.6, "d": 95.8}
NAMES = {letter: f"{letter} {'F' if weight is None else weight}" for letter, weight in LETTERS.items()}
LIBJPEG = {letter: f"{NAMES[letter]}, trained through libjpeg" for letter in ("a", "c")}
ALONE = "a F, without a channel (5.1)"
BASELINES = {letter: f"baseline: band energies, {name}" for letter, name in NAMES.items()}
CHANCE = "baseline: chance"
SHARE, ACCURACY, LOSS = "share of true class", "accuracy", "accuracy lost"
GAIN, OVER_BASELINE = "accuracy gained over F", "accuracy gained over band energies"
UNITS = {SHARE: "%", ACCURACY: "%", LOSS: "points", GAIN: "points", OVER_BASELINE: "points"}
COMPARED = (TRAINED_CHANNEL, CHANNELS[0])


def cells(settings: Settings) -> Iterator[Cell]:
    """Yield the cells of Tables 4a to 4d and the rows below them."""
    evaluation, paper = joint_evaluation(settings), paper_values("imaging", "table_4")
    plain = evaluation.training.run(evaluation.training.networks[0], camera=evaluation.camera)
    runs = {letter: evaluation.training.run(plain.network, weight, plain.camera) for letter, weight in LETTERS.items()}
    for letter, run in runs.items():
        for t, true in enumerate(CLASSES):
            for p, predicted in enumerate(CLASSES):
                value = _number(paper.loc[f"{letter} {true}", predicted])
                measure = partial(evaluation.confusion, run, p, t)
                yield evaluation.cell([run], f"{NAMES[letter]}: {true}", predicted, SHARE, value, measure)
    rows: dict[str, tuple[JointRun, float | None]] = {
        NAMES[letter]: (run, PRINTED_ACCURACY[letter]) for letter, run in runs.items()
    }
    rows |= {row: (replace(runs[letter], codec="libjpeg"), None) for letter, row in LIBJPEG.items()}
    baselines = {run: Baseline(evaluation, run) for run in runs.values()}
    for row, (run, printed) in rows.items():
        for channel in (TRAINED_CHANNEL, *CHANNELS):
            value = printed if channel is TRAINED_CHANNEL else None
            measure = partial(_accuracy, evaluation, run, channel)
            yield evaluation.cell([run], row, label_of(channel), ACCURACY, value, measure)
        for channel in CHANNELS:
            measure = partial(_lost, evaluation, run, channel)
            yield evaluation.cell([run], row, label_of(channel), LOSS, None, measure)
        alone = replace(run, weight=None, margin=0)
        for channel in COMPARED if run != alone else ():
            measure = partial(_gained, evaluation, run, alone, channel)
            yield evaluation.cell([run, alone], row, label_of(channel), GAIN, None, measure)
        for channel in COMPARED if run in baselines else ():
            measure = partial(baselines[run].beaten, channel)
            yield evaluation.cell([run], row, label_of(channel), OVER_BASELINE, None, measure)
    run = replace(plain, codec="none")
    for sent, value in ((TRAINED_CHANNEL, 99.0), (Files(), None)):
        measure = partial(_accuracy, evaluation, run, sent)
        yield evaluation.cell([run], ALONE, label_of(sent), ACCURACY, value, measure)
    for (letter, run), channel in product(runs.items(), COMPARED):
        measure = partial(baselines[run].accuracy, channel)
        yield evaluation.cell([run], BASELINES[letter], label_of(channel), ACCURACY, None, measure)
    for channel in COMPARED:
        chance = 100 / len(CLASSES)
        measure = partial(Estimate.exact, chance)
        yield Cell(CHANCE, label_of(channel), ACCURACY, measure=measure)


class Baseline:
    """Logistic regression on the patches that the camera of ``run`` develops, behind the same channels."""

    def __init__(self, evaluation: JointEvaluation, run: JointRun) -> None:
        self.evaluation, self.run = evaluation, run

    def accuracy(self, channel: Channel) -> Estimate:
        """In percent, on the test patches."""
        return self.evaluation.mean(100 * self.per_patch_accuracy(channel))

    def beaten(self, channel: Channel) -> Estimate:
        """By how much the FAN of ``run`` is more accurate, in percent, patch by patch."""
        return self.evaluation.mean(
            100 * (self.evaluation.per_patch_accuracy(self.run, channel) - self.per_patch_accuracy(channel))
        )

    @cached_method()
    def per_patch_accuracy(self, channel: Channel) -> np.ndarray:
        """Return the fraction of correctly classified versions of each test patch, (n,)."""
        energies = self._energies([self.evaluation.developed(self.run)], (channel,))[channel]
        return band_baseline.per_patch_accuracy(band_baseline.fit(self._training_energies[channel]), energies)

    @cached_property
    def _training_energies(self) -> dict[Channel, list[np.ndarray]]:
        """Band energies of patches of training scenes, after each channel of ``COMPARED``."""
        return self._energies(self._training_patches(), COMPARED)

    def _training_patches(self) -> Iterator[np.ndarray]:
        """Yield developed patches, one of each scene at a time: all of them would take gigabytes."""
        evaluation, training = self.evaluation, self.evaluation.training
        side = training.patch + 2 * training.margin
        for number in range(max(1, evaluation.scale.each // 2)):
            planes, _ = validation_patches(evaluation.training_pictures, side, 1, 10**6 + number)
            yield evaluation.develop(self.run, planes)

    def _energies(
        self, developed: Iterable[np.ndarray], channels: Sequence[Channel]
    ) -> dict[Channel, list[np.ndarray]]:
        """Return the band energies of the five versions after each channel, (n, 63) for each version."""
        workflow = self.evaluation.workflow(self.run)
        parts: dict[Channel, list[list[np.ndarray]]] = {channel: [] for channel in channels}
        for patches in developed:
            for first in range(0, len(patches), 16):
                for channel, found in parts.items():
                    versions = received(workflow, patches[first : first + 16], channel)
                    found.append([band_baseline.band_energies(version) for version in versions])
        return {c: [np.concatenate(of_one) for of_one in zip(*found, strict=True)] for c, found in parts.items()}


def _accuracy(evaluation: JointEvaluation, run: JointRun, channel: Channel) -> Estimate:
    return evaluation.mean(100 * evaluation.per_patch_accuracy(run, channel))


def _lost(evaluation: JointEvaluation, run: JointRun, channel: Channel) -> Estimate:
    return evaluation.mean(100 * (evaluation.per_patch_accuracy(run) - evaluation.per_patch_accuracy(run, channel)))


def _gained(evaluation: JointEvaluation, run: JointRun, plain: JointRun, channel: Channel) -> Estimate:
    return evaluation.mean(
        100 * (evaluation.per_patch_accuracy(run, channel) - evaluation.per_patch_accuracy(plain, channel))
    )


def _number(printed: str | float) -> float | None:
    """None where the paper prints a star or nothing."""
    try:
        value = float(printed)
    except ValueError:
        return None
    return None if np.isnan(value) else value


def draw(frame: pd.DataFrame, settings: Settings, title: str, path: Path) -> None:
    """Draw the four matrices, ours with the paper's numbers in brackets, and the accuracies by channel."""
    plt = pyplot()
    figure, axes = plt.subplots(2, 3, figsize=(14, 10), layout="constrained")
    shares = frame[frame["metric"] == SHARE]
    for name, axis in zip(NAMES.values(), axes.flat, strict=False):
        rows = [f"{name}: {true}" for true in CLASSES]
        ours, printed = (
            shares.pivot(index="row", columns="column", values=value).loc[rows, list(CLASSES)].astype(float)
            for value in ("value", "paper_value")
        )
        axis.imshow(ours, cmap="Blues", vmin=0, vmax=100)
        for y, x in np.ndindex(ours.shape):
            value, paper = ours.iat[y, x], printed.iat[y, x]
            text = ("-" if np.isnan(value) else f"{value:.0f}") + ("" if np.isnan(paper) else f" ({paper:.0f})")
            axis.text(x, y, text, ha="center", va="center", fontsize=8, color="white" if value > 60 else "black")
        axis.set_xticks(range(len(CLASSES)), CLASSES, fontsize=8)
        axis.set_yticks(range(len(CLASSES)), CLASSES, fontsize=8)
        axis.set(title=f"{name}: % of true class, (paper)", xlabel="said", ylabel="true")
    for metric, axis in zip((ACCURACY, GAIN), axes.flat[len(LETTERS) :], strict=True):
        _draw_lines(axis, frame[(frame["metric"] == metric) & frame["value"].notna()])
        axis.set_title(captioned(metric, UNITS[metric]))
    figure.suptitle(title)
    save(figure, path, dpi=90)


def _draw_lines(axis: "Axes", part: pd.DataFrame) -> None:
    """Draw one line per row and one colour per model; libjpeg training is dashed, baselines are dotted."""
    colours = {letter: f"C{number}" for number, letter in enumerate(LETTERS)}
    looks = {ALONE: (colours["a"], "-", "^"), CHANCE: ("k", ":", "s")}
    for names, style, mark in ((NAMES, "-", "o"), (LIBJPEG, "--", "o"), (BASELINES, ":", "s")):
        looks |= {row: (colours[letter], style, mark) for letter, row in names.items()}
    for row, line in part.groupby("row", sort=False):
        colour, style, mark = looks[row]
        spans = [(line["value"] - line["ci_low"]).clip(lower=0), (line["ci_high"] - line["value"]).clip(lower=0)]
        axis.errorbar(line["column"], line["value"], spans, ls=style, marker=mark, color=colour, ms=4, lw=1, label=row)
    axis.tick_params(axis="x", labelrotation=35, labelsize=8)
    axis.grid(alpha=0.3)
    if len(part):
        axis.legend(fontsize=7, loc="upper center", bbox_to_anchor=(0.5, -0.25), ncols=2)


TABLE = Table("imaging", "table_4", cells, plot=draw, units=UNITS)
