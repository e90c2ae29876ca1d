"""Table IV of Pham Van et al. 2019: time to hide and reveal one image at 224x224, with Baluja's networks.

Command:  zoo reproduce steganography table-4
Expected: runs/tables/laptop/steganography_table_4.csv; only the ratio of the two methods means anything elsewhere
Time:     `laptop` half a minute on two cores

The row of the device at hand is measured, GPU or CPU; the other is ``not-run``. Randomly initialised networks.
"""

from collections.abc import Iterator
from functools import partial

from zoo.experiments.run.cells import Cell, Settings, Table
from zoo.experiments.run.environment import device
from zoo.experiments.run.paper_values import paper_values
from zoo.experiments.run.scales import scale_of
from zoo.experiments.steganography.timing import NETWORKS, RATIO, SCALES, estimate, testing_times
from zoo.metrics import Estimate


def cells(settings: Settings) -> Iterator[Cell]:
    """Yield the cells of Table IV."""
    scale = scale_of(SCALES, settings.scale)
    values = paper_values("steganography", "table_4")
    here = "CPU" if device().startswith("CPU") else "GPU"
    for row in values.index:
        for column in values.columns:
            paper = float(values.loc[row, column])
            metric = "time" if column in NETWORKS else "ratio"
            if row != here:
                yield Cell(row, column, metric, paper, status="not-run", why=f"this machine has no {row}")
                continue
            yield Cell(row, column, metric, paper, partial(_measure, scale.test_size, scale.turns, column))


def _measure(size: int, turns: int, column: str) -> Estimate:
    times = testing_times(size, turns)
    if column == RATIO:
        return estimate(times["Baluja"] / times["ours"])
    return estimate(times[column], 1000)


TABLE = Table("steganography", "table_4", cells, decimals=2, units={"time": "ms"})
