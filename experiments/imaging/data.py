"""Pictures of the imaging experiments: a synthetic camera's, or a folder of RAW files of one camera.

A picture is a pair of planes and what the classical pipeline develops of them (``zoo.datasets.developed``). Scenes are
drawn by number: those of training, validation and test never meet.
"""

import argparse
import dataclasses
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

import numpy as np
from rich.progress import track

from zoo.datasets import keyed, prepared
from zoo.datasets.camera import CAMERAS, Body, as_raw, expose, linearise
from zoo.datasets.developed import Developed, develop_pair, from_example, load, prepared_parts, save
from zoo.datasets.embedded import generate_linear_scene
from zoo.datasets.photographs import photographs
from zoo.datasets.prepared import Prepared
from zoo.experiments.imaging.varied import varied_scenes
from zoo.experiments.run.cells import Settings
from zoo.experiments.train.install_weights import training_tag
from zoo.images import RAW_SUFFIXES, ImageError
from zoo.imaging.developing import raw
from zoo.imaging.developing.model import CFA
from zoo.printing import shown
from zoo.store import sha256

CAMERA = "birch"
"""The synthetic camera that the stored networks are trained for; its mosaic has the authors' phase, GBRG."""
DATASETS = ("embedded", "open_photographs")
"""What a synthetic camera photographs, besides generated scenes."""
_ROLES = {"train": 0, "validation": 1, "test": 2}
HELD_OUT = 30
"""Photographs of a folder that are set apart to test on, at most; the paper's number."""


def synthetic(role: str, count: int, side: int, seed: int = 0, camera: str = CAMERA) -> list[Developed]:
    """``count`` generated scenes of ``side`` pixels as a synthetic camera photographs them, developed.

    Raises:
        ValueError: For a role other than train, validation and test, or a camera that does not exist.
    """
    _check_role(role)
    if camera not in CAMERAS:
        raise ValueError(f"camera must be one of {', '.join(CAMERAS)}. Received: {camera!r}")
    body = Body(CAMERAS[camera], serial=1)
    return [_photograph(body, role, n, side, seed) for n in _progress(range(count), f"{count} {role} scenes")]


def _check_role(role: str) -> None:
    """Raise ValueError unless ``role`` is train, validation or test."""
    if role not in _ROLES:
        raise ValueError(f"role must be one of {', '.join(_ROLES)}. Received: {role!r}")


def _photograph(body: Body, role: str, number: int, side: int, seed: int) -> Developed:
    scene = generate_linear_scene(keyed.generator(seed, _ROLES[role], number), side, side)
    mosaic = expose(scene, body, keyed.generator(seed, _ROLES[role], number, 1))
    return develop_pair(as_raw(mosaic, body), f"{role}-{seed}-{number}", CFA)


