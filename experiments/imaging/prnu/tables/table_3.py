"""Table 3 of Korus and Memon 2019: does PRNU survive a pipeline for low light?

Command:  zoo reproduce imaging table-3 --weights runs/imaging-laptop-0       after `zoo pretrain imaging --low-light`
Expected: runs/tables/laptop/imaging_table_3.csv and .png
Time:     1 minute at `laptop` on one core
Data:     a synthetic body (14 bits, low noise); the paper: a Sony of the See-in-the-Dark data set

Rows and columns are fingerprints: LibRaw on long exposures, LibRaw on exposures of a hundredth of the light,
brightened, and a UNet that learned to develop short exposures to what long ones look like. The last column is the mean
PCE of other photographs of a pipeline with its own fingerprint. A row that the paper does not have shows what denoising
alone does.
`laptop`: 40 photographs of 512x512 for a fingerprint and 15 for PCE; `paper`: 100 and 20 of 1024x1024.
`low_light.py` trains the UNet; without its weights its cells are `not-run`.
"""

from collections.abc import Iterator
from functools import partial
from itertools import combinations

import numpy as np
import pandas as pd

from zoo.datasets.camera import CAMERAS, Body
from zoo.experiments.imaging.data import raw_folder
from zoo.experiments.imaging.prnu.evaluation import TRUTH, PrnuEvaluation, Scale, cell_of
from zoo.experiments.imaging.prnu.pipelines import CAMERA, EXPOSURE, low_light
from zoo.experiments.imaging.values import paper_values
from zoo.experiments.run.cells import Cell, Settings, Table

SCALES = {
    "smoke": Scale(128, 4, 0, 2, 0, 0, 0, groups=2),
    "laptop": Scale(512, 40, 0, 15, 0, 0, 0, groups=10),
    "paper": Scale(1024, 100, 0, 20, 0, 0, 0, groups=10),
}


def cells(settings: Settings) -> Iterator[Cell]:
    """The cells of the table, and correlation with the true pattern below them."""
    if (received := raw_folder(settings)) is not None:
        raise ValueError(f"table-3 needs short and long exposures, of the synthetic camera. Received: {received}")
    pipelines = low_light(EXPOSURE, settings.weights)
    evaluation = PrnuEvaluation(settings, pipelines, Body(CAMERAS[CAMERA], serial=1), SCALES.get(settings.scale))
    printed = paper_values("table_3")
    for one, two in combinations(pipelines, 2):
        measure, paper = partial(evaluation.similarity, one.name, two.name), _printed(printed, one.name, two.name)
        yield cell_of("correlation", one.name, two.name, (one, two), measure, paper)
    for pipeline in pipelines:
        measure = partial(evaluation.similarity, TRUTH, pipeline.name)
        yield cell_of("correlation", TRUTH, pipeline.name, (pipeline,), measure)
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
