r"""Table I of Pham Van et al. 2019: the loss of equation 1, for three lambdas, with Baluja's networks.

Command:  zoo reproduce steganography table-1      (or: make reproduce-table-1 PAPER=steganography)
Expected: runs/tables/laptop/steganography_table_1.csv; docs/results/steganography.md has the numbers
Time:     `laptop` a minute on two cores (stored weights); `paper` (lambda 0.5, 0.75, 1, both methods) wants a GPU:
          zoo pretrain steganography --scale paper --dataset imagenet2012 --holidays HOLIDAYS
          zoo reproduce steganography table-1 --scale paper --dataset imagenet2012 --weights runs/steganography-paper-0
          zoo reproduce steganography table-1 --scale paper --dataset holidays --data-dir HOLIDAYS \
              --weights runs/steganography-paper-0

Everything is measured on containers as a file holds them, rounded to 8 bits; the paper's networks were not. Additional
rows: our test photographs, generated scenes, and the untrained lowest bits with optimal pixel adjustment, which a
network has to beat.
"""

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from zoo.experiments.run.cells import Cell, Settings, Table
from zoo.experiments.run.paper_values import paper_values
from zoo.experiments.steganography.evaluation import COLUMNS, LOSS, LSB_COLUMNS, NEEDED, Evaluation, missing
from zoo.experiments.steganography.training import WEIGHTS, state_name
from zoo.metrics import Estimate

PAPER_DATA = {"Imagenet, test": "imagenet2012", "Holiday": "holidays"}
TRAINING = "Imagenet, training"
"""What the table calls Imagenet. The text (section IV-A) has its 0.00024 as the loss on training images at lambda 0.5,
and 0.00042 as that on test images, which the table has not."""
TRAINED = (
    "read from the folder of `zoo pretrain steganography --scale paper --dataset imagenet2012 --holidays HOLIDAYS`; "
    "give --weights"
)


def cells(settings: Settings) -> Iterator[Cell]:
    """Yield the cells of Table I."""
    evaluation = Evaluation(settings)
    values = paper_values("steganography", "table_1")
    for weight in WEIGHTS:
        for column, network in COLUMNS.items():
            row = f"{TRAINING}, lambda {weight:g}"
            yield training_cell(settings, row, column, network, weight, float(values.loc[row, column]))
    for data, dataset in PAPER_DATA.items():
        for weight in WEIGHTS:
            row = f"{data}, lambda {weight:g}"
            for column, network in COLUMNS.items():
                paper = values[column].dropna().get(row)
                yield cell(evaluation, row, column, network, weight, "photographs", paper, dataset)
    for data in ("photographs", "scenes"):
        for weight in WEIGHTS:
            for column, network in (COLUMNS | LSB_COLUMNS).items():
                yield cell(evaluation, f"{data}, lambda {weight:g}", column, network, weight, data)


def training_cell(settings: Settings, row: str, column: str, network: str, weight: float, paper: float) -> Cell:
    """Return the smallest loss on training images, as ``zoo pretrain`` logged it in the folder of ``--weights``."""
    if settings.dataset != "imagenet2012":
        return Cell(row, column, LOSS, paper, status="data-unavailable", why=NEEDED["imagenet2012"])
    log = (settings.weights or Path()) / f"{state_name(network, weight)}.json"
    if settings.weights is None or not log.is_file():
        return Cell(row, column, LOSS, paper, status="not-run", why=TRAINED)
    loss = min(float(entry["loss"]) for entry in json.loads(log.read_text()))
    logged = partial(Estimate.exact, loss)
    return Cell(row, column, LOSS, paper, logged, comparable=settings.scale == "paper", weights="trained")


def cell(
    evaluation: Evaluation,
    row: str,
    column: str,
    network: str,
    weight: float,
    data: str,
    paper: float | None = None,
    dataset: str | None = None,
) -> Cell:
    """One cell; without a number where the paper's data (``dataset``) or the networks are not there."""
    settings = evaluation.settings
    if dataset is not None and settings.dataset != dataset:
        return Cell(row, column, LOSS, paper, status="data-unavailable", why=NEEDED[dataset])
    if network in COLUMNS.values() and not evaluation.available(network, weight):
        return Cell(row, column, LOSS, paper, status="not-run", why=missing(network, weight))
    comparable = dataset is not None and settings.scale == "paper" and settings.weights is not None
    measure = partial(evaluation.loss, network, weight, data)
    label = evaluation.weights_label(network, weight)
    return Cell(row, column, LOSS, paper, measure, comparable=comparable, weights=label)


TABLE = Table("steganography", "table_1", cells, decimals=5)