def photographed(
    side: int | None = None,
    camera: str = CAMERA,
    dataset: str = "embedded",
    data_dir: Path | None = None,
    role: str = "test",
    count: int | None = None,
) -> list[Developed]:
    """Photographs, made linear, as scenes of a synthetic camera; the middle of each, at most ``side`` pixels.

    Args:
        side: In pixels; None for whole photographs.
        camera: One of the synthetic cameras.
        dataset: ``"embedded"``, seven photographs to test on, or ``"open_photographs"``.
        data_dir: Where the latter lie, if not in their usual place.
        role: train, validation or test.
        count: At most so many, the first by the data set's order; None for all.
    """
    body = Body(CAMERAS[camera], serial=1)
    pictures = photographs(dataset, data_dir, role)[:count]

    def shoot(number: int) -> Developed:
        image = pictures[number].load()
        height, width = (n if side is None else min(n, side) for n in image.shape[:2])
        top, left = (image.shape[0] - height) // 2, (image.shape[1] - width) // 2
        scene = linearise(image[top : top + height // 2 * 2, left : left + width // 2 * 2])
        mosaic = expose(scene, body, keyed.generator(0, len(_ROLES), number))
        return develop_pair(as_raw(mosaic, body), pictures[number].name, CFA)

    return [shoot(number) for number in _progress(range(len(pictures)), f"{len(pictures)} {role} photographs")]


def raw_folder(settings: Settings) -> Path | None:
    """Return the folder of RAW files that a table is measured on; None for a synthetic camera's photographs.

    Raises:
        ValueError: For a data set that is neither.
    """
    if settings.data_dir is not None and settings.named in (None, "embedded"):
        return settings.data_dir
    if settings.dataset not in DATASETS:
        raise ValueError(
            f"Imaging tables use a synthetic camera, which photographs {' or '.join(DATASETS)}, or a folder of RAW "
            f"files, --data-dir. Received: {settings.dataset!r}"
        )
    return None


def folder(path: Path, role: str, count: int, kept: Path | None = None) -> list[Developed]:
    """RAW photographs of one camera for a role, the first ``count`` by name.

    The last fifth, at most ``HELD_OUT``, is ``test``, as much of the rest ``validation``, and what comes before
    ``train``. Photographs to test on are the same for every ``count``, so no training has seen them. Files that cannot
    be read, lie on their side, or whose camera matrix differs from the first one's are left out, and named on standard
    error. Each photograph is developed once and kept in the folder ``kept``, and patches are read from there as they
    are needed: 96 MB a photograph of 12 megapixels, on disk and not in memory. Without ``kept`` it lies in the folder
    of temporary files, which TMPDIR names, until Python ends.

    The folder may also be that of a version which TensorFlow Datasets prepared of RAW photographs, such as
    ``mit_fivek/nikon_d700/1.0.0``: its splits are the roles, see ``zoo.datasets.developed.prepared_parts``.

    Raises:
        ValueError: For an unknown role, or when there is no usable file for it.
    """
    _check_role(role)
    path, kept = Path(path).expanduser(), _temporary() if kept is None else kept
    there = prepared.at(path)
    if there is not None:
        return _of_prepared(there, role, count, kept)
    names = raw_files(path)
    right = "A folder with at least 5 RAW files of one camera, or of a version that TFDS prepared of them, is needed"
    if len(names) < 5:
        raise ValueError(f"{right}. Received: {path}, {len(names)} RAW files")
    usable: list[Developed] = []
    first = _first_matrix(names)
    for name in _progress(split(names)[role][: 2 * count], f"{role} RAW files of {path.name}"):
        key = sha256(name)[:16]
        if (kept / f"{key}.json").is_file():
            usable.append(dataclasses.replace(load(kept, key), source=name.stem))
            if len(usable) == count:
                break
            continue
        try:
            image = raw.read(name)
        except ImageError as error:
            print(f"zoo: left out: {error}", file=sys.stderr)
            continue
        if image.orientation > 4 or abs(image.camera_matrix - first).max() > 0.01:
            why = "lies on its side" if image.orientation > 4 else "is of another camera"
            print(f"zoo: left out: {shown(name)} {why}", file=sys.stderr)
            continue
        usable.append(save(develop_pair(image, name.stem, CFA), kept, key))
        if len(usable) == count:
            break
    if not usable:
        raise ValueError(f"{right}; none is usable for {role}. Received: {path}, {len(names)} RAW files")
    return usable


@cache
def _temporary_folder() -> tempfile.TemporaryDirectory:
    return tempfile.TemporaryDirectory(prefix="pictures-")


def _temporary() -> Path:
    """A folder of this process, which is removed when it ends."""
    return Path(_temporary_folder().name)


def _of_prepared(there: Prepared, role: str, count: int, kept: Path) -> list[Developed]:
    parts = prepared_parts(there, HELD_OUT)
    of = {split: there.examples(split) for split in {split for found in parts.values() for split, _ in found}}
    split, number = parts["train"][0]
    first = of[split][number]["camera_matrix"]
    usable: list[Developed] = []
    for split, number in _progress(parts[role][: 2 * count], f"{role} photographs of {there.name}"):
        about = of[split][number]
        if int(about["orientation"]) > 4 or abs(about["camera_matrix"] - first).max() > 0.01:
            why = "lies on its side" if int(about["orientation"]) > 4 else "is of another camera"
            print(f"zoo: left out: {about['name']} {why}", file=sys.stderr)
            continue
        key = f"{there.digest}-{split}-{number}"
        if (kept / f"{key}.json").is_file():
            usable.append(load(kept, key))
        else:
            usable.append(save(from_example(there.example(split, number), CFA), kept, key))
        if len(usable) == count:
            break
    if not usable:
        raise ValueError(f"Photographs of one camera are needed for {role}. Received: none in {there.name}")
    return usable


def raw_files(folder: Path) -> list[Path]:
    """Return the RAW files below a folder by name; duplicates are reported and only the first is kept."""
    found = sorted(p for p in folder.rglob("*") if p.suffix.lower() in RAW_SUFFIXES) if folder.is_dir() else []
    sizes = Counter(path.stat().st_size for path in found if path.is_file())
    first: dict[str, Path] = {}
    kept = []
    for path in found:
        if path.is_file() and sizes[path.stat().st_size] > 1:
            original = first.setdefault(sha256(path), path)
            if original != path:
                print(f"zoo: left out: {shown(path)} is a copy of {shown(original)}", file=sys.stderr)
                continue
        kept.append(path)
    return kept


def split(names: Sequence[Path]) -> dict[str, Sequence[Path]]:
    """Return the files of each role: no role depends on how many of another are used."""
    held_out = min(HELD_OUT, len(names) // 5)
    rest = names[: len(names) - held_out]
    chosen = min(HELD_OUT, max(1, len(rest) // 5))
    return {"train": rest[:-chosen], "validation": rest[-chosen:], "test": names[len(names) - held_out :]}


def _first_matrix(names: Sequence[Path]) -> np.ndarray:
    """Return the camera matrix of the first file that can be read."""
    for name in names:
        try:
            return raw.read(name).camera_matrix
        except ImageError:
            continue
    raise ValueError(f"At least one readable RAW file of the camera is needed. Received: {names[0].parent}")


def _progress(items: Iterable, what: str) -> Iterable:
    return track(list(items), what) if sys.stderr.isatty() else items


def training_folder(options: argparse.Namespace, own: str, photographs: bool = True) -> tuple[Path, str | None]:
    """Return the checkpoint folder of `zoo pretrain imaging`, and the training's name in the local store.

    Args:
        options: Of the command.
        own: The command for a camera of your own.
        photographs: Whether the synthetic camera may photograph photographs instead of generated scenes.

    Raises:
        ValueError: For other data: the networks are those of the synthetic camera.
    """
    if options.dataset not in (DATASETS if photographs else DATASETS[:1]) or (
        options.dataset == "embedded" and options.data_dir is not None
    ):
        raise ValueError(f"For your own camera: {own}. Received: {options.data_dir or options.dataset}")
    folder = options.folder / run_name(options.dataset, options.scale, options.seed)
    return folder, None if options.install else training_tag(options.scale, options.dataset)


def run_name(dataset: str, scale: str, seed: int) -> str:
    """Return the name of a training's checkpoint folder."""
    return f"imaging-{'' if dataset == 'embedded' else f'{dataset}-'}{scale}-{seed}"


def training_photographs(
    options: argparse.Namespace, training: int, validation: int, camera: str = CAMERA, varied: bool = False
) -> tuple[list[Developed], list[Developed]] | None:
    """Return the training and validation photographs as scenes of a synthetic camera; None for generated scenes.

    Args:
        options: Of `zoo pretrain`.
        training: How many to train on, at most.
        validation: How many to validate on, at most.
        camera: One of the synthetic cameras.
        varied: Whether light is drawn and generated scenes are mixed in, see ``varied_scenes``.

    Raises:
        ValueError: For varied scenes of a data set without photographs to train on.
    """
    if varied and options.dataset == "embedded":
        raise ValueError(
            f"The scale {options.scale} trains on photographs: --dataset open_photographs. Received: {options.dataset}"
        )
    if options.dataset == "embedded":
        return None
    if varied:
        return varied_pictures(options.dataset, options.data_dir, training, validation, camera, options.seed)
    return (
        photographed(None, camera, options.dataset, options.data_dir, "train", training),
        photographed(None, camera, options.dataset, options.data_dir, "validation", validation),
    )


def varied_pictures(
    dataset: str, data_dir: Path | None, training: int, validation: int, camera: str = CAMERA, seed: int = 0
) -> tuple[list[Developed], list[Developed]]:
    """Return the training and validation scenes of ``varied_scenes`` from the photographs of a data set."""
    found = (
        varied_scenes(role, count, camera, photographs(dataset, data_dir, role), seed)
        for role, count in (("train", training), ("validation", validation))
    )
    return next(found), next(found)
