"""Bodies of a camera model and what their sensors record of a scene."""

import zlib
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from zoo.datasets import keyed
from zoo.datasets.camera.models import CameraModel
from zoo.imaging.developing import bayer
from zoo.imaging.developing.raw import RawImage, from_mosaic

_BLOCK = 256


@dataclass(frozen=True)
class Body:
    """One camera of a model; bodies of a model differ in PRNU only.

    Raises:
        ValueError: For a negative serial number.
    """

    model: CameraModel
    serial: int

    def __post_init__(self) -> None:
        if self.serial < 0:
            raise ValueError(f"serial must be 0 or above. Received: {self.serial}")

    def prnu(self, shape: tuple[int, int]) -> np.ndarray:
        """Return the fingerprint K, float32 (height, width), read-only: a pixel's signal is (1 + K) times the light.

        Independent normal values of mean 0 and the model's standard deviation. A smaller shape gives the top left
        corner of the same sensor.
        """
        return _prnu(self, *shape)


@lru_cache(maxsize=4)
def _prnu(body: Body, height: int, width: int) -> np.ndarray:
    pattern = np.empty((height, width), np.float32)
    name = zlib.crc32(body.model.name.encode())
    for y in range(0, height, _BLOCK):
        for x in range(0, width, _BLOCK):
            rng = keyed.generator(name, body.serial, y, x)
            part = pattern[y : y + _BLOCK, x : x + _BLOCK]
            part[:] = rng.standard_normal((_BLOCK, _BLOCK), np.float32)[: part.shape[0], : part.shape[1]]
    pattern *= np.float32(body.model.prnu)
    pattern.flags.writeable = False
    return pattern


def linearise(rgb: np.ndarray) -> np.ndarray:
    """Undo sRGB's tone curve: ``rgb``, uint8 (height, width, 3), to linear light, float32 [0, 1].

    Raises:
        ValueError: For another dtype.
    """
    if rgb.dtype != np.uint8:
        raise ValueError(f"linearise takes uint8. Received: {rgb.dtype}")
    v = np.arange(256) / 255
    return np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4).astype(np.float32)[rgb]


def expose(scene: np.ndarray, body: Body, rng: np.random.Generator) -> np.ndarray:
    """Photograph a scene: uint16 mosaic (height, width), black level included.

    In this order: the sensor's colours, the lens's blur, vignetting, the colour filter mosaic, PRNU, shot and read
    noise, black level, rounding to whole codes, clipping at the white level.

    Args:
        scene: Linear sRGB in daylight, float32 (height, width, 3), even sides; a white of 1 fills the green pixels.
        body: Which camera.
        rng: For the noise.

    Raises:
        ValueError: For another shape.
    """
    scene = np.asarray(scene, np.float32)
    if scene.ndim != 3 or scene.shape[2] != 3 or scene.shape[0] % 2 or scene.shape[1] % 2 or 0 in scene.shape:
        raise ValueError(f"scene must be (height, width, 3) with even sides. Received: {scene.shape}")
    model = body.model
    height, width = scene.shape[:2]
    light = np.maximum(cv2.transform(scene, model.from_srgb.astype(np.float32)), 0)
    if model.blur:
        light = cv2.GaussianBlur(light, (0, 0), model.blur)
    signal = np.empty((height, width), np.float32)
    for (y, x), colour in zip(bayer.SITES[model.cfa], (0, 1, 1, 2), strict=True):
        signal[y::2, x::2] = light[y::2, x::2, colour]
    signal *= _vignette(height, width, model.vignetting)
    signal *= 1 + body.prnu((height, width))
    variance = model.shot * signal + model.read**2
    signal += np.sqrt(variance) * rng.standard_normal(signal.shape, np.float32)
    black = bayer.unpack(np.broadcast_to(np.array(model.black, np.float32), (height // 2, width // 2, 4)), model.cfa)
    return np.clip(np.rint(black + signal * (model.white - black)), 0, model.white).astype(np.uint16)


def as_raw(mosaic: np.ndarray, body: Body) -> RawImage:
    """Return ``body``'s mosaic, uint16 (height, width), as ``zoo.imaging.raw.read`` would read it from its DNG."""
    model = body.model
    return from_mosaic(mosaic, model.cfa, model.black, model.white, model.white_balance, np.array(model.camera_matrix))


def _vignette(height: int, width: int, strength: float) -> np.ndarray:
    """Float32 (height, width): 1 in the middle, ``1 - strength`` in the corners, falling with the radius squared."""
    y, x = (np.linspace(-1, 1, n, dtype=np.float32) ** 2 for n in (height, width))
    return 1 - np.float32(strength) * (y[:, None] + x) / 2
