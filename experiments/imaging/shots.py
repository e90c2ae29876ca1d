"""Photographs of one sensor for the PRNU experiments: a synthetic body's, or a folder of a camera's RAW files."""

import dataclasses
import tempfile
from pathlib import Path

import numpy as np
import rawpy

from zoo.datasets import keyed
from zoo.datasets.camera import Body, as_raw, expose, write_dng
from zoo.datasets.embedded import generate_linear_scene
from zoo.images import RAW_SUFFIXES
from zoo.imaging import raw

ROLES = ("fingerprint", "predictor", "test")
_SCENES = 0xF1A6
"""Apart from the keys of the networks' training scenes."""


@dataclasses.dataclass(frozen=True, eq=False)
class Shot:
    """One exposure."""

    source: str
    image: raw.RawImage
    exposure: float = 1.0
    """Share of the light of a well-exposed photograph."""
    body: Body | None = None
    path: Path | None = None
    """The file, of which ``image`` is the part from row and column ``corner``; None for a synthetic body's."""
    corner: tuple[int, int] = (0, 0)

    def libraw(self, brightness: float = 1.0) -> np.ndarray:
        """What LibRaw develops with the camera's white balance, uint8 RGB (height, width, 3), times ``brightness``."""
        if self.path is not None:
            return self._developed(self.path, brightness)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "shot.dng"
            write_dng(path, self.image.mosaic, self.body)
            return self._developed(path, brightness)

    def _developed(self, path: Path, brightness: float) -> np.ndarray:
        with rawpy.imread(str(path)) as file:
            whole = file.postprocess(use_camera_wb=True, no_auto_bright=True, user_flip=0, bright=brightness)
        (y, x), (height, width) = self.corner, self.image.shape
        return whole[y : y + height, x : x + width]


def synthetic(body: Body, role: str, count: int, side: int, seed: int, exposure: float = 1.0) -> list[Shot]:
    """``count`` generated scenes of ``side`` pixels as ``body`` records them; scenes of two roles never meet.

    Every body and every exposure sees the same scenes, with noise of its own.
    """
    shots = []
    for number in range(count):
        key = (_SCENES, ROLES.index(role), number)
        scene = generate_linear_scene(keyed.generator(seed, *key), side, side) * np.float32(exposure)
        mosaic = expose(scene, body, keyed.generator(seed, *key, body.serial, round(1 / exposure)))
        shots.append(Shot(f"{role}-{number}", as_raw(mosaic, body), exposure, body))
    return shots


def folder(path: Path, counts: dict[str, int], side: int, seed: int) -> dict[str, list[Shot]]:
    """Middle squares of the RAW files of one camera, dealt at random to the roles; fewer files, fewer of each role.

    Raises:
        ImageError: For a file that cannot be read.
        ValueError: For fewer than five files, files of several sizes, or one smaller than ``side``.
    """
    names = sorted(p for p in path.expanduser().rglob("*") if p.suffix.lower() in RAW_SUFFIXES)
    if len(names) < 5:
        raise ValueError(f"--data-dir must hold at least 5 RAW files of one camera. Received: {path}, {len(names)}")
    names = [names[i] for i in keyed.permutation(len(names), seed, 0)[: sum(counts.values())]]
    share = len(names) / sum(counts.values())
    dealt, sizes = {}, set()
    for role, count in counts.items():
        own, names = names[: max(1, int(count * share))], names[max(1, int(count * share)) :]
        dealt[role] = [_middle(name, side) for name in own]
        sizes |= {shot.corner for shot in dealt[role]}
    if len(sizes) > 1:
        raise ValueError(f"--data-dir must hold RAW files of one size. Received: {path}, {len(sizes)} sizes")
    return dealt


def _middle(path: Path, side: int) -> Shot:
    image = raw.read(path)
    if min(image.shape) < side:
        raise ValueError(f"{path}: at least {side}x{side} pixels are needed. Received: {image.shape}")
    y, x = ((n - side) // 4 for n in image.shape)  # of cells, so that the mosaic's phase stays
    codes = image.codes[y : y + side // 2, x : x + side // 2]
    return Shot(path.stem, dataclasses.replace(image, codes=codes), path=path, corner=(2 * y, 2 * x))
