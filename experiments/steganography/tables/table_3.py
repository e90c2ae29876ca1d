"""Table III of Pham Van et al. 2019: time to train on 15,000 images, by batch size, with Baluja's networks.

Command:  zoo reproduce steganography table-3
Expected: runs/tables/laptop/steganography_table_3.csv; only the ratio of the two methods means anything elsewhere
Time:     `laptop` three minutes on two cores (32x32 pixels, three steps of each, scaled up to 15,000 pairs)

The paper says neither whether its seconds are of an epoch (they fit that) nor what a batch counts; here a batch of 16
has 16 pairs. Its own ratios, 1.26 to 1.55, do not bear out "training time halved". Randomly initialised networks: time
does not depend on weights. At `paper` a CPU times batches of 16 alone: larger ones take up to 50 GB of memory.
"""

from collections.abc import Iterator
from functools import partial

from zoo.experiments.run.cells import Cell, Settings, Table
from zoo.experiments.run.environment import device
from zoo.experiments.run.paper_values import paper_values
from zoo.experiments.run.scales import scale_of
from zoo.experiments.steganography.timing import BATCHES, IMAGES, NETWORKS, RATIO, SCALES, estimate, training_times
from zoo.metrics import Estimate


def cells(settings: Settings) -> Iterator[Cell]:
    """Yield the cells of Table III."""
    scale = scale_of(SCALES, settings.scale)
    values = paper_values("steganography", "table_3")
    for batch in dict.fromkeys((*scale.batches, *BATCHES)):
        papers = batch in BATCHES
        held = batch <= scale.most_in_memory or not device().startswith("CPU")
        why = "" if held else f"needs a GPU: an update of more than {scale.most_in_memory} pairs takes over 16 GB"
        why = why if batch in scale.batches else "this scale does not time batches of this size"
        for column in NETWORKS:
            paper = float(values.loc[batch, column]) if papers else None
            measure = partial(_seconds, scale.train_size, batch, scale.turns, column)
            yield _cell(f"batch {batch}", column, "time for 15,000 images", paper, measure, why)
        paper = float(values.loc[batch, "Baluja"] / values.loc[batch, "ours"]) if papers else None
        measure = partial(_ratio, scale.train_size, batch, scale.turns)
        yield _cell(f"batch {batch}", RATIO, "ratio", paper, measure, why)


def _cell(row: str, column: str, metric: str, paper: float | None, measure: partial, why: str) -> Cell:
    if why:
        return Cell(row, column, metric, paper, status="not-run", why=why)
    return Cell(row, column, metric, paper, measure)


def _seconds(size: int, batch: int, turns: int, column: str) -> Estimate:
    return estimate(training_times(size, batch, turns)[column], IMAGES / batch)


def _ratio(size: int, batch: int, turns: int) -> Estimate:
    times = training_times(size, batch, turns)
    return estimate(times["Baluja"] / times["ours"])


TABLE = Table("steganography", "table_3", cells, decimals=2, units={"time for 15,000 images": "s"})
