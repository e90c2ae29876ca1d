"""Tables that validate the calibration that comes with the package: its errors and Cllr on the test photographs.

Each version of a photograph is treated as ``--calibration stored`` treats it: it is refused, or gets a likelihood
ratio. Resampled photographs repeat, and the best mapping (PAV) fits repeated ones too well: the intervals of the
discrimination part lie too low and those of the calibration part too high.
"""

import dataclasses
from collections.abc import Iterator, Sequence
from functools import cached_property, partial

import numpy as np

from zoo import calibration
from zoo.datasets.jpeg import compress
from zoo.datasets.photographs import Photograph, photographs
from zoo.experiments.cli.calibrated import (
    Calibration,
    Question,
    check_networks,
    has_stored,
    read_calibration,
    stored_calibration,
)
from zoo.experiments.cli.reference_scores import UNTOUCHED, makers
from zoo.experiments.cli.score_pictures import checksums
from zoo.experiments.families import load
from zoo.experiments.run.cached_method import cached_method
from zoo.experiments.run.cells import Cell, DataUnavailable, Settings, Table
from zoo.experiments.run.scales import scale_of
from zoo.metrics import Estimate, percent
from zoo.resolve_weights import resolve_weights
from zoo.validity import not_validated

SCALES = {"smoke": 2, "laptop": None, "paper": None}
"""Photographs, each of another scene; None for all."""
RATE = 0.05
"""Of false alarms, of the threshold whose errors are counted."""
RESAMPLES = 1000
_PARTS = ("cllr", "discrimination", "calibration")


class Validation:
    """Scores of the test photographs by a product, and what its stored calibration makes of them, each computed once.

    Args:
        product: Its name for ``zoo calibrate``.
        question: What it answers.
        settings: Of the table. With ``weights`` of the user's, the calibration is refused: it is for the stored ones.
    """

    def __init__(self, product: str, question: Question, settings: Settings) -> None:
        self.product, self.question, self.settings = product, question, settings

    @cached_property
    def calibration(self) -> Calibration:
        """The stored one.

        Raises:
            DataUnavailable: Where there is none.
            ValueError: Where it is of other networks.
        """
        if not has_stored(self.product):
            raise DataUnavailable(f"a calibration of {self.product} in the package")
        found = read_calibration(stored_calibration(self.product), self.product)
        check_networks(found, checksums(self.weights))
        return found

    @cached_property
    def weights(self) -> tuple[str, ...]:
        """Names or files of the networks."""
        return resolve_weights(self.settings.weights, *self.question.weights)

    @cached_property
    def photographs(self) -> list[Photograph]:
        """The first of each scene of the split ``test``, or of a user's folder."""
        split = "all" if self.settings.named is None else "test"
        first: dict[str, Photograph] = {}
        for photo in photographs(self.settings.named, self.settings.data_dir, split, self.settings.seed):
            first.setdefault(photo.scene, photo)
        return list(first.values())[: scale_of(SCALES, self.settings.scale)]

    @cached_method()
    def scores(self, quality: int) -> dict[str, np.ndarray]:
        """Scores at a JPEG quality by process and for ``UNTOUCHED``, (photographs,); NaN where one is refused."""
        fewest = self.calibration.patches
        score = self.question.scorer(self.weights)
        of_each = makers(self.question)
        found: dict[str, list[float]] = {name: [] for name in of_each}
        for photo in self.photographs:
            image = photo.load()
            for name, make in of_each.items():
                version = compress(make(image), quality)
                found[name].append(np.nan if not_validated(version, fewest) else score(version))
        return {name: np.array(values) for name, values in found.items()}

    def refused(self, name: str, quality: int) -> Estimate:
        """Return the share in percent of the versions by a process that get no score."""
        return exact_percent(np.isnan(self.scores(quality)[name]))

    def above(self, name: str, quality: int) -> Estimate:
        """Share in percent of the answered versions by a process whose score is above the threshold for ``RATE``.

        Raises:
            DataUnavailable: Where there is no such threshold, or nothing was answered.
        """
        if RATE not in self.calibration.thresholds:
            raise DataUnavailable(f"a threshold for {RATE:.0%} of false alarms in {self.calibration.path.name}")
        scores = self.scores(quality)[name]
        return exact_percent(scores[~np.isnan(scores)] > self.calibration.thresholds[RATE])

    def cost(self, part: str, qualities: Sequence[int]) -> Estimate:
        """Return the Cllr or a part of it, in bits, with the 95 % interval by resampling photographs."""
        whole, drawn, photos, units = self._costs(tuple(qualities))
        at = _PARTS.index(part)
        return Estimate.from_samples(whole[at], drawn[:, at], photos, units)

    def promised(self, quality: int | None) -> Estimate:
        """Return the Cllr in the calibration file for a JPEG quality (None: all), measured on its own photographs."""
        validation = self.calibration.at(quality or None).contents["validation"]
        if quality is None and self.calibration.qualities:
            value = float(np.mean([self.promised(one).value for one in self.question.qualities]))
        elif quality is not None and "by_quality" in validation:
            value = next(float(one["cllr"]) for one in validation["by_quality"] if one["jpeg_quality"] == quality)
        else:
            value = float(validation["cllr"])
        return Estimate(value, value, value, self.calibration.sources, 1)

    @cached_method()
    def _costs(self, qualities: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray, int, int]:
        """Cllr and its parts, (3,); the same of resampled photographs, (resamples, 3); photographs and units."""
        ratios, truth, sources = [], [], []
        for quality in qualities:
            for name, scores in self.scores(quality).items():
                answered = np.flatnonzero(~np.isnan(scores))
                # A file without JPEG may have been a JPEG before.
                given = self.calibration.at(quality or None)
                ratios += [given.log10_lr(score) for score in scores[answered]]
                truth += [name != UNTOUCHED] * len(answered)
                sources += answered.tolist()
        values, is_processed, numbers = np.array(ratios), np.array(truth, bool), np.array(sources, int)
        if is_processed.all() or not is_processed.any():
            raise DataUnavailable("untouched and processed photographs that are not refused")
        # A photograph counts once for each proposition.
        weights = calibration.weights_by_source(list(zip(sources, truth, strict=True)))
        rng, count = np.random.default_rng(self.settings.seed), len(self.photographs)
        drawn: list[tuple[float, ...]] = []
        while len(drawn) < RESAMPLES:
            times = np.bincount(rng.integers(0, count, count), minlength=count)[numbers]
            there = times > 0
            # With few photographs, a bootstrap sample may hold only one of the two classes.
            if 0 < is_processed[there].sum() < there.sum():
                found = calibration.cost(values[there], is_processed[there], (weights * times)[there])
                drawn.append(dataclasses.astuple(found))
        whole = dataclasses.astuple(calibration.cost(values, is_processed, weights))
        return np.array(whole), np.array(drawn), len(set(sources)), len(values)


