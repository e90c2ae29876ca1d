"""Figures 5 and 6 of Pham Van et al. 2019 as contact sheets: cover, container, difference times ten, secret, revealed.

Command:  zoo reproduce steganography figure-5     (ours)
          zoo reproduce steganography figure-6 --weights FOLDER    (Baluja's networks, which are not stored: a folder of
          `zoo pretrain` that holds them; ``not-run`` without)
Expected: steganography_figure_5.png, and the errors of the pairs shown as .csv
Time:     `laptop` a minute (stored weights)

The first pair of each scene is shown, in the order of the data set: nothing is picked.
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pandas as pd

from zoo.experiments.run.cells import Cell, Settings, Table
from zoo.experiments.steganography.evaluation import Evaluation, missing
from zoo.images import write_png
from zoo.metrics import Estimate
from zoo.steganography.contact_sheet import contact_sheet
from zoo.steganography.hiding import STORED_WEIGHT
from zoo.steganography.measures import mse

SHOWN = 7


def make(name: str, network: str) -> Table:
    """Return the table of a figure: a row per pair."""

    def cells(settings: Settings) -> Iterator[Cell]:
        evaluation = Evaluation(settings)
        absent = not evaluation.available(network)
        _, _, scenes = evaluation.pairs("photographs")
        for i in _shown(scenes):
            for part in ("C-H", "S-O"):
                row = f"{scenes[i]}"
                if absent:
                    yield Cell(row, part, "MSE", status="not-run", why=missing(network))
                    continue
                measure = partial(_error, evaluation, network, part, i)
                yield Cell(row, part, "MSE", None, measure, weights=evaluation.weights_label(network))

    def plot(frame: pd.DataFrame, settings: Settings, title: str, path: Path) -> None:
        evaluation = Evaluation(settings)
        if not evaluation.available(network):
            return
        found = evaluation.results(network, STORED_WEIGHT, "photographs")
        shown = _shown(evaluation.pairs("photographs")[2])
        pairs = list(zip(found.covers, found.containers, found.secrets, found.revealed, strict=True))
        write_png(path, contact_sheet([pairs[i] for i in shown]))

    return Table("steganography", name, cells, 5, plot, plots_pictures=True)


def _shown(scenes: list[str]) -> list[int]:
    """Return the first unit of each of the first scenes."""
    return [scenes.index(scene) for scene in list(dict.fromkeys(scenes))[:SHOWN]]


def _error(evaluation: Evaluation, network: str, part: str, index: int) -> Estimate:
    found = evaluation.results(network, STORED_WEIGHT, "photographs")
    pairs = (found.covers, found.containers) if part == "C-H" else (found.secrets, found.revealed)
    return Estimate.exact(mse(pairs[0][index], pairs[1][index]))


FIGURE_5 = make("figure_5", "ours")
FIGURE_6 = make("figure_6", "baluja")
