"""Shared code of the builders of RAW data sets: planes, developed picture, metadata, and the paper's selection.

Korus and Memon, "Neural Imaging Pipelines - the Scourge or Hope of Forensics?" (2019), section 3.2: for each camera 150
random photographs in landscape orientation, 120 to train with and 30 to validate.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import tensorflow_datasets as tfds
import tifffile
from absl import logging

from zoo.datasets import keyed
from zoo.images import ImageError
from zoo.imaging.developing.pipeline import develop
from zoo.imaging.developing.raw import RawImage, read

T = TypeVar("T")
TRAIN, VALIDATION = 120, 30
"""Photographs of one camera that the paper trained and validated with."""
_MODEL, _ORIENTATION, _UPRIGHT = 272, 274, 1


def features() -> dict[str, Any]:
    """Return the features of one example, by name."""
    return {
        "planes": tfds.features.Image(shape=(None, None, 4), dtype=np.uint16, encoding_format="png"),
        "target": tfds.features.Image(shape=(None, None, 3), dtype=np.uint8, encoding_format="png"),
        "name": tfds.features.Text(),
        "camera": tfds.features.Text(),
        "cfa": tfds.features.Text(),
        "black_levels": tfds.features.Tensor(shape=(4,), dtype=np.float32),
        "white_level": tfds.features.Scalar(dtype=np.float32),
        "white_balance": tfds.features.Tensor(shape=(3,), dtype=np.float32),
        "camera_matrix": tfds.features.Tensor(shape=(3, 3), dtype=np.float32),
        "orientation": tfds.features.Scalar(dtype=np.int32),
    }


def example(path: Path) -> dict[str, Any]:
    """Return the example of a RAW file; see ``planes_and_metadata`` and ``target``."""
    raw = read(path)
    return planes_and_metadata(path, raw) | {"target": target(raw)}


def planes_and_metadata(path: Path, raw: RawImage, gain: float = 1) -> dict[str, Any]:
    """Everything of an example but the target.

    The planes are white-balanced and clipped, as the networks take them, uint16 by ``floor(65535 x)`` as the authors
    stored them; ``gain`` multiplies them before clipping.
    """
    planes = np.minimum(raw.planes * (np.array(raw.balance_of_planes, np.float32) * np.float32(gain)), 1)
    return {
        "planes": (planes * 65535).astype(np.uint16),
        "name": path.stem,
        "camera": camera_and_orientation(path)[0],
        "cfa": raw.cfa,
        "black_levels": np.array(raw.black_levels, np.float32),
        "white_level": np.float32(raw.white_level),
        "white_balance": np.array(raw.white_balance, np.float32),
        "camera_matrix": np.float32(raw.camera_matrix),
        "orientation": np.int32(raw.orientation),
    }


def target(raw: RawImage) -> np.ndarray:
    """Return the classical pipeline's picture, uint8 RGB (height, width, 3), not rotated.

    Rounded by ``floor(255 x)``, as the authors stored it.
    """
    return (develop(raw) * 255).astype(np.uint8)


def examples(paths: Iterable[Path]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (key, example); files that cannot be read as Bayer RAW are left out, with a line in the log."""
    for path in paths:
        yield from examples_of(path)


def examples_of(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the (key, example) of one file, or nothing, as ``examples`` does; a task of Beam."""
    try:
        yield path.stem, example(path)
    except ImageError as error:
        logging.warning("left out: %s", error)


def of_each(make: Callable[[T], Iterable[tuple[str, dict[str, Any]]]], parts: Sequence[T]) -> Any:
    """Return what ``_generate_examples`` must return, for examples that ``make`` makes of each part, such as a path.

    Where apache-beam is installed it is a transform, which TensorFlow Datasets runs with the runner of its
    ``DownloadConfig``: the parts are sent to the workers, which make the examples. Elsewhere it is an iterator.
    """
    try:
        import apache_beam as beam
    except ImportError:
        return (made for part in parts for made in make(part))
    return beam.Create(parts) | beam.Reshuffle() | beam.FlatMap(make)


def camera_and_orientation(path: Path) -> tuple[str, int]:
    """The camera model's name and EXIF's orientation, from the first directory of a TIFF-like RAW file; "" unknown."""
    try:
        with tifffile.TiffFile(path) as tiff:
            tags = tiff.pages.first.tags
            return str(tags.valueof(_MODEL, "")).strip(), int(tags.valueof(_ORIENTATION, _UPRIGHT))
    except (tifffile.TiffFileError, OSError, ValueError):
        return "", _UPRIGHT


def by_name(folder: Path, kind: str, suffixes: tuple[str, ...], instructions: str) -> dict[str, Path]:
    """Return the files below ``folder`` with one of ``suffixes``, in any case, by their names without it, in order.

    Raises:
        ValueError: For fewer than three (one per split), or two of one name.
    """
    paths = sorted(p for p in folder.rglob("*") if p.suffix.lower() in suffixes)
    found = {path.stem: path for path in paths}
    if len(found) < max(3, len(paths)):
        raise ValueError(
            f"{folder}: at least 3 {kind} files of different names are needed. {' '.join(instructions.split())} "
            f"Received: {len(paths)} {kind} files of {len(found)} names"
        )
    return found


def of_one_camera(paths: Iterable[Path], camera: str, seed: int) -> dict[str, list[Path]]:
    """Return the paper's choice: 150 random landscape photographs of a camera, 120 to train and 30 to validate.

    Where there are fewer, four fifths and one fifth of them.

    Raises:
        ValueError: For fewer than two.
    """
    wanted = (camera.lower(), _UPRIGHT)
    found = [path for path in paths if (c := camera_and_orientation(path)) and (c[0].lower(), c[1]) == wanted]
    if len(found) < 2:
        raise ValueError(
            f"At least two photographs by {camera!r} in landscape orientation are needed. Received: {len(found)}"
        )
    chosen = [found[i] for i in keyed.permutation(len(found), seed, 0)][: TRAIN + VALIDATION]
    validation = max(1, round(len(chosen) * VALIDATION / (TRAIN + VALIDATION)))
    return {"train": sorted(chosen[validation:]), "validation": sorted(chosen[:validation])}
