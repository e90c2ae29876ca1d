"""Table II of Barni et al. 2018: AUC of the aware detector for adjustments it was not trained on, by JPEG quality.

Command:  zoo reproduce contrast table-2
Expected: results/laptop/contrast_table_2.csv; the family's README has the numbers and what they mean
Time:     `laptop` six minutes on two cores; `paper` as Table I

The adjustments are emulations of Photoshop's tools (`zoo.contrast.photoshop`), so no number here is comparable digit
for digit with the paper's.
"""

from collections.abc import Iterator

from zoo.contrast.photoshop import table_2_operators
from zoo.experiments.contrast.evaluation import Evaluation
from zoo.experiments.contrast.tables.table_1 import detector_rows
from zoo.experiments.run.cells import Cell, Settings, Table


def cells(settings: Settings) -> Iterator[Cell]:
    """The cells of Table II."""
    yield from detector_rows(Evaluation(settings), list(table_2_operators()), "table_2")


TITLE = "Contrast adjustment under JPEG, Table II (emulated operators)"
TABLE = Table("contrast", "table_2", TITLE, cells, takes_detector=True)
