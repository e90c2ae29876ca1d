"""Hide a picture in a picture: uint8 images of any size in, uint8 images out."""

from collections.abc import Callable
from pathlib import Path

import cv2
import keras
import numpy as np

from zoo import tiles
from zoo.checks import check_rgb
from zoo.layers import DifferentiableJPEG, JPEGAugmentation
from zoo.levels import to_levels
from zoo.resolve_weights import resolve_weights
from zoo.steganography.h_net import STRIDE, HNet
from zoo.steganography.r_net import RNet
from zoo.steganography.steganographer import Steganographer
from zoo.weight_files import check_keras_file

HIDING_WEIGHTS, REVEALING_WEIGHTS = "steganography-h-net.photographs", "steganography-r-net.photographs"
JPEG_WEIGHTS = "steganography-h-net.photographs-jpeg", "steganography-r-net.photographs-jpeg"
"""Both networks that were trained with JPEG between them."""
BALUJA_WEIGHTS = "steganography-baluja.generated"
"""Not in the package."""
STORED_WEIGHT = 0.75
"""The lambda of the stored networks."""
THROUGH_JPEG = "-jpeg"
"""What the names of the networks that were trained with JPEG between them end in."""
JPEG_QUALITIES = (75, 95)
"""Theirs, drawn uniformly."""
BLOCK = 512
HIDING_MARGIN, REVEALING_MARGIN = 96, 32
"""More than any output depends on (93 pixels for H-net, 6 for R-net, 20 and 10 for Baluja's), in multiples of 32."""
LEAST_CHECKERBOARD = 1.0
"""``mean_checkerboard``, in grey levels, below which a picture is taken for no container of the stored networks.

Chosen on the calibration scenes of ``open_photographs``, see the table ``recognition``."""


def stored_steganographer(jpeg: bool = False, weights: str | Path | None = None) -> Steganographer:
    """Return the stored H-net and R-net; with ``jpeg`` those that were trained with JPEG between them.

    ``weights`` selects other networks: the part of their names after the last dot (ending in ``-jpeg`` for those
    trained with JPEG), or a folder of `zoo pretrain steganography`; see ``zoo.resolve_weights.resolve_weights``.

    Raises:
        ValueError: Where they are not there, or a file was changed.
    """
    named = weights is not None and not Path(weights).is_dir()
    jpeg = jpeg or (named and str(weights).endswith(THROUGH_JPEG))
    ending = THROUGH_JPEG if jpeg else ""
    given = f"{str(weights).removesuffix(THROUGH_JPEG)}{ending}" if named else weights
    hiding, revealing = resolve_weights(given, *(JPEG_WEIGHTS if jpeg else (HIDING_WEIGHTS, REVEALING_WEIGHTS)))
    return Steganographer(
        HNet(weights=hiding), RNet(weights=revealing), quantize=True, channel=jpeg_channel() if jpeg else None
    )


def ending_of(weight: float) -> str:
    """Return the ending of network names for a lambda other than the stored one's: ``-lambda-0-5``."""
    return "" if weight == STORED_WEIGHT else f"-lambda-{weight:g}".replace(".", "-")


def jpeg_channel() -> DifferentiableJPEG:
    """Return the JPEG layer of the networks "through JPEG": libjpeg 4:2:0, quality drawn from 75 to 95."""
    return DifferentiableJPEG(JPEG_QUALITIES, name="jpeg")


def load_steganographer(path: str | Path) -> Steganographer:
    """Return a model that ``Steganographer.save`` or ``zoo pretrain`` wrote.

    Raises:
        ValueError: When the file is no such model.
    """
    path = Path(path)
    if not path.is_file() or path.suffix != ".keras":
        raise ValueError(f"The networks must be a .keras file of a Steganographer. Received: {path}")
    try:
        check_keras_file(path)
        model = keras.models.load_model(path, compile=False)
    except Exception as error:  # zipfile, JSON, HDF5 and Keras each have their own
        reason = " ".join(str(error).split())[:120]
        raise ValueError(f"Not a .keras file that can be opened. Received: {path} ({reason})") from error
    if not isinstance(model, Steganographer):
        raise ValueError(f"The .keras file must hold a Steganographer. Received: {path} with a {type(model).__name__}")
    return model


