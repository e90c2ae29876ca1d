"""Detection rate of a camera's own pictures beyond the limits of ``why_silent``.

Command:  zoo reproduce imaging silence --dataset open_photographs
Expected: runs/tables/laptop/imaging_silence.csv and .png
Time:     6 minutes of one core at `laptop`
Data:     synthetic bodies that save JPEGs of quality 90, and their own pictures; of ``open_photographs`` those of
          ``calibration``, which the limits were set on, beside those of ``test``

No table of the paper. Pictures are under- and overexposed, blurred and cropped, step by step, and compared pixel upon
pixel with the fingerprint of the body that took them. Rows are what ``why_silent`` says of them; the values say how
many are found all the same, and of how many pictures without damage it says so.
"""

import dataclasses
from collections.abc import Iterator
from functools import partial
from itertools import product

import cv2
import numpy as np
import pandas as pd

from zoo.experiments.imaging.data import raw_folder
from zoo.experiments.imaging.prnu import cameras
from zoo.experiments.run.cached_method import cached_method
from zoo.experiments.run.cells import Cell, DataUnavailable, Settings, Table
from zoo.experiments.run.scales import scale_of
from zoo.imaging.prnu import LEVEL, match
from zoo.metrics import Estimate, bootstrap_mean, rate_upper_bound

REASONS = ("too small", "too dark", "too bright", "too smooth", "")
EXPOSURES = tuple(2.0**n for n in (0, -9, -8, -7, -6, -5, -4, -2, 2, 4, 6, 8))
BLURS = (0.5, 1, 1.5, 2, 3, 5)
"""Deviations of the Gaussian in pixels."""
SIDES = (32, 48, 64, 96, 128)
"""Sides of the crops, in pixels."""


@dataclasses.dataclass(frozen=True)
class Scale:
    """How many bodies of which side, with how many photographs each."""

    bodies: int
    side: int
    counts: dict[str, int]


SCALES = {
    "smoke": Scale(1, 128, {"fingerprint": 3, "test": 1, "calibration": 1}),
    "laptop": Scale(12, 256, {"fingerprint": 15, "test": 4, "calibration": 4}),
    "paper": Scale(12, 512, {"fingerprint": 15, "test": 8, "calibration": 8}),
}


class Silence:
    """Own pictures of synthetic bodies, damaged step by step.

    Raises:
        ValueError: For an unknown scale, or a folder: its exposures are what they are.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings, self.scale = settings, scale_of(SCALES, settings.scale)
        if (received := raw_folder(settings)) is not None:
            raise ValueError(f"silence takes synthetic bodies only. Received: {received}")
        self.roles = ("calibration", "test") if settings.dataset == "open_photographs" else ("test",)

    @cached_method()
    def pictures(self, role: str) -> pd.DataFrame:
        """Each picture's scene, whether it is undamaged, the reason not to judge it, and whether it is found."""
        rows = []
        for camera in cameras.synthetic(self.settings, self.scale.bodies, self.scale.counts, self.scale.side):
            fingerprint = camera.fingerprint()
            for number, damaged, picture in _damaged(camera, role):
                height, width = picture.shape[:2]
                found = match(fingerprint[:height, :width], picture)
                reason, matched = found.reason.partition(":")[0], found.p_value < LEVEL
                scene = f"{camera.name}, {number}"
                rows.append({"scene": scene, "damaged": damaged, "reason": reason, "found": matched})
        return pd.DataFrame(rows)

    def found(self, role: str, reason: str) -> Estimate:
        """Return the share in percent that is found of the pictures that ``why_silent`` gives a reason for."""
        pictures = self.pictures(role)
        return _share(pictures[pictures["reason"] == reason], "found", self.settings.seed)

    def refused(self, role: str, reason: str) -> Estimate:
        """Return the share in percent of undamaged pictures that are given a reason."""
        pictures = self.pictures(role)
        undamaged = pictures[~pictures["damaged"]]
        return _share(undamaged.assign(refused=undamaged["reason"] == reason), "refused", self.settings.seed)


def _damaged(camera: cameras.Camera, role: str) -> Iterator[tuple[int, bool, np.ndarray]]:
    """Yield the photographs of a camera, each as it is and in all kinds of damage: number, whether damaged, picture."""
    for exposure in EXPOSURES:
        for number, picture in enumerate(camera.photographs(role, exposure)):
            yield number, exposure != 1, picture
            if exposure == 1:
                yield from ((number, True, cv2.GaussianBlur(picture, (0, 0), blur)) for blur in BLURS)
                yield from ((number, True, np.ascontiguousarray(picture[:side, :side])) for side in SIDES)


def _share(pictures: pd.DataFrame, column: str, seed: int) -> Estimate:
    """In percent, over scenes; where there is none, to the exact upper bound."""
    if pictures.empty:
        raise DataUnavailable("no picture of this kind")
    shares = bootstrap_mean(100.0 * pictures[column].to_numpy(), list(pictures["scene"]), seed=seed)
    if pictures[column].any():
        return shares
    return dataclasses.replace(shares, ci_high=100 * rate_upper_bound(0, len(pictures)))


def cells(settings: Settings) -> Iterator[Cell]:
    """Yield what is found of own pictures by reason, and how often undamaged ones are given it."""
    measured = Silence(settings)
    for reason, role in product(REASONS, measured.roles):
        measure = partial(measured.found, role, reason)
        yield Cell(reason or "none of these", role, "own pictures, found", measure=measure)
    for reason, role in product(REASONS[:-1], measured.roles):
        measure = partial(measured.refused, role, reason)
        yield Cell(reason, role, "undamaged pictures, said so of", measure=measure)


TABLE = Table("imaging", "silence", cells, units="%")
