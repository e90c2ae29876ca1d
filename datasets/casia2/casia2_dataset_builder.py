"""CASIA-2 (Dong, Wang and Tan 2013): 7,491 authentic and 5,123 tampered images, paired by their names."""

import dataclasses
import hashlib
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow_datasets as tfds

from zoo.datasets import keyed, prepared
from zoo.datasets.prepared import Prepared
from zoo.images import read_image

AUTHENTIC, TAMPERED = {".jpg": 7437, ".bmp": 54}, {".tif": 3059, ".jpg": 2064}
"""Files of the published database by suffix."""
FRACTIONS = {"train": 4 / 6, "validation": 1 / 6, "test": 1 / 6}
SUFFIXES = (".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".png")


@dataclasses.dataclass(frozen=True)
class Picture:
    """One file; ``host`` is the authentic image a tampered one was made from, its own identity for an authentic one."""

    name: str
    load: Callable[[], np.ndarray]
    """Reads it, uint8 RGB (height, width, 3)."""
    tampered: bool
    host: str
    donor: str
    group: str = ""
    """Pictures that share a host or a donor, through any chain, share the group."""

    @property
    def is_jpeg(self) -> bool:
        """Whether the file's suffix says JPEG, which nearly all authentic and two in five tampered ones are."""
        return Path(self.name).suffix.lower() in (".jpg", ".jpeg")


class Builder(tfds.core.GeneratorBasedBuilder):
    """CASIA-2; see README.md in this folder."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "Initial release."}  # noqa: RUF012
    MANUAL_DOWNLOAD_INSTRUCTIONS = """\
  Get CASIA tampered image detection evaluation database 2.0 (http://forensics.idealtest.org/casiav2/ is gone; the
  authors' successors and mirrors have CASIA2.0_revised) and put its folders Au and Tp into the manual folder.
  """

    def _info(self) -> tfds.core.DatasetInfo:
        features = {
            "image": tfds.features.Image(shape=(None, None, 3), encoding_format="png"),
            "label": tfds.features.ClassLabel(names=["tampered", "authentic"]),
            "name": tfds.features.Text(),
            "host": tfds.features.Text(),
            "donor": tfds.features.Text(),
            "group": tfds.features.Text(),
            "is_jpeg": np.bool_,
        }
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict(features),
            supervised_keys=("image", "label"),
            homepage="http://forensics.idealtest.org/casiav2/",
        )

    def _split_generators(self, dl_manager: tfds.download.DownloadManager) -> dict[str, Iterator]:
        found = split(pictures(Path(dl_manager.manual_dir)))
        return {part: self._generate_examples(listed) for part, listed in found.items()}

    def _generate_examples(self, listed: list[Picture]) -> Iterator[tuple[str, dict[str, Any]]]:
        for picture in listed:
            yield (
                picture.name,
                {
                    "image": picture.load(),
                    "label": "tampered" if picture.tampered else "authentic",
                    "name": picture.name,
                    "host": picture.host,
                    "donor": picture.donor,
                    "group": picture.group,
                    "is_jpeg": picture.is_jpeg,
                },
            )


def parse_name(name: str) -> tuple[bool, str, str]:
    """Parse a file name: whether tampered, host, and donor (the host itself for authentic images and copy-moves).

    ``Au_ani_00018.jpg`` -> (False, "ani00018", "ani00018");
    ``Tp_D_CND_M_N_ani00018_sec00096_00138.tif`` -> (True, "ani00018", "sec00096"). The first of the two identities is
    the host. Whether a file is a splice is told by these: the letter D or S before contradicts them in some names.

    Raises:
        ValueError: For another name.
    """
    stem = Path(name).stem
    authentic = re.fullmatch(r"Au_([a-z]{3})_(\d+)", stem)
    if authentic:
        return False, *(2 * (f"{authentic[1]}{authentic[2]}",))
    tampered = re.fullmatch(r"[TS]p_[DS]_\w+?_\w_\w_([a-z]{3}\d+)_([a-z]{3}\d+)_\d+(?:_\w+)?", stem)
    if not tampered:
        raise ValueError(
            f"File names of CASIA-2 must look like Au_ani_00018.jpg or Tp_D_..._00138.tif. Received: {name!r}"
        )
    return True, tampered[1], tampered[2]


def pictures(folder: Path) -> list[Picture]:
    """Return the pictures in ``folder``'s Au and Tp, sorted by name, with their groups; byte-identical files once.

    Where two files are the same but one is called authentic and the other tampered, both are left out. Files with a
    name that says nothing are left out too. ``folder`` may also hold the data set as TensorFlow Datasets prepared it,
    see ``zoo.datasets.prepared``.

    Raises:
        ValueError: When either folder is missing or empty.
    """
    there = prepared.find(folder, "casia2")
    if there is not None:
        return _from_prepared(there)
    found: dict[str, Picture] = {}
    contradicting: set[str] = set()
    for part in ("Au", "Tp"):
        files = sorted(p for p in (folder / part).glob("*") if p.suffix.lower() in SUFFIXES and p.is_file())
        if not files:
            instructions = " ".join(Builder.MANUAL_DOWNLOAD_INSTRUCTIONS.split())
            raise ValueError(f"{folder}: Au and Tp must hold images. {instructions} Received: none in {part}")
        for path in files:
            try:
                tampered, host, donor = parse_name(path.name)
            except ValueError:
                continue
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            if digest in found and found[digest].tampered != tampered:
                contradicting.add(digest)
            found.setdefault(digest, Picture(path.name, partial(read_image, path), tampered, host, donor))
    kept = [picture for digest, picture in found.items() if digest not in contradicting]
    group = _groups(kept)
    return sorted((dataclasses.replace(p, group=group[p.host]) for p in kept), key=lambda p: p.name)


def _from_prepared(there: Prepared) -> list[Picture]:
    found = [
        Picture(
            example["name"],
            partial(there.image, part, index),
            example["label"] == "tampered",
            example["host"],
            example["donor"],
            example["group"],
        )
        for part in there.lengths
        for index, example in enumerate(there.examples(part))
    ]
    return sorted(found, key=lambda picture: picture.name)


def split(found: list[Picture], seed: int = 0) -> dict[str, list[Picture]]:
    """Divide pictures 2/3, 1/6, 1/6 by group: no host or donor of one part occurs in another.

    Raises:
        ValueError: For fewer than three groups.
    """
    sizes: dict[str, int] = {}
    for picture in found:
        sizes[picture.group] = sizes.get(picture.group, 0) + 1
    if len(sizes) < len(FRACTIONS):
        raise ValueError(f"A split needs three groups of pictures. Received: {len(sizes)}")
    missing = {part: share * len(found) for part, share in FRACTIONS.items()}
    part_of: dict[str, str] = {}
    names = sorted(sizes)
    # Large groups first, wherever most is missing; equal ones in an order of the seed's.
    order = sorted(keyed.permutation(len(names), seed, 0), key=lambda i: -sizes[names[i]])
    empty = list(FRACTIONS)
    for i in order:
        part = max(missing, key=missing.__getitem__)
        if len(order) - len(part_of) <= len(empty):
            part = empty[0]
        part_of[names[i]] = part
        missing[part] -= sizes[names[i]]
        empty = [other for other in empty if other != part]
    return {part: [p for p in found if part_of[p.group] == part] for part in FRACTIONS}


def _groups(found: list[Picture]) -> dict[str, str]:
    """Return the first identity, by name, of the chain that each identity belongs to."""
    parent: dict[str, str] = {}

    def root(name: str) -> str:
        while parent.setdefault(name, name) != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    for picture in found:
        first, second = sorted((root(picture.host), root(picture.donor)))
        parent[second] = first
    return {name: root(name) for name in list(parent)}
