"""Table 2 of Chandakkar and Li 2017: no-reference quality, five experiments on LIVE and TID2013.

Command:  zoo reproduce hyperimage table-2
          zoo reproduce hyperimage table-2 --scale paper --dataset tid2013 --data-dir TID2013   (or live_iqa)
Expected: runs/tables/laptop/hyperimage_table_2.csv; docs/results/hyperimage.md has the numbers
Time:     `laptop` minutes on two cores with the stored weights; `paper` trains 100 splits a row and wants a GPU; each
          split's scores are kept in runs/splits when it ends, and a stopped run goes on from there

Without the databases (`laptop`) there are no opinions. The networks then score TID2013's distortions, as far as they
can be generated, on photographs, and the columns say how they agree with MDSI, a full-reference measure: never quality.
Those numbers are not comparable with the paper's. Experiment 3's subsets are scored by the networks trained on all
distortions. Baselines: the distortion's level, and BRISQUE, trained on the same images as the stored networks where the
data set has photographs to train on, else on generated scenes. A distortion that another package adds
(``zoo.extensions``) has rows under its name; no network was trained on it. Of more than 20 photographs, two distortions
each are scored at all levels, of up to 20 all of them.
"""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from zoo import extensions
from zoo.datasets.distortions import DISTORTIONS
from zoo.experiments.hyperimage.quality import protocol
from zoo.experiments.hyperimage.quality.evaluation import (
    BRISQUE,
    CNN,
    LEVEL,
    PROPOSED,
    SELECTIVE,
    STATISTICS,
    SUBSET_ROWS,
    SUBSETS,
    Offline,
)
from zoo.experiments.hyperimage.quality.protocol import DATABASE_OF, SPLITS
from zoo.experiments.hyperimage.quality.training import ALL, MEASURE, SCALES, SECOND, SELECTED
from zoo.experiments.hyperimage.stages import KEPT, or_not_run
from zoo.experiments.hyperimage.values import paper_values, printed
from zoo.experiments.run.cells import Cell, Settings, Status, Table
from zoo.experiments.run.environment import commit
from zoo.experiments.run.scales import scale_of
from zoo.hyperimage.agreement import over_splits
from zoo.metrics import Estimate

NEEDED = {
    "live_iqa": "needs LIVE, --scale paper --dataset live_iqa --data-dir LIVE",
    "tid2013": "needs TID2013, --scale paper --dataset tid2013 --data-dir TID2013",
}
WEIGHTS = {CNN: ALL, SELECTIVE: SELECTED, PROPOSED: SECOND}


def cells(settings: Settings) -> Iterator[Cell]:
    """Yield the cells of Table 2: those of the paper, then those that can be measured without its databases.

    Raises:
        ValueError: For an unknown scale, or a database without ``--scale paper`` and ``--data-dir``.
    """
    scale_of(SCALES, settings.scale)  # refuse an unknown scale before anything else
    yield from _papers(settings)
    if settings.dataset in DATABASE_OF.values() or settings.scale == "paper":
        return
    offline = Offline(settings)
    for name, numbers in (SUBSETS | {name: (name,) for name in extensions.names("distortions")}).items():
        for method in (CNN, SELECTIVE, PROPOSED, LEVEL, BRISQUE):
            for column, statistic in STATISTICS.items():
                measure = partial(offline.agreement, method, statistic, numbers)
                row = f"{name} generated distortions: {method}"
                metric = f"agreement with {MEASURE}"
                cell = Cell(row, column, metric, None, measure, weights=WEIGHTS.get(method, ""))
                yield or_not_run(cell, settings)


def _papers(settings: Settings) -> Iterator[Cell]:
    here = _database(settings)
    values = paper_values("table_2")
    for experiment, row in dict.fromkeys(zip(values["experiment"], values["row"], strict=True)):
        ours = experiment != 1 or row in protocol.METHODS
        for column, statistic in STATISTICS.items():
            paper = printed("table_2", experiment, row, column)
            label = f"Experiment {experiment}: {row}"
            if not ours or here is None or here.dataset != DATABASE_OF[experiment]:
                status: Status = "data-unavailable" if ours else "quoted"
                why = NEEDED[DATABASE_OF[experiment]] if ours else ""
                yield Cell(label, column, "agreement with opinions, median", paper, status=status, why=why)
                continue
            method, distortions = _what(row)
            for how, name in ((np.median, "median"), (np.mean, "mean")):
                measure = partial(_over_splits, here, method, distortions, statistic, SPLITS[experiment], how)
                metric = f"agreement with opinions, {name}"
                yield Cell(label, column, metric, paper, measure, comparable=True, weights="trained")


def _database(settings: Settings) -> protocol.Protocol | None:
    if settings.dataset not in DATABASE_OF.values():
        return None
    if settings.data_dir is None or settings.scale != "paper":
        raise ValueError(
            f"--dataset {settings.dataset} needs --scale paper and --data-dir with its files. "
            f"Received: {settings.scale}, {settings.data_dir}"
        )
    if settings.dataset == "live_iqa":
        from zoo.datasets.live_iqa.live_iqa_dataset_builder import rated
    else:
        from zoo.datasets.tid2013.tid2013_dataset_builder import rated
    kept = KEPT / f"{settings.dataset}-{settings.seed}-{commit()}"
    return protocol.Protocol(settings.dataset, rated(settings.data_dir), SCALES["paper"], settings.seed, kept)


def _what(row: str) -> tuple[str, frozenset[str] | None]:
    """Method and distortions of a row of the paper; None for all of them."""
    if row not in SUBSET_ROWS:
        return row, None
    method, subset = SUBSET_ROWS[row]
    if len(SUBSETS[subset]) == len(DISTORTIONS):
        return method, None
    return method, frozenset(DISTORTIONS[number][0] for number in SUBSETS[subset])


def _over_splits(
    here: protocol.Protocol,
    method: str,
    distortions: frozenset[str] | None,
    statistic: Callable,
    splits: int,
    how: Callable,
) -> Estimate:
    return over_splits([statistic(*here.scores(i, method, distortions)) for i in range(splits)], how)


TABLE = Table("hyperimage", "table_2", cells, decimals=3)
