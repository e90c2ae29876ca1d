"""Table 3 of Korus and Memon 2019: PRNU after a low-light pipeline.

Command:  zoo reproduce imaging table-3 --weights runs/imaging-laptop-0       after `zoo pretrain imaging low-light`
          zoo reproduce imaging table-3 --scale paper --dataset sid --data-dir SID --weights CHECKPOINT
Expected: runs/tables/laptop/imaging_table_3.csv and .png
Time:     1 minute at `laptop` on one core
Data:     a synthetic body (14 bits, low noise); or, as in the paper, See-in-the-Dark's Sony, with the folders long and
          short in SID and its authors' Sony/model.ckpt in CHECKPOINT

Rows and columns are fingerprints: LibRaw on long exposures, LibRaw on exposures of a hundredth of the light,
brightened, and a UNet that learned to develop short exposures to what long ones look like. The last column is the mean
PCE of other photographs of a pipeline with its own fingerprint. A row that the paper does not have shows what denoising
alone does.
`laptop`: 40 photographs of 512x512 for a fingerprint and 15 for PCE; `paper`: 100 and 20 of 1024x1024. `training.py`
next to `tables/` trains the synthetic body's UNet; without weights its cells are `not-run`. Of See-in-the-Dark a scene
gives its long exposure and one of its short ones; all scenes may be drawn, as in the paper, also those that its authors
trained their network on.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import combinations

import numpy as np
import pandas as pd

from zoo.datasets.camera import CAMERAS, Body
from zoo.experiments.imaging.data import raw_folder
from zoo.experiments.imaging.prnu.evaluation import TRUTH, PrnuEvaluation, Scale, cell_of
from zoo.experiments.imaging.prnu.pipelines import CAMERA, CHECKPOINT, EXPOSURE, Pipeline, low_light
from zoo.experiments.run.cells import Cell, Settings, Table
from zoo.experiments.run.paper_values import paper_values
from zoo.experiments.run.scales import scale_of

DARK = "sid"
"""The data set of the paper's table."""
SCALES = {
    "smoke": Scale(128, 4, 0, 2, 0, 0, 0, groups=2),
    "laptop": Scale(512, 40, 0, 15, 0, 0, 0, groups=10),
    "paper": Scale(1024, 100, 0, 20, 0, 0, 0, groups=10),
}


def cells(settings: Settings) -> Iterator[Cell]:
    """Yield the cells of the table, and correlation with the true pattern below them.

    Raises:
        ValueError: For RAW files that are not See-in-the-Dark's, or See-in-the-Dark without its folder.
    """
    dark = settings.dataset == DARK
    if dark and settings.data_dir is None:
        raise ValueError(
            "See-in-the-Dark must be downloaded manually, and --data-dir must be its folder. Received: none"
        )
    if not dark and (received := raw_folder(settings)) is not None:
        raise ValueError(
            "table-3 needs short and long exposures: of the synthetic camera, or --dataset sid. "
            f"Received: --data-dir {received}"
        )
    pipelines = low_light(EXPOSURE, settings.weights, dark)
    body, scale = Body(CAMERAS[CAMERA], serial=1), scale_of(SCALES, settings.scale)
    evaluation = PrnuEvaluation(settings, pipelines, body, scale, dark)
    for cell in _cells(evaluation, pipelines, known=not dark):
        if cell.paper_value is None:
            yield cell
        elif dark:
            lacking = cell.measure is None
            why = f"no Sony/{CHECKPOINT} here: --weights names the folder of See-in-the-Dark's checkpoint"
            comparable = settings.scale == "paper"
            yield replace(cell, comparable=comparable, why=why if lacking else cell.why)
        elif settings.scale == "paper":
            why = "needs See-in-the-Dark, --dataset sid --data-dir SID"
            yield replace(cell, measure=None, status="data-unavailable", why=why, weights="")
        else:
            yield cell


def _cells(evaluation: PrnuEvaluation, pipelines: list[Pipeline], known: bool) -> Iterator[Cell]:
    printed = paper_values("imaging", "table_3")
    for one, two in combinations(pipelines, 2):
        measure, paper = partial(evaluation.similarity, one.name, two.name), _printed(printed, one.name, two.name)
        yield cell_of("correlation", one.name, two.name, (one, two), measure, paper)
    for pipeline in pipelines:
        pattern = partial(evaluation.similarity, TRUTH, pipeline.name) if known else None
        yield cell_of("correlation", TRUTH, pipeline.name, (pipeline,), pattern)
    for pipeline in pipelines:
        measure, paper = (
            partial(evaluation.identification, pipeline.name),
            _printed(printed, pipeline.name, "average PCE"),
        )
        yield cell_of("PCE", pipeline.name, "average PCE", (pipeline,), measure, paper)


def _printed(values: pd.DataFrame, row: str, column: str) -> float | None:
    if row not in values.index or column not in values.columns or np.isnan(values.loc[row, column]):
        return None
    return float(values.loc[row, column])


TABLE = Table("imaging", "table_3", cells, decimals=2)
