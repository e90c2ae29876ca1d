"""Figures 5 and S1 of Korus and Memon 2019: PRNU across pipelines, (a) fingerprints' correlation, (b) localisation.

Command:  zoo reproduce imaging figure-5        one camera
          zoo reproduce imaging figure-s1       all of them (supplement, Figure 1)
Expected: runs/tables/laptop/imaging_figure_5.csv and .png, imaging_figure_s1.csv and .png
Time:     3 minutes at `laptop` on one core; Figure S1 was not measured undisturbed
Data:     a synthetic body with known PRNU; `--data-dir` takes RAW files of a camera of yours (at `paper` 150 of them),
          `--weights` the folder of its networks, of `zoo imaging fit`

`laptop` halves the paper's lengths and counts: 45 photographs for the fingerprint, 15 for the predictor, 15 tampered
with; 512x512 pixels, the middle 128x128 flipped, windows of 65 every 4 pixels. `paper`: 90, 30 and 30 photographs of
1024x1024, the middle 256x256 flipped, windows of 129 every 8. Networks whose weights are not stored come out as
`not-run`, and so are those of your camera unless you trained them; the paper trained its UNet five times, here each
network counts once. F1 is the best over 24 thresholds,
chosen with the truth at hand, without any clean-up of the map.

The paper prints its matrices as pictures; its text gives the range of the entries off the diagonal of (a), and of (b).
Figure S1 has them for each synthetic camera, which stand for the paper's four; the networks are those of "birch" alone.
"""

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import combinations, product
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from zoo.datasets.camera import CAMERAS, Body
from zoo.experiments.imaging.data import raw_folder
from zoo.experiments.imaging.prnu.evaluation import ANOTHER_BODY, TRUTH, PrnuEvaluation, cell_of
from zoo.experiments.imaging.prnu.pipelines import standard
from zoo.experiments.run.cells import Cell, Settings, Table
from zoo.experiments.run.paper_values import paper_values
from zoo.experiments.run.plotting import pyplot, save
from zoo.metrics import Estimate, bootstrap_mean

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CAMERA = "birch"
"""The synthetic model that the stored networks are trained for; GBRG, as the paper's Nikon D90."""
EVERYTHING = "baseline: everything tampered"


def cells(settings: Settings, camera: str = CAMERA) -> Iterator[Cell]:
    """Yield the cells of both matrices."""
    known = raw_folder(settings) is None
    pipelines = standard(camera if known else None, settings.weights)
    evaluation = PrnuEvaluation(settings, pipelines, Body(CAMERAS[camera], serial=1))
    for one, two in combinations(pipelines, 2):
        similarity = partial(evaluation.similarity, one.name, two.name)
        yield cell_of("correlation", one.name, two.name, (one, two), similarity)
    for pipeline in pipelines:
        measure = partial(evaluation.similarity, TRUTH, pipeline.name) if known else None
        yield cell_of("correlation", TRUTH, pipeline.name, (pipeline,), measure)
    for one, two in product(pipelines, pipelines):
        localisation = partial(evaluation.localisation, one.name, two.name)
        yield cell_of("F1", one.name, two.name, (one, two), localisation)
    for row, pipeline in product((TRUTH, ANOTHER_BODY), pipelines):
        measure = partial(evaluation.localisation, row, pipeline.name) if known else None
        yield cell_of("F1", row, pipeline.name, (pipeline,), measure)
    for pipeline in pipelines:
        yield cell_of("F1", EVERYTHING, pipeline.name, (pipeline,), partial(_everything, evaluation))
    yield from _range(evaluation, [p.name for p in pipelines if p.develop])


def cells_of_figure_s1(settings: Settings) -> Iterator[Cell]:
    """Yield the cells of both matrices of every synthetic camera; the printed numbers are of one, which Figure 5 has.

    Raises:
        ValueError: For a folder of RAW files.
    """
    if raw_folder(settings) is not None:
        raise ValueError(
            "Figure S1 needs the synthetic cameras; for your own camera use zoo reproduce imaging figure-5. "
            f"Received: --data-dir {settings.data_dir}"
        )
    for camera in CAMERAS:
        for cell in cells(settings, camera):
            yield dataclasses.replace(cell, row=_row_of(camera, cell.row), paper_value=None)


