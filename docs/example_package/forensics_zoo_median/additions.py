"""An operator, an attack, a distortion and a data set for the zoo's own tables and commands."""

from functools import partial
from pathlib import Path

import cv2
import numpy as np

from zoo.datasets import keyed
from zoo.datasets.embedded import generate_scene
from zoo.datasets.photographs import Photograph


def median_3x3(image: np.ndarray) -> np.ndarray:
    """An operator: uint8 RGB (height, width, 3) to the same. A row of ``zoo reproduce contrast table-1``."""
    return cv2.medianBlur(image, 3)


def sign_noise(model: object, images: np.ndarray, eps: float) -> np.ndarray:
    """An attack: float32 (n, height, width, channels) in [0, 255] to the same; ``eps`` in grey levels.

    ``zoo adversarial attack --attack sign-noise``; the channels are the model's, and ``--target`` is not passed on.

    This one does not ask the model; every pixel goes ``eps`` grey levels up or down.
    """
    signs = keyed.generator(0).choice(np.float32([-1, 1]), images.shape)
    return np.clip(images + eps * signs, 0, 255)


def vignetting(image: np.ndarray, level: int, rng: np.random.Generator) -> np.ndarray:
    """A distortion: uint8 RGB, level 1..5, generator to uint8 RGB. Rows of ``zoo reproduce hyperimage table-2``."""
    height, width = image.shape[:2]
    y, x = np.linspace(-1, 1, height)[:, None, None], np.linspace(-1, 1, width)[:, None]
    light = 1 - (0.05, 0.1, 0.2, 0.35, 0.5)[level - 1] * (x * x + y * y) / 2
    return np.rint(image * light).astype(np.uint8)


def leaves(data_dir: Path | None, split: str, seed: int) -> list[Photograph]:
    """A data set: ``zoo reproduce contrast table-1 --dataset leaves``. Training and test share no scene."""
    first, last = {"train": (0, 20), "test": (20, 30), "all": (0, 30)}[split]
    return [Photograph(f"leaves-{i}", f"leaves-{i}", partial(_scene, seed, i)) for i in range(first, last)]


def _scene(seed: int, index: int) -> np.ndarray:
    return generate_scene(keyed.generator(seed, index), 256, 256)
