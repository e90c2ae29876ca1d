"""Loss and PSNR at several sizes of image: H-net and R-net against the lowest bits.

Command:  zoo reproduce steganography sizes --dataset open_photographs
Expected: runs/tables/laptop/steganography_sizes.csv
Time:     `laptop` 21 minutes of one core beside other work, for the 100 test photographs

Not in the paper, whose images all have 224 pixels. Every photograph is used once, as a whole: made a small square, and
at its own size.
"""

import dataclasses
from collections.abc import Callable, Iterator
from functools import cache, partial

import numpy as np

from zoo.experiments.run.cells import Cell, Settings, Table
from zoo.experiments.steganography.evaluation import (
    COLUMNS,
    LOSS,
    LSB_COLUMNS,
    Evaluation,
    finite_psnr,
    other_scenes,
)
from zoo.metrics import Estimate, bootstrap_mean
from zoo.steganography.hiding import STORED_WEIGHT, resize
from zoo.steganography.measures import mse

SIDES = (64, 128, 224)
SMOKE = (32, 64)
AS_THEY_ARE = "as they are"
"""Row of photographs that are not made small."""
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
    evaluation = Evaluation(settings)
    measured = cache(partial(_as_they_are, evaluation))
    for column, name in METHODS.items():
        for metric in (LOSS, *PSNR.values()):
            yield evaluation.cell(AS_THEY_ARE, column, metric, name, partial(_one, measured, name, metric))


def _as_they_are(evaluation: Evaluation, name: str) -> dict[str, Estimate]:
    """Return all metrics of a method on whole photographs."""
    method, pictures = evaluation.method(name, STORED_WEIGHT), evaluation.pictures
    scenes = [picture.scene for picture in pictures]
    found: dict[str, list[float]] = {metric: [] for metric in (LOSS, *PSNR.values())}
    # `Evaluation.results` would keep every picture in memory, and those of a folder may be large.
    for picture, other in zip(pictures, other_scenes(scenes), strict=True):
        cover = picture.load()
        secret = resize(pictures[other].load(), *cover.shape[:2])
        container = method.hide(cover, secret)
        revealed = method.reveal(container)
        found[LOSS].append(mse(cover, container) + STORED_WEIGHT * mse(secret, revealed))
        found[PSNR["C-H"]].append(finite_psnr(cover, container))
        found[PSNR["S-O"]].append(finite_psnr(secret, revealed))
    seed = evaluation.settings.seed
    return {metric: bootstrap_mean(np.array(values), scenes, seed=seed) for metric, values in found.items()}


def _one(measured: Callable[[str], dict[str, Estimate]], name: str, metric: str) -> Estimate:
    return measured(name)[metric]


TABLE = Table("steganography", "sizes", cells, 5, units=dict.fromkeys(PSNR.values(), "dB"))
