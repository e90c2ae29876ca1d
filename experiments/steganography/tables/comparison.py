"""H-net and R-net against Baluja's networks, and MSE against SSIM as the loss: trained alike, three seeds.

Command:  zoo reproduce steganography comparison
Expected: runs/tables/laptop/steganography_comparison.csv: curves, and differences at equal steps and equal seconds
Time:     `laptop` 35 minutes of one core (nine trainings of 180 seconds each); `smoke` a minute

The paper compares end results, without settings for the baseline. Here every network gets the same pairs (generated
scenes of 32x32 pixels, batch 8), the same noise on the container (rounding to 8 bits and Gaussian noise of 0.01), Adam
with 0.001, lambda 0.75, and the same seconds of processor time; the losses are MSE on held-out pairs, rounded, without
noise. "MSE is better than SSIM" (section III-D) is the third row, judged by MSE and by SSIM.
"""

from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path

import numpy as np
import pandas as pd

from zoo.experiments.run.cells import Cell, Settings, Table
from zoo.experiments.run.plotting import pyplot, save
from zoo.experiments.run.scales import scale_of
from zoo.experiments.steganography.compared_training import (
    BALUJA,
    METRICS,
    NETWORKS,
    OURS,
    POINTS,
    SCALES,
    SSIM,
    Curve,
    Scale,
    train,
)
from zoo.metrics import Estimate, bootstrap_mean


def cells(settings: Settings) -> Iterator[Cell]:
    """Yield the cells of the curves and of the differences."""
    scale = scale_of(SCALES, settings.scale)
    curve = cache(lambda network, seed: train(scale, network, seed)[1])
    for network in NETWORKS:
        for seed in scale.seeds:
            for metric in METRICS:
                for point, column in enumerate(_times(scale)):
                    measure = partial(_point, curve, network, seed, metric, point)
                    yield _cell(_row(network, seed), column, metric, measure)
    for metric in METRICS[:-1]:
        for network in (SSIM, BALUJA):
            for column in ("equal seconds", "equal steps"):
                measure = partial(_difference, curve, scale.seeds, network, metric, column)
                yield _cell(f"{network} - ours", column, f"{metric}, difference", measure)


def _row(network: str, seed: int) -> str:
    return f"{network}, seed {seed}"


def _times(scale: Scale) -> dict[str, float]:
    """The columns of the curves, and the seconds of each."""
    return {f"{at:g} s": at for at in (scale.seconds * (point + 1) / POINTS for point in range(POINTS))}


def _cell(row: str, column: str, metric: str, measure: Callable[[], Estimate]) -> Cell:
    return Cell(row, column, metric, None, measure, weights="trained")


def _point(curve: Callable[[str, int], Curve], network: str, seed: int, metric: str, point: int) -> Estimate:
    return Estimate.exact(curve(network, seed)[point][metric])


def _difference(
    curve: Callable[[str, int], Curve], seeds: tuple[int, ...], network: str, metric: str, column: str
) -> Estimate:
    """Return the other network's value minus ours, mean over seeds; below 0 it has the smaller one."""
    differences = []
    for seed in seeds:
        ours, other = curve(OURS, seed), curve(network, seed)
        if column == "equal seconds":
            differences.append(other[-1][metric] - ours[-1][metric])
        else:
            # At the last step that both have reached; curves are read between their points.
            step = min(ours[-1]["steps"], other[-1]["steps"])
            differences.append(_at(other, metric, step) - _at(ours, metric, step))
    return bootstrap_mean(np.array(differences), list(seeds))


def _at(curve: Curve, metric: str, step: float) -> float:
    return float(np.interp(step, [p["steps"] for p in curve], [p[metric] for p in curve]))


def plot(frame: pd.DataFrame, settings: Settings, title: str, path: Path) -> None:
    """Draw a panel for each metric: every network's mean over the seeds, the seeds faint behind it."""
    plt = pyplot()

    scale = scale_of(SCALES, settings.scale)
    figure, axes = plt.subplots(2, 3, figsize=(11, 6), layout="constrained")
    for metric, axis in zip(METRICS, axes.flat, strict=True):
        part = frame[frame["metric"] == metric]
        part = part.assign(at=part["column"].map(_times(scale)))
        for colour, network in enumerate(NETWORKS):
            own = part[part["row"].isin([_row(network, seed) for seed in scale.seeds])]
            seeds = own.pivot(index="at", columns="row", values="value")
            axis.plot(seeds, color=f"C{colour}", alpha=0.3, linewidth=1)
            axis.plot(seeds.mean(axis="columns"), color=f"C{colour}", linewidth=2, label=network)
        axis.set(title=metric, xlabel="seconds of training")
        axis.grid(alpha=0.3)
    axes[0, 0].legend(fontsize=8, title="mean and each seed")
    figure.suptitle(title)
    save(figure, path, dpi=90)


TABLE = Table("steganography", "comparison", cells, 4, plot)
