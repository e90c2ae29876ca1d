"""Figure 8 of Korus and Memon 2019: validation accuracy and PSNR along the training, F and F+N.

Command:  zoo reproduce imaging figure-8 --weights runs/imaging-laptop-0       after `zoo pretrain imaging joint`
Expected: runs/tables/laptop/imaging_figure_8.csv and .png
Time:     seconds

Read from the trainings' logs, which hold means over the validation patches (one of each of 30 pictures at `laptop`,
two at `paper`; the paper has 100 for the accuracy) and no intervals. F and F+N of a network have the same number of
FAN updates; what they share at the beginning is drawn in each, if its log is in the folder. With a margin the patches
are developed with one, too, and the PSNR is that of the larger patch.
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pandas as pd

from zoo.experiments.imaging.data import CAMERA
from zoo.experiments.imaging.joint.evaluation import absent, joint_evaluation, progress
from zoo.experiments.imaging.joint.scales import SCALES
from zoo.experiments.run.cells import Cell, Settings, Table, captioned, unit_of
from zoo.experiments.run.plotting import pyplot, save
from zoo.experiments.run.published import ANY_COLUMN
from zoo.metrics import Estimate

METRICS = {"accuracy": "val_accuracy", "PSNR": "val_psnr"}


def cells(settings: Settings) -> Iterator[Cell]:
    """Accuracy and PSNR by epoch."""
    evaluation = joint_evaluation(settings)
    pictures, each = evaluation.training.validation, evaluation.training.validation_patches
    for row, run in evaluation.training.labelled(evaluation.camera).items():
        logged = progress(run, evaluation.training, evaluation.folder / "joint")
        for metric, key in METRICS.items():
            for epoch, entry in logged:
                value = entry[key]
                measure = partial(Estimate, value, value, value, pictures, pictures * each)
                yield Cell(row, str(epoch), metric, measure=measure, weights=f"trained:{run.name}")
            if not logged:
                yield Cell(
                    row,
                    ANY_COLUMN,
                    metric,
                    status="not-run",
                    why=absent(run, evaluation.trained_at),
                    needs=f"trained:{run.name}",
                )


def draw(frame: pd.DataFrame, settings: Settings, title: str, path: Path) -> None:
    """Two panels for each network, as the paper's."""
    plt = pyplot()

    frame = frame[frame["status"] == "measured"]
    if frame.empty:
        return
    runs = {label: run for scale in SCALES.values() for label, run in scale.labelled(CAMERA).items()}
    frame = frame.assign(network=[runs[row].network for row in frame["row"]])
    networks = list(dict.fromkeys(frame["network"]))
    figure, axes = plt.subplots(len(networks), 2, figsize=(9, 3 * len(networks)), squeeze=False)
    for network, pair in zip(networks, axes, strict=True):
        for metric, axis in zip(METRICS, pair, strict=True):
            chosen = frame[(frame["metric"] == metric) & (frame["network"] == network)]
            for row, part in chosen.groupby("row", sort=False):
                axis.plot(part["column"].astype(int), part["value"], ".-", lw=1, label=runs[str(row)].variant)
            axis.set(xlabel="epoch", ylabel=captioned(metric, unit_of(UNITS, metric)), title=network)
            axis.grid(alpha=0.3)
        pair[0].axhline(0.2, color="grey", lw=0.8, ls=":")
        pair[0].legend(fontsize=7)
    figure.suptitle(title, fontsize=10)
    figure.tight_layout()
    save(figure, path)


DECIMALS = {"accuracy": 3}
UNITS = {"PSNR": "dB"}
TABLE = Table("imaging", "figure_8", cells, DECIMALS, draw, units=UNITS)
