"""On-the-fly JPEG, equal to libjpeg-turbo on every pixel: for NumPy arrays (Pillow) and for tf.data.

Decoding is always ``INTEGER_ACCURATE``; TensorFlow's default is off by up to 6 grey levels from what a file viewer,
Pillow or OpenCV show. The differentiable counterpart is ``zoo.layers.DifferentiableJPEG``.
"""

import io
from typing import TYPE_CHECKING, Literal

import numpy as np
from PIL import Image

from zoo.checks import check_rgb

if TYPE_CHECKING:
    import tensorflow as tf

Subsampling = Literal["4:2:0", "4:4:4"]
NO_JPEG = 0
"""The quality that stands for "not compressed" in this module's arrays and tensors."""
ORIGINAL_QUALITIES = (NO_JPEG, *range(90, 101))
"""What the contrast paper's code draws from, uniformly: twelve values, one of them no compression."""
PAPER_QUALITIES = tuple(range(90, 101))
"""What its text says: uniformly from [90, 100]."""


def check_quality(quality: int) -> int:
    """Return ``quality`` if it is an integer from 1 to 100 or ``NO_JPEG``; else raise ValueError."""
    if int(quality) != quality or not (quality == NO_JPEG or 1 <= quality <= 100):
        raise ValueError(f"A JPEG quality is an integer from 1 to 100, or {NO_JPEG} for none. Received: {quality}")
    return int(quality)


def compress(image: np.ndarray, quality: int, subsampling: Subsampling = "4:2:0") -> np.ndarray:
    """Save ``image`` as JPEG in memory and open it again, by Pillow.

    uint8 RGB (height, width, 3) in, the same out. Quality ``NO_JPEG`` (0) returns the image itself.

    Raises:
        ValueError: For another quality or subsampling, or an image that is not uint8 RGB.
    """
    if check_quality(quality) == NO_JPEG:
        return image
    _check_subsampling(subsampling)
    image = check_rgb(image)
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=int(quality), subsampling=subsampling)
    return np.asarray(Image.open(buffer))


def compress_tensor(images: "tf.Tensor", quality: "tf.Tensor | int", subsampling: Subsampling = "4:2:0") -> "tf.Tensor":
    """Compress one image or a batch inside ``tf.data`` or a ``tf.function``; the same pixels as ``compress``.

    For small patches, ``batch`` first and compress whole batches: the overhead of an op is larger than a patch.

    Args:
        images: uint8, (height, width, 3) or (batch, height, width, 3).
        quality: int, scalar or (batch,), 1..100 or ``NO_JPEG``. A tensor: one trace serves all qualities.
        subsampling: ``"4:2:0"`` (the default of Pillow and OpenCV) or ``"4:4:4"``.

    Raises:
        ValueError: For another subsampling, dtype, rank or number of channels. A quality out of range fails when the
            op runs.
    """
    import tensorflow as tf

    _check_subsampling(subsampling)
    images = tf.convert_to_tensor(images)
    if images.dtype != tf.uint8 or images.shape.rank not in (3, 4) or images.shape[-1] not in (None, 3):
        raise ValueError(
            "compress_tensor takes uint8 (height, width, 3) or (batch, height, width, 3). "
            f"Received: {images.dtype.name} {images.shape}"
        )
    quality = tf.cast(quality, tf.int32)
    one = _compress_420 if subsampling == "4:2:0" else _compress_444
    if images.shape.rank == 3:
        return tf.ensure_shape(one(images, quality), images.shape)
    quality = tf.broadcast_to(quality, tf.shape(images)[:1])
    result = tf.map_fn(lambda pair: one(*pair), (images, quality), fn_output_signature=tf.uint8)
    return tf.ensure_shape(result, images.shape)


def random_quality(seed: int, index: "tf.Tensor", qualities: tuple[int, ...] = ORIGINAL_QUALITIES) -> "tf.Tensor":
    """Draw one of ``qualities`` uniformly for each element of ``index``: int32 of the same shape.

    A pure function of ``seed`` and each index alone (SipHash), so batching does not change what an image gets.
    """
    import tensorflow as tf

    choices = tf.constant([check_quality(q) for q in qualities], tf.int32)
    names = tf.strings.as_string(tf.cast(index, tf.int64))
    return tf.gather(choices, tf.strings.to_hash_bucket_strong(names, len(qualities), key=[seed, 0]))


def _compress_420(image: "tf.Tensor", quality: "tf.Tensor") -> "tf.Tensor":
    import tensorflow as tf

    def coded() -> "tf.Tensor":
        return _decode(tf.raw_ops.EncodeJpegVariableQuality(images=image, quality=quality))

    return tf.cond(quality == NO_JPEG, lambda: image, coded)


def _compress_444(image: "tf.Tensor", quality: "tf.Tensor") -> "tf.Tensor":
    import tensorflow as tf

    # The op without chroma down-sampling takes its quality as an attribute only: one branch a quality.
    def branch(q: int) -> "tf.Tensor":
        return _decode(tf.io.encode_jpeg(image, quality=q, chroma_downsampling=False))

    branches = {0: lambda: image} | {q: (lambda q=q: branch(q)) for q in range(1, 101)}
    valid = tf.debugging.Assert((quality >= 0) & (quality <= 100), ["JPEG quality outside 0..100:", quality])
    with tf.control_dependencies([valid] if valid is not None else []):
        return tf.switch_case(quality, branches)


def _decode(data: "tf.Tensor") -> "tf.Tensor":
    import tensorflow as tf

    return tf.io.decode_jpeg(data, channels=3, dct_method="INTEGER_ACCURATE")


def _check_subsampling(subsampling: str) -> None:
    if subsampling not in ("4:2:0", "4:4:4"):
        raise ValueError(f"subsampling must be '4:2:0' or '4:4:4'. Received: {subsampling!r}")