class ImageHider:
    """Hides and reveals pictures of any size with the networks of a ``Steganographer``.

    Pictures are padded to multiples of 32 by reflection and cropped again. Large pictures are processed in overlapping
    blocks; the overlap is large enough that the result equals that of the whole picture.

    Args:
        model: The networks; by default the stored ones.
    """

    def __init__(self, model: Steganographer | None = None) -> None:
        self.model = model or stored_steganographer()

    @property
    def survives_jpeg(self) -> bool:
        """Whether the networks were trained with JPEG between them."""
        channel = self.model.channel
        parts = [] if channel is None else [channel, *getattr(channel, "layers", [])]
        return any(isinstance(part, (DifferentiableJPEG, JPEGAugmentation)) for part in parts)

    def hide(self, cover: np.ndarray, secret: np.ndarray) -> np.ndarray:
        """Return the container: the cover with the secret image in it, rounded to what a file holds.

        Both are uint8 RGB (height, width, 3) of any size; the secret image is stretched to the cover's size.

        Raises:
            ValueError: For images that are not uint8 RGB.
        """
        cover, secret = check_rgb(cover), check_rgb(secret)
        height, width = cover.shape[:2]
        secret = resize(secret, height, width)
        both = _padded(np.concatenate([cover, secret], axis=-1))
        container = _in_blocks(
            lambda part: self.model.hiding.predict_on_batch([part[..., :3], part[..., 3:]]), both, HIDING_MARGIN
        )
        return to_levels(255 * container[:height, :width])

    def reveal(self, container: np.ndarray, size: tuple[int, int] | None = None) -> np.ndarray:
        """Return the secret image of a container, uint8 RGB, at the container's size or at ``size`` (height, width).

        Raises:
            ValueError: For a container that is not uint8 RGB, or a size below 1.
        """
        container = check_rgb(container)
        height, width = container.shape[:2]
        # R-net takes any size, but saw zeros around training images; reflected surroundings are no worse.
        revealed = _in_blocks(self.model.revealing.predict_on_batch, _padded(container), REVEALING_MARGIN)
        image = to_levels(255 * revealed[:height, :width])
        return image if size is None else resize(image, *size)


def is_plausible(picture: np.ndarray) -> bool:
    """Return whether a picture, uint8 RGB (height, width, 3), looks like a container of the stored networks.

    This is only a hint; the table ``recognition`` has its error rates.
    """
    return mean_checkerboard(picture) >= LEAST_CHECKERBOARD


def mean_checkerboard(image: np.ndarray) -> float:
    """Return how strong a checkerboard of single pixels is in an image, in grey levels; 0 for most photographs.

    It is made of the means of the Haar transform's HH coefficients of all 2x2 blocks, and is that of lightness or that
    of colour differences, whichever is larger. In a photograph, positive and negative coefficients cancel. In
    containers of the stored networks they do not.

    Args:
        image: uint8 RGB (height, width, 3).
    """
    height, width = (n // 2 * 2 for n in image.shape[:2])
    sums = [image[y:height:2, x:width:2].sum((0, 1), np.int64) for y, x in ((0, 0), (1, 0), (0, 1), (1, 1))]
    means = (sums[0] - sums[1] - sums[2] + sums[3]) / max(1, height * width)
    grey = means.mean()
    return float(max(abs(grey), np.linalg.norm(means - grey)))


def resize(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """Stretch uint8 RGB (height, width, 3) to another size, averaging where it gets smaller.

    Raises:
        ValueError: For a side below 1.
    """
    if min(height, width) < 1:
        raise ValueError(f"A picture's sides must be at least 1 pixel. Received: {height} x {width}")
    if image.shape[:2] == (height, width):
        return image
    smaller = height * width < image.shape[0] * image.shape[1]
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA if smaller else cv2.INTER_CUBIC)


def _in_blocks(network: Callable[[np.ndarray], np.ndarray], image: np.ndarray, margin: int) -> np.ndarray:
    """Run ``network`` over (height, width, channels) block by block; float32 (height, width, 3)."""
    output = np.empty((*image.shape[:2], 3), np.float32)
    rows, columns = (tiles.spans(n, BLOCK + 2 * margin, margin, STRIDE) for n in image.shape[:2])
    for upper, lower, top, bottom in rows:
        for outer_left, outer_right, left, right in columns:
            part = network(image[None, upper:lower, outer_left:outer_right].astype(np.float32) / 255)[0]
            part = part[top - upper : bottom - upper, left - outer_left : right - outer_left]
            output[top:bottom, left:right] = part
    return output


def _padded(image: np.ndarray) -> np.ndarray:
    return tiles.pad(image, *(-(-n // STRIDE) * STRIDE for n in image.shape[:2]))
