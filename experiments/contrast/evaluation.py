"""Test units of the contrast tables and the scores of pristine and adjusted pictures under JPEG.

An operator is applied to the whole picture, the whole picture is compressed (Pillow, 4:2:0), and both versions of every
unit are scored. At `laptop` a unit is a crop on the 64-pixel grid, at `paper` the whole picture.
"""

import dataclasses
from collections.abc import Hashable, Iterable, Iterator
from functools import cache, cached_property, lru_cache
from pathlib import Path

import numpy as np

from zoo import extensions, tiles
from zoo.contrast.baselines import histogram_roughness
from zoo.contrast.detector import PATCH, ContrastDetector
from zoo.contrast.operators import Operator, clahe, gamma_correction, histogram_stretching, hsv_round_trip
from zoo.contrast.photoshop import table_2_operators
from zoo.datasets.jpeg import NO_JPEG, compress
from zoo.datasets.photographs import Photograph, photographs
from zoo.experiments.contrast.own_detector import Detector, of_function, of_saved_model
from zoo.experiments.contrast.pretrained import NAMES
from zoo.experiments.run.cached_method import cached_method
from zoo.experiments.run.cells import DataUnavailable, Settings
from zoo.experiments.run.scales import scale_of
from zoo.metrics import Estimate, bootstrap_auc, percent
from zoo.resolve_weights import resolve_weights
from zoo.weights import names

TABLE_1_OPERATORS: dict[str, Operator] = {
    "CLAHE 0.003": lambda image: clahe(image, 3),
    "CLAHE 0.005": lambda image: clahe(image, 5),
    "CLAHE 0.007": lambda image: clahe(image, 7),
    "gamma 1.5": lambda image: gamma_correction(image, 1.5),
    "gamma 1.7": lambda image: gamma_correction(image, 1.7),
    "gamma 0.7": lambda image: gamma_correction(image, 0.7),
    "gamma 0.6": lambda image: gamma_correction(image, 0.6),
    "HS 3": lambda image: histogram_stretching(image, 3),
    "HS 5": lambda image: histogram_stretching(image, 5),
    "HS 7": lambda image: histogram_stretching(image, 7),
}
MATCHED = ("CLAHE 0.005", "gamma 1.5", "gamma 0.7", "HS 5")
CONTROL = "control: HSV round trip"
OPERATORS: dict[str, Operator] = {**TABLE_1_OPERATORS, **table_2_operators(), CONTROL: hsv_round_trip}
QUALITIES = {"no jpg": NO_JPEG} | {str(q): q for q in (100, 98, 95, 90, 85, 80, 75)}


@dataclasses.dataclass(frozen=True)
class Scale:
    """How much is measured: ``crop`` is the side of a unit (None: whole pictures)."""

    pictures: int | None
    crop: int | None
    units_a_scene: int
    """Units of each of up to ``FEW`` pictures; of more pictures, each gives one, near its centre."""


FEW = 20
TOGETHER = 1024
"""Patches that are scored in one go, at least; a batch that is not full costs as much as a full one."""
SCALES = {
    "smoke": Scale(pictures=2, crop=64, units_a_scene=1),
    "laptop": Scale(pictures=None, crop=192, units_a_scene=4),
    "paper": Scale(pictures=300, crop=None, units_a_scene=1),
}


