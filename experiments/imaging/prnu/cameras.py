"""Cameras with their fingerprints, and test pictures whose camera is known."""

import dataclasses
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

import numpy as np

from zoo.datasets.camera import CAMERAS, Body
from zoo.datasets.folder import picture_files
from zoo.datasets.jpeg import compress
from zoo.datasets.photographs import photographs
from zoo.experiments.imaging.prnu import shots
from zoo.experiments.run.cells import Settings
from zoo.images import read_photograph
from zoo.imaging.developing import pipeline
from zoo.imaging.developing.picture import to_8_bits
from zoo.imaging.prnu import FingerprintSums

QUALITY = 90
"""At which the synthetic cameras save their pictures as JPEG."""
PARTS = ("fingerprint", "test")
"""The two folders of a camera in a folder of cameras."""


@dataclasses.dataclass(frozen=True)
class Camera:
    """A camera by its name, with its ``photographs`` by role, uint8 RGB.

    Roles are ``fingerprint`` and ``test``; of synthetic bodies also ``calibration``, and an exposure may follow.
    """

    name: str
    photographs: Callable[..., Iterable[np.ndarray]]

    def fingerprint(self) -> np.ndarray:
        """Return the fingerprint from the photographs that are set apart for it, float32 (height, width)."""
        sums = FingerprintSums()
        for picture in self.photographs("fingerprint"):
            sums.add(picture)
        return sums.fingerprint()


def synthetic(settings: Settings, bodies: int, counts: dict[str, int], side: int) -> list[Camera]:
    """Bodies of the four models in turn, with sensors of ``side`` pixels, which save JPEGs; no two see one scene.

    ``counts`` are the photographs of each body by role.
    """
    models, cameras = list(CAMERAS.values()), []
    for number in range(bodies):
        body = Body(models[number % len(models)], serial=1 + number // len(models))
        taken = partial(_taken, settings, number, body, counts, side)
        cameras.append(Camera(f"{body.model.name} {body.serial}", taken))
    return cameras


def folder(path: Path) -> list[Camera]:
    """Return the cameras of a folder: a sub-folder each, whose ``fingerprint`` and ``test`` hold its photographs.

    Raises:
        ValueError: For fewer than two cameras, or one without photographs of both kinds.
    """
    path = path.expanduser()
    places = sorted(p for p in path.iterdir() if p.is_dir()) if path.is_dir() else []
    found = {p.name: {part: picture_files(p / part) for part in PARTS if (p / part).is_dir()} for p in places}
    if len(found) < 2 or not all(all(parts.get(part) for part in PARTS) for parts in found.values()):
        counts = [
            f"{name} with {', '.join(f'{len(v)} {k}' for k, v in parts.items())}" for name, parts in found.items()
        ]
        raise ValueError(
            "--data-dir must hold two cameras or more, as CAMERA/fingerprint/*.jpg and CAMERA/test/*.jpg. "
            f"Received: {path}, {'; '.join(counts) or 'no such folders'}"
        )
    return [Camera(name, partial(_read, parts)) for name, parts in found.items()]


def _taken(
    settings: Settings, number: int, body: Body, counts: dict[str, int], side: int, role: str, exposure: float = 1.0
) -> Iterable[np.ndarray]:
    count, key = counts[role], "predictor" if role == "calibration" else role
    if role == "calibration":
        scenes = photographs(settings.dataset, settings.data_dir, "calibration")
    else:
        scenes = shots.scenes(settings, role)
    if scenes:
        scenes = [scenes[(number * count + n) % len(scenes)] for n in range(count)]
    # Generated scenes depend on the seed: each body has its own.
    for shot in shots.synthetic(body, key, count, side, 1000 * settings.seed + number, exposure, scenes):
        yield compress(to_8_bits(pipeline.develop(shot.image)), QUALITY)


def _read(parts: dict[str, list[Path]], role: str) -> Iterable[np.ndarray]:
    return (read_photograph(path, sensor=True) for path in parts[role])
