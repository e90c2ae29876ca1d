from pathlib import Path

import numpy as np
import pytest
import tensorflow_datasets as tfds

from zoo.datasets.holidays import make_dummy_data
from zoo.datasets.holidays.holidays_dataset_builder import Builder, image_paths
from zoo.datasets.photographs import photographs
from zoo.images import read_image

DUMMY = Path(__file__).parent / "dummy_data"


class HolidaysTest(tfds.testing.DatasetBuilderTestCase):
    DATASET_CLASS = Builder
    EXAMPLE_DIR = DUMMY
    SPLITS = {"test": 5}  # noqa: RUF012


def test_groups_and_queries_are_read_off_the_names(tmp_path):
    builder = Builder(data_dir=tmp_path)
    builder.download_and_prepare(download_config=tfds.download.DownloadConfig(manual_dir=DUMMY))
    found = {e["name"].decode(): e for e in tfds.as_numpy(builder.as_dataset(split="test"))}
    assert {name: (int(e["group"]), bool(e["query"])) for name, e in found.items()} == {
        "100000": (0, True),
        "100001": (0, False),
        "100100": (1, True),
        "149900": (499, True),
        "149901": (499, False),
    }
    for name, example in found.items():
        np.testing.assert_array_equal(example["image"], read_image(DUMMY / "jpg" / f"{name}.jpg"))


def test_all_photographs_are_for_testing_and_share_scenes_by_group():
    found = photographs("holidays", DUMMY, "test")
    assert [p.scene for p in found] == ["group 0", "group 0", "group 1", "group 499", "group 499"]
    assert found[0].load().shape == (36, 48, 3)
    assert photographs("holidays", DUMMY, "train") == []
    with pytest.raises(ValueError, match="Received: data_dir=None"):
        photographs("holidays", None, "test")


def test_an_empty_folder_says_where_to_get_the_files(tmp_path):
    (tmp_path / "beach.jpg").write_bytes(b"")
    with pytest.raises(ValueError, match=r"jpg1\.tar\.gz.*Received: none"):
        image_paths(tmp_path)


def test_the_script_makes_the_dummy_data(tmp_path):
    make_dummy_data.main(tmp_path)
    assert [p.name for p in image_paths(tmp_path)] == [p.name for p in image_paths(DUMMY)]
