"""The distribution channel as web sites run it: 8-bit files, a real resizer, libjpeg-turbo 4:2:0.

What the forensic network was trained through is a smooth model of it; this is what it has to work behind.
"""

import dataclasses
from typing import cast

import numpy as np
from PIL import Image

from zoo.datasets.jpeg import compress
from zoo.imaging.developing.picture import to_8_bits
from zoo.imaging.joint.workflow import ImagingWorkflow
from zoo.layers import DifferentiableJPEG

RESIZERS = {
    "box": Image.Resampling.BOX,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "Lanczos": Image.Resampling.LANCZOS,
}
"""Pillow's, all with a filter as wide as the scale asks for; ``box`` is the training's 2x2 average, rounded
to 8 bits along rows and along columns."""


@dataclasses.dataclass(frozen=True)
class RealChannel:
    """Half the size by ``resizer``, then JPEG 4:2:0 of ``quality`` by Pillow."""

    quality: int = 50
    resizer: str = "box"

    @property
    def label(self) -> str:
        """For tables."""
        resizer = "" if self.resizer == "box" else f"{self.resizer}, "
        return f"{resizer}libjpeg {self.quality}"

    def send(self, images: np.ndarray) -> np.ndarray:
        """uint8 (n, height, width, 3) to uint8 (n, height // 2, width // 2, 3)."""
        return np.stack([compress(self.shrink(image), self.quality) for image in images])

    def shrink(self, image: np.ndarray) -> np.ndarray:
        """Return the channel without its codec: uint8 (height, width, 3) to half the sides."""
        size = (image.shape[1] // 2, image.shape[0] // 2)
        return np.asarray(Image.fromarray(image).resize(size, RESIZERS[self.resizer]))


@dataclasses.dataclass(frozen=True)
class Files:
    """No channel: the versions as 8-bit files, what JPEG makes of them by libjpeg-turbo."""

    label: str = "8-bit files"

    def send(self, images: np.ndarray) -> np.ndarray:
        """Return the pictures as they are."""
        return images


CHANNELS = (
    RealChannel(50),
    RealChannel(30),
    RealChannel(70),
    RealChannel(90),
    RealChannel(50, "bilinear"),
    RealChannel(50, "bicubic"),
    RealChannel(50, "Lanczos"),
)
"""The first is the training's own quality and resizer; all others are unseen."""


def saved_versions(workflow: ImagingWorkflow, rgb: np.ndarray) -> list[np.ndarray]:
    """Return the picture and its manipulated versions as 8-bit files, each uint8 (n, height, width, 3), in class order.

    The picture is saved before it is manipulated; a manipulation by JPEG is libjpeg-turbo's, 4:2:0.
    """
    native = to_8_bits(rgb)
    versions = [native]
    for layer in workflow.manipulations:
        if isinstance(layer, DifferentiableJPEG):
            quality = round(cast(float, layer.quality))  # a manipulation has a single quality, not a range
            versions.append(np.stack([compress(image, quality) for image in native]))
        else:
            batches = (layer(native[i : i + 16].astype(np.float32) / 255) for i in range(0, len(native), 16))
            versions.append(np.concatenate([to_8_bits(np.asarray(batch)) for batch in batches]))
    return versions
