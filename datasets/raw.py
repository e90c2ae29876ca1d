"""RAW files in tf.data: the planes and what is needed to develop them, from paths.

The reader itself is ``zoo.imaging.developing.raw.read``, without TensorFlow, and is exported from here as well.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from zoo.imaging.developing.raw import RawImage, read

if TYPE_CHECKING:
    import tensorflow as tf

__all__ = ["RawImage", "as_tf_dataset", "read", "read_tensor"]


def read_tensor(path: "tf.Tensor | str", balanced: bool = False) -> dict[str, "tf.Tensor"]:
    """Read a RAW file inside ``tf.data`` or a ``tf.function``.

    Args:
        path: String, scalar.
        balanced: White-balance the planes, as the networks take them, instead of only normalising them.

    Returns:
        ``planes`` float32 [0, 1] (height / 2, width / 2, 4) in the order R, G1, G2, B; ``cfa`` string; ``black_levels``
        float32 (4,); ``white_level`` float32; ``white_balance`` float32 (3,); ``camera_matrix`` float32 (3, 3);
        ``orientation`` int32, EXIF's; ``path`` string.

    Raises:
        tf.errors.OpError: When the op runs on a file that ``read`` refuses, with its one line in the message.
    """
    import tensorflow as tf

    def load(name: bytes | np.ndarray) -> tuple[np.ndarray | bytes | np.float32 | np.int32, ...]:
        raw = read(np.asarray(name).item().decode())  # bytes in a graph, an array without dimensions eagerly
        return (
            raw.balanced_planes if balanced else raw.planes,
            raw.cfa.encode(),
            np.array(raw.black_levels, np.float32),
            np.float32(raw.white_level),
            np.array(raw.white_balance, np.float32),
            np.float32(raw.camera_matrix),
            np.int32(raw.orientation),
        )

    specification = {
        "planes": (tf.float32, (None, None, 4)),
        "cfa": (tf.string, ()),
        "black_levels": (tf.float32, (4,)),
        "white_level": (tf.float32, ()),
        "white_balance": (tf.float32, (3,)),
        "camera_matrix": (tf.float32, (3, 3)),
        "orientation": (tf.int32, ()),
    }
    path = tf.convert_to_tensor(path)
    values = tf.numpy_function(load, [path], [dtype for dtype, _ in specification.values()])
    result = {
        name: tf.ensure_shape(value, shape)
        for (name, (_, shape)), value in zip(specification.items(), values, strict=True)
    }
    return result | {"path": path}


def as_tf_dataset(paths: Sequence[str | Path], balanced: bool = False, threads: int = 2) -> "tf.data.Dataset":
    """RAW files as a ``tf.data.Dataset`` of ``read_tensor``'s results, in the order of ``paths``, read ahead.

    ``balanced`` as there; ``threads`` files are read at a time.

    Raises:
        ValueError: For no path at all.
    """
    import tensorflow as tf

    if not paths:
        raise ValueError(f"At least one path is needed. Received: {paths!r}")
    dataset = tf.data.Dataset.from_tensor_slices([str(path) for path in paths])
    dataset = dataset.map(lambda path: read_tensor(path, balanced), num_parallel_calls=threads, deterministic=True)
    return dataset.prefetch(1)  # a photograph is large
