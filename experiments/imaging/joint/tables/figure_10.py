"""Figure 10 of Korus and Memon 2019: patches by the plain and by the jointly trained network, and what differs.

Command:  zoo reproduce imaging figure-10 --weights runs/imaging-laptop-0      after `zoo pretrain imaging joint`
Expected: runs/tables/laptop/imaging_figure_10.csv and .png
Time:     2 minutes on one core

As the paper: target, plain, joint, their difference (ten times), the spectra of both errors, and the difference of the
spectra of the two pictures, log(10 + |x|). Lambda is .1 for the UNet and .05 for the DNet, which the paper chose for
accuracies of about 90 % and 75 %. The numbers are PSNR to the target.
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from zoo.experiments.imaging.joint.evaluation import JointEvaluation, joint_evaluation
from zoo.experiments.imaging.joint.patch_grid import draw_grid, logarithmic, spectrum
from zoo.experiments.imaging.joint.scales import JointRun
from zoo.experiments.run.cells import Cell, Settings, Table
from zoo.metrics import Estimate

CHOSEN = {"unet": 0.1, "dnet": 0.05, "inet": 0.1}
COLUMNS = (
    "target",
    "plain",
    "joint",
    "|plain - joint| x 10",
    "F(|plain - y|)",
    "F(|joint - y|)",
    "|F(plain) - F(joint)|",
)
PATCHES = 3


def cells(settings: Settings) -> Iterator[Cell]:
    """PSNR of the plain and the jointly trained network."""
    evaluation = joint_evaluation(settings)
    for network in evaluation.training.networks:
        for weight in (None, CHOSEN[network]):
            run = evaluation.training.run(network, weight, evaluation.camera)
            row, column = f"{network}, lambda {CHOSEN[network]}", "plain" if weight is None else "joint"
            yield evaluation.cell([run], row, column, "PSNR", None, partial(_psnr, evaluation, run))


def _psnr(evaluation: JointEvaluation, run: JointRun) -> Estimate:
    return evaluation.mean(evaluation.fidelity(run, "PSNR"))


def draw(frame: pd.DataFrame, settings: Settings, title: str, path: Path) -> None:
    """A row for each patch and network."""
    evaluation = joint_evaluation(settings)
    rows, labels = [], []
    for network, weight in CHOSEN.items():
        pair = [evaluation.training.run(network, w, evaluation.camera) for w in (None, weight)]
        if network not in evaluation.training.networks or None in map(evaluation.nip_weights, pair):
            continue
        plain, joint = (evaluation.developed(run) for run in pair)
        targets = evaluation.patches[1]
        # From smooth to detailed: the median of each third.
        order = np.argsort(np.abs(np.diff(targets, axis=2)).mean((1, 2, 3)))
        for place in order[[len(order) * (2 * i + 1) // (2 * PATCHES) for i in range(PATCHES)]]:
            rows.append(compared(targets[place], plain[place], joint[place]))
            labels.append(f"{network}, {weight}")
    if rows:
        draw_grid(rows, labels, COLUMNS, title, path)


def compared(target: np.ndarray, plain: np.ndarray, joint: np.ndarray) -> list[np.ndarray]:
    """Return the seven panels of one patch; all are (height, width, 3) in [0, 1]."""
    errors = [logarithmic(spectrum(np.abs(image - target))) for image in (plain, joint)]
    between = logarithmic(spectrum(plain) - spectrum(joint))
    return [target, plain, joint, 10 * np.abs(plain - joint), *errors, between]


TABLE = Table("imaging", "figure_10", cells, plot=draw, plots_pictures=True, units="dB")
