"""Scores of spliced photographs and their authentic twins, by every method of Table 3 and by a baseline."""

from collections.abc import Callable
from functools import cached_property

import keras
import numpy as np

from zoo.datasets import keyed, splices
from zoo.datasets.photographs import photographs
from zoo.experiments.hyperimage.forgery import training as forgery
from zoo.experiments.hyperimage.forgery.training import CHANNEL, END_TO_END, SCALES, SECOND
from zoo.experiments.hyperimage.stages import find
from zoo.experiments.run.cached_method import cached_method
from zoo.experiments.run.cells import Settings
from zoo.hyperimage import ForgeryEndToEnd, TwoStage
from zoo.hyperimage.detector import FORGERY_LARGEST, to_end_to_end
from zoo.hyperimage.grid import fit_inside
from zoo.hyperimage.noise import noise_variation
from zoo.metrics import Estimate, bootstrap_auc, bootstrap_mean

BASELINE, PROPOSED, QUOTED = "End-to-end CNN", "Proposed two-stage CNN", "Sutthiwan et al. 2011"
NOISE = "baseline: noise variation"


class Offline:
    """Scores of spliced photographs and their authentic twins by every method, each computed once."""

    def __init__(self, settings: Settings) -> None:
        self.settings, self.scale = settings, SCALES[settings.scale]

    @cached_property
    def pairs(self) -> list[tuple[str, splices.Splice]]:
        """Photograph and splice: eight of each photograph, half of them copy-moves; donors are the others in turn."""
        settings = self.settings
        own = settings.dataset.startswith("folder:")
        # The stored networks have seen nothing of a user's folder: all of it is for testing.
        split = "all" if own and settings.weights is None else "test"
        pictures = photographs(None if own else settings.dataset, settings.data_dir, split, settings.seed)
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

    @cached_method()
    def scores(self, method: str) -> np.ndarray:
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
    def _network(self) -> TwoStage:
        names = (find(self.settings.weights, name) for name in (CHANNEL, SECOND))
        return forgery.network(None, *names)

    @cached_property
    def _end_to_end(self) -> keras.Model:
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
    value, low, high = (100 * v for v in (estimate.value, estimate.ci_low, estimate.ci_high))
    return Estimate(value, low, high, estimate.n_sources, estimate.n_units)
