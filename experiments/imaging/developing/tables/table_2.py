"""Table 2 of Korus and Memon 2019: the cameras; ours are synthetic, the paper's are quoted.

Command:  zoo reproduce imaging table-2            (or: make reproduce-table-2 PAPER=imaging)
Expected: runs/tables/laptop/imaging_table_2.csv
Time:     a second: nothing is measured

The paper prints ">1k" images of two cameras, quoted as 1000. Of a synthetic camera the images are the scenes drawn for
training, validation and the test of Table 1; all models exist in any number of bodies and sizes.
"""

from collections.abc import Iterator
from functools import partial

from zoo.datasets.camera import CAMERAS
from zoo.experiments.imaging.data import CAMERA
from zoo.experiments.imaging.developing import evaluation, training
from zoo.experiments.run.cells import Cell, Settings, Table
from zoo.experiments.run.paper_values import paper_values
from zoo.experiments.run.scales import scale_of
from zoo.metrics import Estimate

_METRICS = {"sensor": "size", "images": "count"}


def cells(settings: Settings) -> Iterator[Cell]:
    """Yield the cells of Table 2.

    Raises:
        ValueError: For an unknown scale.
    """
    trained = training.check(settings.scale, [])
    tested = scale_of(evaluation.SCALES, settings.scale).scenes
    for column, metric in _METRICS.items():
        for camera, line in paper_values("imaging", "table_2").iterrows():
            row = f"{camera}, {line['bayer']} ({line['source']}, {line['format']})"
            yield Cell(row, column, metric, float(line[column]), status="quoted")
        for model in CAMERAS.values():
            row = f"{model.name}, {model.cfa} (synthetic, {model.bits} bit)"
            images = trained.training + trained.validation + tested if model.name == CAMERA else 0
            value = images if column == "images" else trained.side**2 / 1e6
            yield Cell(row, column, metric, measure=partial(Estimate.exact, value))


TABLE = Table("imaging", "table_2", cells, {"size": 2, "count": 0}, units={"size": "megapixels"})
