"""One interface to the photographs of all data sets: ``photographs("clic", None, "test", seed=0)``."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

import numpy as np

from zoo import extensions
from zoo.datasets import clic, folder, keyed, prepared
from zoo.datasets.embedded import SCENES, photograph
from zoo.images import read_image

DATASETS = ("embedded", "open_photographs", "clic", "raise8k", "holidays", "imagenet2012")
SPLITS = ("train", "test", "all")
WITH_VALIDATION = ("open_photographs", "clic", "raise8k", "imagenet2012")
"""Data sets that have the split ``"validation"`` too."""
IMAGENET_TRAIN, IMAGENET_VALIDATION = 15_000, 1_500
"""Photographs of ImageNet that the steganography paper trains on, and others to validate on."""


@dataclass(frozen=True)
class Photograph:
    """One photograph, decoded when ``load()`` is called: uint8 RGB (height, width, 3).

    Photographs that share a ``scene`` show the same thing and belong on the same side of any split.
    """

    name: str
    scene: str
    load: Callable[[], np.ndarray]


def photographs(dataset: str | None, data_dir: Path | None, split: str, seed: int = 0) -> list[Photograph]:
    """Return the photographs of a data set, in a fixed order.

    A folder of your own is divided in halves by scene; what was left out of it, and why, is printed to standard error
    once. The embedded photographs are few and only ever tested on: there are none for ``"train"``.

    Args:
        dataset: ``"embedded"`` (also for ``None``), ``"open_photographs"``, which has the split ``"calibration"`` too,
            ``"clic"``, or ``"raise8k"`` with its TIFF files in ``data_dir``,
            ``"holidays"`` with its JPEG files there (all for testing), or ``"imagenet2012"``, prepared by TFDS in
            ``data_dir`` or its own folder: 15,000 photographs drawn from its training split, 1,500 others of it to
            validate on, and its validation split to test on;
            or the name of one that another package adds (``zoo.extensions``). In place of the files of RAISE8K,
            Holidays and the open photographs, ``data_dir`` may hold what TensorFlow Datasets prepared of them
            (``zoo.datasets.prepared``).
        data_dir: A folder of photographs to use instead.
        split: ``"train"``, ``"test"``, ``"all"``, or ``"validation"`` for those of ``WITH_VALIDATION``. No scene is in
            two of them but ``"all"``.
        seed: How a folder is divided; 0 or above.

    Raises:
        ValueError: For a data set or split that does not exist, for both CLIC and a folder, and where there are no
            photographs available (``zoo.images.ImageError`` for a folder).
    """
    if dataset == "open_photographs":
        from zoo.datasets.open_photographs import SPLITS as OWN
        from zoo.datasets.open_photographs import open_photographs

        wanted = OWN if split == "all" else (split,)
        there = None if data_dir is None else _prepared(Path(data_dir), dataset, "parts", wanted)
        if there is not None and set(wanted) <= set(OWN):
            return _of(there, wanted)
        return [Photograph(name, name, load) for name, load in open_photographs(data_dir, split).items()]
    splits = (*SPLITS, "validation") if dataset in WITH_VALIDATION else SPLITS
    if split not in splits:
        raise ValueError(f"split must be one of {', '.join(splits)}. Received: {split!r}")
    if dataset is not None and dataset not in DATASETS:
        added = extensions.names("datasets")
        if dataset in added:
            return extensions.load("datasets", dataset)(data_dir, split, seed)
        known = ", ".join((*DATASETS, *added))
        raise ValueError(f"The data sets are {known}, or any folder of photographs as data_dir. Received: {dataset!r}")
    if data_dir is not None:
        if dataset == "clic":
            raise ValueError(f"Give a data set or a folder, not both. Received: dataset='clic', data_dir={data_dir}")
        if dataset == "raise8k":
            return _raise8k(Path(data_dir), split, seed)
        if dataset == "holidays":
            return _holidays(Path(data_dir), split)
        if dataset == "imagenet2012":
            return _imagenet(Path(data_dir), split, seed)
        return _folder(Path(data_dir), split, seed)
    if dataset in ("raise8k", "holidays"):
        name = {"raise8k": "RAISE8K", "holidays": "INRIA Holidays"}[dataset]
        raise ValueError(
            f"{name} must be downloaded manually, and data_dir must be its folder. Received: data_dir=None"
        )
    if dataset == "imagenet2012":
        return _imagenet(None, split, seed)
    if dataset == "clic":
        return [p for part in (("train", "validation", "test") if split == "all" else (split,)) for p in _clic(part)]
    if split == "train":
        return []
    return [Photograph(name, name, partial(photograph, name)) for name in SCENES]


def _folder(path: Path, split: str, seed: int) -> list[Photograph]:
    found = _scan_once(path.resolve(), _fingerprint(path))
    chosen = found.photos if split == "all" else found.split({"train": 0.5, "test": 0.5}, seed)[split]
    return [
        Photograph(photo.path.relative_to(found.folder).as_posix(), photo.scene, partial(folder.load, photo))
        for photo in chosen
    ]


def _fingerprint(path: Path) -> frozenset[tuple[str, int, int]]:
    """Names, times and sizes of the files: while they stay, so does the result of a scan, which takes minutes."""
    stats = ((p, p.lstat()) for p in path.rglob("*")) if path.is_dir() else ()
    return frozenset((str(p), stat.st_mtime_ns, stat.st_size) for p, stat in stats)


@lru_cache(maxsize=4)
def _scan_once(path: Path, fingerprint: frozenset) -> folder.PhotoFolder:
    found = folder.scan(path, progress=sys.stderr.isatty())
    print(found, file=sys.stderr)
    return found


def _clic(split: str) -> list[Photograph]:
    source = clic.clic_source(split)

    def load(index: int) -> np.ndarray:
        return clic.as_rgb(source[index]["image"])

    names = [f"clic-{split}-{i:04d}" for i in range(len(source))]
    return [Photograph(name, name, partial(load, i)) for i, name in enumerate(names)]


def _prepared(folder: Path, name: str, config: str, splits: tuple[str, ...]) -> dict[str, list[Photograph]] | None:
    """Return the photographs of each split of a prepared data set, by name; None where the folder holds no such one."""
    there = prepared.find(folder, name, config)
    if there is None:
        return None
    parts = {}
    for part in filter(there.lengths.__contains__, splits):
        found = []
        for index, example in enumerate(there.examples(part)):
            scene = f"group {example['group']}" if "group" in example else example["name"]
            found.append(Photograph(example["name"], scene, partial(there.image, part, index)))
        parts[part] = sorted(found, key=lambda photograph: photograph.name)
    return parts


def _of(parts: dict[str, list[Photograph]], splits: tuple[str, ...]) -> list[Photograph]:
    return [photograph for split in splits for photograph in parts.get(split, ())]


def _raise8k(path: Path, split: str, seed: int) -> list[Photograph]:
    wanted = ("train", "validation", "test") if split == "all" else (split,)
    there = _prepared(path, "raise8k", "images", wanted)
    if there is not None:
        return _of(there, wanted)
    from zoo.datasets.raise8k.raise8k_dataset_builder import split_paths

    splits = split_paths(path, seed)
    chosen = [p for part in wanted for p in splits[part]]
    return [Photograph(p.stem, p.stem, partial(read_image, p)) for p in chosen]


def _holidays(path: Path, split: str) -> list[Photograph]:
    from zoo.datasets.holidays.holidays_dataset_builder import group, image_paths

    if split == "train":
        return []
    there = _prepared(path, "holidays", "", ("test",))
    if there is not None:
        return there["test"]
    return [Photograph(p.stem, f"group {group(p.stem)}", partial(read_image, p)) for p in image_paths(path)]


def _imagenet(data_dir: Path | None, split: str, seed: int) -> list[Photograph]:
    import tensorflow_datasets as tfds

    try:
        builder = tfds.builder("imagenet2012", data_dir=data_dir, file_format="array_record")
        source = {part: builder.as_data_source(part) for part in ("train", "validation")}
    except Exception as error:  # nothing prepared, another file format, no folder: each has its own type
        reason = " ".join(str(error).split())[:200]
        raise ValueError(
            "ImageNet must be prepared by TFDS first: tfds.builder('imagenet2012', file_format='array_record')"
            f".download_and_prepare(), which explains how to get the archives. Received: {type(error).__name__}: "
            f"{reason}"
        ) from error
    drawn = keyed.permutation(len(source["train"]), seed, 0).tolist()
    chosen = {
        "train": drawn[:IMAGENET_TRAIN],
        "validation": drawn[IMAGENET_TRAIN : IMAGENET_TRAIN + IMAGENET_VALIDATION],
        "test": list(range(len(source["validation"]))),
    }
    parts = {"train": "train", "validation": "train", "test": "validation"}

    def load(part: str, index: int) -> np.ndarray:
        return clic.as_rgb(source[part][index]["image"])

    return [
        Photograph(f"imagenet-{part}-{i}", f"imagenet-{part}-{i}", partial(load, part, i))
        for name, part in parts.items()
        if split == name or (split == "all" and name != "validation")
        for i in chosen[name]
    ]
