"""What is left of the secret image when the container is saved as JPEG: networks, with and without JPEG in training.

Command:  zoo reproduce steganography through-jpeg --dataset open_photographs [--scale photographs|paper]
Expected: runs/tables/laptop/steganography_through_jpeg.csv
Time:     `laptop` ten minutes of one core on the 100 test photographs, while other programs ran; `photographs` has
          images of 128 pixels

Not in the paper. Containers are saved by libjpeg with 4:2:0 subsampling. The column "baseline: mean colour" has the
PSNR of an image that shows only the secret image's mean colour.
"""

from collections.abc import Iterator
from functools import partial

from zoo.datasets.jpeg import compress
from zoo.experiments.run.cells import Cell, Settings, Table
from zoo.experiments.steganography.evaluation import LSB, LSB_COLUMNS, NETWORKS, Evaluation, finite_psnr
from zoo.steganography.hiding import STORED_WEIGHT

CONTAINER, REVEALED = "PSNR of the container", "PSNR of the revealed image"
QUALITIES = (None, 95, 90, 85, 80, 75)
"""Those that the stored networks were trained for lie between the last and the first; None is a PNG."""
COLUMNS = {**NETWORKS, **{column: name for column, name in LSB_COLUMNS.items() if name == LSB[-1]}}


def cells(settings: Settings) -> Iterator[Cell]:
    """Yield the cells of the table."""
    evaluation = Evaluation(settings)
    for column, name in COLUMNS.items():
        container = partial(evaluation.error, name, "C-H", finite_psnr)
        yield evaluation.cell("the container as PNG", column, CONTAINER, name, container)
        for quality in QUALITIES:
            row = "revealed from a PNG" if quality is None else f"revealed from JPEG {quality}"
            save = None if quality is None else partial(compress, quality=quality)
            psnr = partial(evaluation.error, name, "S-O", finite_psnr, STORED_WEIGHT, "photographs", save)
            yield evaluation.cell(row, column, REVEALED, name, psnr)
    guess = partial(evaluation.mean_colour, finite_psnr)
    yield Cell("revealed from a PNG", "baseline: mean colour", REVEALED, measure=guess)


TABLE = Table("steganography", "through_jpeg", cells, 2, units="dB")
