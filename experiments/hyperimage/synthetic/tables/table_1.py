"""Table 1 of Chandakkar and Li 2017: the synthetic task, both experiments at the paper's size.

Command:  zoo reproduce hyperimage table-1            (or: make reproduce-table-1 PAPER=hyperimage)
Expected: runs/tables/laptop/hyperimage_table_1.csv; docs/results/hyperimage.md has the numbers
Time:     minutes on two cores with the stored weights; `zoo pretrain hyperimage synthetic` trains them anew

Experiment 1: images with random contents and positions. Experiment 2: 1,000 images that differ in nothing but the
positions of one to five patches; the networks are experiment 1's. Additional rows: a closed form without any
learning, ``-sum(alpha_i)`` from the pixels, which is all but the score itself; the number of patches; and a second
stage trained and tested on hyper-images whose cells were shuffled, which can know no position; the package does not
hold it, so its cells are ``not-run`` until `zoo pretrain hyperimage synthetic` has trained it. ``comparable`` is
``yes``: task, sizes and networks are the paper's, as far as it gives them.
"""

from collections.abc import Iterator
from functools import partial

from zoo.datasets.synthetic_artifacts import MOST
from zoo.experiments.hyperimage.stages import or_not_run
from zoo.experiments.hyperimage.synthetic.evaluation import (
    AVERAGE,
    CLOSED,
    CONTROL,
    COUNT,
    PROPOSED,
    STATISTICS,
    Evaluation,
    mean_of_both,
)
from zoo.experiments.hyperimage.synthetic.training import FIRST, PERMUTED, SECOND
from zoo.experiments.hyperimage.values import printed
from zoo.experiments.run.cells import Cell, Settings, Table


def cells(settings: Settings) -> Iterator[Cell]:
    """Yield the cells of Table 1."""
    evaluation = Evaluation(settings)
    comparable = settings.scale != "smoke"
    weights = {AVERAGE: FIRST, PROPOSED: SECOND, CONTROL: PERMUTED}
    for method in (AVERAGE, PROPOSED, CONTROL, CLOSED, COUNT):
        for column, statistic in STATISTICS.items():
            measure = partial(evaluation.agreement, method, None, statistic)
            paper, row = printed("table_1", 1, method, column), f"Experiment 1: {method}"
            cell = Cell(row, column, "agreement", paper, measure, "measured", comparable, weights.get(method, ""))
            yield or_not_run(cell, settings)
    for method in (AVERAGE, PROPOSED, CONTROL, CLOSED):
        for patches in range(1, MOST + 1):
            measure = partial(evaluation.agreement, method, patches, mean_of_both)
            paper, row = printed("table_1", 2, method, str(patches)), f"Experiment 2: {method}"
            metric = "mean of SROCC and PLCC, by number of patches"
            cell = Cell(row, str(patches), metric, paper, measure, "measured", comparable, weights.get(method, ""))
            yield or_not_run(cell, settings)


TABLE = Table("hyperimage", "table_1", cells, decimals=3)
