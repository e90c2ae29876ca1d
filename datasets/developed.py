"""Pairs of RAW planes and the picture developed from them, and batches of patches of both for training."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from zoo.datasets import keyed
from zoo.datasets.keyed_batches import Key, KeyedBatches
from zoo.datasets.prepared import Prepared
from zoo.images import atomic
from zoo.imaging.developing import bayer, pipeline
from zoo.imaging.developing.develop import crop_to_phase
from zoo.imaging.developing.raw import RawImage

_LEVELS = np.float32(65535)


@dataclass(frozen=True, eq=False)
class Developed:
    """A RAW photograph and its target, held in 16 bits: what a network reads and what it should give."""

    planes: np.ndarray
    """White-balanced planes, uint16 (height / 2, width / 2, 4), 65535 for 1."""
    target: np.ndarray
    """The classical pipeline's picture, uint16 (height, width, 3), 65535 for 1."""
    source: str
    """The scene or file it comes from."""
    camera_matrix: np.ndarray
    """White-balanced camera RGB to linear sRGB, (3, 3)."""
    cfa: str
    """Phase of the planes' mosaic."""

    @property
    def mosaic(self) -> np.ndarray:
        """White-balanced mosaic, float32 [0, 1], (height, width)."""
        return bayer.unpack(self.planes, self.cfa) / _LEVELS

    def cut(self, y: int, x: int, side: int) -> tuple[np.ndarray, np.ndarray]:
        """Planes (side, side, 4) and target (2 side, 2 side, 3) at row y and column x of the planes, float32 [0, 1]."""
        planes = self.planes[y : y + side, x : x + side] / _LEVELS
        return planes, self.target[2 * y : 2 * (y + side), 2 * x : 2 * (x + side)] / _LEVELS


def develop_pair(raw: RawImage, source: str, cfa: str) -> Developed:
    """Crop ``raw`` to the phase ``cfa`` and develop it by the paper's classical pipeline."""
    raw = crop_to_phase(raw, cfa)
    planes, target = raw.balanced_planes, pipeline.develop(raw)
    planes, target = (np.rint(values * _LEVELS).astype(np.uint16) for values in (planes, target))
    return Developed(planes, target, source, raw.camera_matrix, cfa)


def from_example(example: dict[str, Any], cfa: str) -> Developed:
    """Return an example of a builder of RAW photographs (``zoo.datasets.raw_pairs``) as a pair, cropped to ``cfa``.

    Both are what the builder stored: planes in 16 bits, a target in 8.
    """
    down, right = bayer.offset(example["cfa"], cfa)
    planes = bayer.pack(bayer.unpack(example["planes"], example["cfa"])[down:, right:], cfa)
    height, width = (2 * n for n in planes.shape[:2])
    target = example["target"][down : down + height, right : right + width].astype(np.uint16) * 257
    return Developed(planes, target, example["name"], np.asarray(example["camera_matrix"], float), cfa)


