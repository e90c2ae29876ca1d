"""Table 4 of Chandakkar and Li 2017: the networks, counted from what the code builds.

Command:  zoo reproduce hyperimage table-4
Expected: parameters and layers with weights; the paper prints no counts, but says 8 and 14 layers of experiment 4's
Time:     seconds

`zoo.hyperimage.notation.notation(model)` writes a built network in the table's notation; a test holds it against the
printed lines.
"""

from collections.abc import Callable, Iterator
from functools import partial

import keras

from zoo.experiments.run.cells import Cell, Settings, Table
from zoo.hyperimage import (
    DeepEndToEnd,
    ForgeryChannel,
    ForgeryEndToEnd,
    ForgeryStageTwo,
    LIVEStageTwo,
    ShallowEndToEnd,
    SyntheticPatchNet,
    SyntheticStageTwo,
    TIDStageTwo,
)
from zoo.metrics import Estimate

NETWORKS: dict[str, Callable[[], keras.Model]] = {
    "Synthetic stage 1": SyntheticPatchNet,
    "Synthetic stage 2": SyntheticStageTwo,
    "LIVE stage 2": LIVEStageTwo,
    "TID stage 2": TIDStageTwo,
    "Shallow end-to-end": ShallowEndToEnd,
    "Deep end-to-end": DeepEndToEnd,
    "Forgery channel": ForgeryChannel,
    "Forgery stage 2": ForgeryStageTwo,
    "Forgery end-to-end": ForgeryEndToEnd,
}
LAYERS_IN_TEXT = {"Shallow end-to-end": 8, "Deep end-to-end": 14}
"""As experiment 4 counts: without the output."""


def layer_count(model: keras.Model) -> int:
    """Convolutions and dense layers, without the output."""
    return sum(isinstance(layer, (keras.layers.Conv2D, keras.layers.Dense)) for layer in model.layers[:-1])


def counted(build: Callable[[], keras.Model], count: Callable[[keras.Model], int]) -> Estimate:
    """An exact count of a network as a table's cell."""
    value = float(count(build()))
    return Estimate(value, value, value, 1, 1)


def cells(settings: Settings) -> Iterator[Cell]:
    """The cells of Table 4."""
    for name, build in NETWORKS.items():
        yield Cell(name, "parameters", "count", None, partial(counted, build, keras.Model.count_params))
        layers = LAYERS_IN_TEXT.get(name)
        yield Cell(name, "layers", "count", layers, partial(counted, build, layer_count), comparable=layers is not None)


TABLE = Table("hyperimage", "table_4", "Hyper-images, networks, Table 4", cells, decimals=0)
