"""RAISE8K and FiveK prepared by Beam's DirectRunner: the examples are those of the plain generators, in their order."""

import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow_datasets as tfds

from zoo.datasets import raw_pairs
from zoo.datasets.mit_fivek import mit_fivek_dataset_builder as fivek
from zoo.datasets.raise8k import raise8k_dataset_builder as raise8k


def _prepare(module, config, folder):
    builder = module.Builder(data_dir=folder, config=config)
    manual = Path(module.__file__).parent / "dummy_data"
    options = {}
    if sys.modules.get("apache_beam") is not None:
        from apache_beam.options.pipeline_options import PipelineOptions

        # In this process: other runners of this name would download a program.
        options = {"beam_runner": "FnApiRunner", "beam_options": PipelineOptions([])}
    builder.download_and_prepare(download_config=tfds.download.DownloadConfig(manual_dir=manual, **options))
    return {split: list(tfds.as_numpy(builder.as_dataset(split=split))) for split in builder.info.splits}


@pytest.mark.slow  # Beam takes seconds to import
@pytest.mark.filterwarnings("ignore")  # of Beam's own modules
@pytest.mark.parametrize(
    ("module", "config"),
    [(raise8k, "images"), (raise8k, "contrast_patches"), (raise8k, "raw_nikon_d90"), (fivek, "raw")],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_examples_are_those_of_the_generators(tmp_path, monkeypatch, module, config):
    beam = pytest.importorskip("apache_beam")
    monkeypatch.setattr(raise8k, "PATCHES", {"train": 15, "validation": 2, "test": 100})
    assert isinstance(raw_pairs.of_each(raw_pairs.examples_of, []), beam.PTransform)
    parallel = _prepare(module, config, tmp_path / "parallel")
    monkeypatch.setitem(sys.modules, "apache_beam", None)
    plain = _prepare(module, config, tmp_path / "plain")
    assert {split: len(examples) for split, examples in parallel.items()} == {
        split: len(examples) for split, examples in plain.items()
    }
    assert sum(len(examples) for examples in plain.values()) > 3
    for split, examples in plain.items():
        for ours, theirs in zip(parallel[split], examples, strict=True):
            assert set(ours) == set(theirs)
            for name, value in theirs.items():
                np.testing.assert_array_equal(ours[name], value, err_msg=f"{split} {name}")


def test_how_many_patches_an_image_gives_is_known_from_its_header(tmp_path):
    folder = Path(raise8k.__file__).parent / "dummy_data"
    paths = sorted(folder.glob("*.TIF"))  # 130 x 200 pixels: six patches
    assert [count for _, count in raise8k.shares(paths, 15, 1500)] == [6, 6, 3]
    assert [count for _, count in raise8k.shares(paths[:2], 100, 4)] == [4, 4]
    assert raise8k.shares(paths, 0, 4) == []
    (tmp_path / "broken.tif").write_bytes(b"II*\0")
    assert raise8k.shares([tmp_path / "broken.tif"], 5, 9) == [(tmp_path / "broken.tif", 5)]