def prepared_parts(there: Prepared, held_out: int) -> dict[str, list[tuple[str, int]]]:
    """Split and number of the examples to train, validate and test on, by name.

    The data set's own splits; where there is no ``test``, as in the paper's choice for a camera, its ``validation`` is
    tested on, and the last fifth of ``train``, at most ``held_out``, validated on.

    Raises:
        ValueError: For a data set without RAW photographs, or without these splits.
    """
    if not {"planes", "target"} <= there.features or not {"train", "validation"} <= set(there.lengths):
        raise ValueError(
            "A prepared data set of RAW photographs has planes, target, and the splits train and validation. "
            f"Received: {there.name} with {', '.join(sorted(there.features))}; {', '.join(there.lengths)}"
        )
    named = {split: [(e["name"], split, n) for n, e in enumerate(there.examples(split))] for split in there.lengths}
    parts = {split: [(part, n) for _, part, n in sorted(found)] for split, found in named.items()}
    if "test" in parts:
        return parts
    chosen = min(held_out, max(1, len(parts["train"]) // 5))
    return {
        "train": parts["train"][:-chosen],
        "validation": parts["train"][-chosen:],
        "test": parts["validation"],
    }


def save(picture: Developed, folder: Path, name: str) -> Developed:
    """Write a picture to ``folder`` under a name; returns it as ``load`` does, its arrays on disk."""
    folder.mkdir(parents=True, exist_ok=True)
    for part in ("planes", "target"):
        with atomic(folder / f"{name}.{part}.npy") as partial:
            np.save(partial, getattr(picture, part))
    about = {"source": picture.source, "camera_matrix": picture.camera_matrix.tolist(), "cfa": picture.cfa}
    with atomic(folder / f"{name}.json") as partial:  # last: where it is, the arrays are
        partial.write_text(json.dumps(about))
    return load(folder, name)


def load(folder: Path, name: str) -> Developed:
    """Open a picture of ``save``. A patch that is cut out of it reads that part of the files alone.

    Raises:
        FileNotFoundError: Where it was not saved.
    """
    about = json.loads((folder / f"{name}.json").read_text())
    planes, target = (np.load(folder / f"{name}.{part}.npy", mmap_mode="r") for part in ("planes", "target"))
    return Developed(planes, target, about["source"], np.array(about["camera_matrix"]), about["cfa"])


class DevelopedPatches(KeyedBatches):
    """Batches of random patches: x float32 (batch, patch, patch, 4), y float32 (batch, 2 patch, 2 patch, 3), [0, 1].

    Every picture gives one patch before any gives a second. Pictures and positions depend on (seed, epoch, step) alone;
    put ``self.follow()`` among the callbacks and pass ``shuffle=False``, and a resumed ``fit(initial_epoch=...)`` sees
    what an uninterrupted one would have.

    Args:
        pictures: In memory, or on disk (``load``): only patches are read then.
        steps: Batches per epoch.
        batch_size: Patches per batch.
        patch: Side of a patch in planes; 64 are 128 pixels.
        seed: Of the draws.

    Raises:
        ValueError: When there are no pictures, one is smaller than a patch, or a number is below 1.
    """

    def __init__(
        self, pictures: Sequence[Developed], steps: int, batch_size: int = 20, patch: int = 64, seed: int = 0
    ) -> None:
        super().__init__(workers=1, max_queue_size=8)
        if min(steps, batch_size, patch) < 1:
            raise ValueError(f"steps, batch_size and patch must be above 0. Received: {steps}, {batch_size}, {patch}")
        sizes = [p.planes.shape[:2] for p in pictures]
        if not sizes or min(map(min, sizes)) < patch:
            raise ValueError(f"Pictures of at least {2 * patch} pixels a side are needed. Received: {sizes[:4]} planes")
        self.pictures, self.steps, self.batch_size, self.patch = pictures, steps, batch_size, patch
        self.seed = seed

    def __len__(self) -> int:
        """Return the number of batches per epoch."""
        return self.steps

    def batch(self, epoch: int, step: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the batch of (epoch, step), whatever was asked before."""
        first = (epoch * self.steps + step) * self.batch_size
        rng = keyed.generator(self.seed, epoch, step)
        chosen = [self._picture(n) for n in range(first, first + self.batch_size)]
        corners = [[int(rng.integers(n - self.patch + 1)) for n in p.planes.shape[:2]] for p in chosen]
        pairs = [p.cut(y, x, self.patch) for p, (y, x) in zip(chosen, corners, strict=True)]
        return np.stack([x for x, _ in pairs]), np.stack([y for _, y in pairs])

    def parts(self, epoch: int, step: int) -> list[Key]:
        """Return nothing: a batch is cut out of pictures that are in memory, which takes no time."""
        return []

    def assemble(self, epoch: int, step: int, parts: list) -> tuple[np.ndarray, np.ndarray]:
        """Return the batch."""
        return self.batch(epoch, step)

    def _picture(self, n: int) -> Developed:
        """Return the n-th of an endless row of permutations of the pictures."""
        return self.pictures[keyed.in_turn(n, len(self.pictures), self.seed)]


def fixed_patches(pictures: Sequence[Developed], side: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """One patch of each picture for validation, always the same: x (n, side, side, 4), y (n, 2 side, 2 side, 3).

    As the authors' code, looks for a place where something is to be seen: a variance of the target of .02 at least, or
    .01 in half of the cases; after 100 attempts it takes what it has.
    """
    found = []
    for n, picture in enumerate(pictures):
        rng = keyed.generator(seed, n, 0xF1)
        for _ in range(100):
            top, left = (int(rng.integers(length - side + 1)) for length in picture.planes.shape[:2])
            x, y = picture.cut(top, left, side)
            variance = y.var()
            if variance >= 0.02 or (variance >= 0.01 and rng.random() < 0.5):
                break
        found.append((x, y))
    return np.stack([x for x, _ in found]), np.stack([y for _, y in found])
