"""False-positive rates of PRNU matching: p-values and detection rates by kind of crop.

Command:  zoo reproduce imaging false-alarms [--dataset open_photographs]
          zoo reproduce imaging false-alarms --data-dir CAMERAS       real ones: CAMERA/fingerprint/*, CAMERA/test/*
Expected: runs/tables/laptop/imaging_false_alarms.csv and .png
Time:     34 minutes of one core on `open_photographs`, for 16 pictures and six cameras of 6 and 10 megapixels 95, both
          while other programs ran
Data:     synthetic bodies that save JPEGs of quality 90; each photographs scenes of its own

No table of the paper. A p-value is worth something where of other cameras' pictures 5 % have p < .05 and .1 % p < .001.
Square crops of the pictures, as they are or saved as JPEG once more, are compared with every camera's fingerprint:
"aligned" with the same place of it, the crop on the grid of the JPEG blocks; "searched" at all places of the whole
fingerprint, the crop off the grid. "Map" are the windows of ``tampering_map``, side by side, of whole pictures with the
next camera's fingerprint. "One variance" is what is usual: one variance for all places, and p-values from PCE by the
normal distribution. PCE is that of the plane by which each way decides.

Intervals resample cameras and photographs. A share of none has the exact upper bound instead, as if the pairs were
independent. "Found at 1 % false alarms" puts each way's threshold where 1 % of the row's other pictures lie above it,
and counts only the right place.
"""

import dataclasses
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice

import numpy as np
import pandas as pd

from zoo.datasets import keyed
from zoo.datasets.jpeg import NO_JPEG, compress
from zoo.experiments.imaging.data import raw_folder
from zoo.experiments.imaging.prnu import cameras
from zoo.experiments.run.cached_method import cached_method
from zoo.experiments.run.cells import Cell, Settings, Table
from zoo.experiments.run.scales import scale_of
from zoo.imaging.prnu import LEVEL, CorrelationPredictor, clean_residual, false_alarm, matching, tampering_map
from zoo.imaging.prnu.cleaning import to_grey
from zoo.imaging.prnu.predictor import FEATURES
from zoo.metrics import Estimate, rate_upper_bound, resamples, threshold_at_false_alarm

QUALITIES = (NO_JPEG, 85, 75)
WINDOW = 65
"""Side of the map's windows, in pixels."""
WAYS = ("local variance", "one variance")
_PLACES = 0xFA15
_SAMPLES = 2000


@dataclasses.dataclass(frozen=True)
class Scale:
    """How many synthetic bodies of which side, with how many photographs each; sides of crops.

    Of a folder's pictures, crops of each of these sides are taken at ``crops`` places.
    """

    bodies: int
    side: int
    counts: dict[str, int]
    sizes: tuple[int, ...]
    crops: int = 1


SCALES = {
    "smoke": Scale(3, 160, {"fingerprint": 3, "test": 2}, (64, 128)),
    "laptop": Scale(12, 768, {"fingerprint": 15, "test": 8}, (128, 512)),
    "paper": Scale(24, 1024, {"fingerprint": 30, "test": 16}, (128, 512), crops=4),
}
SMALL = (64, 256)
"""Sides of further crops, searched in a folder's fingerprints: those are large, and have many places."""


@dataclasses.dataclass(frozen=True)
class Row:
    """A kind of crop."""

    size: int
    quality: int
    kind: str
    """``"aligned"``, ``"searched"``, or ``"map"`` for the windows of ``tampering_map``."""

    @property
    def label(self) -> str:
        """For the table."""
        saved = f"JPEG {self.quality}" if self.quality else "not saved again"
        return f"{self.size} pixels, {saved}, {self.kind}"


