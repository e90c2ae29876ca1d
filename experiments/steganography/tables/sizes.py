"""Loss and PSNR at several sizes of image: H-net and R-net against the lowest bits.

Command:  zoo reproduce steganography sizes --dataset open_photographs
Expected: runs/tables/laptop/steganography_sizes.csv
Time:     `laptop` two minutes on two cores for the 100 test photographs

Not in the paper, whose images all have 224 pixels. Every photograph is used once, as a whole, made small.
"""

import dataclasses
from collections.abc import Iterator
from functools import partial

from zoo.experiments.run.cells import Cell, Settings, Table
from zoo.experiments.steganography.evaluation import COLUMNS, LOSS, LSB_COLUMNS, Evaluation, finite_psnr

SIDES = (64, 128, 224)
SMOKE = (32, 64)
METHODS = {"ours": COLUMNS["ours"]} | {column: LSB_COLUMNS[column] for column in ("LSB 3", "LSB 4")}
PSNR = {"C-H": "PSNR of the container", "S-O": "PSNR of the revealed image"}


def cells(settings: Settings) -> Iterator[Cell]:
    """Yield the cells of the table."""
    for side in SMOKE if settings.scale == "smoke" else SIDES:
        evaluation = Evaluation(settings)
        evaluation.scale = dataclasses.replace(evaluation.scale, size=side, units_a_scene=1)
        row = f"{side} pixels"
        for column, name in METHODS.items():
            yield evaluation.cell(row, column, LOSS, name, partial(evaluation.loss, name))
            for part, metric in PSNR.items():
                yield evaluation.cell(row, column, metric, name, partial(evaluation.error, name, part, finite_psnr))


TABLE = Table("steganography", "sizes", cells, 5, units=dict.fromkeys(PSNR.values(), "dB"))
