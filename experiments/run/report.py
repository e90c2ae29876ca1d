"""Print a table with the paper's numbers, and draw its default plot."""

import math
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
from rich import box
from rich.console import Console
from rich.table import Table as RichTable

from zoo.experiments.run.cells import by_metric, places
from zoo.experiments.run.plotting import pyplot, save
from zoo.experiments.run.published import PUBLISHED
from zoo.experiments.run.reasons import UNASKED, read_reasons


def print_table(
    frame: pd.DataFrame, title: str, decimals: int | Mapping[str, int] = 1, console: Console | None = None
) -> None:
    """Print rows and columns as in the paper; a cell reads ``ours | paper``, the interval below; ``*``: published."""
    console = console or Console()
    if not console.is_terminal:
        console = Console(file=console.file, width=160)
    for metric, caption, part in by_metric(frame):
        rows = {
            str(row): {cell["column"]: _text(cell, places(decimals, metric)) for _, cell in cells.iterrows()}
            for row, cells in part.groupby("row", sort=False)
        }
        for columns in _blocks(rows, list(dict.fromkeys(part["column"])), console.width):
            shown = RichTable(title=f"{title}: {caption}", box=box.SIMPLE, title_justify="left", pad_edge=False)
            shown.add_column("", no_wrap=True)
            for column in columns:
                shown.add_column(column, justify="right", no_wrap=True)
            for row, texts in rows.items():
                shown.add_row(row, *(texts.get(column, "") for column in columns))
            console.print(shown)
    console.print(
        "ours, its 95 % interval, and the paper's number; the protocols differ unless the CSV says comparable."
    )
    if (frame["status"] == PUBLISHED).any():
        commits = ", ".join(dict.fromkeys(frame.loc[frame["status"] == PUBLISHED, "commit"].astype(str)))
        console.print(f"* published, not measured here: with the same data, scale, seed and weights, by {commits}")


def _blocks(rows: Mapping[str, Mapping[str, str]], columns: list[str], width: int) -> list[list[str]]:
    """Return the columns in as many blocks as it takes for none to be cut off."""
    between = 3  # width of the border and padding of a column
    left = width - max(len(row) for row in rows) - between
    blocks: list[list[str]] = [[]]
    room = left
    for column in columns:
        lines = [line for texts in rows.values() for line in texts.get(column, "").split("\n")]
        needed = max(len(column), *(len(line) for line in lines)) + between
        if needed > room and blocks[-1]:
            blocks.append([])
            room = left
        blocks[-1].append(column)
        room -= needed
    return blocks


def missing(csv: Path) -> dict[str, int]:
    """Return the reasons why requested cells have no value, with their counts."""
    found = Counter(read_reasons(csv).values())
    found.pop(UNASKED, None)
    return dict(found)


def plot_table(frame: pd.DataFrame, title: str, path: Path) -> None:
    """Draw one small panel a row: ours with intervals, the paper's as crosses; PNG, written atomically."""
    plt = pyplot()

    frame = frame[frame["status"].isin(["measured", "quoted"])]
    if frame.empty:
        return
    panels = [
        (caption, row, cells) for _, caption, part in by_metric(frame) for row, cells in part.groupby("row", sort=False)
    ]
    across = min(4, len(panels))
    down = math.ceil(len(panels) / across)
    figure, axes = plt.subplots(down, across, figsize=(3.4 * across, 2.3 * down + 0.7), squeeze=False)
    for axis in axes.flat[len(panels) :]:
        axis.set_visible(False)
    for axis, (caption, row, part) in zip(axes.flat, panels, strict=False):
        x = range(len(part))
        below = (part["value"] - part["ci_low"]).clip(lower=0)
        above = (part["ci_high"] - part["value"]).clip(lower=0)
        axis.errorbar(x, part["value"], [below, above], fmt="o-", ms=4, lw=1.2, capsize=2, label="ours, 95 %")
        if part["paper_value"].notna().any():
            axis.plot(x, part["paper_value"], "x", color="black", ms=6, label="paper")
        named = range(0, len(part), math.ceil(len(part) / 12))  # more than 12 labels overlap
        axis.set_xticks(list(named), part["column"].iloc[named], fontsize=7)
        axis.tick_params(axis="y", labelsize=7)
        axis.set_title(row, fontsize=8)
        axis.set_ylabel(caption, fontsize=7)
        axis.grid(alpha=0.3)
    axes.flat[0].legend(fontsize=7)
    figure.suptitle(title, fontsize=10, y=1 - 0.1 / figure.get_figheight(), va="top")
    figure.tight_layout(rect=(0, 0, 1, 1 - 0.35 / figure.get_figheight()))
    save(figure, path)


def _text(cell: pd.Series, decimals: int) -> str:
    paper = "" if pd.isna(cell["paper_value"]) else f" | {cell['paper_value']:.{decimals}f}"
    if pd.isna(cell["value"]):
        return f"{cell['status']}{paper}"
    low, high = f"{cell['ci_low']:.{decimals}f}", f"{cell['ci_high']:.{decimals}f}"
    mark = "*" if cell["status"] == PUBLISHED else ""
    return f"{cell['value']:.{decimals}f}{mark}{paper}\n[{low}, {high}]"
