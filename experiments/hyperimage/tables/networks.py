"""Tables 4 and 5 of Chandakkar and Li 2017: the networks, counted from what the code builds.

Command:  zoo reproduce hyperimage table-4      (table-5: the first stage for LIVE and TID layer by layer, and VGG-16)
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
    CNNIQA,
    DeepEndToEnd,
    ForgeryChannel,
    ForgeryEndToEnd,
    ForgeryStageTwo,
    LIVEStageTwo,
    ShallowEndToEnd,
    SyntheticPatchNet,
    SyntheticStageTwo,
    TIDStageTwo,
    VGGPatchNet,
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
"""Layers as experiment 4 counts them: without the output."""


def layer_count(model: keras.Model) -> int:
    """Convolutions and dense layers, without the output."""
    return sum(isinstance(layer, (keras.layers.Conv2D, keras.layers.Dense)) for layer in model.layers[:-1])


def counted(build: Callable[[], keras.Model], count: Callable[[keras.Model], int]) -> Estimate:
    """Return an exact count of a network as a table's cell."""
    return Estimate.exact(float(count(build())))


def cells_4(settings: Settings) -> Iterator[Cell]:
    """Yield the cells of Table 4."""
    for name, build in NETWORKS.items():
        yield Cell(name, "parameters", "count", None, partial(counted, build, keras.Model.count_params))
        layers = LAYERS_IN_TEXT.get(name)
        yield Cell(name, "layers", "count", layers, partial(counted, build, layer_count), comparable=layers is not None)


def cells_5(settings: Settings) -> Iterator[Cell]:
    """Yield the cells of Table 5."""
    networks: dict[str, Callable[[], keras.Model]] = {"LIVE": partial(CNNIQA, (32, 32, 1)), "TID": CNNIQA}
    for layer in [layer.name for layer in CNNIQA().layers]:
        for column, build in networks.items():
            yield Cell(layer, column, "parameters", None, partial(counted, build, partial(_of_layer, layer)))
    for column, build in networks.items():
        yield Cell("all", column, "parameters", None, partial(counted, build, keras.Model.count_params))
    yield Cell("VGG-16 variant, trained", "TID", "parameters", None, partial(counted, VGGPatchNet, _trained))
    yield Cell("VGG-16 variant, frozen", "TID", "parameters", None, partial(counted, VGGPatchNet, _frozen))


def _of_layer(name: str, model: keras.Model) -> int:
    return model.get_layer(name).count_params()


def _trained(model: keras.Model) -> int:
    return sum(int(keras.ops.size(w)) for w in model.trainable_weights)


def _frozen(model: keras.Model) -> int:
    return sum(int(keras.ops.size(w)) for w in model.non_trainable_weights)


TABLE_4 = Table("hyperimage", "table_4", cells_4, decimals=0)
TABLE_5 = Table("hyperimage", "table_5", cells_5, decimals=0)
