"""Table 3 of Chandakkar and Li 2017: authentic or tampered, on CASIA-2.

Command:  zoo reproduce hyperimage table-3
          zoo reproduce hyperimage table-3 --scale paper --dataset casia2 --data-dir CASIA2
Expected: results/laptop/hyperimage_table_3.csv; the family's README has the numbers and what they mean
Time:     `laptop` minutes on two cores with the stored weights; `paper` trains on CASIA-2 and wants a GPU

Rows beside the paper's: always "authentic" is right for 59.4 % of CASIA-2, and "a TIFF is tampered, all else authentic"
for 83.6 %, more than the paper's 83.1; so the JPEGs alone, with balanced accuracy and AUC, are what to look at. Without
the database (`laptop`) the stored networks judge splices and copy-moves of photographs whose authentic twins went
through the same cut, paste and encoding: not comparable with the paper. Baseline: the noise level's variation.
"""

from collections.abc import Callable, Iterator
from functools import cache, cached_property, partial

import numpy as np

from zoo.datasets import keyed, splices
from zoo.datasets.casia2.casia2_dataset_builder import AUTHENTIC, TAMPERED
from zoo.datasets.photographs import photographs
from zoo.experiments.hyperimage.forgery import casia
from zoo.experiments.hyperimage.forgery import training as forgery
from zoo.experiments.hyperimage.forgery.training import CHANNEL, END_TO_END, SCALES, SECOND
from zoo.experiments.hyperimage.stages import find
from zoo.experiments.hyperimage.values import printed
from zoo.experiments.run.cells import Cell, Settings, Table
from zoo.experiments.run.scales import scale_of
from zoo.hyperimage import ForgeryEndToEnd
from zoo.hyperimage.detector import FORGERY_LARGEST, to_end_to_end
from zoo.hyperimage.grid import fit_inside
from zoo.hyperimage.noise import noise_variation
from zoo.metrics import Estimate, bootstrap_auc, bootstrap_mean

BASELINE, PROPOSED, QUOTED = "End-to-end CNN", "Proposed two-stage CNN", "Sutthiwan et al. 2011"
NOISE = "baseline: noise variation"
KINDS = ("splice", "copy-move")
NEEDED = "needs CASIA-2, --scale paper --dataset casia2 --data-dir CASIA2"


