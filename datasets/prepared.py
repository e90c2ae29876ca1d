"""Data sets prepared by TensorFlow Datasets, read by index: an alternative to the original files.

``Builder(data_dir=FOLDER, file_format="array_record").download_and_prepare(...)`` prepares one; ``--data-dir FOLDER``
reads it from there, without the originals.
"""

import dataclasses
import re
import sys
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from zoo.store import sha256

_LISTED = "dataset_info.json"


@dataclasses.dataclass(frozen=True)
class Prepared:
    """One prepared data set; other processes may read the same."""

    directory: Path

    @property
    def name(self) -> str:
        """Name of the data set, with its configuration behind a slash where it has one."""
        info = _builder(self.directory).info
        return f"{info.name}/{info.config_name}" if info.config_name else info.name

    @property
    def features(self) -> frozenset[str]:
        """Names of what an example has."""
        return frozenset(_builder(self.directory).info.features)

    @property
    def lengths(self) -> dict[str, int]:
        """Examples of each split."""
        return {name: part.num_examples for name, part in _builder(self.directory).info.splits.items()}

    @property
    def digest(self) -> str:
        """Sixteen digits of the checksum of what TensorFlow Datasets wrote about it: another preparation has others."""
        return sha256(self.directory / _LISTED)[:16]

    def examples(self, split: str) -> list[dict[str, Any]]:
        """Return all examples of a split without their images: text as str, classes by name, numbers unchanged.

        Every record is read once to know them, and they are remembered.
        """
        return _examples(self.directory, split)

    def example(self, split: str, index: int) -> dict[str, Any]:
        """Example ``index`` of a split, as ``examples`` has it, with its images as uint8 or uint16 arrays."""
        return _plain(_source(self.directory, split, None)[index], _builder(self.directory).info.features)

    def image(self, split: str, index: int, feature: str = "image") -> np.ndarray:
        """One image of example ``index`` of a split, (height, width, channels), without decoding the others."""
        return _source(self.directory, split, feature)[index][feature]


def find(folder: Path, name: str, config: str = "") -> Prepared | None:
    """Return the prepared data set ``name`` in ``folder``; None if there is none, as in a folder of original files.

    Versions in a file format that cannot be read by number are named on standard error and left out.

    Args:
        folder: The ``data_dir`` of TensorFlow Datasets, or the folder of one version in it.
        name: Of the data set.
        config: Of its configuration, where it has some.

    Raises:
        ValueError: Where the folder is that of such a version.
    """
    here = at(folder)
    if here is not None:
        return here if here.name == (f"{name}/{config}" if config else name) else None
    below = folder / name / config if config else folder / name
    for path in reversed(versions(below)):
        try:
            found = at(path)
        except ValueError as error:  # the original files may lie there too
            print(f"zoo: left out: {error}", file=sys.stderr)
            continue
        if found is not None:
            return found
    return None


def versions(folder: Path) -> list[Path]:
    """Return the folders of the versions of a data set that are complete in its folder, in any format; newest last."""
    complete = (path for path in folder.glob("*.*.*") if (path / _LISTED).is_file())
    return sorted(complete, key=lambda path: [int(n) for n in re.findall(r"\d+", path.name)])


def at(directory: Path) -> Prepared | None:
    """Return the prepared data set whose version's folder this is; None where it is another folder.

    Raises:
        ValueError: For a file format that cannot be read by number.
    """
    if not (directory / _LISTED).is_file():
        return None
    directory = directory.resolve()
    kind = _builder(directory).info.file_format
    if kind is None or kind.value != "array_record":
        raise ValueError(
            f'{directory} must be prepared with file_format="array_record", which can be read by index. '
            f"Received: {kind and kind.value}"
        )
    return Prepared(directory)


@cache
def _builder(directory: Path) -> Any:
    import tensorflow_datasets as tfds

    return tfds.builder_from_directory(directory)


@cache
def _examples(directory: Path, split: str) -> list[dict[str, Any]]:
    features, source = _builder(directory).info.features, _source(directory, split, "")
    return [_plain(source[index], features) for index in range(len(source))]


@cache
def _source(directory: Path, split: str, only: str | None) -> Any:
    """Return the examples of a split; of their images those in ``only`` alone are decoded, or all for None."""
    import tensorflow_datasets as tfds

    builder = _builder(directory)
    images = [name for name, feature in builder.info.features.items() if isinstance(feature, tfds.features.Image)]
    skipped = {name: tfds.decode.SkipDecoding() for name in images if only is not None and name != only}
    return builder.as_data_source(split, decoders=skipped or None)


def _plain(example: dict[str, Any], features: Any) -> dict[str, Any]:
    import tensorflow_datasets as tfds

    found = {}
    for name, value in example.items():
        if isinstance(features[name], tfds.features.ClassLabel):
            found[name] = features[name].int2str(int(value))
        elif isinstance(features[name], tfds.features.Text):
            found[name] = value.decode()
        elif not isinstance(value, bytes):  # bytes: an image that was not decoded
            found[name] = value
    return found
