"""PCE of photographs from a synthetic body, from other bodies of its model, and from other models.

Command:  zoo reproduce imaging identification
Expected: runs/tables/laptop/imaging_identification.csv and .png
Time:     13 minutes of one core at `laptop`, while other programs ran
Data:     synthetic bodies; all photograph the same scenes, others than the fingerprint's

No table of the paper: it says how far Figure 5 and Table 3 may be believed. From a PCE of 60 on a picture is taken for
the body's (Goljan, Fridrich and Filler, SPIE 2009; not fitted to anything here). The upper end of a rate of false
positives is the exact 95 % bound: none in N pictures says no more than 3 / N; so is the lower end of the share found.
Pictures of one scene by several bodies are not quite independent.
`laptop`: 45 photographs of 512x512 for the fingerprint, 20 of each of seven bodies; `paper`: 90 and 30 of 1024x1024.
"""

import dataclasses
from collections.abc import Callable, Iterator
from functools import partial

import cv2
import numpy as np

from zoo.datasets.camera import CAMERAS, Body, as_raw
from zoo.datasets.jpeg import compress
from zoo.experiments.imaging.data import raw_folder
from zoo.experiments.imaging.prnu import shots
from zoo.experiments.run.cached_method import cached_method
from zoo.experiments.run.cells import Cell, Settings, Table
from zoo.experiments.run.scales import scale_of
from zoo.imaging.developing import pipeline
from zoo.imaging.developing.picture import to_8_bits
from zoo.imaging.developing.raw import RawImage
from zoo.imaging.prnu import FingerprintSums, match
from zoo.imaging.prnu.matching import THRESHOLD
from zoo.metrics import Estimate, rate_upper_bound

OWN = Body(CAMERAS["birch"], serial=1)
OTHERS = {
    "other bodies of the model": [Body(CAMERAS["birch"], serial=n) for n in (2, 3, 4)],
    "other models": [Body(CAMERAS[name], serial=1) for name in ("alder", "cedar", "dogwood")],
}
ARTEFACT = "with an artefact all bodies share"
STRENGTH = 0.01
"""Standard deviation of each part of that artefact, of the signal: as strong as PRNU."""


