"""See-in-the-Dark's Sony photographs: short exposures in the dark, and long ones of the same scenes."""

import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tensorflow_datasets as tfds

from zoo.datasets import raw_pairs
from zoo.imaging.developing.raw import read

SPLITS = {"0": "train", "2": "validation", "1": "test"}
"""The first digit of a file's name, as the authors say."""
MISALIGNED = frozenset(["10034", "10045", "10172"])
"""Scenes whose short and long exposures do not match, as the authors found later."""
HIGHEST_RATIO = 300.0
_NAME = re.compile(r"([012]\d{4})_\d\d_([\d.]+)s")


@dataclasses.dataclass
class SidConfig(tfds.core.BuilderConfig):
    """Long exposures on their own, or short ones with the picture of the long one."""

    short: bool = False


class Exposure(NamedTuple):
    """A file, as its name tells."""

    path: Path
    scene: str
    seconds: float


class Builder(tfds.core.GeneratorBasedBuilder):
    """See-in-the-Dark, Sony part; see README.md in this folder."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "Initial release."}  # noqa: RUF012
    MANUAL_DOWNLOAD_INSTRUCTIONS = """\
  Download the Sony part (25 GB) by the links on https://github.com/cchen156/Learning-to-See-in-the-Dark, unpack it, and
  put the folders long and short, with their ARW files, into the manual folder or folders below it.
  """
    BUILDER_CONFIGS = [  # noqa: RUF012
        SidConfig(name="long", description="Long exposures and what is developed from them."),
        SidConfig(
            name="short", description="Short exposures, brightened, and the picture of the long one.", short=True
        ),
    ]
    # The package is mapped to another folder than its name says, so that TFDS would not find the files in this folder.

    def _info(self) -> tfds.core.DatasetInfo:
        features = raw_pairs.features() | {
            "scene": tfds.features.Text(),
            "seconds": tfds.features.Scalar(dtype=np.float32),
            "ratio": tfds.features.Scalar(dtype=np.float32),
        }
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict(features),
            supervised_keys=("planes", "target"),
            homepage="https://cchen156.github.io/SID.html",
        )

    def _split_generators(self, dl_manager: tfds.download.DownloadManager) -> dict[str, Iterator]:
        folder = Path(dl_manager.manual_dir)
        pairs = find_pairs(folder, self.builder_config.short)
        parts = {split: [pair for pair in pairs if pair[0].scene[0] == digit] for digit, split in SPLITS.items()}
        if not all(parts.values()):
            instructions = " ".join(self.MANUAL_DOWNLOAD_INSTRUCTIONS.split())
            counts = {split: len(found) for split, found in parts.items()}
            raise ValueError(f"{folder}: photographs of every split are needed. {instructions} Received: {counts}")
        return {split: self._generate_examples(found) for split, found in parts.items()}

    def _generate_examples(self, pairs: list[tuple[Exposure, Exposure]]) -> Iterator[tuple[str, dict[str, Any]]]:
        for taken, long in pairs:
            raw = read(taken.path)
            ratio = min(long.seconds / taken.seconds, HIGHEST_RATIO)
            yield (
                taken.path.stem,
                raw_pairs.planes_and_metadata(taken.path, raw, ratio)
                | {
                    "target": raw_pairs.target(raw if taken is long else read(long.path)),
                    "scene": taken.scene,
                    "seconds": np.float32(taken.seconds),
                    "ratio": np.float32(ratio),
                },
            )


def find_pairs(folder: Path, short: bool) -> list[tuple[Exposure, Exposure]]:
    """The exposures below ``folder``, each with the long one of its scene, by name; long ones with themselves."""
    found = {kind: _exposures(folder, kind) for kind in ("long", "short")}
    if not short:
        return [(long, long) for long in found["long"]]
    long_of: dict[str, Exposure] = {}
    for long in found["long"]:
        long_of.setdefault(long.scene, long)
    return [(s, long_of[s.scene]) for s in found["short"] if s.scene in long_of and s.scene not in MISALIGNED]


def _exposures(folder: Path, kind: str) -> list[Exposure]:
    exposures = []
    for path in sorted(p for p in folder.rglob("*") if p.suffix.lower() == ".arw" and p.parent.name == kind):
        if match := _NAME.fullmatch(path.stem):
            exposures.append(Exposure(path, match[1], float(match[2])))
    return exposures
