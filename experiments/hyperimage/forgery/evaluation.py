"""Scores of spliced photographs and their authentic twins, and where they were spliced, by networks and baselines."""

from collections.abc import Callable
from functools import cached_property

import keras
import numpy as np
from sklearn.metrics import roc_auc_score

from zoo.datasets import keyed, splices
from zoo.datasets.photographs import photographs
from zoo.experiments.contrast.evaluation import percent
from zoo.experiments.hyperimage.forgery.training import CHANNEL, EARLIER, END_TO_END, SECOND
from zoo.experiments.hyperimage.stages import find
from zoo.experiments.run.cached_method import cached_method
from zoo.experiments.run.cells import Settings
from zoo.hyperimage import ForgeryEndToEnd
from zoo.hyperimage.detector import ForgeryDetector, to_end_to_end
from zoo.hyperimage.noise import error_levels, noise_levels, spread, strangeness
from zoo.metrics import Estimate, bootstrap_auc, bootstrap_auc_difference, bootstrap_mean

BASELINE, PROPOSED, QUOTED = "End-to-end CNN", "Proposed two-stage CNN", "Sutthiwan et al. 2011"
NOISE, ERROR = "baseline: noise variation", "baseline: error-level analysis"
LEVELS: dict[str, Callable[[np.ndarray], np.ndarray]] = {NOISE: noise_levels, ERROR: error_levels}
FEW, DRAWN = 20, 2
"""With more than ``FEW`` photographs, ``DRAWN`` splices of each are judged; else 8."""
STEP = 4
"""Every fourth pixel of every fourth row counts for localisation: the maps are smooth."""


class Offline:
    """Scores of spliced photographs and their authentic twins by every method, each computed once."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @cached_property
    def pairs(self) -> list[tuple[str, splices.Splice]]:
        """Scene and splice: eight of each photograph, or ``DRAWN`` of more than ``FEW``, half of them copy-moves.

        Donors are the other photographs in turn. All were saved as JPEG before, as most pictures are.
        """
        settings = self.settings
        pictures = photographs(settings.named, settings.data_dir, settings.test_split, settings.seed)
        smoke = self.settings.scale == "smoke"
        images = [p.load()[:128, :160] if smoke else p.load() for p in (pictures[:2] if smoke else pictures)]
        made = []
        each = DRAWN if smoke or len(images) > FEW else 8
        for i, host in enumerate(images):
            for n in range(each):
                donor = images[(i + 1 + n // 2) % len(images)] if n % 2 == 0 and len(images) > 1 else None
                if donor is host:
                    donor = images[(i + 1) % len(images)]
                rng = keyed.generator(self.settings.seed, 8, i, n)
                spliced = splices.make(rng, host, donor, EARLIER)
                made.append((pictures[i].scene, spliced))
        return made

    @cached_method()
    def scores(self, method: str) -> np.ndarray:
        """Return the scores of (authentic, tampered), higher for tampered, (n, 2)."""
        return np.array([[self._score(method)(image) for image in (s.authentic, s.tampered)] for _, s in self.pairs])

    def _score(self, method: str) -> Callable[[np.ndarray], float]:
        if method in LEVELS:
            return lambda image: spread(LEVELS[method](image))
        if method == PROPOSED:
            return self._detector.score
        model = self._end_to_end
        return lambda image: 1 - float(model.predict_on_batch(to_end_to_end(image)[None])[0, 0])

    @cached_property
    def _end_to_end(self) -> keras.Model:
        return ForgeryEndToEnd(weights=find(self.settings.weights, END_TO_END))

    @cached_method()
    def localisation(self, method: str) -> np.ndarray:
        """Return the AUC in percent of the map of each tampered picture, its region against the rest, (n,)."""
        found = []
        for _, pair in self.pairs:
            where, mask = self._map(method, pair.tampered)[::STEP, ::STEP], pair.mask[::STEP, ::STEP]
            found.append(100 * roc_auc_score(mask.ravel(), where.ravel()))
        return np.array(found)

    def _map(self, method: str, image: np.ndarray) -> np.ndarray:
        if method in LEVELS:
            return strangeness(LEVELS[method](image), *image.shape[:2])
        return self._detector.heatmap(image)

    @cached_property
    def _detector(self) -> ForgeryDetector:
        channel, second = (find(self.settings.weights, name) for name in (CHANNEL, SECOND))
        return ForgeryDetector((channel, second))

    def measure(self, method: str, column: str, kind: str | None) -> Estimate:
        """One number, over splices or copy-moves alone where ``kind`` says so."""
        kept, sources = self._kept(kind)
        if column == "localisation AUC":
            return bootstrap_mean(self.localisation(method)[kept], sources, seed=self.settings.seed)
        scores = self.scores(method)[kept]
        return judged(scores[:, 0], scores[:, 1], sources, column, self.settings.seed)

    def gain(self, other: str, column: str, kind: str | None) -> Estimate:
        """Return the proposed method's AUC less that of another, on the same pictures, in percentage points."""
        kept, sources = self._kept(kind)
        if column == "localisation AUC":
            difference = self.localisation(PROPOSED)[kept] - self.localisation(other)[kept]
            return bootstrap_mean(difference, sources, seed=self.settings.seed)
        ours, theirs = self.scores(PROPOSED)[kept].T, self.scores(other)[kept].T
        found = bootstrap_auc_difference(tuple(ours), tuple(theirs), sources, seed=self.settings.seed)
        return percent(found)

    def _kept(self, kind: str | None) -> tuple[list[int], list[str]]:
        """Return the pairs of a kind, and their scenes."""
        kept = [i for i, (_, s) in enumerate(self.pairs) if kind in (None, s.kind)]
        return kept, [self.pairs[i][0] for i in kept]


def judged(authentic: np.ndarray, tampered: np.ndarray, sources: list[str], column: str, seed: int) -> Estimate:
    """AUC, or accuracy at the threshold .5 (balanced, since every pair holds both classes), in percent."""
    if column == "AUC":
        estimate = bootstrap_auc(authentic, tampered, sources, seed=seed)
    else:
        right = ((authentic < 0.5).astype(float) + (tampered >= 0.5)) / 2
        estimate = bootstrap_mean(right, sources, seed=seed)
    return percent(estimate)
