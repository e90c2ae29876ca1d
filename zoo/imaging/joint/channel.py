"""The distribution channel of Korus and Memon (2019, section 4.1): down-sampling and JPEG, as a Keras layer."""

from typing import Any

import keras
from keras import ops

from zoo.fidelity import Fidelity, check_fidelity
from zoo.imaging.joint.manipulations import resize_bilinear, smooth_jpeg


@keras.saving.register_keras_serializable(package="forensics_zoo")
class DistributionChannel(keras.layers.Layer):
    """What a photo-sharing site does to a picture: 1:2 down-sampling, then JPEG of quality 50, both differentiable.

    ``"original"``: average pooling and the authors' dJPEG. ``"paper"``: bilinear interpolation (the text says only
    "down-sampling"; at a factor of 2 the two are the same) and the standard's JPEG; sinusoidal rounding and 4:4:4 in
    both. Neither is what a web site runs: ``codec=DifferentiableJPEG(50)`` is libjpeg-turbo 4:2:0 itself.

    Args:
        factor: Of the down-sampling, an integer; 1 for none.
        quality: Of the JPEG codec.
        fidelity: See above.
        codec: Any Keras layer instead of that JPEG.
        name: Name of the layer.

    Call arguments:
        images: RGB, float (batch, height, width, 3) in [0, 1]; a remainder of the sides by ``factor`` is left out.

    Output:
        (batch, height // factor, width // factor, 3), float32 in [0, 1].

    Raises:
        ValueError: For a factor that is no integer of at least 1, or an unknown fidelity.
    """

    def __init__(
        self,
        factor: int = 2,
        quality: float = 50,
        fidelity: Fidelity = "original",
        codec: keras.layers.Layer | None = None,
        *,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name, dtype="float32")
        if int(factor) != factor or factor < 1:
            raise ValueError(f"factor must be an integer of at least 1. Received: {factor}")
        self.factor, self.quality, self.fidelity = int(factor), float(quality), check_fidelity(fidelity)
        self._given = codec is not None
        self.codec = smooth_jpeg(quality, fidelity, name="codec") if codec is None else codec

    def build(self, input_shape: tuple) -> None:
        """Build the codec, which may be a user's layer with weights."""
        if not self.codec.built:
            self.codec.build(self._down_sampled(input_shape))
        self.built = True

    def call(self, images: Any) -> Any:
        """Send images through the channel; described at the class."""
        return self.codec(self.down_sample(images))

    def down_sample(self, images: Any) -> Any:
        """Return the channel without its codec."""
        images = ops.cast(images, "float32")
        if self.factor == 1:
            return images
        height, width = (n // self.factor for n in ops.shape(images)[1:3])
        images = images[:, : height * self.factor, : width * self.factor]
        if self.fidelity == "original":
            return ops.average_pool(images, self.factor, self.factor, data_format="channels_last")
        return resize_bilinear(images, height, width)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """Return the output's shape."""
        return self._down_sampled(input_shape)

    def get_config(self) -> dict:
        """Return the constructor's arguments."""
        codec = keras.saving.serialize_keras_object(self.codec) if self._given else None
        return {
            "factor": self.factor,
            "quality": self.quality,
            "fidelity": self.fidelity,
            "codec": codec,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config: dict) -> "DistributionChannel":
        """Build the layer of ``get_config``."""
        codec = config["codec"]
        return cls(**{**config, "codec": None if codec is None else keras.saving.deserialize_keras_object(codec)})

    def _down_sampled(self, shape: tuple) -> tuple:
        height, width = (None if n is None else n // self.factor for n in shape[1:3])
        return (shape[0], height, width, shape[3])
