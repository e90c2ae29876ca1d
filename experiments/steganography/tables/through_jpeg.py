"""What is left of the secret image when the container is saved as JPEG: networks, with and without JPEG in training.

Command:  zoo reproduce steganography through-jpeg --dataset open_photographs [--scale photographs|paper]
Expected: runs/tables/laptop/steganography_through_jpeg.csv
Time:     `laptop` five minutes of one core on the 100 test photographs; `photographs` has images of 128 pixels

Not in the paper. Containers are saved by libjpeg with 4:2:0 subsampling. Whoever answers the secret image's mean
colour has the column "mean colour".
"""

from collections.abc import Callable, Iterator
from functools import partial

from zoo.datasets.jpeg import compress
from zoo.experiments.run.cells import Cell, Settings, Table
from zoo.experiments.steganography.evaluation import LSB, LSB_COLUMNS, NETWORKS, Evaluation, finite_psnr, missing
from zoo.metrics import Estimate
from zoo.steganography.hiding import STORED_WEIGHT

CONTAINER, REVEALED = "PSNR of the container, dB", "PSNR of the revealed image, dB"
QUALITIES = (None, 95, 90, 85, 80, 75)
"""Those that the stored networks were trained for lie between the last and the first; None is a PNG."""
COLUMNS = {**NETWORKS, **{column: name for column, name in LSB_COLUMNS.items() if name == LSB[-1]}}


def cells(settings: Settings) -> Iterator[Cell]:
    """Yield the cells of the table."""
    evaluation = Evaluation(settings)
    for column, name in COLUMNS.items():
        absent = missing(name) if name in NETWORKS.values() and not evaluation.available(name) else ""
        label = "" if absent else evaluation.weights_label(name)
        wanted: list[tuple[str, str, Callable[[], Estimate]]] = [
            ("the container as PNG", CONTAINER, partial(evaluation.error, name, "C-H", finite_psnr))
        ]
        for quality in QUALITIES:
            row = "revealed from a PNG" if quality is None else f"revealed from JPEG {quality}"
            save = None if quality is None else partial(compress, quality=quality)
            psnr = partial(evaluation.error, name, "S-O", finite_psnr, STORED_WEIGHT, "photographs", save)
            wanted.append((row, REVEALED, psnr))
        for row, metric, measure in wanted:
            if absent:
                yield Cell(row, column, metric, status="not-run", why=absent)
            else:
                yield Cell(row, column, metric, None, measure, weights=label)
    guess = partial(evaluation.mean_colour, finite_psnr)
    yield Cell("revealed from a PNG", "baseline: mean colour", REVEALED, measure=guess)


TABLE = Table("steganography", "through_jpeg", cells, 2)
