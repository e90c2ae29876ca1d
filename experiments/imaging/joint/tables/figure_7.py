"""Figure 7 of Korus and Memon 2019: a patch after each manipulation, and after the distribution channel.

Command:  zoo reproduce imaging figure-7
Expected: runs/tables/laptop/imaging_figure_7.csv and .png
Time:     2 minutes on one core; needs no weights

The paper shows a patch; the numbers beside it are ours: how far each manipulated version is from the native one, in dB,
before and after the channel, by the authors' code and by the paper's text, over held-out patches that the classical
pipeline developed.
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from zoo.experiments.imaging.joint.evaluation import JointEvaluation, fidelity, joint_evaluation
from zoo.experiments.imaging.joint.patch_grid import draw_grid
from zoo.experiments.run.cells import Cell, Settings, Table
from zoo.fidelity import Fidelity
from zoo.imaging.joint.channel import DistributionChannel
from zoo.imaging.joint.manipulations import CLASSES, default_manipulations
from zoo.metrics import Estimate

STAGES = ("after manipulation", "after channel")


def cells(settings: Settings) -> Iterator[Cell]:
    """PSNR of each manipulated version to the native one."""
    evaluation = joint_evaluation(settings)
    for fidelity_name in ("original", "paper"):
        for number, name in enumerate(CLASSES[1:], 1):
            for stage in range(2):
                measure = partial(_distance, evaluation, fidelity_name, number, stage)
                yield Cell(f"{name}, {fidelity_name}", STAGES[stage], "PSNR to native", measure=measure)


def versions(images: np.ndarray, fidelity_name: Fidelity) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Return all five versions of images, (n, height, width, 3) in [0, 1], before and after the channel."""
    channel = DistributionChannel(fidelity=fidelity_name)
    before = [images, *(np.asarray(layer(images)) for layer in default_manipulations(fidelity_name))]
    return before, [np.asarray(channel(version)) for version in before]


def _distance(evaluation: JointEvaluation, fidelity_name: Fidelity, number: int, stage: int) -> Estimate:
    targets, values = evaluation.patches[1], []
    for i in range(0, len(targets), 32):
        native, *manipulated = versions(targets[i : i + 32], fidelity_name)[stage]
        values.append(fidelity(native, manipulated[number - 1], "PSNR"))
    return evaluation.mean(np.concatenate(values))


def draw(frame: pd.DataFrame, settings: Settings, title: str, path: Path) -> None:
    """The most detailed of the held-out patches in all versions."""
    evaluation = joint_evaluation(settings)
    if evaluation.unavailable:
        return
    targets = evaluation.patches[1]
    patch = targets[np.argmax(np.abs(np.diff(targets, axis=2)).mean((1, 2, 3)))][None]
    before, after = versions(patch, "original")
    draw_grid([[v[0] for v in before], [v[0] for v in after]], STAGES, CLASSES, title, path)


TABLE = Table("imaging", "figure_7", cells, plot=draw, plots_pictures=True, units="dB")