def _cropped(picture: np.ndarray) -> np.ndarray:
    """Return the middle three quarters, off the 8x8 grid."""
    height, width = picture.shape[:2]
    y, x = height // 8 + 1, width // 8 + 3
    return np.ascontiguousarray(picture[y : y + height * 3 // 4, x : x + width * 3 // 4])


PROCESSING: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "as developed": lambda picture: picture,
    "JPEG 95": lambda picture: compress(picture, 95),
    "JPEG 85": lambda picture: compress(picture, 85),
    "JPEG 75": lambda picture: compress(picture, 75),
    "median 3x3": lambda picture: cv2.medianBlur(picture, 3),
    "non-local means": lambda picture: cv2.fastNlMeansDenoisingColored(picture, None, 2, 2, 5, 11),
    "cropped to 3/4": _cropped,
    "cropped to 3/4, JPEG 85": lambda picture: compress(_cropped(picture), 85),
}


@dataclasses.dataclass(frozen=True)
class Scale:
    """Pixels of a side, photographs for the fingerprint and of each body for the test."""

    side: int
    fingerprint: int
    test: int


SCALES = {"smoke": Scale(128, 4, 2), "laptop": Scale(512, 45, 20), "paper": Scale(1024, 90, 30)}


class Identification:
    """PCEs of all bodies' pictures with the fingerprint of ``OWN``.

    Raises:
        ValueError: For an unknown scale, or a folder: nobody knows whose its pictures are.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings, self.scale = settings, scale_of(SCALES, settings.scale)
        if (received := raw_folder(settings)) is not None:
            raise ValueError(f"identification takes synthetic bodies only. Received: {received}")

    def detected(self, row: str) -> Estimate:
        """Share in percent of the body's own pictures that reach the threshold; from its exact lower 95 % bound to 100.

        A bootstrap of 20 hits in 20 would say that it cannot be less.
        """
        found = self.pces(row, OWN) >= THRESHOLD
        missed, trials = int((~found).sum()), found.size
        low = 100 * (1 - rate_upper_bound(missed, trials))
        return Estimate(100 * (trials - missed) / trials, low, 100.0, trials, trials)

    def median(self, row: str, bodies: tuple[Body, ...]) -> Estimate:
        """Return the median PCE of the bodies' pictures, over scenes."""
        pces = np.stack([self.pces(row, body) for body in bodies])
        scenes = pces.shape[1]
        drawn = np.random.default_rng(self.settings.seed).integers(scenes, size=(1000, scenes))
        return Estimate.from_samples(np.median(pces), [np.median(pces[:, d]) for d in drawn], scenes, pces.size)

    def false_positives(self, row: str, bodies: tuple[Body, ...]) -> Estimate:
        """Share in percent of other bodies' pictures that reach the threshold; from 0 to its exact upper 95 % bound."""
        pces = np.concatenate([self.pces(row, body) for body in bodies])
        events, trials = int((pces >= THRESHOLD).sum()), pces.size
        return Estimate(100 * events / trials, 0.0, 100 * rate_upper_bound(events, trials), len(bodies), trials)

    @cached_method()
    def fingerprint(self, artefact: bool) -> np.ndarray:
        """Return the fingerprint of the body, with or without a lens artefact, (side, side)."""
        sums = FingerprintSums()
        for picture in self._developed(OWN, "fingerprint", self.scale.fingerprint, artefact):
            sums.add(picture)
        return sums.fingerprint()

    @cached_method()
    def pictures(self, body: Body, artefact: bool) -> list[np.ndarray]:
        """Return the test pictures of a body, uint8 RGB (side, side, 3)."""
        return list(self._developed(body, "test", self.scale.test, artefact))

    def _developed(self, body: Body, role: str, count: int, artefact: bool) -> Iterator[np.ndarray]:
        scenes = shots.scenes(self.settings, role)
        for shot in shots.synthetic(body, role, count, self.scale.side, self.settings.seed, pictures=scenes):
            image = _with_artefact(shot.image, body) if artefact else shot.image
            yield to_8_bits(pipeline.develop(image))

    @cached_method()
    def pces(self, row: str, body: Body) -> np.ndarray:
        """Return the PCE of a body's test pictures, processed as ``row`` says, (n,)."""
        artefact = row == ARTEFACT
        process = PROCESSING.get(row, lambda picture: picture)
        pattern = self.fingerprint(artefact)
        return np.array([match(pattern, process(p)).pce for p in self.pictures(body, artefact)])


def cells(settings: Settings) -> Iterator[Cell]:
    """Rates at the threshold and median PCEs, by processing."""
    measured = Identification(settings)
    for row in (*PROCESSING, ARTEFACT):
        yield Cell(row, "this body", "PCE of 60 and more", measure=partial(measured.detected, row))
        for column, bodies in OTHERS.items():
            measure = partial(measured.false_positives, row, tuple(bodies))
            yield Cell(row, column, "PCE of 60 and more", measure=measure)
    for row in (*PROCESSING, ARTEFACT):
        for column, bodies in ({"this body": [OWN]} | OTHERS).items():
            yield Cell(row, column, "median PCE", measure=partial(measured.median, row, tuple(bodies)))


def _with_artefact(image: RawImage, body: Body) -> RawImage:
    """Let the response of 8x8 blocks, of rows and of columns vary, in the same way for every body."""
    height, width = image.shape
    rng = np.random.default_rng(8)
    block = np.tile(rng.normal(size=(8, 8)), (height // 8 + 1, width // 8 + 1))[:height, :width]
    pattern = block + rng.normal(size=(height, 1)) + rng.normal(size=(1, width))
    mosaic, black = image.mosaic.astype(np.float64), min(body.model.black)
    changed = black + (mosaic - black) * (1 + STRENGTH * pattern)
    return as_raw(np.clip(np.rint(changed), 0, body.model.white).astype(np.uint16), body)


TABLE = Table("imaging", "identification", cells, decimals=1, units={"PCE of 60 and more": "%"})
