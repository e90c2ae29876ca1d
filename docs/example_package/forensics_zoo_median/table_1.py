"""Table 1 of the family: AUC of streaking against median filtering, by JPEG quality.

Command:  zoo reproduce median table-1
Time:     seconds
"""

from collections.abc import Callable, Iterator
from functools import partial

import cv2
import numpy as np

from forensics_zoo_median.model import StreakingNet
from zoo.contrast.baselines import histogram_roughness
from zoo.datasets.jpeg import NO_JPEG, compress
from zoo.datasets.photographs import photographs
from zoo.experiments.run.cells import Cell, Settings, Table
from zoo.experiments.run.scales import scale_of
from zoo.metrics import Estimate, bootstrap_auc

PICTURES = {"smoke": 3, "laptop": None, "paper": None}
QUALITIES = {"no jpg": NO_JPEG, "95": 95, "80": 80}
Score = Callable[[np.ndarray], float]


def cells(settings: Settings) -> Iterator[Cell]:
    """The cells, each measured on its own; a family with a paper gives the printed number as ``paper_value``."""
    pictures = scale_of(PICTURES, settings.scale)
    model = StreakingNet()
    rows: dict[str, Score] = {
        "streaking": lambda image: float(model.predict_on_batch(image[None])[0, 0]),
        "baseline: histogram": histogram_roughness,
    }
    for row, score in rows.items():
        for side in (3, 5):
            for column, quality in QUALITIES.items():
                measure = partial(_auc, settings, pictures, score, side, quality)
                yield Cell(f"{row}, median {side}x{side}", column, "AUC", measure=measure)


def _auc(settings: Settings, pictures: int | None, score: Score, side: int, quality: int) -> Estimate:
    own = settings.dataset.startswith("folder:")
    found = photographs(None if own else settings.dataset, settings.data_dir, "all" if own else "test", settings.seed)
    found = found[:pictures]
    pristine = [score(compress(picture.load(), quality)) for picture in found]
    filtered = [score(compress(cv2.medianBlur(picture.load(), side), quality)) for picture in found]
    return bootstrap_auc(np.array(pristine), np.array(filtered), [picture.scene for picture in found])


TABLE = Table("median", "table_1", cells, decimals=2)
