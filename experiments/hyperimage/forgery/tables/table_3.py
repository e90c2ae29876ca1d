"""Table 3 of Chandakkar and Li 2017: authentic or tampered, on CASIA-2.

Command:  zoo reproduce hyperimage table-3
          zoo reproduce hyperimage table-3 --scale paper --dataset casia2 --data-dir CASIA2
Expected: runs/tables/laptop/hyperimage_table_3.csv; docs/results/hyperimage.md has the numbers
Time:     `laptop` minutes on two cores with the stored weights; `paper` trains on CASIA-2 and wants a GPU; each
          network is kept in runs/splits when its training ends, and a stopped run goes on from there

Additional rows: always "authentic" is right for 59.4 % of CASIA-2, and "a TIFF is tampered, all else authentic"
for 83.6 %, more than the paper's 83.1; so the JPEGs alone, with balanced accuracy and AUC, are what to look at. Without
the database (`laptop`) the stored networks judge splices and copy-moves of photographs whose authentic twins went
through the same cut, paste and encoding: not comparable with the paper. Baseline: the noise level's variation.
"""

from collections.abc import Iterator
from functools import partial

from zoo.datasets.casia2.casia2_dataset_builder import AUTHENTIC, TAMPERED
from zoo.experiments.hyperimage.forgery import casia
from zoo.experiments.hyperimage.forgery.evaluation import BASELINE, NOISE, PROPOSED, QUOTED, Offline
from zoo.experiments.hyperimage.forgery.training import END_TO_END, SCALES, SECOND
from zoo.experiments.hyperimage.stages import or_not_run
from zoo.experiments.hyperimage.values import printed
from zoo.experiments.run.cells import Cell, Settings, Table
from zoo.experiments.run.scales import scale_of
from zoo.metrics import Estimate

KINDS = ("splice", "copy-move")
NEEDED = "needs CASIA-2, --scale paper --dataset casia2 --data-dir CASIA2"


def cells(settings: Settings) -> Iterator[Cell]:
    """Yield the cells of Table 3: the paper's, what the files' names and counts say, and spliced photographs.

    Raises:
        ValueError: For an unknown scale, or CASIA-2 without ``--scale paper`` and ``--data-dir``.
    """
    scale_of(SCALES, settings.scale)  # refuse an unknown scale before anything else
    here = casia.database(settings)
    for experiment, row in ((1, BASELINE), (2, QUOTED), (2, PROPOSED)):
        paper = printed("table_3", experiment, row, "accuracy")
        if row == QUOTED:
            yield Cell(row, "accuracy", "CASIA-2", paper, status="quoted")
            continue
        if here is None:
            yield Cell(row, "accuracy", "CASIA-2", paper, status="data-unavailable", why=NEEDED)
            continue
        for column in casia.COLUMNS:
            value = paper if column == "accuracy" else None
            measure = partial(here.measure, row == PROPOSED, column)
            yield Cell(row, column, "CASIA-2", value, measure, comparable=column == "accuracy", weights="trained")
    for row, right in (("baseline: majority", sum(AUTHENTIC.values())), ("baseline: TIFF means tampered", _tiff())):
        yield Cell(f"{row} (counted)", "accuracy", "CASIA-2", None, partial(_share, right))
    if here is not None or settings.scale == "paper":
        return
    offline = Offline(settings)
    weights = {PROPOSED: SECOND, BASELINE: END_TO_END}
    for kind in (None, *KINDS):
        for method in (BASELINE, PROPOSED, NOISE):
            for column in ("AUC", "balanced accuracy") if method != NOISE else ("AUC",):
                measure = partial(offline.measure, method, column, kind)
                row = f"{'all' if kind is None else kind}: {method}"
                cell = Cell(row, column, "spliced photographs", None, measure, weights=weights.get(method, ""))
                yield or_not_run(cell, settings)


def _tiff() -> int:
    """Return the files that "TIFF means tampered" gets right."""
    return sum(AUTHENTIC.values()) + TAMPERED[".tif"]


def _share(right: int) -> Estimate:
    total = sum(AUTHENTIC.values()) + sum(TAMPERED.values())
    return Estimate.exact(100 * right / total, total)


TABLE = Table("hyperimage", "table_3", cells, decimals=1, units="%")
