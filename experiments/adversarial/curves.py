"""Curves of the figures as cells: one row per curve, one column per point, so that the CSV holds the figure."""

import itertools
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from zoo.experiments.adversarial.detectors import knn
from zoo.experiments.adversarial.evaluation import (
    AUTHENTIC,
    ERRORS,
    OVERFEAT_ATTACKS,
    Evaluation,
    Scorer,
    check_some,
    share,
)
from zoo.experiments.adversarial.evaluation_cache import evaluation_of, weights_of
from zoo.experiments.run.cells import Cell, Settings
from zoo.experiments.run.plotting import pyplot, save
from zoo.metrics import Estimate

FALSE_POSITIVES = (0, 1, 2, 5, 10, 15, 20, 30, 40, 50, 60, 70, 80, 90, 100)
"""Percent of spurious classifications that are trusted: points of a ROC curve."""
QUANTILES = (0, 0.0005, 0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
"""Thresholds on the score."""
BINS = np.linspace(0, 1, 21)
"""Edges of the score's bins."""
BEST_LAYERS, BEST_GROUPS = ("pool5", "fc6"), (AUTHENTIC, *OVERFEAT_ATTACKS, ERRORS)
"""Panels and curves of ``best_scores``."""


def row_of(panel: str, curve: str) -> str:
    """The label of the row of a curve in a panel."""
    return f"{panel}, {curve}"


def roc(evaluation: Evaluation, name: str, scorer: Scorer, group: str, weights: str) -> Iterator[Cell]:
    """True-positive rate in percent at rates of false positives (section 5.1: positive means non-adversarial)."""
    for rate in FALSE_POSITIVES:
        measure = partial(_true_positives, evaluation, scorer, group, rate / 100)
        yield Cell(row_of(name, group), str(rate), "true positives", measure=measure, weights=weights)


def trusted(evaluation: Evaluation, name: str, scorer: Scorer, group: str, weights: str) -> Iterator[Cell]:
    """Yield the share of a group in percent whose score lies above each threshold."""
    for threshold in QUANTILES:
        measure = partial(_above, evaluation, scorer, group, threshold)
        yield Cell(row_of(name, group), str(threshold), "trusted", measure=measure, weights=weights)


def density(evaluation: Evaluation, name: str, scorer: Scorer, group: str, weights: str) -> Iterator[Cell]:
    """Yield the share of a group in percent whose score falls into each bin; a column is named by the bin's middle."""
    for low, high in itertools.pairwise(BINS):
        measure = partial(_within, evaluation, scorer, group, low, high)
        yield Cell(row_of(name, group), f"{(low + high) / 2:.3f}", "share", measure=measure, weights=weights)


def best_scores(settings: Settings, curve: Callable[..., Iterator[Cell]]) -> Iterator[Cell]:
    """``curve`` of every group for the DW-kNN score on pool5 and fc6, PCA and whitening (Figures 3 and 4)."""
    evaluation, weights = evaluation_of("overfeat", settings), weights_of("overfeat", settings)
    for layer in BEST_LAYERS:
        scorer = knn(evaluation, layer, "PCA+W", "DW-kNN")
        for group in BEST_GROUPS:
            yield from curve(evaluation, layer, scorer, group, weights)


def plot(
    frame: pd.DataFrame,
    settings: Settings,
    title: str,
    path: Path,
    panels: Iterable[str],
    curves: Iterable[str],
    x_label: str,
    logarithmic: bool = False,
) -> None:
    """Draw each row of ``row_of`` these panels and curves over its columns; PNG."""
    del settings  # the frame holds everything needed
    plt = pyplot()

    frame = frame[frame["status"] == "measured"]
    if frame.empty:
        return
    known = {row_of(panel, curve): (panel, curve) for panel, curve in itertools.product(panels, curves)}
    found = [known[row] for row in frame["row"]]
    frame = frame.assign(panel=[panel for panel, _ in found], curve=[curve for _, curve in found])
    parts = list(frame.groupby("panel", sort=False))
    figure, axes = plt.subplots(1, len(parts), figsize=(4.6 * len(parts), 3.8), squeeze=False)
    for axis, (panel, part) in zip(axes.flat, parts, strict=True):
        for curve, cells in part.groupby("curve", sort=False):
            columns = list(cells["column"].astype(str))
            try:
                x = [float(column) for column in columns]
            except ValueError:
                x = list(range(len(columns)))
                axis.set_xticks(x, columns, rotation=60, ha="right", fontsize=7)
            (line,) = axis.plot(x, cells["value"], "-", lw=1.4, label=curve)
            axis.fill_between(x, cells["ci_low"], cells["ci_high"], alpha=0.15, color=line.get_color())
        if logarithmic:
            axis.set_xscale("symlog", linthresh=0.001)
        axis.set_title(panel, fontsize=9)
        axis.set_xlabel(x_label, fontsize=8)
        axis.set_ylabel(f"{part['metric'].iloc[0]} (%)", fontsize=8)
        axis.tick_params(labelsize=7)
        axis.grid(alpha=0.3)
        axis.legend(fontsize=7)
    figure.suptitle(title, fontsize=10)
    figure.tight_layout()
    save(figure, path)


def _true_positives(evaluation: Evaluation, scorer: Scorer, group: str, rate: float) -> Estimate:
    check_some(evaluation, (group,))
    spurious = np.sort(scorer(group))[::-1]
    allowed = int(np.floor(rate * len(spurious) + 1e-9))
    # At most `allowed` spurious scores lie above the threshold; scores equal to it are not trusted.
    threshold = -np.inf if allowed >= len(spurious) else spurious[allowed]
    return _above(evaluation, scorer, AUTHENTIC, threshold)


def _above(evaluation: Evaluation, scorer: Scorer, group: str, threshold: float) -> Estimate:
    check_some(evaluation, (group,))
    return share(evaluation, group, scorer(group) > threshold)


def _within(evaluation: Evaluation, scorer: Scorer, group: str, low: float, high: float) -> Estimate:
    check_some(evaluation, (group,))
    scores = scorer(group)
    return share(evaluation, group, (scores >= low) & ((scores < high) | (high >= BINS[-1])))