class Offline:
    """Scores of spliced photographs and their authentic twins by every method, each computed once."""

    def __init__(self, settings: Settings) -> None:
        self.settings, self.scale = settings, SCALES[settings.scale]
        self.scores = cache(self._scores)

    @cached_property
    def pairs(self) -> list[tuple[str, splices.Splice]]:
        """Photograph and splice: eight of each photograph, half of them copy-moves; donors are the others in turn."""
        own = self.settings.dataset.startswith("folder:")
        pictures = photographs(None if own else self.settings.dataset, self.settings.data_dir, "all" if own else "test")
        smoke = self.settings.scale == "smoke"
        images = [p.load()[:128, :160] if smoke else p.load() for p in (pictures[:2] if smoke else pictures)]
        made = []
        for i, host in enumerate(images):
            for n in range(2 if smoke else 8):
                donor = images[(i + 1 + n // 2) % len(images)] if n % 2 == 0 and len(images) > 1 else None
                if donor is host:
                    donor = images[(i + 1) % len(images)]
                spliced = splices.make(keyed.generator(self.settings.seed, 8, i, n), host, donor)
                made.append((pictures[i].scene, spliced))
        return made

    def _scores(self, method: str) -> np.ndarray:
        """Scores of (authentic, tampered), higher for tampered, (n, 2)."""
        return np.array([[self._score(method)(image) for image in (s.authentic, s.tampered)] for _, s in self.pairs])

    def _score(self, method: str) -> Callable[[np.ndarray], float]:
        if method == NOISE:
            return noise_variation
        if method == PROPOSED:
            network = self._network
            return lambda image: 1 - float(network.predict([fit_inside(image, FORGERY_LARGEST)])[0])
        model = self._end_to_end
        return lambda image: 1 - float(model.predict_on_batch(to_end_to_end(image)[None])[0, 0])

    @cached_property
    def _network(self) -> "object":
        names = (find(self.settings.weights, name) for name in (CHANNEL, SECOND))
        return forgery.network(None, *names)

    @cached_property
    def _end_to_end(self) -> "object":
        return ForgeryEndToEnd(weights=find(self.settings.weights, END_TO_END))

    def measure(self, method: str, column: str, kind: str | None) -> Estimate:
        """One number, over splices or copy-moves alone where ``kind`` says so."""
        kept = [i for i, (_, s) in enumerate(self.pairs) if kind in (None, s.kind)]
        scores, sources = self.scores(method)[kept], [self.pairs[i][0] for i in kept]
        return judged(scores[:, 0], scores[:, 1], sources, column, self.settings.seed)


def judged(authentic: np.ndarray, tampered: np.ndarray, sources: list[str], column: str, seed: int) -> Estimate:
    """AUC, or accuracy at the threshold .5 (balanced, since every pair holds both classes), in percent."""
    if column == "AUC":
        estimate = bootstrap_auc(authentic, tampered, sources, seed=seed)
    else:
        right = ((authentic < 0.5).astype(float) + (tampered >= 0.5)) / 2
        estimate = bootstrap_mean(right, sources, seed=seed)
    values = (100 * v for v in (estimate.value, estimate.ci_low, estimate.ci_high))
    return Estimate(*values, estimate.n_sources, estimate.n_units)


def cells(settings: Settings) -> Iterator[Cell]:
    """The cells of Table 3: the paper's, what the files' names and counts say, and spliced photographs.

    Raises:
        ValueError: For an unknown scale, or CASIA-2 without ``--scale paper`` and ``--data-dir``.
    """
    scale_of(SCALES, settings.scale)  # before anything else
    here = casia.database(settings)
    for experiment, row in ((1, BASELINE), (2, QUOTED), (2, PROPOSED)):
        paper = printed("table_3", experiment, row, "accuracy")
        if row == QUOTED:
            yield Cell(row, "accuracy", "CASIA-2, %", paper, status="quoted")
            continue
        if here is None:
            yield Cell(row, "accuracy", "CASIA-2, %", paper, status="data-unavailable", why=NEEDED)
            continue
        for column in casia.COLUMNS:
            value = paper if column == "accuracy" else None
            measure = partial(here.measure, row == PROPOSED, column)
            yield Cell(row, column, "CASIA-2, %", value, measure, comparable=column == "accuracy", weights="trained")
    for row, right in (("baseline: majority", sum(AUTHENTIC.values())), ("baseline: TIFF means tampered", _tiff())):
        yield Cell(f"{row} (counted)", "accuracy", "CASIA-2, %", None, partial(_share, right))
    if here is not None or settings.scale == "paper":
        return
    offline = Offline(settings)
    weights = {PROPOSED: SECOND, BASELINE: END_TO_END}
    for kind in (None, *KINDS):
        for method in (BASELINE, PROPOSED, NOISE):
            for column in ("AUC", "balanced accuracy") if method != NOISE else ("AUC",):
                measure = partial(offline.measure, method, column, kind)
                row = f"{'all' if kind is None else kind}: {method}"
                yield Cell(row, column, "spliced photographs, %", None, measure, weights=weights.get(method, ""))


def _tiff() -> int:
    """Files that "TIFF means tampered" gets right."""
    return sum(AUTHENTIC.values()) + TAMPERED[".tif"]


def _share(right: int) -> Estimate:
    total = sum(AUTHENTIC.values()) + sum(TAMPERED.values())
    share = 100 * right / total
    return Estimate(share, share, share, total, total)


TABLE = Table("hyperimage", "table_3", "Hyper-images, forgery, Table 3", cells, decimals=1)
