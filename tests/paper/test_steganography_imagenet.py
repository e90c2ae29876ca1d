"""The steganography protocol: ImageNet as TFDS prepares it, Holidays' JPEGs to validate and test, a kill, tables."""

import dataclasses
import json

import numpy as np
import pytest
from imagenet_files import prepare
from paper_cut import CUT

from zoo.datasets import keyed, photographs
from zoo.datasets.embedded import generate_scene
from zoo.datasets.holidays import make_dummy_data
from zoo.experiments.steganography import evaluation, training

pytestmark = pytest.mark.paper


def test_imagenet_and_holidays(workplace, monkeypatch, done, killed, papers_numbers):
    pictures = {
        split: [(generate_scene(keyed.generator(3, split == "train", n), 240 + n, 260), n) for n in range(count)]
        for split, count in zip(("train", "validation"), CUT.imagenet, strict=True)
    }
    prepare(workplace / "tfds", pictures)
    make_dummy_data.main(workplace / "HOLIDAYS")
    for name, count in (("IMAGENET_TRAIN", 4), ("IMAGENET_VALIDATION", 2)):
        monkeypatch.setattr(photographs, name, count)
    cut = dataclasses.replace(
        training.SCALES["paper"],
        epochs=CUT.steganography_epochs,
        steps=CUT.steganography_steps,
        batch_size=CUT.steganography_pairs,
        validation_steps=1,
        weights=CUT.steganography_lambdas,
    )
    monkeypatch.setitem(training.SCALES, "paper", cut)
    tested = dataclasses.replace(evaluation.SCALES["paper"], scenes=CUT.steganography_scenes)
    monkeypatch.setitem(evaluation.SCALES, "paper", tested)
    data = ("--scale", "paper", "--dataset", "imagenet2012", "--data-dir", workplace / "tfds")
    train = ("pretrain", "steganography", *data, "--workers", "0", "--holidays", workplace / "HOLIDAYS")
    killed(1, *train)
    done(*train)
    folder = workplace / "runs" / "steganography-paper-0"
    seen = json.loads((folder / "ours-0.75.of.json").read_text())["validation"]
    assert seen == sorted(make_dummy_data.NAMES)
    for network in ("ours", "baluja"):
        log = json.loads((folder / f"{network}-0.75.json").read_text())
        assert [entry["epoch"] for entry in log] == [1, 2]
        assert all(np.isfinite(entry["val_loss"]) for entry in log)
    holidays = ("--scale", "paper", "--dataset", "holidays", "--data-dir", workplace / "HOLIDAYS")
    for given, rows in ((data, "Imagenet"), (holidays, "Holiday")):
        for table in ("table-1", "table-2"):
            done("reproduce", "steganography", table, *given, "--weights", folder)
        found = papers_numbers("steganography_table_1")
        own = found[found.index.get_level_values("row").str.startswith(rows)]
        trained = own.index.get_level_values("row").str.endswith("lambda 0.75")
        assert set(own[trained]["status"]) == {"measured"} and set(own[trained]["comparable"]) == {"yes"}
        assert set(own[~trained]["status"]) == {"not-run"}
