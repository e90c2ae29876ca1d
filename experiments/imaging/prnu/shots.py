"""Photographs of one sensor for the PRNU experiments: a synthetic body's, a folder's RAW files, See-in-the-Dark's."""

import dataclasses
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import numpy as np
import rawpy

from zoo import tiles
from zoo.datasets import keyed
from zoo.datasets.camera import Body, as_raw, expose, linearise, write_dng
from zoo.datasets.embedded import generate_linear_scene
from zoo.datasets.photographs import Photograph, photographs
from zoo.experiments.imaging.data import DATASETS, raw_files, split
from zoo.experiments.run.cells import Settings
from zoo.imaging.developing import raw
from zoo.imaging.developing.bayer import SITES
from zoo.imaging.developing.develop import crop_to_phase
from zoo.imaging.developing.model import CFA

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
            write_dng(path, self.image.mosaic, cast(Body, self.body))  # only a synthetic body's shots have no file
            return self._developed(path, brightness)

    def _developed(self, path: Path, brightness: float) -> np.ndarray:
        with rawpy.imread(str(path)) as file:
            whole = file.postprocess(use_camera_wb=True, no_auto_bright=True, user_flip=0, bright=brightness)
        (y, x), (height, width) = self.corner, self.image.shape
        return whole[y : y + height, x : x + width]


def scenes(settings: Settings, role: str) -> list[Photograph]:
    """Photographs for synthetic bodies to photograph; an empty list for generated scenes. Roles share no photograph.

    Raises:
        ValueError: For a data set that they do not take.
    """
    if settings.dataset not in DATASETS:
        raise ValueError(f"Synthetic bodies photograph {' or '.join(DATASETS)}. Received: {settings.dataset!r}")
    if settings.dataset == "embedded":
        return []
    split = {"fingerprint": "train", "predictor": "validation", "test": "test"}[role]
    return photographs(settings.dataset, settings.data_dir, split, settings.seed)


