"""Networks trained with gamma 1.5 alone (footnote 3 of Barni et al. 2018): can they learn the traces of gamma?

Command:  zoo reproduce contrast gamma --dataset open_photographs
Expected: runs/tables/laptop/contrast_gamma.csv; trainings in runs/contrast-gamma-<data>-<scale>-<seed>, resumed there
Time:     two hours of one core: four trainings of 192,000 patches at `laptop`

The paper's network of footnote 3 has an AUC of 97 for gamma 1.5 at quality 85, and 78 for gamma .7 at 95. RAISE's
photographs have the tone of one maker's cameras, so a pristine one may be known by its tone; where tones vary, only the
gaps that the 8-bit table leaves tell, and JPEG fills these. So one network is trained for each of four cases: without
JPEG and with qualities 90 to 100, with tone curves drawn before the 8 bits in a third of the scenes and without
(``zoo.datasets.varied_scenes``: in both, photographs are mirrored, turned, cut and made smaller, and 15 % of the scenes
are generated). All are judged on the test photographs as they are, which no training saw. Baseline: an untrained
statistic of the histogram.
"""

import dataclasses
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np

from zoo.contrast import ContrastNet
from zoo.contrast.detector import ContrastDetector
from zoo.contrast.operators import Operator, gamma_correction
from zoo.datasets.jpeg import ORIGINAL_QUALITIES
from zoo.datasets.patches import PairedPatches
from zoo.datasets.photographs import photographs
from zoo.datasets.varied_scenes import VariedScenes
from zoo.experiments.contrast.evaluation import QUALITIES, Evaluation
from zoo.experiments.contrast.training import RECIPES, compile_recipe, fit_step
from zoo.experiments.run.cached_method import cached_method
from zoo.experiments.run.cells import Cell, DataUnavailable, Settings, Table
from zoo.experiments.run.scales import scale_of
from zoo.experiments.train.fitting import check_same
from zoo.experiments.train.precision import FASTEST, precision
from zoo.metrics import Estimate, bootstrap_auc, percent


@dataclasses.dataclass(frozen=True)
class Scale:
    """A training: epochs of so many batches, at a share of the paper's 32 filters, by one of ``RECIPES``."""

    epochs: int
    steps: int
    batch_size: int
    base_filters: int
    precision: str
    recipe: str


SCALES = {
    "smoke": Scale(1, 1, 4, 8, "float32", "original"),
    "laptop": Scale(6, 500, 64, 8, FASTEST, "decayed"),
    "paper": Scale(3, 125_000, 32, 32, "float32", "original"),
}


class Case(NamedTuple):
    """What a network is trained on."""

    tone: bool
    jpeg: bool

    def __str__(self) -> str:
        return f"{'JPEG 90-100' if self.jpeg else 'no JPEG'}, tones {'drawn' if self.tone else 'as they are'}"


CASES = tuple(Case(tone, jpeg) for jpeg in (False, True) for tone in (False, True))
COLUMNS = {
    ("gamma 1.5", "no jpg"): None,
    ("gamma 1.5", "95"): None,
    ("gamma 1.5", "85"): 97.0,
    ("gamma 0.7", "no jpg"): None,
    ("gamma 0.7", "95"): 78.0,
}
"""What is judged, operator and JPEG quality, and what the paper's footnote has."""


class Gamma:
    """The four networks, each trained when it is first asked for, and their scores of the test photographs.

    Raises:
        ValueError: For an unknown scale.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings, self.scale = settings, scale_of(SCALES, settings.scale)
        self.evaluation = Evaluation(settings, halved=True)

    @cached_method()
    def detector(self, case: Case) -> ContrastDetector:
        """Return the network of a case.

        Raises:
            DataUnavailable: Where the data set has no photographs to train on.
        """
        settings, data = self.settings, self.settings.dataset.replace(":", "-")
        pictures = photographs(settings.named, settings.data_dir, "train", settings.seed)
        if not pictures:
            raise DataUnavailable("photographs to train on, as --dataset open_photographs has")
        folder = Path("runs") / f"contrast-gamma-{data}-{settings.scale}-{settings.seed}"
        name = str(case).replace(" ", "-").replace(",", "")
        check_same(folder, name, {"files": [picture.name for picture in pictures]})
        batches = PairedPatches(
            VariedScenes(pictures, tone=case.tone),
            gamma_alone,
            self.scale.steps,
            self.scale.batch_size,
            qualities=ORIGINAL_QUALITIES if case.jpeg else None,
            seed=settings.seed,
        )
        keras.utils.set_random_seed(settings.seed)
        with precision(self.scale.precision):
            model = ContrastNet(base_filters=self.scale.base_filters)
        compile_recipe(model, self.scale.recipe)
        model = fit_step(model, batches, self.scale.epochs, folder, name, RECIPES[self.scale.recipe])
        detector = ContrastDetector(None)
        detector.model = model
        return detector

    @cached_method()
    def scores(self, case: Case, operator: str | None, quality: int) -> np.ndarray:
        """Return the score of each unit of the test photographs, (n,)."""
        detector = self.detector(case)
        found = self.evaluation.units(operator, quality)
        return np.array([detector.score(unit) for units in found for unit in units])

    def measure(self, case: Case | None, operator: str, quality: int) -> Estimate:
        """Return the AUC in percent of a case's network, or of the untrained statistic."""
        if case is None:
            pair = self.evaluation.roughness(None, quality), self.evaluation.roughness(operator, quality)
        else:
            pair = self.scores(case, None, quality), self.scores(case, operator, quality)
        return percent(bootstrap_auc(*pair, self.evaluation.sources, seed=self.settings.seed))


def gamma_alone(rng: np.random.Generator) -> tuple[str, Operator]:
    """Return the operator of footnote 3: gamma 1.5, always."""
    return "gamma 1.5", partial(gamma_correction, gamma=1.5)


def cells(settings: Settings) -> Iterator[Cell]:
    """Yield a row per case and one of the untrained statistic."""
    here = Gamma(settings)
    for case in (*CASES, None):
        for (operator, compressed), paper in COLUMNS.items():
            # The paper's numbers belong to networks trained with JPEG.
            value = paper if case is not None and case.jpeg else None
            row = "baseline: histogram" if case is None else f"trained with gamma 1.5 alone, {case}"
            weights = "" if case is None else "trained"
            measure = partial(here.measure, case, operator, QUALITIES[compressed])
            yield Cell(row, f"{operator}, {compressed}", "AUC", value, measure, weights=weights)


TABLE = Table("contrast", "gamma", cells, units="%")
