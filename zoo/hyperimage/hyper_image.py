"""HyperImage: turn a picture into a grid of patch features (Chandakkar and Li 2017, page 2)."""

from typing import cast

import keras
import numpy as np
from keras import ops

from zoo.hyperimage.grid import all_starts, grid_starts


def last_hidden(model: keras.Model) -> keras.Model:
    """Return the part of ``model`` up to its last layer with a ReLU: what the paper takes as a patch's representation.

    For ``ContrastNet``, say, the 250 responses of ``fc``. The layers are shared with ``model``, not copied.

    Raises:
        ValueError: Where no layer has a ReLU.
    """
    for layer in reversed(model.layers):
        activation = getattr(layer, "activation", None)
        if isinstance(layer, keras.layers.ReLU) or activation is keras.activations.relu:
            return keras.Model(model.input, layer.output, name=f"{model.name}_features")
    raise ValueError(f"The first stage needs a layer with a ReLU. Received: {[layer.name for layer in model.layers]}")


@keras.saving.register_keras_serializable(package="forensics_zoo")
class HyperImage(keras.layers.Layer):
    """Images -> hyper-images: (batch, height, width, channels) -> (batch, U, V, D), U patches down, V across.

    All patches of a batch of images go through the first stage in one batch. The input is what the first stage wants of
    a patch, in its units; heights and widths may differ from call to call (``None`` in a model's input), and with a
    fixed grid the output's shape does not. Works as a layer of a Keras model and, on TensorFlow, inside ``tf.data``'s
    ``map``.

    Args:
        first_stage: A functional patch model, (n, p, p, channels) -> anything, whose last hidden ReLU layer is taken
            (see ``last_hidden``); dense layers' vectors of length D, or maps, which are flattened.
        grid: (U, V), patches down and across, strides by equation 2 (see ``zoo.hyperimage.grid``).
        step: Instead of ``grid``: all patches this many pixels apart; U and V then depend on the image.
        trainable: The first stage stays as it is by default, as in the paper's second step of training.

    Raises:
        ValueError: Unless exactly one of ``grid`` and ``step`` is given, or for a first stage without a ReLU or
            without a square patch of fixed size as its input.
    """

    def __init__(
        self,
        first_stage: keras.Model,
        grid: tuple[int, int] | None = None,
        step: int | None = None,
        trainable: bool = False,
        **kwargs: object,
    ) -> None:
        super().__init__(**kwargs)
        if (grid is None) == (step is None):
            raise ValueError(f"Give grid=(rows, columns) or step, not both. Received: {grid=}, {step=}")
        if (grid is not None and min(grid) < 1) or (step is not None and step < 1):
            raise ValueError(f"grid and step must be at least 1. Received: {grid=}, {step=}")
        shape = first_stage.input_shape
        if len(shape) != 4 or shape[1] is None or shape[1] != shape[2]:
            raise ValueError(f"The first stage must take square patches (n, p, p, channels). Received: {shape}")
        self.features = last_hidden(first_stage)
        self.patch, self.channels = shape[1], shape[3]
        self.depth = int(np.prod(self.features.output_shape[1:]))
        self.grid = tuple(grid) if grid else None
        self.step = step
        # Keras hands a change down to the layers, but not a value that the model already has.
        self.features.trainable = False
        self.features.trainable = trainable
        self.trainable = trainable

    def patches(self, images: "keras.KerasTensor") -> "keras.KerasTensor":
        """Cut images, (batch, height, width, channels), into their grids, (batch, U, V, p, p, channels)."""
        shape = ops.shape(images)
        rows, columns = self._pixels(shape[1], 0), self._pixels(shape[2], 1)
        cut = ops.take(ops.take(images, ops.reshape(rows, (-1,)), axis=1), ops.reshape(columns, (-1,)), axis=2)
        down, across = self.grid if self.grid else (ops.shape(rows)[0], ops.shape(columns)[0])
        cut = ops.reshape(cut, (-1, down, self.patch, across, self.patch, self.channels))
        return ops.transpose(cut, (0, 1, 3, 2, 4, 5))

    def call(self, images: "keras.KerasTensor", training: bool = False) -> "keras.KerasTensor":
        """Return the hyper-images of a batch."""
        patches = self.patches(images)
        shape = ops.shape(patches)
        flat = ops.reshape(patches, (-1, self.patch, self.patch, self.channels))
        features = self.features(flat, training=training and self.trainable)
        return ops.reshape(features, (-1, shape[1], shape[2], self.depth))

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """(batch, U, V, D); with ``step`` and unknown sizes U and V are None."""
        if self.grid:
            return (input_shape[0], *self.grid, self.depth)
        step = cast(int, self.step)  # there, since no grid is
        sides = [None if n is None else len(all_starts(n, self.patch, step)) for n in input_shape[1:3]]
        return (input_shape[0], *sides, self.depth)

    def _pixels(self, size: "int | keras.KerasTensor", side: int) -> "np.ndarray | keras.KerasTensor":
        """Which row (or column) of the image each row of each patch is, (count, p); small images are reflected."""
        if isinstance(size, int):
            count = self.grid[side] if self.grid else None
            starts = (
                grid_starts(size, self.patch, count) if count else all_starts(size, self.patch, cast(int, self.step))
            )
            pixels = starts[:, None] + np.arange(self.patch)
            turn = pixels % (2 * size)
            return np.minimum(turn, 2 * size - 1 - turn).astype(np.int32)
        # A size that is only known when the graph runs: the same in tensors.
        size = ops.cast(size, "int32")
        room = ops.maximum(size - self.patch, 0)
        if self.grid is None:
            starts = ops.arange(0, room + 1, self.step, dtype="int32")
        elif self.grid[side] == 1:
            starts = ops.reshape(room // 2, (1,))
        else:
            gaps = self.grid[side] - 1
            starts = ops.minimum(ops.arange(gaps + 1, dtype="int32") * ((2 * room + gaps) // (2 * gaps)), room)
        pixels = starts[:, None] + ops.arange(self.patch, dtype="int32")
        turn = pixels % (2 * size)
        return ops.minimum(turn, 2 * size - 1 - turn)

    def get_config(self) -> dict:
        """Return the constructor's arguments, the first stage as a serialised model."""
        return super().get_config() | {
            "first_stage": keras.saving.serialize_keras_object(self.features),
            "grid": self.grid,
            "step": self.step,
            "trainable": self.features.trainable,
        }

    @classmethod
    def from_config(cls, config: dict) -> "HyperImage":
        """Rebuild the layer of ``get_config``."""
        first_stage = keras.saving.deserialize_keras_object(config.pop("first_stage"))
        return cls(first_stage, **config)
