"""The builder on photographs by the synthetic camera: TFDS's own checks, pairs, ratio and splits."""

from pathlib import Path

import numpy as np
import pytest
import tensorflow_datasets as tfds

from zoo.datasets.sid import make_dummy_data
from zoo.datasets.sid.sid_dataset_builder import MISALIGNED, Builder
from zoo.imaging.developing.pipeline import develop
from zoo.imaging.developing.raw import read

DUMMY = Path(__file__).parent / "dummy_data"


class LongTest(tfds.testing.DatasetBuilderTestCase):
    DATASET_CLASS = Builder
    EXAMPLE_DIR = DUMMY
    BUILDER_CONFIG_NAMES_TO_TEST = ["long"]  # noqa: RUF012
    SPLITS = {"train": 2, "validation": 1, "test": 2}  # noqa: RUF012


def prepare(tmp_path: Path, manual: Path, config: str) -> dict[str, list[dict]]:
    builder = Builder(data_dir=tmp_path / "data", config=config)
    builder.download_and_prepare(download_config=tfds.download.DownloadConfig(manual_dir=manual))
    return {part: list(tfds.as_numpy(builder.as_dataset(split=part))) for part in builder.info.splits}


def test_short_exposures_go_with_the_picture_of_the_long_one(tmp_path):
    found = prepare(tmp_path, DUMMY, "short")
    scenes = {part: sorted(example["scene"].decode() for example in examples) for part, examples in found.items()}
    assert scenes == {"train": ["00001", "00002"], "validation": ["20004"], "test": ["10003"]}
    assert "10034" in MISALIGNED
    for example in [example for examples in found.values() for example in examples]:
        scene = example["scene"].decode()
        short, long = read(DUMMY / f"short/{scene}_00_0.1s.ARW"), read(DUMMY / f"long/{scene}_00_1s.ARW")
        np.testing.assert_array_equal(example["target"], np.floor(develop(long) * 255))
        assert example["ratio"] == 10
        np.testing.assert_allclose(example["seconds"], 0.1, rtol=1e-6)
        brightened = np.minimum(short.planes * np.float64(short.balance_of_planes) * 10, 1)
        assert np.abs(example["planes"] / 65535 - brightened).max() < 2 / 65535
        # Brightened, they are the long exposure with more noise.
        assert np.corrcoef(brightened.ravel(), long.balanced_planes.ravel())[0, 1] > 0.8


def test_wrong_manual_folders(tmp_path):
    with pytest.raises(ValueError, match=r"Learning-to-See-in-the-Dark.*Received: .*'train': 0"):
        prepare(tmp_path, tmp_path, "long")


def test_the_script_makes_the_dummy_data(tmp_path):
    make_dummy_data.main(tmp_path)
    files = sorted(path.relative_to(DUMMY) for path in DUMMY.rglob("*.ARW"))
    assert files == sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*.ARW"))
    for path in files:
        assert read(tmp_path / path).shape == read(DUMMY / path).shape == (48, 64)
