"""The builder on generated scenes: TFDS's own checks, labels, and lists that do not fit."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import tensorflow_datasets as tfds

from zoo.datasets.nips17_dev import make_dummy_data
from zoo.datasets.nips17_dev.nips17_dev_dataset_builder import Builder, read_folder
from zoo.images import read_image

DUMMY = Path(__file__).parent / "dummy_data"


class Nips17DevTest(tfds.testing.DatasetBuilderTestCase):
    DATASET_CLASS = Builder
    EXAMPLE_DIR = DUMMY
    SPLITS = {"test": 3}  # noqa: RUF012


def test_labels_are_the_lists_and_absent_images_are_left_out():
    found = {e["name"]: e for e in read_folder(DUMMY)}
    assert {n: (e["true_label"], e["target_class"]) for n, e in found.items()} == make_dummy_data.LABELS
    np.testing.assert_array_equal(found["00bb"]["image"], read_image(DUMMY / "images" / "00bb.png"))


def test_dummy_data_is_what_the_script_makes(tmp_path):
    make_dummy_data.main(tmp_path)
    for path in (p for p in DUMMY.rglob("*") if p.is_file()):
        made = tmp_path / path.relative_to(DUMMY)
        if path.suffix == ".csv":
            assert made.read_bytes() == path.read_bytes()
        else:  # the last bit of a generated scene may differ between processors
            difference = read_image(made).astype(int) - read_image(path)
            assert np.abs(difference).max() <= 1, path.name


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "Received: neither"),
        ("ImageId,TrueLabel\n00aa,3\n", "must have ImageId, TrueLabel and TargetClass"),
        ("ImageId,TrueLabel,TargetClass\n00aa,3,1001\n", r"Received: \[3, 1001\] for 00aa"),
        ("ImageId,TrueLabel,TargetClass\nabsent,3,4\n", "Received: none of them"),
        ("ImageId,TrueLabel,TargetClass\nsmall,3,4\n", "must be 299 x 299. Received: 8 x 5"),
    ],
)
def test_lists_that_do_not_fit(tmp_path, text, message):
    shutil.copytree(DUMMY / "images", tmp_path / "images")
    from PIL import Image

    Image.new("RGB", (8, 5)).save(tmp_path / "images" / "small.png")
    if text is not None:
        (tmp_path / "images.csv").write_text(text)
    with pytest.raises(ValueError, match=message):
        list(read_folder(tmp_path))
