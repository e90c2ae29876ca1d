"""Figure 4 of Pham Van et al. 2019: the training loss over the epochs.

Command:  zoo reproduce steganography figure-4 --weights runs/steganography-laptop-0
Expected: runs/tables/laptop/steganography_figure_4.csv and .png
Time:     seconds; the training itself is `zoo pretrain steganography`

The values are those that the training logged, of lambda 0.75 (see `experiments/steganography/training.py`).
"""

import json
from collections.abc import Iterator
from functools import partial

from zoo.experiments.run.cells import Cell, Settings, Table
from zoo.experiments.run.scales import scale_of
from zoo.experiments.steganography.training import SCALES, state_name
from zoo.metrics import Estimate
from zoo.steganography.hiding import STORED_WEIGHT

ROWS = {
    "training": "loss",
    "training, C-H": "container_loss",
    "training, S-O": "reveal_loss",
    "validation": "val_loss",
    "validation, C-H": "val_container_loss",
    "validation, S-O": "val_reveal_loss",
}


def cells(settings: Settings) -> Iterator[Cell]:
    """Yield a cell for each curve and epoch."""
    scale = scale_of(SCALES, settings.scale)
    history = {}
    if settings.weights is not None:
        path = settings.weights / f"{state_name('ours', STORED_WEIGHT)}.json"
        if not path.is_file():
            raise ValueError(
                f"--weights must be a folder of `zoo pretrain steganography`. Received: {settings.weights}"
            )
        history = {entry["epoch"]: entry for entry in json.loads(path.read_text())}
    for row, name in ROWS.items():
        for epoch in range(1, scale.epochs + 1):
            if epoch not in history:
                why = "read from the training's folder: `zoo pretrain steganography`, then --weights FOLDER"
                yield Cell(row, str(epoch), "loss", status="not-run", why=why, needs="trained")
                continue
            measure = partial(Estimate.exact, float(history[epoch][name]), scale.steps * scale.batch_size)
            yield Cell(row, str(epoch), "loss", None, measure, weights="trained", steps=epoch * scale.steps)


TABLE = Table("steganography", "figure_4", cells, decimals=5)