def calibrated_table(paper: str, product: str, place: str, name: str = "calibrated") -> Table:
    """Return the table that validates the stored calibration of a product.

    Args:
        paper: The family.
        product: Its name for ``zoo calibrate``.
        place: Where its question is, ``module:NAME``.
        name: Of the table; a family's second product needs another.
    """
    return Table(paper, name, partial(_cells, product, place), decimals={"Cllr": 3}, units={"rate": "%"})


def _cells(product: str, place: str, settings: Settings) -> Iterator[Cell]:
    question: Question = load(place)
    found, weights = Validation(product, question, settings), " ".join(question.weights)
    columns = {"no jpg" if quality == 0 else str(quality): quality for quality in question.qualities}
    processes = tuple(question.processes())

    for column, quality in columns.items():
        measure = partial(found.above, UNTOUCHED, quality)
        yield Cell(f"false alarms, threshold for {RATE:.0%}", column, "rate", None, measure, weights=weights)
    for name in processes:
        for column, quality in columns.items():
            measure = partial(found.above, name, quality)
            yield Cell(f"detected, {name}", column, "rate", None, measure, weights=weights)
    for name in (UNTOUCHED, *processes):
        for column, quality in columns.items():
            measure = partial(found.refused, name, quality)
            yield Cell(f"not validated, {name}", column, "rate", None, measure, weights=weights)
    rows = {"cllr": "Cllr", "discrimination": "Cllr, discrimination", "calibration": "Cllr, calibration"}
    for part, row in rows.items():
        for column, qualities in (*((c, (q,)) for c, q in columns.items()), ("all", question.qualities)):
            yield Cell(row, column, "Cllr", None, partial(found.cost, part, qualities), weights=weights)
    for column, one in (*columns.items(), ("all", None)):
        row = "Cllr in the calibration file"
        yield Cell(row, column, "Cllr", None, partial(found.promised, one), weights=weights)


def exact_percent(happened: np.ndarray) -> Estimate:
    """Return how often something happened, bool (n,), in percent with the exact 95 % interval of ``exact_rate``.

    Raises:
        DataUnavailable: For no photographs.
    """
    if not len(happened):
        raise DataUnavailable("photographs that are not refused")
    rate = calibration.exact_rate(int(happened.sum()), len(happened))
    return percent(Estimate(rate.value, rate.low, rate.high, rate.trials, rate.trials))
