"""Fingerprints, predictors and tampered pictures of one camera under several pipelines, each computed once."""

import dataclasses
from collections.abc import Callable
from functools import reduce
from operator import add
from pathlib import Path
from typing import cast

import numpy as np

from zoo.datasets.camera import Body
from zoo.experiments.imaging.data import raw_folder
from zoo.experiments.imaging.prnu import shots
from zoo.experiments.imaging.prnu.pipelines import Pipeline
from zoo.experiments.imaging.prnu.shots import ROLES, Shot
from zoo.experiments.run.cached_method import cached_method
from zoo.experiments.run.cells import Cell, Settings, Status
from zoo.experiments.run.scales import scale_of
from zoo.imaging.prnu import CorrelationPredictor, FingerprintSums, best_f1, correlation, match, tampering_map
from zoo.metrics import Estimate, bootstrap_mean, jackknife


@dataclasses.dataclass(frozen=True)
class Scale:
    """How much is measured; ``square`` is the side of what is flipped, ``window`` and ``stride`` those of the map."""

    side: int
    fingerprint: int
    predictor: int
    test: int
    square: int
    window: int
    stride: int
    groups: int = 9


SCALES = {
    "smoke": Scale(side=128, fingerprint=4, predictor=2, test=2, square=48, window=33, stride=8, groups=2),
    "laptop": Scale(side=512, fingerprint=45, predictor=15, test=15, square=128, window=65, stride=4),
    "paper": Scale(side=1024, fingerprint=90, predictor=30, test=30, square=256, window=129, stride=8),
}
TRUTH, ANOTHER_BODY = "true pattern", "control: another body"
"""In the place of a pipeline's fingerprint: the sensor's own photo response, and that of the model's next body."""
WINDOWS = 500
"""Windows per picture that the predictor is fitted on."""