def synthetic(
    body: Body,
    role: str,
    count: int,
    side: int,
    seed: int,
    exposure: float = 1.0,
    pictures: Sequence[Photograph] = (),
) -> list[Shot]:
    """``count`` scenes of ``side`` pixels as ``body`` records them; scenes of two roles never meet.

    Every body and every exposure sees the same scenes, with noise of its own. Scenes are generated, or the first of
    ``pictures``, made linear, their middle; smaller ones are filled up by reflection.
    """
    shots = []
    for number in range(min(count, len(pictures)) if pictures else count):
        key = (_SCENES, ROLES.index(role), number)
        if pictures:
            whole = tiles.pad(pictures[number].load(), side, side)
            top, left = ((n - side) // 2 for n in whole.shape[:2])
            scene = linearise(whole[top : top + side, left : left + side]) * np.float32(exposure)
        else:
            scene = generate_linear_scene(keyed.generator(seed, *key), side, side) * np.float32(exposure)
        mosaic = expose(scene, body, keyed.generator(seed, *key, body.serial, round(1 / exposure)))
        shots.append(Shot(f"{role}-{number}", as_raw(mosaic, body), exposure, body))
    return shots


def folder(path: Path, counts: dict[str, int], side: int, seed: int) -> dict[str, list[Shot]]:
    """Middle squares of the RAW files of one camera, dealt at random to the roles; fewer files, fewer of each role.

    Those of ``test`` are among the files that no network of `zoo imaging fit` is trained on. Mosaics are cut to the
    phase of those networks.

    Raises:
        ImageError: For a file that cannot be read.
        ValueError: For fewer than five files, files of several sizes, or one smaller than ``side``.
    """
    names = raw_files(path.expanduser())
    if len(names) < 5:
        raise ValueError(
            f"--data-dir must hold at least 5 RAW files of one camera. Received: {path}, {len(names)} RAW files"
        )
    parts = split(names)
    dealt, sizes = {}, set()
    for roles, pool in ((("test",), parts["test"]), (ROLES[:2], [*parts["train"], *parts["validation"]])):
        wanted = sum(counts[role] for role in roles)
        drawn = [pool[i] for i in keyed.permutation(len(pool), seed, 0)[:wanted]]
        share = len(drawn) / wanted
        for role in roles:
            count = max(1, int(counts[role] * share))
            dealt[role] = [_middle(name, side) for name in drawn[:count]]
            sizes |= {shot.corner for shot in dealt[role]}
            drawn = drawn[count:]
    if len(sizes) > 1:
        raise ValueError(f"--data-dir must hold RAW files of one size. Received: {path}, {len(sizes)} sizes")
    return dealt


def dark(path: Path, counts: dict[str, int], side: int, seed: int) -> dict[str, dict[str, list[Shot]]]:
    """Middle squares of See-in-the-Dark's exposures, dealt at random to the roles: ``[role]["long" | "short"]``.

    A scene gives its long exposure and one of its short ones, drawn at random; with fewer scenes each role has fewer,
    one at least. A short one's ``exposure`` is its share of the long one's time, 1/300 at least, as the authors'
    network counts. Mosaics are RGGB, as that network reads them.

    Raises:
        ImageError: For a file that cannot be read.
        ValueError: For fewer than two scenes with both exposures, or a file that is smaller than ``side``.
    """
    from zoo.datasets.sid.sid_dataset_builder import HIGHEST_RATIO, Exposure, find_pairs

    of_scene: dict[str, list[tuple[Exposure, Exposure]]] = {}
    for pair in find_pairs(path.expanduser(), short=True):
        of_scene.setdefault(pair[0].scene, []).append(pair)
    scenes = sorted(of_scene)
    wanted = {role: count for role, count in counts.items() if count}
    if len(scenes) < max(2, len(wanted)):
        raise ValueError(
            "--data-dir must hold See-in-the-Dark's folders long and short, with ARW files of at least two scenes in "
            f"both. Received: {path}, {len(scenes)} scenes"
        )
    order = [scenes[i] for i in keyed.permutation(len(scenes), seed, 0)]
    share = min(1.0, len(order) / sum(wanted.values()))
    dealt: dict[str, dict[str, list[Shot]]] = {}
    for place, (role, count) in enumerate(wanted.items()):
        last = place == len(wanted) - 1
        chosen = order[: min(count, len(order)) if last else max(1, int(count * share))]
        order = order[len(chosen) :]
        dealt[role] = {"long": [], "short": []}
        for scene in chosen:
            pairs = of_scene[scene]
            short, long = pairs[int(keyed.generator(seed, scenes.index(scene)).integers(len(pairs)))]
            ratio = min(long.seconds / short.seconds, HIGHEST_RATIO)
            dealt[role]["long"].append(_middle(long.path, side, "RGGB"))
            taken = _middle(short.path, side, "RGGB")
            dealt[role]["short"].append(dataclasses.replace(taken, exposure=1 / ratio))
    return dealt


def _middle(path: Path, side: int, phase: str = CFA) -> Shot:
    whole = raw.read(path)
    image = crop_to_phase(whole, phase)
    if min(image.shape) < side:
        raise ValueError(f"{path}: at least {side}x{side} pixels are needed. Received: {image.shape}")
    y, x = ((n - side) // 4 for n in image.shape)  # in cells of 2x2 pixels, so that the mosaic's phase is kept
    # A copy: a view would keep the whole photograph in memory, 48 MB for 24 megapixels.
    codes = image.codes[y : y + side // 2, x : x + side // 2].copy()
    (red_y, red_x), (site_y, site_x) = (SITES[cfa][0] for cfa in (whole.cfa, image.cfa))
    corner = (2 * y + (red_y - site_y) % 2, 2 * x + (red_x - site_x) % 2)
    return Shot(path.stem, dataclasses.replace(image, codes=codes), path=path, corner=corner)
