"""The contrast detector as a product: score and heatmap of pictures of any size, as ``ContrastDetector`` gives them."""

from typing import Any

import keras
from keras import ops

from zoo import tensor_tiles
from zoo.contrast.detector import PATCH
from zoo.contrast.model import ADJUSTED
from zoo.serving import Serving, of_pictures

STRIDE = 32


def adjustment(model: keras.Model) -> Serving:
    """Serve a ``ContrastNet`` of 64x64 patches."""

    def core(image: Any) -> dict[str, Any]:
        height, width = ops.shape(image)[1:3]
        padded = tensor_tiles.reflect_to(image, PATCH, PATCH)
        tall, wide = ops.shape(padded)[1:3]
        rows, columns = (tensor_tiles.starts(n, PATCH, STRIDE) for n in (tall, wide))
        scores = tensor_tiles.scan(padded, lambda x: model(x, training=False), PATCH, rows, columns)[..., ADJUSTED]
        # Every second position is on the grid from (0, 0) that the score is the mean over.
        on_grid = scores[:, : 2 * (tall // PATCH) : 2, : 2 * (wide // PATCH) : 2]
        heatmap = tensor_tiles.spread(scores, PATCH, rows, columns, tall, wide)
        return {"score": ops.mean(on_grid, axis=(1, 2)), "heatmap": heatmap[:, :height, :width]}

    meaning = {
        "image": "RGB pictures of any size, one size a batch",
        "score": "probability that the contrast was adjusted, mean over 64x64 patches",
        "heatmap": "the same for each pixel, from patches 32 pixels apart",
    }
    return of_pictures(core, [model], meaning)