class PrnuEvaluation:
    """One camera's pictures by pipeline.

    Args:
        settings: Of the table.
        pipelines: What develops them.
        body: A synthetic one, where no files are given.
        scale: How much is measured; else by the settings.
        dark: Whether the data set is See-in-the-Dark, of which pipelines with an ``exposure`` below 1 get short ones.

    Raises:
        ValueError: For an unknown scale, or a folder that does not fit.
    """

    def __init__(
        self,
        settings: Settings,
        pipelines: list[Pipeline],
        body: Body,
        scale: Scale | None = None,
        dark: bool = False,
    ) -> None:
        self.settings, self.scale, self.body = settings, scale or scale_of(SCALES, settings.scale), body
        self.pipelines = {p.name: p for p in pipelines}
        self.dark = settings.data_dir if dark else None
        self.raw = None if dark else raw_folder(settings)

    @property
    def truth(self) -> np.ndarray:
        """Bool (side, side): the square in the middle that is flipped."""
        truth = np.zeros((self.scale.side, self.scale.side), bool)
        truth[self._square] = True
        return truth

    def true_pattern(self, serial: int | None = None) -> np.ndarray:
        """Return the photo response of the body, or of another one of its model, (side, side)."""
        body = self.body if serial is None else Body(self.body.model, serial)
        return body.prnu((self.scale.side, self.scale.side))

    def similarity(self, first: str, second: str) -> Estimate:
        """Return the correlation of two pipelines' fingerprints; ``true pattern`` is accepted as a pipeline."""
        whole = correlation(self._pattern(first), self._pattern(second))
        groups = range(len(self._sums_of_any(first, second)))
        without = [correlation(self._pattern(first, g), self._pattern(second, g)) for g in groups]
        return jackknife(whole, without, sum(s.count for s in self._sums_of_any(first, second)))

    def localisation(self, model: str, pipeline: str) -> Estimate:
        """Mean best F1 of the test pictures of ``pipeline`` under the camera model of ``model``, over scenes."""
        return bootstrap_mean(self.f1(model, pipeline), self.sources, seed=self.settings.seed)

    def identification(self, pipeline: str) -> Estimate:
        """Return the mean PCE of the test pictures of ``pipeline`` with its own fingerprint, over scenes."""
        return bootstrap_mean(self.pces(pipeline), self.sources, seed=self.settings.seed)

    @property
    def sources(self) -> list[str]:
        """The scenes of the test pictures, in order."""
        return [shot.source for shot in self.shots("test", next(iter(self.pipelines.values())).exposure)]

    def pictures(self, role: str, pipeline: str) -> list[np.ndarray]:
        """Developed pictures, uint8 RGB (side, side, 3)."""
        chosen = self.pipelines[pipeline]
        develop = cast(Callable[[Shot], np.ndarray], chosen.develop)  # a cell without it has no ``measure``
        return [develop(shot) for shot in self.shots(role, chosen.exposure)]

    @cached_method()
    def shots(self, role: str, exposure: float = 1.0) -> list[Shot]:
        """Return the photographs of a role, as the sensor recorded them; see ``shots.ROLES``."""
        if self.dark is not None:
            return self._dealt_dark(self.dark)[role]["short" if exposure < 1 else "long"]
        if self.raw is not None:
            return self._dealt(self.raw)[role]
        scenes = shots.scenes(self.settings, role)
        return shots.synthetic(
            self.body, role, getattr(self.scale, role), self.scale.side, self.settings.seed, exposure, scenes
        )

    @cached_method()
    def _dealt(self, data_dir: Path) -> dict[str, list[Shot]]:
        return shots.folder(data_dir, self._counts, self.scale.side, self.settings.seed)

    @cached_method()
    def _dealt_dark(self, data_dir: Path) -> dict[str, dict[str, list[Shot]]]:
        return shots.dark(data_dir, self._counts, self.scale.side, self.settings.seed)

    @property
    def _counts(self) -> dict[str, int]:
        return {role: getattr(self.scale, role) for role in ROLES}

    @cached_method()
    def sums(self, pipeline: str) -> list[FingerprintSums]:
        """Return the fingerprint's sums, in groups of scenes."""
        pictures = self.pictures("fingerprint", pipeline)
        groups = [FingerprintSums() for _ in range(min(self.scale.groups, len(pictures)))]
        for i, picture in enumerate(pictures):
            groups[i % len(groups)].add(picture)
        return groups

    @cached_method()
    def fingerprint(self, pipeline: str, without: int | None = None) -> np.ndarray:
        """Return the fingerprint under a pipeline, from all groups except ``without``, (side, side)."""
        return reduce(add, [s for i, s in enumerate(self.sums(pipeline)) if i != without]).fingerprint()

    def _pattern(self, name: str, without: int | None = None) -> np.ndarray:
        return self.true_pattern() if name == TRUTH else self.fingerprint(name, without)

    def _sums_of_any(self, *names: str) -> list[FingerprintSums]:
        return self.sums(next(name for name in names if name != TRUTH))

    @cached_method()
    def predictor(self, model: str, pipeline: str) -> CorrelationPredictor:
        """Return the correlation that is expected of a camera model on a pipeline's pictures."""
        pictures = self.pictures("predictor", pipeline)
        return CorrelationPredictor.fit(self._model_pattern(model), pictures, self.scale.window, WINDOWS)

    def _model_pattern(self, model: str) -> np.ndarray:
        return self.true_pattern(self.body.serial + 1) if model == ANOTHER_BODY else self._pattern(model)

    @property
    def _square(self) -> tuple[slice, slice]:
        start = (self.scale.side - self.scale.square) // 2
        return np.s_[start : start + self.scale.square, start : start + self.scale.square]

    @cached_method()
    def tampered(self, pipeline: str) -> list[np.ndarray]:
        """Return the test pictures with the square in the middle flipped from left to right."""
        pictures = [p.copy() for p in self.pictures("test", pipeline)]
        for picture in pictures:
            picture[self._square] = picture[self._square][:, ::-1].copy()
        return pictures

    @cached_method()
    def f1(self, model: str, pipeline: str) -> np.ndarray:
        """Return the best F1 of each tampered test picture under a camera model, (n,)."""
        # The paper's camera models have a fingerprint and a predictor for each pipeline; the controls have no pipeline.
        predictor = self.predictor(model, pipeline if model in (TRUTH, ANOTHER_BODY) else model)
        pattern, truth = self._model_pattern(model), self.truth
        maps = (tampering_map(p, pattern, predictor, self.scale.stride) for p in self.tampered(pipeline))
        return np.array([best_f1(m.full_size(), truth)[0] for m in maps])

    @cached_method()
    def pces(self, pipeline: str) -> np.ndarray:
        """Return the PCE of each test picture of a pipeline with its own fingerprint, (n,)."""
        pattern = self.fingerprint(pipeline)
        return np.array([match(pattern, picture).pce for picture in self.pictures("test", pipeline)])


def cell_of(
    metric: str,
    row: str,
    column: str,
    pipelines: tuple[Pipeline, ...],
    measure: Callable[[], Estimate] | None,
    paper: float | None = None,
) -> Cell:
    """Return a cell that needs all of ``pipelines``; ``not-run`` where one has no weights, or without ``measure``.

    There is none where a real sensor's pattern would have to be known.
    """
    runs = measure is not None and all(p.develop for p in pipelines)
    weights = " ".join(dict.fromkeys(p.weights for p in pipelines if p.weights))
    status: Status = "measured" if runs else "not-run"
    lacking = ", ".join(dict.fromkeys(p.name for p in pipelines if not p.develop))
    why = f"no weights of {lacking} here" if lacking else "" if runs else "a real camera's pattern is not known"
    return Cell(row, column, metric, paper, measure if runs else None, status, weights=weights, why=why)
