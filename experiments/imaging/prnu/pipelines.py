"""The imaging pipelines that the PRNU experiments compare, by name."""

import dataclasses
from collections.abc import Callable
from functools import cache
from pathlib import Path

import cv2
import keras
import numpy as np

import zoo.weights
from zoo.experiments.imaging.prnu.shots import Shot
from zoo.imaging.developing import pipeline
from zoo.imaging.developing.picture import to_8_bits

CAMERA = "cedar"
EXPOSURE = 1 / 100
NETWORKS = ("INet", "DNet", "UNet")
PHASE = "GBRG"
"""CFA phase of the mosaics that the stored networks of Figure 5 are trained on."""
CHECKPOINT = "model.ckpt"
"""Name of the checkpoint of See-in-the-Dark's authors, without ``.index`` and ``.data``."""
LOW_LIGHT = "unet-cedar-low-light.generated"
"""The stored name of the UNet that ``low_light.py`` trains."""


@dataclasses.dataclass(frozen=True)
class Pipeline:
    """How a shot becomes a picture: ``develop`` gives uint8 RGB; None where the network's weights are not available."""

    name: str
    develop: Callable[[Shot], np.ndarray] | None
    exposure: float = 1.0
    weights: str = ""


def standard(camera: str | None, folder: Path | None) -> list[Pipeline]:
    """Return the pipelines of Figure 5: two classical ones, LibRaw, and the networks trained for ``camera``.

    None is a user's camera, whose networks `zoo imaging fit` left in ``folder``: the stored ones do not know it.
    """
    classical = [
        Pipeline("Menon", lambda shot: to_8_bits(pipeline.develop(shot.image, "menon"))),
        Pipeline("bilinear", lambda shot: to_8_bits(pipeline.develop(shot.image, "bilinear"))),
        Pipeline("libRAW", Shot.libraw),
    ]
    stored = {name: name.lower() if camera is None else f"{name.lower()}-{camera}.photographs" for name in NETWORKS}
    return [*classical, *(_neural(name, name, stored[name], folder, phase=PHASE) for name in NETWORKS)]


def low_light(exposure: float, folder: Path | None, dark: bool = False) -> list[Pipeline]:
    """Return the pipelines of Table 3; ``exposure`` is the short one's share of the light.

    With ``dark`` the UNet is that of See-in-the-Dark's authors: ``folder`` holds their checkpoint ``model.ckpt``, or
    their folder ``Sony`` with it.
    """
    network = _authors("UNet (short)", folder, exposure) if dark else None
    return [
        Pipeline("libRAW (long)", Shot.libraw),
        Pipeline("libRAW (short)", lambda shot: shot.libraw(1 / shot.exposure), exposure),
        network or _neural("UNet (short)", "UNet", LOW_LIGHT, folder, exposure),
        # Not a row of the paper: the effect of denoising alone.
        Pipeline("libRAW, denoised (short)", lambda shot: denoised(shot.libraw(1 / shot.exposure)), exposure),
    ]


def _authors(name: str, folder: Path | None, exposure: float) -> Pipeline:
    """The U-Net of See-in-the-Dark; its planes are brightened by the ratio of exposures, and not white-balanced."""
    places = () if folder is None else (folder / CHECKPOINT, folder / "Sony" / CHECKPOINT)
    prefix = next((p for p in places if p.with_name(f"{CHECKPOINT}.index").is_file()), None)
    if prefix is None:
        return Pipeline(name, None, exposure, f"Sony/{CHECKPOINT}")

    @cache
    def model() -> keras.Model:
        from zoo.imaging.developing.model import UNet
        from zoo.imaging.developing.sid import load_sid_checkpoint

        network = UNet()
        load_sid_checkpoint(network, prefix)
        return network

    def develop(shot: Shot) -> np.ndarray:
        planes = np.minimum(shot.image.planes / np.float32(shot.exposure), 1)
        return to_8_bits(np.asarray(model().predict_on_batch(planes[None]))[0])

    return Pipeline(name, develop, exposure, f"Sony/{CHECKPOINT}")


def denoised(picture: np.ndarray) -> np.ndarray:
    """Non-local means at OpenCV's strength for visible noise, uint8 RGB."""
    return cv2.fastNlMeansDenoisingColored(picture, None, 10, 10, 5, 15)


def _neural(
    name: str, network: str, stored: str, folder: Path | None, exposure: float = 1.0, phase: str | None = None
) -> Pipeline:
    file = None if folder is None else folder / f"{stored}.npz"
    if file is not None and file.is_file():
        source = str(file)
    elif stored in zoo.weights.names():
        source = stored
    else:
        return Pipeline(name, None, exposure, stored)

    @cache
    def model() -> keras.Model:
        from zoo.imaging.developing import model as networks

        return getattr(networks, network)(weights=source)

    def develop(shot: Shot) -> np.ndarray:
        image = shot.image
        if phase not in (None, image.cfa):
            raise ValueError(f"{name} has learned mosaics of phase {phase}. Received: {image.cfa}, {shot.source}")
        balance = np.array(image.balance_of_planes, np.float32)
        planes = np.minimum(image.planes * balance / np.float32(shot.exposure), 1)
        return to_8_bits(np.asarray(model().predict_on_batch(planes[None]))[0])

    return Pipeline(name, develop, exposure, stored)
