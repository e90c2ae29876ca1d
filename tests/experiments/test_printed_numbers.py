"""Every number that a paper prints is a cell of its table at every scale, and a cell without a number says why."""

from collections import Counter
from pathlib import Path

import pandas as pd
import pytest

import zoo.experiments
from zoo.experiments.run import tables
from zoo.experiments.run.cells import Settings
from zoo.experiments.run.scales import NAMES

FOLDER = Path(zoo.experiments.__path__[0])
LABELS = {
    ("steganography", "table_3"): Counter({16.0: 1, 32.0: 1, 64.0: 1}),  # batch sizes
    ("hyperimage", "table_1"): Counter(2 * [1.0, 2.0, 3.0, 4.0, 5.0]),  # columns
    ("imaging", "table_3"): Counter({1.0: 3}),  # a fingerprint's correlation with itself
}
"""Numbers in the transcribed files that no one measures."""
FAMILIES = ("adversarial", "contrast", "steganography", "imaging", "hyperimage")
PRINTED = [(family, path) for family in FAMILIES for path in sorted((FOLDER / family / "values").glob("*.csv"))]


@pytest.mark.parametrize(("family", "path"), PRINTED, ids=lambda part: getattr(part, "stem", part))
def test_every_printed_number_is_a_cell_at_every_scale(family, path):
    frame = pd.read_csv(path, dtype=str).drop(columns=["experiment"], errors="ignore")
    numbers = (pd.to_numeric(frame[column], errors="coerce").dropna() for column in frame)
    printed = Counter(float(number) for column in numbers for number in column)
    table, seen = tables.find(family, path.stem), []
    for scale in NAMES:
        try:
            cells = list(table.cells(Settings(scale)))
        except ValueError as error:
            assert str(error).startswith("scale must be one of")
            continue
        seen.append(scale)
        found = Counter(cell.paper_value for cell in cells if cell.paper_value is not None)
        assert printed - found == LABELS.get((family, path.stem), Counter()), scale
        for cell in cells:
            assert cell.measure or cell.why or cell.status == "quoted", (scale, cell)
    assert {"smoke", "laptop", "paper"} <= set(seen)
