"""Load the U-Net of "Learning to See in the Dark" (Chen, Chen, Xu and Koltun, CVPR 2018), which the paper's UNet is.

Its Sony checkpoint is the authors' to give: github.com/cchen156/Learning-to-See-in-the-Dark.
"""

from pathlib import Path

import keras
import numpy as np


def load_sid_checkpoint(model: keras.Model, path: str | Path) -> None:
    """Load a TensorFlow 1 checkpoint of that U-Net (Sony) into ``model``, a ``UNet``, in place.

    ``path`` is the checkpoint's prefix, ``.../Sony/model.ckpt``, with ``.index`` and ``.data``. The optimiser's slots
    are left out. That network packs R, G1, B, G2; its first kernels are put in this package's order R, G1, G2, B. It
    was trained on an RGGB sensor, on planes that are **not** white-balanced but multiplied by the exposure ratio and
    clipped to 1, and gives sRGB. Needs TensorFlow.

    Raises:
        ValueError: For no such checkpoint, a missing tensor or another shape; nothing is assigned then.
    """
    import tensorflow as tf

    expected = {layer: [tuple(w.shape) for w in model.get_layer(layer).weights] for layer in _layers()}
    try:
        reader = tf.train.load_checkpoint(str(path))
        found = {
            layer: [np.asarray(reader.get_tensor(name), np.float32) for name in names]
            for layer, names in _layers().items()
        }
    except (OSError, ValueError, tf.errors.OpError) as error:
        message = " ".join(str(error).split())
        raise ValueError(f"Not a checkpoint of that U-Net, model.ckpt. Received: {path} ({message})") from error
    differing = [layer for layer, values in found.items() if [v.shape for v in values] != expected[layer]]
    if differing:
        shapes = [v.shape for v in found[differing[0]]]
        raise ValueError(
            f"{path} does not hold {model.name}'s tensors: {differing[0]} must have shapes {expected[differing[0]]}. "
            f"Received: {shapes}"
        )
    found["c1_1_conv"][0] = found["c1_1_conv"][0][:, :, [0, 1, 3, 2]]
    for layer, values in found.items():
        model.get_layer(layer).set_weights(values)


def _layers() -> dict[str, list[str]]:
    """This package's layers to the checkpoint's tensors; the transposed kernels have no names of their own there."""
    names = {f"c{i}_{j}_conv": f"g_conv{i}_{j}" for i in range(1, 10) for j in (1, 2)} | {"c10": "g_conv10"}
    found = {layer: [f"{name}/weights", f"{name}/biases"] for layer, name in names.items()}
    transposed = ("Variable", "Variable_1", "Variable_2", "Variable_3")
    return found | {f"s{level}_whole": [name] for level, name in enumerate(transposed, 5)}
