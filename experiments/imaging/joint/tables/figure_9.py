"""Figures 9, S2 and S3 of Korus and Memon 2019: accuracy against PSNR (9, S2) and SSIM (S3), by camera and network.

Command:  zoo reproduce imaging figure-9 --weights runs/imaging-laptop-0       after `zoo pretrain imaging --joint`
Expected: results/laptop/imaging_figure_9.csv and .png
Time:     as Table S1, whose cells these are

A point is a value of lambda, the square is F. Lines are ours, crosses the paper's averages for the camera that ours
stands for (Table S1).
"""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from zoo.experiments.imaging.joint.tables import table_s1
from zoo.experiments.run.cells import Cell, Settings, Table
from zoo.experiments.run.plotting import pyplot, save


def cells(settings: Settings) -> Iterator[Cell]:
    """Accuracy, PSNR and SSIM of Table S1."""
    return (cell for cell in table_s1.cells(settings) if cell.metric in ("accuracy", "PSNR", "SSIM"))


def draw(frame: pd.DataFrame, settings: Settings, title: str, path: Path) -> None:
    """A panel for each camera and measure of fidelity."""
    plt = pyplot()

    frame = frame[~frame["row"].str.contains("baseline")]
    frame = frame.assign(camera=frame["row"].str.split(", ").str[0], lam=frame["row"].str.split(", ").str[1])
    cameras = list(dict.fromkeys(frame["camera"]))
    figure, axes = plt.subplots(len(cameras), 2, figsize=(9, 3.4 * len(cameras)), squeeze=False)
    for camera, pair in zip(cameras, axes, strict=True):
        for metric, axis in zip(("PSNR", "SSIM"), pair, strict=True):
            for network, colour in (("unet", "C0"), ("dnet", "C1"), ("inet", "C2")):
                part = frame[(frame["camera"] == camera) & (frame["column"] == network)]
                for field, style in (("value", "o-"), ("paper_value", "x:")):
                    table = part.pivot(index="lam", columns="metric", values=field).dropna()
                    if table.empty:
                        continue
                    label = f"{network}, {'ours' if field == 'value' else 'paper'}"
                    curve = table.drop(index="F", errors="ignore").sort_values(metric)
                    if len(curve):
                        axis.plot(curve[metric], curve["accuracy"], style, color=colour, ms=4, lw=1, label=label)
                    if "F" in table.index:
                        axis.plot(
                            table.loc["F", metric], table.loc["F", "accuracy"], "s", color=colour, ms=5, mfc="none"
                        )
            axis.axhline(0.2, color="grey", lw=0.8, ls=":")
            axis.set(xlabel=metric, ylabel="accuracy", title=table_s1.title_of(camera))
            axis.grid(alpha=0.3)
        pair[0].legend(fontsize=7)
    figure.suptitle(title, fontsize=10)
    figure.tight_layout()
    save(figure, path)


TABLE = Table("imaging", "figure_9", "Fidelity against accuracy, Figures 9, S2, S3", cells, table_s1.DECIMALS, draw)
