"""ImageNet as TensorFlow Datasets leaves it on disk, with few pictures."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import tensorflow_datasets as tfds


def prepare(
    folder: Path, splits: Mapping[str, Sequence[tuple[np.ndarray | bytes, int]]], file_format: str = "array_record"
) -> None:
    """Write the splits' pictures, uint8 RGB or the bytes of a JPEG file, with their classes of 1,000."""
    with tfds.core.registered.skip_registration():

        class Imagenet2012(tfds.core.GeneratorBasedBuilder):
            """The features of TFDS's own builder."""

            VERSION = tfds.core.Version("5.1.0")

            def _info(self):
                features = {
                    "image": tfds.features.Image(encoding_format="jpeg"),
                    "label": tfds.features.ClassLabel(num_classes=1000),
                    "file_name": tfds.features.Text(),
                }
                return tfds.core.DatasetInfo(builder=self, features=tfds.features.FeaturesDict(features))

            def _split_generators(self, dl_manager):
                return {split: self._generate_examples(pictures) for split, pictures in splits.items()}

            def _generate_examples(self, pictures):
                for n, (picture, label) in enumerate(pictures):
                    yield n, {"image": picture, "label": label, "file_name": f"n{n:08d}.JPEG"}

    Imagenet2012(data_dir=folder, file_format=file_format).download_and_prepare()
