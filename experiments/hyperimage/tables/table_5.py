"""Table 5 of Chandakkar and Li 2017: the first stage for LIVE and TID, layer by layer, and experiment 5's VGG-16.

Command:  zoo reproduce hyperimage table-5
Expected: parameters of every layer; the paper prints none
Time:     seconds
"""

from collections.abc import Iterator
from functools import partial

import keras

from zoo.experiments.hyperimage.tables.table_4 import counted
from zoo.experiments.run.cells import Cell, Settings, Table
from zoo.hyperimage import CNNIQA, VGGPatchNet


def cells(settings: Settings) -> Iterator[Cell]:
    """The cells of Table 5."""
    networks = {"LIVE": partial(CNNIQA, (32, 32, 1)), "TID": CNNIQA}
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


TABLE = Table("hyperimage", "table_5", "Hyper-images, first stage for quality, Table 5", cells, decimals=0)
