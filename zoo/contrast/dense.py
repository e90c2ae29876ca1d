"""ContrastNet over a whole picture: scores of overlapping patches in one pass, the same as patch by patch.

Its convolutions are unpadded and its poolings halve twice, so patches whose corners lie a multiple of four pixels apart
share all layers up to ``conv3_1``. The dense layers become convolutions over what they see of each patch.
"""

import math
from collections.abc import Callable, Iterable

import keras
import numpy as np
from keras import layers

from zoo import tiles
from zoo.contrast.model import ADJUSTED

STEP = 4
"""Pixels between patches that share their layers: both poolings together."""
TILE = 576
"""Side of what is computed at a time, in pixels: memory does not grow with the picture."""


class DenseScores:
    """Scores of the patches of a picture ``stride`` pixels apart, as ``model`` gives them one by one.

    Args:
        model: A ``ContrastNet``.
        stride: Pixels between patches; a multiple of 4.
        track: As of ``ContrastDetector``, for the tiles of a picture.

    Raises:
        ValueError: For another stride.
    """

    def __init__(self, model: keras.Model, stride: int, track: Callable[[range], Iterable[int]] = iter) -> None:
        if stride < 1 or stride % STEP:
            raise ValueError(f"stride must be a multiple of {STEP}. Received: {stride}")
        self.stride, self.track, self.patch = stride, track, model.input_shape[1]
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
        """Return each patch's probability of "adjusted", float32 (rows, columns), at the corners of ``tiles.starts``.

        ``image`` is uint8 RGB (height, width, 3), no smaller than a patch. Where the last patch of a side is moved in
        to fit, and so off the stride, it is computed in a pass of its own.
        """
        height, width = image.shape[:2]
        ys, xs = (tiles.starts(n, self.patch, self.stride) for n in (height, width))
        found = np.empty((len(ys), len(xs)), np.float32)
        parts = [(rows, columns) for rows in self._parts(ys) for columns in self._parts(xs)]
        for number in self.track(range(len(parts))):
            rows, columns = parts[number]
            found[rows, columns] = self._scores(image, ys[rows], xs[columns])
        return found

    def _parts(self, corners: list[int]) -> list[slice]:
        """Divide a side's corners so that those of a part lie on the stride and in a tile."""
        most = (TILE - self.patch) // self.stride + 1
        last = len(corners) - 1
        regular = last if last and corners[last] - corners[last - 1] != self.stride else last + 1
        parts = [slice(first, min(first + most, regular)) for first in range(0, regular, most)]
        return parts if regular > last else [*parts, slice(last, last + 1)]

    def _scores(self, image: np.ndarray, ys: list[int], xs: list[int]) -> np.ndarray:
        part = image[ys[0] : ys[-1] + self.patch, xs[0] : xs[-1] + self.patch]
        # Few shapes: every other one is compiled anew.
        sides = [math.ceil(n / self.patch) * self.patch for n in part.shape[:2]]
        filled = np.zeros((1, *sides, 3), np.float32)
        filled[0, : part.shape[0], : part.shape[1]] = part.astype(np.float32) / 255
        return self.model.predict_on_batch(filled)[0, : len(ys), : len(xs), ADJUSTED]
