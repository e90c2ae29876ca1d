"""Draw the plot of a table: its own where it has one, else the default of ``report.py``."""

from pathlib import Path

import pandas as pd

from zoo.experiments.run.cells import Settings, Table
from zoo.experiments.run.measure import read_csv
from zoo.experiments.run.report import plot_table


def plot(table: Table, frame: pd.DataFrame, settings: Settings, path: Path) -> None:
    """Draw a table as PNG; nothing is written where there is nothing to draw."""
    title = f"{table.title} ({settings.scale}, {settings.dataset})"
    if table.plot is None:
        plot_table(frame, title, path)
    else:
        table.plot(frame, settings, title, path)


def plot_csv(table: Table, csv: Path, path: Path) -> bool:
    """Draw a table from its CSV alone; returns whether there is something to see, and it needs no more than the CSV."""
    frame = read_csv(csv)
    if table.plots_pictures or not (frame["status"] == "measured").any():
        return False
    first = frame.iloc[0]
    plot(table, frame, Settings(first["scale"], first["dataset"], seed=int(first["seed"])), path)
    return path.is_file()
