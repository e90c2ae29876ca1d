"""Draw the plots of the published results next to their CSVs, ``results/<scale>/*.png``, which git ignores.

Command: python -m zoo.experiments.publish.plots     (or: make plots)
Time:    a minute on one core

Plots that model cards show are drawn into ``docs/assets``, which git keeps. Those that show pictures need networks and
data, and not the CSV alone; they come there when their tables are published.
"""

from zoo.experiments.cli.quiet import quiet_import
from zoo.experiments.publish import ROOT
from zoo.experiments.publish.results import CARDS_SCALE
from zoo.experiments.run import tables
from zoo.experiments.run.measure import csv_path
from zoo.experiments.run.plots import plot_csv
from zoo.experiments.run.published import published_csv

IN_CARDS = (("steganography", "trade_off", "open_photographs"),)
"""Plots that cards show: paper, table and data set."""


def main() -> None:
    """Draw those that are older than their CSV."""
    quiet_import()
    for scale in sorted(folder.name for folder in (ROOT / "results").iterdir() if folder.is_dir()):
        for paper, name, _ in tables.overview():
            table = tables.find(paper, name)
            csv = csv_path(table, scale, ROOT / "results")
            picture = csv.with_suffix(".png")
            if not csv.is_file() or (picture.is_file() and picture.stat().st_mtime > csv.stat().st_mtime):
                continue
            if plot_csv(table, csv, picture):
                print(f"written: {picture.relative_to(ROOT)}")
    for paper, name, dataset in IN_CARDS:
        table = tables.find(paper, name)
        csv = published_csv(table, CARDS_SCALE, dataset, ROOT / "results")
        picture = ROOT / "docs" / "assets" / f"{csv.stem}.png"
        if plot_csv(table, csv, picture):
            print(f"written: {picture.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
