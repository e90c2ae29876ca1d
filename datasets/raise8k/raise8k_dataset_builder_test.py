"""The builder on generated scenes: TFDS's own checks, and the paper's protocol patch by patch."""

import shutil
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
import tensorflow_datasets as tfds

from zoo.contrast.operators import training_operators
from zoo.datasets.raise8k import make_dummy_data, raise8k_dataset_builder
from zoo.datasets.raise8k.raise8k_dataset_builder import Builder, _seeded_split, contrast_patches
from zoo.images import read_image
from zoo.imaging.developing.pipeline import develop
from zoo.imaging.developing.raw import read

DUMMY = Path(__file__).parent / "dummy_data"


class ImagesTest(tfds.testing.DatasetBuilderTestCase):
    DATASET_CLASS = Builder
    EXAMPLE_DIR = DUMMY
    BUILDER_CONFIG_NAMES_TO_TEST = ["images"]  # noqa: RUF012
    SPLITS = {"train": 4, "validation": 1, "test": 2}  # noqa: RUF012


class ContrastPatchesTest(tfds.testing.DatasetBuilderTestCase):
    DATASET_CLASS = Builder
    EXAMPLE_DIR = DUMMY
    BUILDER_CONFIG_NAMES_TO_TEST = ["contrast_patches"]  # noqa: RUF012
    SPLITS = {"train": 4 * 12, "validation": 12, "test": 2 * 12}  # noqa: RUF012


class RawTest(tfds.testing.DatasetBuilderTestCase):
    DATASET_CLASS = Builder
    EXAMPLE_DIR = DUMMY
    BUILDER_CONFIG_NAMES_TO_TEST = ["raw"]  # noqa: RUF012
    SPLITS = {"train": 4, "validation": 1, "test": 2}  # noqa: RUF012


def prepare(tmp_path: Path, manual: Path, config: str) -> Builder:
    builder = Builder(data_dir=tmp_path / "data", config=config)
    builder.download_and_prepare(download_config=tfds.download.DownloadConfig(manual_dir=manual))
    return builder


@pytest.fixture(scope="module")
def patches(tmp_path_factory) -> dict[str, list[dict]]:
    builder = prepare(tmp_path_factory.mktemp("patches"), DUMMY, "contrast_patches")
    names = builder.info.features["operator"].names
    found = {split: list(tfds.as_numpy(builder.as_dataset(split=split))) for split in builder.info.splits}
    for example in [example for split in found.values() for example in split]:
        example["name"], example["operator"] = example["name"].decode(), names[example["operator"]]
    return found


def test_both_classes_are_the_same_positions_under_one_operator(patches):
    by_image = defaultdict(list)
    for example in [example for split in patches.values() for example in split]:
        by_image[example["name"]].append(example)
    assert len(by_image) == 7
    used = set()
    for name, examples in by_image.items():
        image = read_image(DUMMY / f"{name}.TIF")
        adjusted = {example["operator"] for example in examples if example["label"] == 1}
        assert len(adjusted) == 1
        assert {example["operator"] for example in examples if example["label"] == 0} == {"none"}
        versions = (image, training_operators()[adjusted.pop()](image))
        used |= {example["operator"] for example in examples}
        for label in (0, 1):
            chosen = [example for example in examples if example["label"] == label]
            positions = {tuple(example["position"].tolist()) for example in chosen}
            assert positions == {(y, x) for y in (0, 64) for x in (0, 64, 128)}
            assert len(chosen) == 6
            for example in chosen:
                y, x = example["position"]
                np.testing.assert_array_equal(example["patch"], versions[label][y : y + 64, x : x + 64])
    assert len(used) > 2  # drawn anew for every image


def test_splits_are_those_of_the_lists(patches):
    for split, examples in patches.items():
        assert {example["name"] for example in examples} == set(make_dummy_data.SPLITS[split])


