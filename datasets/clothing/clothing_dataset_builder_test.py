"""The builder on generated scenes: TFDS's own checks, the parts and classes, and a folder with other pictures."""

from pathlib import Path

import pytest
import tensorflow_datasets as tfds

from zoo.datasets.clothing.clothing_dataset_builder import CLASSES, PARTS, Builder, files, fingerprint

DUMMY = Path(__file__).parent / "dummy_data"


class DummyBuilder(Builder):
    fingerprint = fingerprint(files(DUMMY))


class ClothingTest(tfds.testing.DatasetBuilderTestCase):
    DATASET_CLASS = DummyBuilder
    EXAMPLE_DIR = DUMMY
    SPLITS = dict.fromkeys(PARTS, len(CLASSES))
    SKIP_CHECKSUMS = True


def test_other_pictures_are_refused(tmp_path):
    builder = Builder(data_dir=tmp_path)
    config = tfds.download.DownloadConfig(manual_dir=DUMMY)
    with pytest.raises(ValueError, match=f"Received: {DummyBuilder.fingerprint}"):
        builder.download_and_prepare(download_config=config)
    with pytest.raises(ValueError, match="must hold JPEG files"):
        files(tmp_path)
