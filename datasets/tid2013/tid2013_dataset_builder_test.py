"""The builder on generated scenes: TFDS's own checks, the list, names in mixed case, and what is wrong in folders."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import tensorflow_datasets as tfds

from zoo.datasets.distortions import DISTORTIONS as GENERATED
from zoo.datasets.tid2013 import make_dummy_data
from zoo.datasets.tid2013.tid2013_dataset_builder import DISTORTIONS, Builder, parse_list, parse_name, rated
from zoo.images import read_image

DUMMY = Path(__file__).parent / "dummy_data"


class Tid2013Test(tfds.testing.DatasetBuilderTestCase):
    DATASET_CLASS = Builder
    EXAMPLE_DIR = DUMMY
    SPLITS = {"images": 9}  # noqa: RUF012


def test_every_image_has_its_reference_distortion_level_and_score():
    found = rated(DUMMY)
    assert len(found) == 9
    for image in found:
        reference, number, level = parse_name(image.name)
        assert image.reference == f"I{reference:02d}.BMP"
        assert image.scene == {1: "kodak-house", 2: "kodak-02", 25: "kodak-25"}[reference]
        assert (image.distortion, image.level) == (DISTORTIONS[number - 1], level)
        assert image.score == pytest.approx(6 - level + reference / 100)
        assert image.load().shape == image.load_reference().shape == (24, 32, 3)


def test_names_of_generated_distortions_are_the_databases():
    assert {number: name for number, (name, _) in GENERATED.items()} == {
        number: DISTORTIONS[number - 1] for number in GENERATED
    }


@pytest.mark.parametrize("text", ["4.5", "4.5 a.bmp b.bmp", "x i01_01_1.bmp", "4 i01_01_1.bmp\n3 I01_01_1.bmp"])
def test_bad_lists(text):
    with pytest.raises(ValueError, match="Received"):
        parse_list(text)


@pytest.mark.parametrize("name", ["i26_01_1.bmp", "i01_25_1.bmp", "i01_01_6.bmp", "photo.bmp"])
def test_bad_names(name):
    with pytest.raises(ValueError, match="Received"):
        parse_name(name)


def test_missing_files(tmp_path):
    with pytest.raises(ValueError, match=r"tid2013.htm.*Received: no such file"):
        rated(tmp_path)
    shutil.copytree(DUMMY, tmp_path / "tid")
    (tmp_path / "tid" / "distorted_images" / "i01_01_1.bmp").unlink()
    with pytest.raises(ValueError, match=r"must hold I01_01_1\.bmp"):
        rated(tmp_path / "tid")


def test_the_script_makes_the_dummy_data(tmp_path):
    make_dummy_data.main(tmp_path)
    for path in (p for p in DUMMY.rglob("*") if p.is_file()):
        other = tmp_path / path.relative_to(DUMMY)
        if path.suffix == ".txt":
            assert other.read_text() == path.read_text()
        else:
            np.testing.assert_array_equal(read_image(other).shape, read_image(path).shape)