def test_no_more_patches_than_asked_for_and_the_same_in_both_classes():
    image = read_image(DUMMY / "r000000at.TIF")
    examples = dict(contrast_patches(image, "a", 0, 4))
    positions = [
        [e["position"] for e in examples.values() if e["label"] == label] for label in ("pristine", "adjusted")
    ]
    assert len(positions[0]) == len(set(positions[0])) == 4
    assert positions[0] == positions[1]
    other = dict(contrast_patches(image, "b", 0, 4))
    assert [e["position"] for e in other.values()] != [e["position"] for e in examples.values()]
    assert not list(contrast_patches(image[:63], "a", 0, 4))


def test_images_without_lists_are_split_by_name(tmp_path):
    for path in DUMMY.glob("*.TIF"):
        shutil.copy(path, tmp_path)
    builder = prepare(tmp_path, tmp_path, "images")
    found = {
        split: {
            example["name"].decode(): example["image"] for example in tfds.as_numpy(builder.as_dataset(split=split))
        }
        for split in ("train", "validation", "test")
    }
    assert [len(images) for images in found.values()] == [5, 1, 1]
    everything = {name: image for images in found.values() for name, image in images.items()}
    assert len(everything) == 7
    for name, image in everything.items():
        np.testing.assert_array_equal(image, read_image(DUMMY / f"{name}.TIF"))


def test_proportions_of_the_paper():
    names = [f"{i:05d}" for i in range(8157)]
    split = _seeded_split(names, 0)
    assert {part: len(listed) for part, listed in split.items()} == {"train": 6500, "validation": 500, "test": 1157}
    assert sorted(name for listed in split.values() for name in listed) == names
    assert _seeded_split(names, 1) != split


def test_wrong_manual_folders(tmp_path):
    with pytest.raises(ValueError, match=r"download.html.*Received: 0 TIFF files"):
        prepare(tmp_path, tmp_path, "images")
    for path in DUMMY.iterdir():
        shutil.copy(path, tmp_path)
    (tmp_path / "r8k_test.txt").unlink()
    with pytest.raises(ValueError, match="or none"):
        prepare(tmp_path, tmp_path, "images")
    shutil.copy(DUMMY / "r8k_train.txt", tmp_path / "r8k_test.txt")
    with pytest.raises(ValueError, match="twice"):
        prepare(tmp_path, tmp_path, "images")


def test_no_more_patches_than_the_paper_has(tmp_path, monkeypatch):
    monkeypatch.setattr(raise8k_dataset_builder, "PATCHES", {"train": 15, "validation": 2, "test": 100})
    builder = prepare(tmp_path, DUMMY, "contrast_patches")
    counts = {}
    for split in ("train", "validation", "test"):
        examples = list(tfds.as_numpy(builder.as_dataset(split=split)))
        counts[split] = len(examples), len({example["name"] for example in examples})
        assert sum(example["label"] for example in examples) * 2 == len(examples)
    assert counts == {"train": (30, 3), "validation": (4, 1), "test": (24, 2)}


def test_the_script_makes_the_dummy_data(tmp_path):
    make_dummy_data.main(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(path.name for path in DUMMY.iterdir())
    for path in DUMMY.glob("*.TIF"):
        assert read_image(tmp_path / path.name).shape == read_image(path).shape == (130, 200, 3)
    for path in DUMMY.glob("*.NEF"):
        assert read(tmp_path / path.name).shape == read(path).shape == (48, 64)


def test_one_camera_as_in_the_paper(tmp_path):
    builder = prepare(tmp_path, DUMMY, "raw_nikon_d90")
    found = {split: list(tfds.as_numpy(builder.as_dataset(split=split))) for split in builder.info.splits}
    assert {split: len(examples) for split, examples in found.items()} == {"train": 4, "validation": 1}
    names = {example["name"].decode() for examples in found.values() for example in examples}
    assert names == {"r000000at", "r000001bt", "r000002ct", "r000003dt", "r000004et"}
    for example in [example for examples in found.values() for example in examples]:
        assert example["camera"] == b"NIKON D90"
        assert example["cfa"] == b"GBRG"
        raw = read(DUMMY / f"{example['name'].decode()}.NEF")
        np.testing.assert_array_equal(example["planes"], np.floor(raw.balanced_planes * np.float32(65535)))
        np.testing.assert_array_equal(example["target"], np.floor(develop(raw) * 255))