class Evaluation:
    """The units of ``settings`` and their scores, each computed once.

    Args:
        settings: Of the table.
        halved: Leave out the half of a user's folder that networks are trained on, as with ``settings.weights``.
        split: ``"test"``, or ``"calibration"`` where the data set has it.
        whole: Take whole pictures as units at any scale.

    Raises:
        ValueError: For an unknown scale, or when the pictures hold no unit.
    """

    def __init__(self, settings: Settings, halved: bool = False, split: str = "test", whole: bool = False) -> None:
        self.settings, self.scale = settings, scale_of(SCALES, settings.scale)
        if whole:
            self.scale = dataclasses.replace(self.scale, crop=None)
        self.halved = halved or settings.weights is not None
        self.split = split

    @cached_property
    def pictures(self) -> list[Photograph]:
        """The pictures of the data set's split, or all of a user's folder."""
        settings = self.settings
        # The stored networks were not trained on a user's folder, so all of it is for testing.
        split = "all" if settings.named is None and not self.halved else self.split
        found = photographs(settings.named, settings.data_dir, split, settings.seed)
        return found[: self.scale.pictures]

    @cached_property
    def corners(self) -> list[np.ndarray | None]:
        """Where each picture's units lie; the same in every version of it."""
        return [self._corners(picture.load().shape) for picture in self.pictures]

    @cached_property
    def sources(self) -> list[Hashable]:
        """The scene of each unit."""
        found: list[Hashable] = []
        for picture, corners in zip(self.pictures, self.corners, strict=True):
            found += [picture.scene] * (1 if corners is None else len(corners))
        if not found:
            raise ValueError(
                f"At least one picture must be {self.scale.crop} pixels high and wide. Received: "
                f"{len(self.pictures)} smaller pictures"
            )
        return found

    def where(self, weights: str) -> str:
        """Return the file of the network ``weights`` in the user's folder of trained ones, or the name itself.

        At `paper` that is the network as it was trained, not the packed one of 8 and 6 bits.
        """
        folder = self.settings.weights
        if folder is None or not weights.startswith("contrast-"):
            return weights
        if self.settings.scale == "paper":
            whole = [folder / f"{step}.keras" for step, name in NAMES.items() if name == weights]
            if whole and whole[0].is_file():
                return str(whole[0])
        return resolve_weights(folder, weights)[0]

    def units(self, operator: str | None, quality: int, first: str | None = None) -> Iterator[list[np.ndarray]]:
        """Yield the units of each picture after ``first`` (both classes), ``operator`` (None for pristine) and JPEG."""
        for picture, corners in zip(self.pictures, self.corners, strict=True):
            image = picture.load()
            for name in (first, operator):
                if name is not None:
                    image = (OPERATORS.get(name) or extensions.load("operators", name))(image)
            image = compress(image, quality)
            side = self.scale.crop
            yield [image] if corners is None else [image[y : y + side, x : x + side] for y, x in corners]

    def _corners(self, shape: tuple[int, ...]) -> np.ndarray | None:
        if self.scale.crop is None:
            return None
        height, width = shape[:2]
        corners = tiles.grid(height, width, self.scale.crop)
        wanted = self.scale.units_a_scene if len(self.pictures) <= FEW else 1
        if wanted == 1:
            return corners[len(corners) // 2 : len(corners) // 2 + 1]
        # If there are more units than wanted, take some that are spread over the picture.
        chosen = np.linspace(0, len(corners) - 1, min(len(corners), wanted)).round().astype(int)
        return corners[chosen]

    @cached_method()
    def scores(self, weights: str, operator: str | None, quality: int, first: str | None = None) -> np.ndarray:
        """Return the score of each unit, (n,), higher for adjusted; arguments as of ``units``."""
        other = load_detector(self.where(weights))
        if other is None:
            return np.array([scores.mean() for scores in self.patch_scores(weights, operator, quality, first)])
        return np.concatenate([other(units) for units in self.units(operator, quality, first)])

    @cached_method()
    def patch_scores(
        self, weights: str, operator: str | None, quality: int, first: str | None = None
    ) -> list[np.ndarray]:
        """ContrastNet's scores of the patches on each unit's grid, a list of (n,); arguments as of ``units``."""
        network = stored_network(self.where(weights))
        return list(_patch_scores(network, (u for units in self.units(operator, quality, first) for u in units)))

    @cached_method()
    def roughness(self, operator: str | None, quality: int) -> np.ndarray:
        """Return the untrained statistic of each unit's histogram, (n,)."""
        return np.array([histogram_roughness(u) for units in self.units(operator, quality) for u in units])


@lru_cache(4)
def evaluation_of(settings: Settings, split: str = "test", whole: bool = False) -> Evaluation:
    """The ``Evaluation`` that the tables of a run share: no version of a picture is scored twice by a network."""
    return Evaluation(settings, split=split, whole=whole)


@cache
def load_detector(weights: str) -> Detector | None:
    """The user's detector, ``module:function`` or a SavedModel folder, see ``own_detector``; higher for adjusted.

    None for ContrastNet weights, by name or path.

    Raises:
        ValueError: When it is neither, or cannot be loaded.
    """
    path = Path(weights)
    if (path / "saved_model.pb").is_file():
        return of_saved_model(path)
    if ":" in weights and not path.exists():
        return of_function(weights)
    if weights not in names() and not weights.startswith("contrast-") and not path.is_file():
        raise ValueError(
            "A detector must be MODULE:FUNCTION, the folder of a SavedModel, or ContrastNet weights by name or file. "
            f"Received: {weights!r}"
        )
    return None


def _patch_scores(network: ContrastDetector, units: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """Yield the score of each patch on each unit's grid, (n,) a unit; the patches of several units fill the batches."""
    waiting: list[np.ndarray] = []
    for unit in units:
        waiting.append(tiles.cut(unit, tiles.grid(unit.shape[0], unit.shape[1], PATCH), PATCH))
        if sum(map(len, waiting)) >= TOGETHER:
            yield from _split_scores(network, waiting)
            waiting = []
    if waiting:
        yield from _split_scores(network, waiting)


def _split_scores(network: ContrastDetector, groups: list[np.ndarray]) -> list[np.ndarray]:
    return np.split(network.score_patches(np.concatenate(groups)), np.cumsum([len(g) for g in groups])[:-1])


@cache
def stored_network(weights: str) -> ContrastDetector:
    """Return the detector with weights by name or file.

    Raises:
        DataUnavailable: Where the name is that of weights that are not stored here.
    """
    if weights.startswith("contrast-") and weights not in names():
        raise DataUnavailable(f"stored weights {weights}")
    return ContrastDetector(weights)


UNAWARE, ROUND_TRIPPED = "contrast-unaware.photographs", "contrast-round-trip.photographs"
SOME = ("no jpg", "98", "90", "80")
"""Columns of the additional rows that need another network."""


def auc(evaluation: Evaluation, weights: str, operator: str, column: str, first: str | None = None) -> Estimate:
    """Return the AUC in percent of pristine against adjusted units at a quality."""
    quality = QUALITIES[column]
    pristine = evaluation.scores(weights, None, quality, first)
    adjusted = evaluation.scores(weights, operator, quality, first)
    return percent(bootstrap_auc(pristine, adjusted, evaluation.sources, seed=evaluation.settings.seed))
