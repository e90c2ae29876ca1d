"""The builder on photographs by the synthetic camera: TFDS's own checks, and what an example holds."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import tensorflow_datasets as tfds

from zoo.datasets import raw_pairs
from zoo.datasets.camera import CAMERAS
from zoo.datasets.mit_fivek import make_dummy_data
from zoo.datasets.mit_fivek.mit_fivek_dataset_builder import Builder, split
from zoo.imaging.developing.pipeline import develop
from zoo.imaging.developing.raw import read

DUMMY = Path(__file__).parent / "dummy_data"


class RawTest(tfds.testing.DatasetBuilderTestCase):
    DATASET_CLASS = Builder
    EXAMPLE_DIR = DUMMY
    BUILDER_CONFIG_NAMES_TO_TEST = ["raw"]  # noqa: RUF012
    SPLITS = {"train": 4, "validation": 1, "test": 1}  # noqa: RUF012


def prepare(tmp_path: Path, manual: Path, config: str) -> dict[str, list[dict]]:
    builder = Builder(data_dir=tmp_path / "data", config=config)
    builder.download_and_prepare(download_config=tfds.download.DownloadConfig(manual_dir=manual))
    return {part: list(tfds.as_numpy(builder.as_dataset(split=part))) for part in builder.info.splits}


def test_an_example_is_the_file_and_what_is_developed_from_it(tmp_path):
    (tmp_path / "photos").mkdir()
    for path in DUMMY.iterdir():
        shutil.copy(path, tmp_path / "photos")
    (tmp_path / "photos" / "a9999-broken.dng").write_bytes(b"II*\0 and no more")
    found = prepare(tmp_path, tmp_path, "raw")
    examples = [example for examples in found.values() for example in examples]
    assert sorted(e["name"].decode() for e in examples) == sorted(path.stem for path in DUMMY.iterdir())
    model = CAMERAS["alder"]
    for example in examples:
        raw = read(DUMMY / f"{example['name'].decode()}.dng")
        assert example["planes"].dtype == np.uint16
        np.testing.assert_array_equal(example["planes"], np.floor(raw.balanced_planes * np.float32(65535)))
        np.testing.assert_array_equal(example["target"], np.floor(develop(raw) * 255))
        assert example["cfa"].decode() == model.cfa
        assert example["white_level"] == model.white
        assert tuple(example["black_levels"]) == model.black
        np.testing.assert_allclose(example["white_balance"], model.white_balance, rtol=1e-5)
        np.testing.assert_allclose(example["camera_matrix"], model.camera_matrix, atol=1e-5)
        assert example["orientation"] == 1


def test_one_camera_as_in_the_paper(tmp_path):
    found = prepare(tmp_path, DUMMY, "canon_eos_5d")
    assert {part: len(examples) for part, examples in found.items()} == {"train": 2, "validation": 1}
    assert {example["camera"] for examples in found.values() for example in examples} == {b"Canon EOS 5D"}


def test_the_papers_choice_of_many(monkeypatch):
    paths = [Path(f"{i:04d}.dng") for i in range(400)]
    # Every third is portrait, every fourth by another camera.
    monkeypatch.setattr(
        raw_pairs,
        "camera_and_orientation",
        lambda path: ("CANON eos 5D" if int(path.stem) % 4 else "Canon EOS 5D Mark II", 1 if int(path.stem) % 3 else 8),
    )
    chosen = raw_pairs.of_one_camera(paths, "Canon EOS 5D", 0)
    assert {part: len(listed) for part, listed in chosen.items()} == {"train": 120, "validation": 30}
    everything = [path for listed in chosen.values() for path in listed]
    assert len(set(everything)) == 150
    assert all(int(path.stem) % 4 and int(path.stem) % 3 for path in everything)
    assert chosen == raw_pairs.of_one_camera(paths, "Canon EOS 5D", 0)
    assert chosen != raw_pairs.of_one_camera(paths, "Canon EOS 5D", 1)
    with pytest.raises(ValueError, match="Received: 0"):
        raw_pairs.of_one_camera(paths, "NIKON D700", 0)


def test_split_is_a_partition():
    paths = [Path(f"{i}.dng") for i in range(50)]
    parts = split(paths, 0)
    assert {part: len(listed) for part, listed in parts.items()} == {"train": 40, "validation": 5, "test": 5}
    assert sorted(path for listed in parts.values() for path in listed) == sorted(paths)


def test_wrong_manual_folders(tmp_path):
    with pytest.raises(ValueError, match=r"fivek.*Received: 0 DNG files"):
        prepare(tmp_path, tmp_path, "raw")


def test_the_script_makes_the_dummy_data(tmp_path):
    make_dummy_data.main(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(path.name for path in DUMMY.iterdir())
    for path in DUMMY.iterdir():
        assert read(tmp_path / path.name).shape == read(path).shape == (48, 64)
