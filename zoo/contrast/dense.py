"""ContrastNet over a whole picture: scores of overlapping patches in one pass, the same as patch by patch.

Its convolutions are unpadded and its poolings halve twice, so patches whose corners lie a multiple of four pixels apart
share all layers up to ``conv3_1``. The dense layers become convolutions over what they see of each patch.
"""

import math

import keras
import numpy as np
from keras import layers

from zoo import tiles
from zoo.contrast.model import ADJUSTED

STEP = 4
"""Pixels between patches that share their layers: both poolings together."""
TILE = 576
"""Side of what is computed at a time: memory stays the same for pictures of any size, about half a gigabyte."""


class DenseScores:
    """Scores of the patches of a picture ``stride`` pixels apart, as ``model`` gives them one by one.

    Args:
        model: A ``ContrastNet``.
        stride: Pixels between patches; a multiple of 4.

    Raises:
        ValueError: For another stride.
    """

    def __init__(self, model: keras.Model, stride: int) -> None:
        if stride < 1 or stride % STEP:
            raise ValueError(f"stride must be a multiple of {STEP}. Received: {stride}")
        self.stride, self.patch = stride, model.input_shape[1]
        x = picture = keras.Input((None, None, 3))
        for layer in model.layers[1:]:
            if isinstance(layer, (layers.Conv2D, layers.MaxPooling2D)):
                x = layer(x)
        dense, last = model.get_layer("fc"), model.get_layer("predictions")
        side = model.get_layer("conv3_1").output.shape[1]
        hidden = layers.Conv2D(
            dense.units, side, stride // STEP, activation="relu", dtype=dense.dtype_policy, name="fc_everywhere"
        )
        scores = layers.Conv2D(
            last.units, 1, activation="softmax", dtype=last.dtype_policy, name="predictions_everywhere"
        )
        self.model = keras.Model(picture, scores(hidden(x)))
        for convolution, original in ((hidden, dense), (scores, last)):
            kernel, bias = original.get_weights()
            convolution.set_weights([kernel.reshape(convolution.kernel.shape), bias])

    def __call__(self, image: np.ndarray) -> np.ndarray:
        """Probability of "adjusted" of each patch, float32 (rows, columns), at the corners of ``tiles.starts``.

        ``image`` is uint8 RGB (height, width, 3), no smaller than a patch. Where the last patch of a side is moved in
        to fit, and so off the stride, it is computed in a pass of its own.
        """
        height, width = image.shape[:2]
        ys, xs = (tiles.starts(n, self.patch, self.stride) for n in (height, width))
        found = np.empty((len(ys), len(xs)), np.float32)
        # Runs of corners on the stride: all, or all but the last.
        for rows in _runs(ys, self.stride):
            for columns in _runs(xs, self.stride):
                found[rows, columns] = self._run(image, ys[rows], xs[columns])
        return found

    def _run(self, image: np.ndarray, ys: list[int], xs: list[int]) -> np.ndarray:
        """Scores at corners that lie on the stride from the first on, tile by tile."""
        found = np.empty((len(ys), len(xs)), np.float32)
        most = (TILE - self.patch) // self.stride + 1
        for i in range(0, len(ys), most):
            for j in range(0, len(xs), most):
                rows, columns = ys[i : i + most], xs[j : j + most]
                part = image[rows[0] : rows[-1] + self.patch, columns[0] : columns[-1] + self.patch]
                # Few shapes: every other one is compiled anew.
                sides = [math.ceil(n / self.patch) * self.patch for n in part.shape[:2]]
                filled = np.zeros((1, *sides, 3), np.float32)
                filled[0, : part.shape[0], : part.shape[1]] = part.astype(np.float32) / 255
                scores = self.model.predict_on_batch(filled)[0, : len(rows), : len(columns), ADJUSTED]
                found[i : i + most, j : j + most] = scores
        return found


def _runs(starts: list[int], stride: int) -> list[slice]:
    last = len(starts) - 1
    if last and starts[last] - starts[last - 1] != stride:
        return [slice(0, last), slice(last, last + 1)]
    return [slice(0, last + 1)]
