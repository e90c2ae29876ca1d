"""Splices of photographs: detection and localisation, next to two baselines without training.

Command:  zoo reproduce hyperimage localisation --dataset open_photographs
          zoo reproduce hyperimage localisation       (on the embedded photographs)
Expected: runs/tables/<scale>/hyperimage_localisation.csv
Time:     20 minutes of one core for the 100 test photographs

``picture AUC`` tells spliced pictures from their authentic twins, which went through the same cut, paste, blend and
JPEG steps. ``localisation AUC`` is the mean over spliced pictures of how well the map tells the region from the rest:
of the networks the heatmap, of a baseline how far each place is from the picture's median. Localisation is not in the
paper.
"""

from collections.abc import Iterator
from functools import partial

from zoo.experiments.hyperimage.forgery.evaluation import ERROR, NOISE, PROPOSED, Offline
from zoo.experiments.hyperimage.forgery.training import SCALES, SECOND
from zoo.experiments.run.cells import Cell, Settings, Table
from zoo.experiments.run.scales import scale_of

KINDS = {"all": None, "splice": "splice", "copy-move": "copy-move"}
COLUMNS = {"picture AUC": "AUC", "localisation AUC": "localisation AUC"}


def cells(settings: Settings) -> Iterator[Cell]:
    """Yield the cells: methods, and by how much the proposed one is better, for all splices and by kind.

    Raises:
        ValueError: For an unknown scale, and for `paper`, which trains on CASIA-2.
    """
    scale_of(SCALES, settings.scale)
    if settings.scale == "paper":
        raise ValueError("localisation takes --scale smoke, laptop or photographs. Received: paper")
    offline = Offline(settings)
    for label, kind in KINDS.items():
        for method in (PROPOSED, NOISE, ERROR):
            weights = SECOND if method == PROPOSED else ""
            for column, what in COLUMNS.items():
                measure = partial(offline.measure, method, what, kind)
                yield Cell(f"{label}: {method}", column, "spliced photographs", None, measure, weights=weights)
        for other in (NOISE, ERROR):
            for column, what in COLUMNS.items():
                row, measure = f"{label}: {PROPOSED} - {other}", partial(offline.gain, other, what, kind)
                yield Cell(row, column, "difference", None, measure, weights=SECOND)


TABLE = Table(
    "hyperimage", "localisation", cells, decimals=1, units={"spliced photographs": "%", "difference": "points"}
)
