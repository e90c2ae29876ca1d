"""Hiding and revealing as products: pictures of any size in and out, as ``ImageHider`` gives them."""

from typing import Any

import keras
from keras import ops

from zoo import tensor_resize, tensor_tiles
from zoo.serving import PICTURE, Serving, of_pictures
from zoo.steganography.h_net import STRIDE


def hiding(network: keras.Model) -> Serving:
    """Serve an ``HNet``, or the hiding part of another ``Steganographer``: cover and secret picture to the container.

    The whole picture is worked on at once; ``ImageHider`` does it in blocks, with the same result.
    """

    def core(cover: Any, secret: Any) -> dict[str, Any]:
        height, width = ops.shape(cover)[1:3]
        secret = _stretched(secret, height, width)
        container = network([_padded(cover), _padded(secret)], training=False)
        return {"container": container[:, :height, :width]}

    meaning = {
        "cover": "RGB pictures of any size, one size a batch",
        "secret": "RGB pictures, stretched to the cover's size where they have another",
        "container": "the cover with the secret in it: save it losslessly; differentiable: in [0, 1], not rounded",
    }
    return of_pictures(core, [network], meaning, {"cover": PICTURE, "secret": PICTURE}, pictures=["container"])


def revealing(network: keras.Model) -> Serving:
    """Serve an ``RNet``, or the revealing part of another ``Steganographer``: container to secret picture."""

    def core(container: Any) -> dict[str, Any]:
        height, width = ops.shape(container)[1:3]
        return {"revealed": network(_padded(container), training=False)[:, :height, :width]}

    meaning = {
        "container": "RGB pictures of any size, one size a batch",
        "revealed": "the picture hidden in it; differentiable: in [0, 1], not rounded",
    }
    return of_pictures(core, [network], meaning, {"container": PICTURE}, pictures=["revealed"])


def _padded(images: Any) -> Any:
    height, width = ops.shape(images)[1:3]
    return tensor_tiles.reflect_to(images, *(tensor_tiles.next_multiple(n, STRIDE) for n in (height, width)))


def _stretched(images: Any, height: Any, width: Any) -> Any:
    """``zoo.steganography.hiding.resize``: averaged where that makes it smaller, cubic else, rounded to 8 bits."""
    rows, columns = ops.shape(images)[1:3]

    def resized() -> Any:
        levels = images * 255.0
        found = ops.cond(
            height * width < rows * columns,
            lambda: tensor_resize.area(levels, height, width),
            lambda: tensor_resize.cubic(levels, height, width),
        )
        return tensor_resize.straight_round(ops.clip(found, 0.0, 255.0)) / 255.0

    same = ops.logical_and(ops.equal(rows, height), ops.equal(columns, width))
    return ops.cond(same, lambda: images, resized)
