"""Localisation: pixel AUC of the heatmap, by the size of the adjusted region.

Command:  zoo reproduce contrast localisation [--dataset open_photographs]
Expected: runs/tables/laptop/contrast_localisation.csv
Time:     `laptop` an hour of one core on open_photographs; half a minute for `smoke`

The paper leaves localisation to future work, so there is no number of it. A square at a random place of each picture is
adjusted as by an adjustment layer with a mask: the operator runs over the whole picture, and its result is kept inside
the square. Then the picture is compressed. The AUC of a picture says how often a pixel inside has a higher value than
one outside; what is printed is the mean over the pictures that are at least twice as high and wide as the square.
Controls: the heatmap of the picture that was not adjusted, with the same squares (50 is chance), and an untrained
statistic of the histogram of the same patches.
"""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
from sklearn.metrics import roc_auc_score

from zoo import tiles
from zoo.contrast.baselines import histogram_roughness
from zoo.contrast.dense import DenseScores
from zoo.contrast.detector import DEFAULT_WEIGHTS, PATCH
from zoo.datasets import keyed
from zoo.datasets.jpeg import compress
from zoo.experiments.contrast.evaluation import MATCHED, OPERATORS, QUALITIES, Evaluation, stored_network
from zoo.experiments.run.cached_method import cached_method
from zoo.experiments.run.cells import Cell, DataUnavailable, Settings, Table
from zoo.metrics import Estimate, bootstrap_mean

SIDES = (64, 128, 192)
"""Sides of the adjusted square, in pixels."""
COLUMNS = ("no jpg", "95", "85")
NOT_ADJUSTED = "control: not adjusted"
STEP = 4
"""Every fourth pixel of every fourth row counts: a heatmap is smooth."""


class Localisation:
    """The adjusted pictures of ``settings`` and how well their squares are found.

    Raises:
        ValueError: For an unknown scale.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings, self.evaluation = settings, Evaluation(settings)
        self.stride = PATCH if settings.scale == "smoke" else PATCH // 2

    @cached_method()
    def network(self) -> DenseScores:
        """Return the aware network, over whole pictures."""
        return DenseScores(stored_network(self.evaluation.where(DEFAULT_WEIGHTS)).model, self.stride)

    def measure(self, operator: str | None, side: int, quality: int, untrained: bool = False) -> Estimate:
        """Return the mean AUC in percent over the pictures, with its interval over scenes.

        Raises:
            DataUnavailable: Where no picture is twice as large as the square.
        """
        found, scenes = [], []
        for number, picture in enumerate(self.evaluation.pictures):
            image = self._loaded(number)
            height, width = image.shape[:2]
            if min(height, width) < 2 * side:
                continue
            inside = square((height, width), side, self.settings.seed, number)
            adjusted = image if operator is None else np.where(inside[..., None], OPERATORS[operator](image), image)
            adjusted = compress(adjusted, quality)
            scores = self._roughness(adjusted) if untrained else self._scores(adjusted, number, quality)
            corners = tiles.positions(height, width, PATCH, self.stride)
            flat = (np.full((PATCH, PATCH), s, np.float32) for s in scores.ravel())
            heatmap = tiles.blend(flat, corners, height, width)
            values, mask = heatmap[::STEP, ::STEP], inside[::STEP, ::STEP]
            found.append(100 * roc_auc_score(mask.ravel(), values.ravel()))
            scenes.append(picture.scene)
        if not found:
            raise DataUnavailable(f"pictures of {2 * side} pixels a side or more")
        return bootstrap_mean(np.array(found), scenes, seed=self.settings.seed)

    def _loaded(self, number: int) -> np.ndarray:
        image = self.evaluation.pictures[number].load()
        return np.ascontiguousarray(image[:160, :160]) if self.settings.scale == "smoke" else image

    @cached_method()
    def _not_adjusted(self, number: int, quality: int) -> np.ndarray:
        """Return the scores of the patches of picture ``number`` as it is, (rows, columns)."""
        return self.network()(compress(self._loaded(number), quality))

    def _scores(self, image: np.ndarray, number: int, quality: int) -> np.ndarray:
        """Scores of the patches of ``image``, (rows, columns): only those that the adjustment changed are new."""
        changed = (image != compress(self._loaded(number), quality)).any(-1)
        scores = self._not_adjusted(number, quality).copy()
        if changed.any():
            corners = [tiles.starts(length, PATCH, self.stride) for length in changed.shape]
            rows, columns = (_touching(changed.any(1 - axis), corners[axis]) for axis in (0, 1))
            top, left = corners[0][rows.start], corners[1][columns.start]
            bottom, right = corners[0][rows.stop - 1] + PATCH, corners[1][columns.stop - 1] + PATCH
            scores[rows, columns] = self.network()(image[top:bottom, left:right])
        return scores

    def _roughness(self, image: np.ndarray) -> np.ndarray:
        corners = tiles.positions(image.shape[0], image.shape[1], PATCH, self.stride)
        return np.array([histogram_roughness(p) for p in tiles.cut(image, corners, PATCH)])


def _touching(changed: np.ndarray, corners: list[int]) -> slice:
    """Return the patches of a side that have a changed line: from the first to the last."""
    touched = [number for number, corner in enumerate(corners) if changed[corner : corner + PATCH].any()]
    return slice(touched[0], touched[-1] + 1)


def square(shape: tuple[int, ...], side: int, seed: int, number: int) -> np.ndarray:
    """Return the adjusted region of picture ``number``, bool (height, width): a square at a random position."""
    rng = keyed.generator(seed, number, side)
    top, left = (int(rng.integers(length - side + 1)) for length in shape)
    inside = np.zeros(shape, bool)
    inside[top : top + side, left : left + side] = True
    return inside


def cells(settings: Settings) -> Iterator[Cell]:
    """Yield the cells: operators and controls by the square's side, in columns of JPEG qualities."""
    here = Localisation(settings)
    sides = SIDES[:1] if settings.scale == "smoke" else SIDES
    for side in sides:
        for operator in (*MATCHED, None):
            for column in COLUMNS:
                measure: Callable[[], Estimate] = partial(here.measure, operator, side, QUALITIES[column])
                row = f"{operator or NOT_ADJUSTED}, {side} pixels"
                yield Cell(row, column, "pixel AUC", None, measure, weights=DEFAULT_WEIGHTS)
        for operator in MATCHED:
            for column in COLUMNS:
                measure = partial(here.measure, operator, side, QUALITIES[column], untrained=True)
                yield Cell(f"baseline: histogram, {operator}, {side} pixels", column, "pixel AUC", None, measure)


TABLE = Table("contrast", "localisation", cells, units="%")
