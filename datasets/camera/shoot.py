"""Photographs of generated scenes, by number."""

from pathlib import Path

import numpy as np

from zoo.datasets import keyed
from zoo.datasets.camera.dng import write_dng
from zoo.datasets.camera.sensor import Body, expose
from zoo.datasets.embedded import generate_linear_scene


def shoot(body: Body, seed: int, index: int, height: int = 512, width: int = 768) -> np.ndarray:
    """Photograph generated scene ``index`` of ``seed``: uint16 mosaic (height, width), even sides.

    The scene depends on seed and index alone, the noise on the body's serial number as well: two bodies see the same.
    """
    scene = generate_linear_scene(keyed.generator(seed, index), height, width)
    return expose(scene, body, keyed.generator(seed, index, body.serial))


def shoot_folder(folder: Path, names: list[str], body: Body, seed: int, height: int, width: int) -> None:
    """Write photographs 0, 1, 2, ... of ``seed`` into ``folder`` as DNG files under any ``names``, suffix included.

    They are taken by ``body``, each ``height`` x ``width`` pixels, both even.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for index, name in enumerate(names):
        path = (folder / name).with_suffix(".dng")
        write_dng(path, shoot(body, seed, index, height, width), body)
        path.rename(folder / name)
