"""JPEG compression as data augmentation."""

from typing import Any

import keras
from keras import ops

from zoo.layers.jpeg import DifferentiableJPEG
from zoo.layers.jpeg_checks import check_quality_range
from zoo.layers.jpeg_planes import Subsampling
from zoo.layers.jpeg_random import random_quality, random_uniform


@keras.saving.register_keras_serializable(package="forensics_zoo")
class JPEGAugmentation(keras.layers.Layer):
    """Compress each training image at a quality of its own, as libjpeg would to the last pixel.

    A preprocessing layer like Keras's own: put it first in a model (any backend), or map it over a ``tf.data`` data
    set (TensorFlow backend). It only works during training; at inference, data pass unchanged.

    >>> dataset = dataset.map(JPEGAugmentation(quality=(50, 100)))  # of images, or of dicts

    Args:
        quality: (low, high), integers within 1..100: drawn uniformly, both ends included.
        rate: Share of images that are compressed at all, 0 to 1.
        subsampling: Of chroma: ``"4:2:0"``, ``"4:2:2"`` or ``"4:4:4"``.
        value_range: ``(0, 255)`` for uint8 or floats, as in Keras's preprocessing layers, or ``(0, 1)`` for floats.
        seed: Of the draws.
        name: Name of the layer.
        trainable: As in every Keras layer; this one has no weights.
        dtype: As in every Keras layer; without effect, the codec works in int32 and float32 under any policy.

    Call arguments:
        data: (height, width, 3) or (batch, height, width, 3), RGB; or a dict with these as ``"images"``. What else is
            in the dict (labels, masks, boxes) is returned as it is: compression moves no pixel.
        seed: int or int tensor, () or (2,). Makes the draws a pure function of it: give the example's index to make a
            parallel ``tf.data`` pipeline reproducible. Without it the layer's seed generator counts on.
        training: Whether to compress.

    Output:
        As ``data``; images are uint8 for uint8, else float32.

    Raises:
        ValueError: For bad input; the message ends in what was received.
    """

    def __init__(
        self,
        quality: tuple[int, int] = (50, 100),
        rate: float = 1.0,
        subsampling: Subsampling = "4:2:0",
        *,
        value_range: tuple[int, int] = (0, 255),
        seed: int | None = None,
        name: str | None = None,
        trainable: bool = True,
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, trainable=trainable, dtype=dtype, autocast=False)
        if not isinstance(quality, (tuple, list)) or len(quality) != 2:
            raise ValueError(f"A range of qualities is (low, high). Received: {quality}")
        check_quality_range(*quality)
        if not 0 <= rate <= 1:
            raise ValueError(f"rate must lie between 0 and 1. Received: {rate}")
        self.quality = tuple(int(q) for q in quality)
        self.rate = rate
        self.seed = seed
        self.codec = DifferentiableJPEG(None, subsampling, value_range=value_range, name="codec")
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.built = True

    def call(self, data: Any, seed: Any = None, training: bool = True) -> Any:
        """Compress the images in ``data``; the arguments are described at the class."""
        if isinstance(data, dict):
            if "images" not in data:
                raise ValueError(f"A dict must hold 'images'. Received: keys {sorted(data)}")
            return {**data, "images": self._compress(data["images"], seed)} if training else data
        return self._compress(data, seed) if training else data

    def _compress(self, images: Any, seed: Any) -> Any:
        rank = len(images.shape)
        if rank not in (3, 4):
            raise ValueError(
                "JPEGAugmentation takes (height, width, 3) or (batch, height, width, 3). "
                f"Received: shape {tuple(images.shape)}"
            )
        batch = images if rank == 4 else images[None]
        seed = self.seed_generator.next() if seed is None else seed
        coded = self.codec(batch, quality=random_quality(seed, ops.shape(batch)[0], *self.quality))
        if self.rate < 1:
            chosen = random_uniform(seed, ops.shape(batch)[0], stream=1) < self.rate
            coded = ops.where(chosen[:, None, None, None], coded, ops.cast(batch, coded.dtype))
        return coded if rank == 4 else coded[0]

    def compute_output_shape(self, data_shape: Any, **_: Any) -> Any:
        """Return the shapes of ``data``."""
        return data_shape

    def get_config(self) -> dict:
        """Return the constructor's arguments."""
        return {
            **super().get_config(),
            "quality": self.quality,
            "rate": self.rate,
            "subsampling": self.codec.subsampling,
            "value_range": self.codec.value_range,
            "seed": self.seed,
        }
