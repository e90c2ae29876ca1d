"""The DEV set of the NIPS 2017 adversarial attacks and defences competition (Carrara et al. 2018, section 5.2)."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow_datasets as tfds

from zoo.datasets import prepared
from zoo.images import read_image

CSV_NAMES = ("images.csv", "dev_dataset.csv")
"""Names of the list, at Kaggle and in the competition's own repository."""
SIDE, CLASSES = 299, 1001


class Builder(tfds.core.GeneratorBasedBuilder):
    """NIPS 2017 DEV; see README.md in this folder."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "Initial release."}  # noqa: RUF012
    MANUAL_DOWNLOAD_INSTRUCTIONS = """\
  Download the development set from https://www.kaggle.com/c/nips-2017-non-targeted-adversarial-attack/data and put its
  images.csv and its folder images/ with 1,000 PNG files into the manual folder.
  """
    # The package is mapped to another folder than its name says, so that TFDS would not find the files in this folder.

    def _info(self) -> tfds.core.DatasetInfo:
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict(
                {
                    "name": tfds.features.Text(),
                    "image": tfds.features.Image(shape=(SIDE, SIDE, 3), dtype=np.uint8, encoding_format="png"),
                    "true_label": tfds.features.ClassLabel(num_classes=CLASSES),
                    "target_class": tfds.features.ClassLabel(num_classes=CLASSES),
                }
            ),
            supervised_keys=("image", "true_label"),
            homepage="https://www.kaggle.com/c/nips-2017-non-targeted-adversarial-attack",
        )

    def _split_generators(self, dl_manager: tfds.download.DownloadManager) -> dict[str, Iterator]:
        return {"test": self._generate_examples(Path(dl_manager.manual_dir))}

    def _generate_examples(self, folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
        for example in read_folder(folder):
            yield example["name"], example


def read_folder(folder: Path) -> Iterator[dict[str, Any]]:
    """Yield name, image (uint8 (299, 299, 3)), true_label and target_class (0..1000, 0 is background) of each image.

    Listed images without a file are left out: the set comes in parts, too. ``folder`` may also hold the data set as
    TensorFlow Datasets prepared it, see ``zoo.datasets.prepared``.

    Raises:
        ValueError: Without a list, for a list without the columns, a label out of range, or when no image is there.
        ImageError: For a file that is no image.
    """
    there = prepared.find(folder, "nips17_dev")
    if there is not None:
        examples = (there.example("test", index) for index in range(there.lengths["test"]))
        for example in sorted(examples, key=lambda example: example["name"]):
            yield example | {key: int(example[key]) for key in ("true_label", "target_class")}
        return
    lists = [folder / name for name in CSV_NAMES if (folder / name).is_file()]
    if not lists:
        raise ValueError(f"{folder}: {' or '.join(CSV_NAMES)} is needed, see the README. Received: neither")
    with lists[0].open(newline="") as file:
        rows = list(csv.DictReader(file))
    found = 0
    for row in rows:
        try:
            name, labels = row["ImageId"], [int(row[column]) for column in ("TrueLabel", "TargetClass")]
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(
                f"{lists[0]} must have ImageId, TrueLabel and TargetClass. Received: {list(row.items())[:8]}"
            ) from error
        if not all(0 <= label < CLASSES for label in labels):
            raise ValueError(f"{lists[0]}: labels must be from 0 to {CLASSES - 1}. Received: {labels} for {name}")
        path = folder / "images" / f"{name}.png"
        if not path.is_file():
            continue
        found += 1
        image = read_image(path)
        if image.shape != (SIDE, SIDE, 3):
            raise ValueError(f"{path} must be {SIDE} x {SIDE}. Received: {image.shape[1]} x {image.shape[0]}")
        yield {"name": name, "image": image, "true_label": labels[0], "target_class": labels[1]}
    if not found:
        raise ValueError(f"{folder / 'images'}: the PNG files of {lists[0].name} are needed. Received: none of them")