class FalseAlarms:
    """P-values and PCEs of all cameras' pictures with all cameras' fingerprints.

    Raises:
        ValueError: For an unknown scale, or a folder that does not fit.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings, self.scale = settings, scale_of(SCALES, settings.scale)
        self.folder = raw_folder(settings)
        self.rows = [Row(n, q, kind) for kind in ("aligned", "searched") for n in self.scale.sizes for q in QUALITIES]
        self.maps = [Row(WINDOW, q, "map") for q in QUALITIES]
        if self.folder is None:
            self.cameras = cameras.synthetic(settings, self.scale.bodies, self.scale.counts, self.scale.side)
        else:
            self.cameras = cameras.folder(self.folder)
            self.rows += [Row(n, q, "searched") for n in SMALL for q in QUALITIES]

    @cached_method()
    def fingerprint(self, camera: int) -> np.ndarray:
        """Return the fingerprint of a camera, float32 (height, width)."""
        return self.cameras[camera].fingerprint()

    @cached_method()
    def pictures(self) -> list[tuple[int, np.ndarray]]:
        """Each camera's number and picture."""
        return [(n, p) for n, camera in enumerate(self.cameras) for p in camera.photographs("test")]

    @cached_method()
    def pairs(self, row: Row) -> pd.DataFrame:
        """All pairs of a fingerprint and a crop: camera, photograph, own, and for each of ``WAYS`` p, PCE, place."""
        if row.kind == "map":
            return self._windows(row)
        crops, whole = list(self._crops(row)), row.kind == "searched"
        found = []
        for camera in range(len(self.cameras)):
            fingerprint = self.fingerprint(camera)
            fingerprint = fingerprint - fingerprint.mean()
            shape = matching.plane_shape(fingerprint.shape, (row.size, row.size))
            spectra = matching.spectra(fingerprint, shape) if whole else None
            for own, photograph, (y, x), pattern in crops:
                part = fingerprint if whole else fingerprint[y : y + row.size, x : x + row.size]
                values = _compare(part, pattern, (y, x) if whole else (0, 0), spectra)
                found.append({"camera": camera, "photograph": photograph, "own": own == camera, **values})
        return pd.DataFrame(found)

    def _crops(self, row: Row) -> Iterator[tuple[int, int, tuple[int, int], np.ndarray]]:
        """Camera, photograph, place and weighted residual of each crop, at places that all fingerprints have."""
        shapes = [self.fingerprint(n).shape for n in range(len(self.cameras))]
        shapes += [picture.shape[:2] for _, picture in self.pictures()]
        room = [min(sides) - row.size for sides in zip(*shapes, strict=True)]
        if min(room) < matching.PERIOD:
            raise ValueError(
                f"Pictures and fingerprints must be larger than crops of {row.size} pixels. Received: {min(shapes)}"
            )
        for photograph, (camera, picture) in enumerate(self.pictures()):
            rng = keyed.generator(self.settings.seed, _PLACES, photograph, row.size)
            for _ in range(self.scale.crops if self.folder else 1):
                y, x = (int(rng.integers(n // matching.PERIOD)) * matching.PERIOD for n in room)
                if row.kind == "searched":
                    y, x = (n + int(rng.integers(1, matching.PERIOD)) for n in (y, x))
                crop = compress(np.ascontiguousarray(picture[y : y + row.size, x : x + row.size]), row.quality)
                pattern = clean_residual(crop) * to_grey(crop)
                yield camera, photograph, (y, x), pattern - pattern.mean()

    def _windows(self, row: Row) -> pd.DataFrame:
        """Windows of the map of each picture with the next camera's fingerprint, side by side: camera, picture, p."""
        predictor = CorrelationPredictor(row.size, np.zeros(FEATURES), 1.0)  # p-values do not use the predictor
        found = []
        for photograph, (own, picture) in enumerate(self.pictures()):
            camera = (own + 1) % len(self.cameras)
            fingerprint = self.fingerprint(camera)
            height, width = (min(pair) for pair in zip(fingerprint.shape, picture.shape, strict=False))
            part = compress(np.ascontiguousarray(picture[:height, :width]), row.quality)
            windows = tampering_map(part, fingerprint[:height, :width], predictor, stride=row.size)
            shared = {"camera": camera, "photograph": photograph, "own": False}
            found += [{**shared, f"p {WAYS[0]}": p} for p in windows.p_value.ravel()]
        return pd.DataFrame(found)

    def share(self, row: Row, chosen: Callable[[pd.DataFrame], pd.Series], own: bool) -> Estimate:
        """Return the share in percent of own or of other cameras' pairs that are ``chosen``; their mean for floats."""
        pairs = self.pairs(row)
        pairs = pairs[pairs["own"] == own]
        values = chosen(pairs)
        by_source = values.astype(float).groupby([pairs["camera"], pairs["photograph"]])
        groups = by_source.agg(["sum", "count"]).reset_index()
        weights = _draws(groups["camera"], self.settings.seed) * _draws(groups["photograph"], self.settings.seed + 1)
        sums, counts = (weights @ groups[name].to_numpy(float) for name in ("sum", "count"))
        low, high = np.quantile(sums[counts > 0] / counts[counts > 0], (0.025, 0.975))
        if values.dtype == bool and not values.any():  # a difference has no such bound
            high = rate_upper_bound(0, len(values))
        value, low, high = (100 * float(share) for share in (values.mean(), low, high))
        return Estimate(value, low, high, pairs["photograph"].nunique(), len(pairs))

    def largest(self, row: Row, way: str) -> Estimate:
        """Return the largest PCE of another camera's picture."""
        pairs = self.pairs(row)
        pairs = pairs[~pairs["own"]]
        value = float(pairs[f"pce {way}"].max())
        return Estimate(value, value, value, pairs["photograph"].nunique(), len(pairs))

    def found(self, row: Row, way: str) -> pd.Series:
        """Return the pairs of a row that lie above the threshold of 1 % false alarms, and at the right place."""
        pairs = self.pairs(row)
        threshold = threshold_at_false_alarm(-pairs.loc[~pairs["own"], f"p {way}"].to_numpy(), 0.01)
        return (-pairs[f"p {way}"] > threshold) & pairs[f"right {way}"]


def _compare(
    fingerprint: np.ndarray, pattern: np.ndarray, place: tuple[int, int], spectra: matching.Spectra | None
) -> dict[str, object]:
    planes = matching.correlation_planes(fingerprint, pattern, spectra)
    best = matching.best_place(fingerprint, pattern, *planes)
    shift, searched = matching.largest(planes[0], fingerprint.shape, pattern.shape)
    pce = matching.peak_energy(planes[0], shift, fingerprint.size)
    usual = false_alarm(np.sign(pce) * np.sqrt(abs(pce)), searched)
    local, one = WAYS
    return {
        f"p {local}": best.p_value,
        # From the plane that decides the verdict: the squared height of the peak, in standard deviations.
        f"pce {local}": np.sign(best.deviations) * best.deviations**2,
        f"right {local}": best.shift == place,
        f"match {local}": best.p_value < LEVEL,
        f"p {one}": usual,
        f"pce {one}": pce,
        f"right {one}": shift == place,
        f"match {one}": pce >= matching.THRESHOLD,
    }


def _draws(sources: pd.Series, seed: int) -> np.ndarray:
    """Return how often each source is drawn in each bootstrap sample, (samples, sources)."""
    known, index = np.unique(sources, return_inverse=True)
    return np.stack([*islice(resamples(len(known), seed), _SAMPLES)])[:, index].astype(np.float64)


BELOW = {level: f"other cameras, p < {level:g}" for level in (0.05, 0.001)}
"""Metrics by the level of p."""
OTHER_MATCH, LARGEST = "other cameras, called a match", "other cameras, largest PCE"
OWN_MATCH, FOUND = "own pictures, called a match", "own pictures, found at 1 % false alarms"


def cells(settings: Settings) -> Iterator[Cell]:
    """Shares by kind of crop: of other cameras' pictures below two levels, called a match, and what is found."""
    measured = FalseAlarms(settings)
    for level, metric in BELOW.items():
        for row in (*measured.rows, *measured.maps):
            for way in WAYS if row.kind != "map" else WAYS[:1]:
                below = partial(_below, f"p {way}", level)
                measure = partial(measured.share, row, below, own=False)
                yield Cell(row.label, way, metric, measure=measure)
    for row in measured.rows:
        for way, rule in zip(WAYS, (f"p < {LEVEL:g}", f"PCE of {matching.THRESHOLD:.0f}"), strict=True):
            measure = partial(measured.share, row, partial(_column, f"match {way}"), own=False)
            yield Cell(row.label, f"{way}, {rule}", OTHER_MATCH, measure=measure)
    for row in measured.rows:
        for way in WAYS:
            yield Cell(row.label, way, LARGEST, measure=partial(measured.largest, row, way))
    for row in measured.rows:
        for way in WAYS:
            measure = partial(_found, measured, row, way)
            yield Cell(row.label, way, FOUND, measure=measure)
        measure = partial(_gain, measured, row)
        yield Cell(row.label, "gain", FOUND, measure=measure)
    for row in measured.rows:
        for way, rule in zip(WAYS, (f"p < {LEVEL:g}", f"PCE of {matching.THRESHOLD:.0f}"), strict=True):
            measure = partial(measured.share, row, partial(_right_match, way), own=True)
            yield Cell(row.label, f"{way}, {rule}", OWN_MATCH, measure=measure)


def _below(column: str, level: float, pairs: pd.DataFrame) -> pd.Series:
    return pairs[column] < level


def _column(column: str, pairs: pd.DataFrame) -> pd.Series:
    return pairs[column]


def _right_match(way: str, pairs: pd.DataFrame) -> pd.Series:
    return pairs[f"match {way}"] & pairs[f"right {way}"]


def _found(measured: FalseAlarms, row: Row, way: str) -> Estimate:
    return measured.share(row, lambda pairs: measured.found(row, way)[pairs.index], own=True)


def _gain(measured: FalseAlarms, row: Row) -> Estimate:
    local, one = (measured.found(row, way).astype(float) for way in WAYS)
    return measured.share(row, lambda pairs: (local - one)[pairs.index], own=True)


TABLE = Table(
    "imaging",
    "false_alarms",
    cells,
    decimals={BELOW[0.001]: 2, OTHER_MATCH: 2},
    units=dict.fromkeys((*BELOW.values(), OTHER_MATCH, OWN_MATCH, FOUND), "%"),
)
