"""What hiding costs the cover and the secret image, after a PNG round trip and after harm: networks against LSB.

Command:  zoo reproduce steganography trade-off
Expected: runs/tables/laptop/steganography_trade_off.csv; docs/results/steganography.md has the numbers
Time:     `laptop` ten minutes of one core (stored weights; Baluja's networks, which are not stored, and ours beside
          them are trained as in `comparison`, 180 seconds each)

Not in the paper, which compares with no untrained method. The plot has the cover's error against the secret's: lower
left is better, and the four LSB depths draw the line that a network must pass.
"""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from zoo.datasets.jpeg import compress
from zoo.experiments.run.cells import Cell, Settings, Table
from zoo.experiments.run.plotting import pyplot, save
from zoo.experiments.steganography.evaluation import (
    ALIKE,
    LSB,
    LSB_PLAIN,
    NETWORKS,
    Evaluation,
    finite_psnr,
)
from zoo.steganography.hiding import STORED_WEIGHT, resize
from zoo.steganography.measures import mse, ssim

PARTS = ("C-H", "S-O")


def halve(container: np.ndarray) -> np.ndarray:
    """Return the container at half its size and enlarged again, as a web page might do."""
    return cv2.resize(resize(container, *(n // 2 for n in container.shape[:2])), container.shape[1::-1])


HARMS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "S-O after JPEG 95": partial(compress, quality=95),
    "S-O after JPEG 75": partial(compress, quality=75),
    "S-O after halving": halve,
}


def cells(settings: Settings) -> Iterator[Cell]:
    """Yield the cells of the trade-off."""
    evaluation = Evaluation(settings)
    methods = [*NETWORKS.items(), *((name, name) for name in (*ALIKE, *LSB, LSB_PLAIN))]
    for row, name in methods:
        for metric, measure in (("MSE", mse), ("PSNR", finite_psnr), ("SSIM", ssim)):
            for part in PARTS:
                yield evaluation.cell(row, part, metric, name, partial(evaluation.error, name, part, measure))
        for column, harm in HARMS.items():
            measured = partial(evaluation.error, name, "S-O", mse, STORED_WEIGHT, "photographs", harm)
            yield evaluation.cell(row, column, "MSE", name, measured)
    row = "baseline: mean grey as the secret"
    yield Cell(row, "S-O", "MSE", measure=partial(evaluation.mean_colour, mse))


def plot(frame: pd.DataFrame, settings: Settings, title: str, path: Path) -> None:
    """Draw the cover's error against the secret's, both with intervals, on logarithmic axes."""
    plt = pyplot()

    errors = frame[(frame["metric"] == "MSE") & (frame["status"] == "measured")]
    by_part = {part: errors[errors["column"] == part].set_index("row") for part in PARTS}
    figure, axis = plt.subplots(figsize=(7, 5))
    measured = list(by_part["C-H"].index)
    for rows in ([row for row in measured if row in LSB], *([row] for row in measured if row not in LSB)):
        points = [by_part[part].loc[rows] for part in PARTS]
        x, y = (p["value"] for p in points)
        spans = [np.maximum(0, [p["value"] - p["ci_low"], p["ci_high"] - p["value"]]) for p in points]
        mark = "o" if set(rows) <= {*NETWORKS, *ALIKE} else "s"
        label = ", ".join([*rows[:1], *(row.removeprefix("baseline: LSB ") for row in rows[1:])])
        axis.errorbar(x, y, spans[1], spans[0], fmt=f"{mark}-", ms=6, capsize=2, label=label)
    axis.set(xscale="log", yscale="log", xlabel="MSE of the container (C-H)", ylabel="MSE of the secret image (S-O)")
    axis.set_title(title, fontsize=9)
    axis.grid(alpha=0.3, which="both")
    axis.legend(fontsize=7)
    figure.tight_layout()
    save(figure, path)


TABLE = Table("steganography", "trade_off", cells, 5, plot, units={"PSNR": "dB"})
