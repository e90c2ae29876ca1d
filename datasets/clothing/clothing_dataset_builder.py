"""3,781 photographs of clothes in ten classes, in the public domain (A. Grigorev and others, 2020)."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import tensorflow_datasets as tfds

COMMIT = "11961516512414bf9f6c150a832cfd21b54a6b54"
ARCHIVE = f"https://github.com/alexeygrigorev/clothing-dataset-small/archive/{COMMIT}.zip"
CLASSES = ("dress", "hat", "longsleeve", "outwear", "pants", "shirt", "shoes", "shorts", "skirt", "t-shirt")
PARTS = ("train", "validation", "test")
FINGERPRINT = "bcccb2da765d78155632799a0028374a560e36d10740deda191500a9fdba02b1"
"""SHA-256 of what ``fingerprint`` lists, at that commit."""


class Builder(tfds.core.GeneratorBasedBuilder):
    """Photographs of clothes; see README.md in this folder."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "Initial release."}  # noqa: RUF012
    MANUAL_DOWNLOAD_INSTRUCTIONS = """\
  The repository's archive is downloaded automatically. A checkout of
  https://github.com/alexeygrigorev/clothing-dataset-small can be used as the manual folder instead.
  """
    fingerprint: ClassVar[str] = FINGERPRINT

    def _info(self) -> tfds.core.DatasetInfo:
        features = {
            "image": tfds.features.Image(shape=(None, None, 3), encoding_format="jpeg"),
            "label": tfds.features.ClassLabel(names=CLASSES),
            "name": tfds.features.Text(),
        }
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict(features),
            supervised_keys=("image", "label"),
            homepage="https://github.com/alexeygrigorev/clothing-dataset-small",
        )

    def _split_generators(self, dl_manager: tfds.download.DownloadManager) -> dict[str, Iterator]:
        try:
            folder = Path(dl_manager.manual_dir)
        except (AssertionError, OSError):  # TFDS's way to say that there is none
            folder = None
        if folder is None or not (folder / PARTS[0]).is_dir():
            (folder,) = Path(dl_manager.download_and_extract(ARCHIVE)).iterdir()
        listed = verified(folder, self.fingerprint)
        return {part: self._generate_examples(listed[part]) for part in PARTS}

    def _generate_examples(self, listed: list[tuple[Path, str]]) -> Iterator[tuple[str, dict[str, Any]]]:
        for path, label in listed:
            yield path.name, {"image": str(path), "label": label, "name": path.name}


def files(folder: Path) -> dict[str, list[tuple[Path, str]]]:
    """Return the files and classes of each part of a checkout, sorted by class and name.

    Raises:
        ValueError: Where a class of a part has no JPEG files.
    """
    found: dict[str, list[tuple[Path, str]]] = {part: [] for part in PARTS}
    for part in PARTS:
        for label in CLASSES:
            paths = sorted((folder / part / label).glob("*.jpg"))
            if not paths:
                where = folder / part / label
                raise ValueError(f"A folder of clothing-dataset-small must hold JPEG files. Received: none in {where}")
            found[part] += [(path, label) for path in paths]
    return found


def verified(folder: Path, expected: str) -> dict[str, list[tuple[Path, str]]]:
    """``files``, when they are those whose ``fingerprint`` is expected.

    Raises:
        ValueError: For other files, or where a class of a part has none.
    """
    listed = files(folder)
    found = fingerprint(listed)
    if found != expected:
        raise ValueError(
            f"{folder} must hold the photographs of commit {COMMIT}, whose checksums have the SHA-256 {expected}. "
            f"Received: {found}"
        )
    return listed


def fingerprint(listed: dict[str, list[tuple[Path, str]]]) -> str:
    """SHA-256 of a line for each file: its SHA-256, part, class and name."""
    digest = hashlib.sha256()
    for part, pairs in listed.items():
        for path, label in pairs:
            digest.update(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {part}/{label}/{path.name}\n".encode())
    return digest.hexdigest()
