"""RAISE8K, and the contrast paper's patches of it (Barni, Costanzo, Nowroozi and Tondi, ICIP 2018, section III)."""

import dataclasses
import zlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow_datasets as tfds
import tifffile
from absl import logging

from zoo import tiles
from zoo.contrast.operators import draw_training_operator, training_operators
from zoo.datasets import keyed, raw_pairs
from zoo.images import read_image

COUNTS = {"train": 6500, "validation": 500, "test": 1157}
"""Images per split in the authors' lists."""
PATCHES = {"train": 2_000_000, "validation": 200_000, "test": 200_000}
"""Patches per class and split in the paper; images are taken in the order of the list until there are so many."""
PATCH = 64
NOT_ADJUSTED = "none"


@dataclasses.dataclass
class Raise8kConfig(tfds.core.BuilderConfig):
    """Whole images or patches; ``seed`` decides the split where there are no lists, the operators and positions."""

    patches_per_image: int = 0
    """At most so many positions per image, each once in either class; 0 for whole images."""
    raw: bool = False
    """NEF files: planes, and what is developed from them (``zoo.datasets.raw_pairs``)."""
    camera: str = ""
    """With ``raw``: the paper's choice for one camera, as the files name it; empty for all."""
    seed: int = 0


class Builder(tfds.core.GeneratorBasedBuilder):
    """RAISE8K; see README.md in this folder."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "Initial release."}  # noqa: RUF012
    MANUAL_DOWNLOAD_INSTRUCTIONS = """\
  Fill in the form at http://loki.disi.unitn.it/RAISE/download.html, ask for TIFF (for configurations that begin with
  raw: for NEF), and download the images of the CSV file it gives. Put them into the manual folder or folders below it.
  To have the paper's own split, put the authors' lists r8k_train.txt, r8k_validation.txt and r8k_test.txt there as
  well; without them the images are split in the same proportions, by their names and a seed.
  """
    BUILDER_CONFIGS = [  # noqa: RUF012
        Raise8kConfig(name="images", description="Whole images."),
        Raise8kConfig(
            name="contrast_patches",
            description="Patches of 64x64, pristine and after one contrast adjustment an image, at the same positions.",
            patches_per_image=1500,
        ),
        Raise8kConfig(name="raw", description="RAW files, and what is developed from them.", raw=True),
        Raise8kConfig(name="raw_nikon_d90", description="A camera's.", raw=True, camera="NIKON D90"),
        Raise8kConfig(name="raw_nikon_d7000", description="A camera's.", raw=True, camera="NIKON D7000"),
    ]
    # The package is mapped to another folder than its name says, so that TFDS would not find the files in this folder.

    def _info(self) -> tfds.core.DatasetInfo:
        features: dict[str, Any] = {"name": tfds.features.Text()}
        supervised = ("patch", "label") if self.builder_config.patches_per_image else None
        if self.builder_config.raw:
            features, supervised = raw_pairs.features(), ("planes", "target")
        elif self.builder_config.patches_per_image:
            features |= {
                "patch": tfds.features.Image(shape=(PATCH, PATCH, 3), dtype=np.uint8, encoding_format="png"),
                "label": tfds.features.ClassLabel(names=["pristine", "adjusted"]),
                "operator": tfds.features.ClassLabel(names=[NOT_ADJUSTED, *training_operators()]),
                "position": tfds.features.Tensor(shape=(2,), dtype=np.int32),
            }
        else:
            features["image"] = tfds.features.Image(shape=(None, None, 3), dtype=np.uint8, encoding_format="png")
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict(features),
            supervised_keys=supervised,
            homepage="http://loki.disi.unitn.it/RAISE/",
        )

    def _split_generators(self, dl_manager: tfds.download.DownloadManager) -> dict[str, Any]:
        folder, config = Path(dl_manager.manual_dir), self.builder_config
        if config.camera:
            nef = raw_pairs.by_name(folder, "NEF", (".nef",), self.MANUAL_DOWNLOAD_INSTRUCTIONS)
            chosen = raw_pairs.of_one_camera(nef.values(), config.camera, config.seed)
            return {split: self._generate_examples(listed, 0) for split, listed in chosen.items()}
        paths = split_paths(folder, config.seed, raw=config.raw)
        return {split: self._generate_examples(listed, PATCHES[split]) for split, listed in paths.items()}

    def _generate_examples(self, paths: list[Path], patches: int) -> Any:
        config = self.builder_config
        if config.raw:
            return raw_pairs.of_each(raw_pairs.examples_of, paths)
        if config.patches_per_image:
            counts = shares(paths, patches, config.patches_per_image)
            return raw_pairs.of_each(partial(_patches_of, seed=config.seed), counts)
        return raw_pairs.of_each(_image_of, paths)


def _image_of(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    yield path.stem, {"name": path.stem, "image": read_image(path)}


def _patches_of(share: tuple[Path, int], seed: int) -> Iterator[tuple[str, dict[str, Any]]]:
    path, count = share
    return contrast_patches(read_image(path), path.stem, seed, count)


def shares(paths: list[Path], patches: int, most: int) -> list[tuple[Path, int]]:
    """Return each image with its number of patches per class, at most ``most``, until there are ``patches``.

    Only the headers of the images are read.
    """
    found = []
    for path in paths:
        if not patches:
            break
        try:
            with tifffile.TiffFile(path) as tiff:
                page = tiff.pages.first
                there = (page.imagelength // PATCH) * (page.imagewidth // PATCH)
        except Exception:  # damaged headers raise nearly everything; whoever reads the image says what is wrong
            there = most
        count = min(most, patches, there)
        patches -= count
        found.append((path, count))
    return found


def split_paths(folder: Path, seed: int = 0, raw: bool = False) -> dict[str, list[Path]]:
    """Return the TIFF or NEF files below ``folder`` by split: the authors' lists if available, else by name and seed.

    Raises:
        ValueError: For fewer than three images, two of one name, or lists that are incomplete or name an image twice.
    """
    kind, suffixes = ("NEF", (".nef",)) if raw else ("TIFF", (".tif", ".tiff"))
    images = raw_pairs.by_name(folder, kind, suffixes, Builder.MANUAL_DOWNLOAD_INSTRUCTIONS)
    lists = {split: folder / f"r8k_{split}.txt" for split in COUNTS}
    there = [path.name for path in lists.values() if path.exists()]
    if there and len(there) < len(lists):
        raise ValueError(f"{folder}: all of {[p.name for p in lists.values()]} or none. Received: {there}")
    names = _read_lists(lists) if there else _seeded_split(sorted(images), seed)
    missing = [name for listed in names.values() for name in listed if name not in images]
    if missing:
        logging.warning("%d listed images are not in %s and are left out, e.g. %s", len(missing), folder, missing[0])
    return {split: [images[name] for name in listed if name in images] for split, listed in names.items()}


def contrast_patches(image: np.ndarray, name: str, seed: int, count: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (key, example) for at most ``count`` positions of an image, uint8 RGB (height, width, 3), in both classes.

    One operator is drawn for the image and applied to all of it; then both versions are cut at the same positions on
    the 64 grid from (0, 0). The draws depend on ``seed`` and ``name`` alone, so a part of RAISE gives the same patches.
    """
    rng = keyed.generator(seed, zlib.crc32(name.encode()))
    operator_name, operator = draw_training_operator(rng)
    height, width = image.shape[:2]
    positions = rng.permutation(tiles.grid(height, width, PATCH))[:count]
    if not len(positions):
        return
    for label, version, applied in (
        ("pristine", image, NOT_ADJUSTED),
        ("adjusted", operator(image), operator_name),
    ):
        for (y, x), patch in zip(positions.tolist(), tiles.cut(version, positions, PATCH), strict=True):
            example = {"patch": patch, "label": label, "operator": applied, "name": name, "position": (y, x)}
            yield f"{name}_{y}_{x}_{label}", example


def _read_lists(lists: dict[str, Path]) -> dict[str, list[str]]:
    """Return the names without folder and suffix, one per line."""
    names = {}
    for split, path in lists.items():
        lines = [line.strip().replace("\\", "/") for line in path.read_text().splitlines()]
        names[split] = [Path(line).stem for line in lines if line]
    everything = [name for listed in names.values() for name in listed]
    if len(set(everything)) < len(everything):
        twice = next(name for name in everything if everything.count(name) > 1)
        raise ValueError(f"The split lists must name every image once. Received: {twice} twice")
    return names


def _seeded_split(names: list[str], seed: int) -> dict[str, list[str]]:
    """Return the paper's proportions, at least one image each; ``names`` sorted."""
    total = sum(COUNTS.values())
    order = [names[i] for i in keyed.permutation(len(names), seed, 0)]
    validation, test = (max(1, round(len(names) * COUNTS[split] / total)) for split in ("validation", "test"))
    train = len(names) - validation - test
    return {
        "train": sorted(order[:train]),
        "validation": sorted(order[train : train + validation]),
        "test": sorted(order[train + validation :]),
    }
