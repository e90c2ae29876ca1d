"""Table 1 of Carrara et al. 2018: the weights of the kNN classifiers, printed from what the code computes with.

Command:  zoo reproduce adversarial table-1
Expected: the weights of five neighbours at distances 1 to 5; paper and ours agree to the digit
Time:     seconds at any scale
"""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from zoo.adversarial.scoring import WEIGHTINGS, Weighting, neighbour_weights
from zoo.experiments.run.cells import Cell, Settings, Table
from zoo.metrics import Estimate

DISTANCES = (1, 2, 3, 4, 5)
PRINTED: dict[Weighting, Callable[[int, int], float]] = {
    "kNN": lambda i, d: 1.0,
    "W-kNN": lambda i, d: 1 / i,
    "DW-kNN": lambda i, d: 1 / d**2,
}
"""The formulas as printed, of rank and distance."""


def cells(settings: Settings) -> Iterator[Cell]:
    """Weights of the i-th of five neighbours, at distance i."""
    for weighting, printed in PRINTED.items():
        for i, distance in enumerate(DISTANCES, 1):
            yield Cell(
                f"{weighting}: {WEIGHTINGS[weighting]}",
                f"i = d = {i}",
                "weight",
                printed(i, distance),
                partial(_weight, weighting, i),
                comparable=True,
            )


def _weight(weighting: Weighting, i: int) -> Estimate:
    squared = np.array([DISTANCES], np.float64) ** 2
    return Estimate.exact(float(neighbour_weights(squared, weighting)[0, i - 1]))


TABLE = Table("adversarial", "table_1", cells, decimals=3)