def _row_of(camera: str, row: str) -> str:
    return f"{camera}: {row}"


def _everything(evaluation: PrnuEvaluation) -> Estimate:
    share = evaluation.truth.mean()
    return bootstrap_mean(np.full(len(evaluation.sources), 2 * share / (1 + share)), evaluation.sources)


def _range(evaluation: PrnuEvaluation, names: list[str]) -> Iterator[Cell]:
    """Yield the extremes that the paper's text names, beside those of the pipelines that ran."""
    printed = paper_values("imaging", "figure_5")
    pairs = {"correlation": list(combinations(names, 2)), "F1": list(product(names, names))}
    measures = {"correlation": evaluation.similarity, "F1": evaluation.localisation}
    for metric, (row, choose) in product(pairs, (("lowest", min), ("highest", max))):
        measure = partial(_extreme, choose, measures[metric], pairs[metric])
        yield Cell(row, "all that ran", metric, float(printed.loc[row, metric]), measure)


def _extreme(choose: Callable, measure: Callable[..., Estimate], pairs: list[tuple[str, str]]) -> Estimate:
    return choose((measure(*pair) for pair in pairs), key=lambda estimate: estimate.value)


def draw(frame: pd.DataFrame, settings: Settings, title: str, path: Path) -> None:
    """Both matrices as the paper draws them: rows are the camera models' pipelines, columns the pictures'."""
    figure, axes = pyplot().subplots(1, 2, figsize=(10, 4.6))
    _draw_matrices(axes, frame)
    figure.suptitle(title, fontsize=9)
    figure.tight_layout()
    save(figure, path)


def draw_figure_s1(frame: pd.DataFrame, settings: Settings, title: str, path: Path) -> None:
    """Both matrices of every camera, a camera a row of panels."""
    figure, axes = pyplot().subplots(len(CAMERAS), 2, figsize=(10, 4.4 * len(CAMERAS)), layout="constrained")
    for camera, pair in zip(CAMERAS, axes, strict=True):
        rows = {_row_of(camera, row): row for row in _rows()}
        _draw_matrices(pair, frame[frame["row"].isin(list(rows))].replace({"row": rows}))
        pair[0].set_ylabel(camera)
    figure.suptitle(title, fontsize=9)
    save(figure, path)


def _rows() -> list[str]:
    """Rows of the matrices."""
    return [TRUTH, ANOTHER_BODY, EVERYTHING, *(pipeline.name for pipeline in standard(CAMERA, None))]


def _draw_matrices(axes: "Sequence[Axes]", frame: pd.DataFrame) -> None:
    frame = frame[(frame["status"] == "measured") & frame["row"].isin(_rows())]
    for axis, metric in zip(axes, ("correlation", "F1"), strict=True):
        part = frame[frame["metric"] == metric]
        rows = list(dict.fromkeys(part["row"]))
        columns = [name for name in dict.fromkeys(frame["row"]) if name in set(part["column"])]
        matrix = part.pivot(index="row", columns="column", values="value").reindex(index=rows, columns=columns)
        axis.imshow(matrix, vmin=0, vmax=1, cmap="viridis")
        axis.set_xticks(range(len(columns)), columns, rotation=45, ha="right", fontsize=8)
        axis.set_yticks(range(len(rows)), rows, fontsize=8)
        for (y, x), value in np.ndenumerate(matrix.to_numpy()):
            if not np.isnan(value):
                axis.text(x, y, f"{value:.2f}", ha="center", va="center", fontsize=8, color="w" if value < 0.6 else "k")
        axis.set_title(metric, fontsize=9)


TABLE = Table("imaging", "figure_5", cells, decimals=2, plot=draw)
FIGURE_S1 = Table("imaging", "figure_s1", cells_of_figure_s1, decimals=2, plot=draw_figure_s1)
