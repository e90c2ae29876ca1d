"""Figures S4 and S5 of Korus and Memon 2019 (supplement, Figures 4 and 5): spectra of the distortions that are learned.

Command:  zoo reproduce imaging figure-s4 --weights runs/imaging-laptop-0      (DNet; figure-s5: UNet)
Expected: imaging_figure_s4.csv and .png, imaging_figure_s5.csv and .png, after `zoo pretrain imaging joint`
Time:     6 and 4 minutes on one core
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


def cells(network: str, settings: Settings) -> Iterator[Cell]:
    """PSNR and accuracy of every model of ``network``; a row is a lambda, a column a repetition."""
    evaluation = joint_evaluation(settings)
    for weight in (None, *sorted(evaluation.training.lambdas, reverse=True)):
        for repetition in range(evaluation.training.repetitions):
            run = evaluation.training.run(network, weight, evaluation.camera, repetition)
            row, column = "plain" if weight is None else f"lambda {weight:g}", f"repetition {repetition + 1}"
            for metric in ("PSNR", "accuracy"):
                yield evaluation.cell([run], row, column, metric, None, partial(_value, evaluation, run, metric))


def _value(evaluation: JointEvaluation, run: JointRun, metric: str) -> Estimate:
    return evaluation.mean(evaluation.fidelity(run, metric) if metric == "PSNR" else evaluation.per_patch_accuracy(run))


def draw(network: str, frame: pd.DataFrame, settings: Settings, title: str, path: Path) -> None:
    """A row for each lambda, a column for each repetition: mean spectra over the held-out patches.

    First row: the plain network's error; others: the difference between the plain and the joint picture's spectrum.
    """
    evaluation = joint_evaluation(settings)
    plain = evaluation.training.run(network, None, evaluation.camera)
    if evaluation.nip_weights(plain) is None:
        return
    targets, before = evaluation.patches[1], evaluation.developed(plain)
    repetitions = evaluation.training.repetitions
    rows = [[logarithmic(spectrum(before - targets).mean(0))] * repetitions]
    labels = ["plain - target"]
    for weight in sorted(evaluation.training.lambdas, reverse=True):
        runs = [evaluation.training.run(network, weight, evaluation.camera, n) for n in range(repetitions)]
        if None in map(evaluation.nip_weights, runs):
            continue
        rows.append([_difference(before, evaluation.developed(run)) for run in runs])
        labels.append(f"lambda {weight:g}")
    draw_grid(rows, labels, [f"repetition {n + 1}" for n in range(repetitions)], title, path)


def _difference(plain: np.ndarray, joint: np.ndarray) -> np.ndarray:
    return logarithmic(np.abs(spectrum(plain) - spectrum(joint)).mean(0))


DECIMALS, UNITS = {"accuracy": 3}, {"PSNR": "dB"}
FIGURE_S4, FIGURE_S5 = (
    Table("imaging", name, partial(cells, network), DECIMALS, partial(draw, network), UNITS, plots_pictures=True)
    for name, network in (("figure_s4", "dnet"), ("figure_s5", "unet"))
)
