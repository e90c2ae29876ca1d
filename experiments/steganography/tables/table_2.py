"""Table II of Pham Van et al. 2019: averaged pixel-wise difference (APD) of cover and container, secret and revealed.

Command:  zoo reproduce steganography table-2
Expected: runs/tables/laptop/steganography_table_2.csv
Time:     `laptop` a minute on two cores (stored weights); `paper` as Table I

APD is computed as the tool that the paper cites does it (mean absolute difference over 255, a ratio), and in grey
levels. The paper's equation 3 cannot be what was computed: it squares, and does not divide by the number of pixels. Its
ImageNet rows fit a ratio; its Holiday rows, up to 2.15, fit neither a ratio nor the losses of Table I.
"""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from zoo.experiments.run.cells import Cell, Settings, Status, Table
from zoo.experiments.run.paper_values import paper_values
from zoo.experiments.steganography.evaluation import COLUMNS, LSB_COLUMNS, NEEDED, Evaluation, missing
from zoo.steganography.hiding import STORED_WEIGHT
from zoo.steganography.measures import apd_levels, apd_ratio

METRICS: dict[str, Callable[[np.ndarray, np.ndarray], float]] = {
    "APD, ratio": apd_ratio,
    "APD": apd_levels,
}
TESTED = {"Testing Imagenet": "imagenet2012", "Testing Holiday": "holidays"}
"""The rows that a table of test images can fill."""
TRAINED = {"Training Imagenet": "imagenet2012", "Training Holiday": "holidays"}
"""The rows that no table fills, and the data that they are of."""
TRAINING = "errors on training images are not measured, those on test images are"
PARTS = ("C-H", "S-O")


def cells(settings: Settings) -> Iterator[Cell]:
    """Yield the cells of Table II."""
    evaluation = Evaluation(settings)
    values = paper_values("steganography", "table_2")
    for row in values.index:
        for column, network in COLUMNS.items():
            for part in PARTS:
                paper = float(values.loc[row, f"{column}, {part}"])
                measured = TESTED.get(row) == settings.dataset and evaluation.available(network)
                status, why = _absence(row, network, settings) if not measured else ("measured", "")
                measure = partial(evaluation.error, network, part, apd_ratio) if measured else None
                yield Cell(
                    row,
                    f"{column}, {part}",
                    "APD, ratio",
                    paper,
                    measure,
                    status=status,
                    comparable=measured and settings.scale == "paper" and settings.weights is not None,
                    weights=evaluation.weights_label(network) if measured else "",
                    why=why,
                )
    for metric, apd in METRICS.items():
        for data in ("photographs", "scenes"):
            for column, network in (COLUMNS | LSB_COLUMNS).items():
                for part in PARTS:
                    label = f"{column}, {part}"
                    if network in COLUMNS.values() and not evaluation.available(network):
                        yield Cell(data, label, metric, status="not-run", why=missing(network))
                        continue
                    measure = partial(evaluation.error, network, part, apd, STORED_WEIGHT, data)
                    yield Cell(data, label, metric, None, measure, weights=evaluation.weights_label(network))


def _absence(row: str, network: str, settings: Settings) -> tuple[Status, str]:
    """Status and reason of a row of the paper that is not measured."""
    dataset = (TESTED | TRAINED)[row]
    if dataset != settings.dataset:
        return "data-unavailable", NEEDED[dataset] + (f"; even then {TRAINING}" if row in TRAINED else "")
    return "not-run", TRAINING if row in TRAINED else missing(network)


TABLE = Table("steganography", "table_2", cells, decimals=4, units={"APD": "grey levels"})
