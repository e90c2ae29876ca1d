"""``--dataset open_photographs`` in all families: tables measure on the test split, trainings never see it."""

import dataclasses
import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import zoo.datasets.open_photographs
from zoo.datasets import keyed
from zoo.datasets.embedded import generate_scene
from zoo.datasets.near_duplicates import alike, thumbnail
from zoo.datasets.open_photographs import check_splits, download, listing
from zoo.experiments.hyperimage.tables.fusion import SIDE, Fusion
from zoo.experiments.imaging.developing import training
from zoo.experiments.imaging.joint import training as joint_training
from zoo.experiments.imaging.joint.evaluation import JointEvaluation
from zoo.experiments.imaging.joint.scales import SCALES
from zoo.experiments.run.cells import Settings
from zoo.images import write_png

DUMMY = Path(zoo.datasets.open_photographs.__file__).parent / "dummy_data"
ROWS = listing.read_list(DUMMY / "photographs.tsv")
DATA = ("--dataset", "open_photographs", "--data-dir", DUMMY)


@pytest.fixture
def read(monkeypatch, tmp_path):
    """The splits that photographs were read of; each photograph is a generated scene, of the size of the smallest."""
    seen = []

    def generated(row, path):
        seen.append(row.split)
        return generate_scene(keyed.generator(23, ROWS.index(row)), 299, 299)

    monkeypatch.setattr(listing, "ROWS", ROWS)
    monkeypatch.setattr(listing, "read", generated)
    monkeypatch.chdir(tmp_path)
    return seen


TABLES = {
    "contrast table-1": ("--rows", "gamma 1.5"),
    "steganography trade-off": ("--rows", "baseline: LSB 4"),
    "steganography detectability": ("--rows", "baseline: LSB 4"),
    "imaging table-1": ("--rows", "baseline: bilinear"),
    "imaging identification": ("--rows", "as developed"),
    "imaging false-alarms": ("--rows", "64 pixels, JPEG 85, aligned"),
    "imaging silence": (),
    "hyperimage table-2": ("--rows", "*Proposed"),
    "hyperimage table-3": ("--rows", "all: baseline*"),
    "hyperimage scorer": ("--rows", "MDSI*"),
    "hyperimage localisation": ("--rows", "all: baseline*"),
}


@pytest.mark.parametrize("table", TABLES)
def test_tables_measure_on_the_test_split(read, command, tmp_path, table):
    code, _, err = command("reproduce", *table.split(), "--scale", "smoke", *DATA, *TABLES[table])
    assert code == 0, err
    (path,) = (tmp_path / "runs" / "tables" / "smoke").glob("*.csv")
    frame = pd.read_csv(path)
    assert set(frame["dataset"]) == {"open_photographs"}
    assert (frame["status"] == "measured").any()
    # Fingerprints and detectors are trained; the limits that ``silence`` shows were set on calibration photographs.
    also = {
        "detectability": {"train"},
        "identification": {"train"},
        "false-alarms": {"train"},
        "silence": {"train", "calibration"},
    }
    assert set(read) == {"test"} | also.get(table.split()[1], set())


def test_fusion_is_trained_on_the_training_photographs(read):
    found = Fusion(Settings("smoke", "open_photographs", DUMMY))
    scenes = [found._scenes(split, 0) for split in ("train", "validation")]
    assert {scene.shape for part in scenes for scene in part} == {(SIDE, SIDE, 3)}
    assert read == ["train"] * len(scenes[0]) + ["validation"] * len(scenes[1])
    assert len({scene for scene, _ in found.crops}) == sum(row.split == "test" for row in ROWS)


def test_joint_models_are_measured_on_the_test_split(read):
    evaluation = JointEvaluation(Settings("smoke", "open_photographs", DUMMY))
    assert [picture.source for picture in evaluation.pictures] == [row.name for row in ROWS if row.split == "test"]
    assert set(read) == {"test"}
    assert evaluation.patches[0].shape[-1] == 4


@pytest.mark.slow  # two minutes together
@pytest.mark.parametrize("paper", ["contrast", "steganography", "imaging", "hyperimage"])
def test_trainings_see_no_test_or_calibration_scene(read, command, paper):
    code, out, err = command("pretrain", paper, "--scale", "smoke", *DATA)
    assert code == 0, err
    assert "train" in read and set(read) <= {"train", "validation"}
    assert "written: " in out
    # Schedules follow photographs that are not trained on; ContrastNet's follow nothing.
    assert ("validation" in read) == (paper != "contrast")


@pytest.mark.slow  # a minute
def test_varied_scenes_of_the_imaging_trainings_are_of_train_and_validation(read, command, monkeypatch, tmp_path):
    for scales in (training.SCALES, SCALES):
        monkeypatch.setitem(scales, "smoke", dataclasses.replace(scales["smoke"], varied=True))
    code, out, err = command("pretrain", "imaging", "--scale", "smoke", *DATA, "--folder", tmp_path)
    assert code == 0, err
    assert "stored: inet-birch.open-photographs-smoke" in out
    folder = tmp_path / "imaging-open_photographs-smoke-0"
    words = ("--network", "inet", "--weight", "0.1", "--margin", "16", "--codec", "libjpeg", "--scale", "smoke")
    monkeypatch.setattr("sys.argv", ["training", *words, *map(str, DATA), "--folder", str(folder)])
    joint_training.main()
    assert (folder / "joint" / "birch-inet-0.1-libjpeg-margin16-0.keras").is_file()
    assert set(read) == {"train", "validation"}


@pytest.mark.parametrize("words", [("adversarial",), ("hyperimage", "synthetic")])
def test_trainings_without_photographs_say_so(read, command, words):
    code, _, err = command("pretrain", *words, "--scale", "smoke", *DATA)
    assert code == 2 and len(err.splitlines()) == 1 and "Received" in err
    assert read == []


def test_the_lists_of_the_splits_share_nothing():
    of = {split: [row for row in zoo.datasets.open_photographs.ROWS if row.split == split] for split in listing.SPLITS}
    for one, other in itertools.combinations(of.values(), 2):
        for field in ("name", "pixels_sha256", "origin"):
            assert not {getattr(row, field) for row in one} & {getattr(row, field) for row in other}


def test_near_duplicates_across_splits_are_listed(monkeypatch, tmp_path):
    scenes = [generate_scene(keyed.generator(29, number), 80, 96) for number in range(len(ROWS))]
    scenes[5] = np.clip(scenes[0][4:, 6:].astype(int) + 12, 0, 255).astype(np.uint8)  # test is a crop of train
    for row, scene in zip(ROWS, scenes, strict=True):
        write_png(tmp_path / f"{row.name}.png", scene)
    monkeypatch.setattr(check_splits, "ROWS", ROWS)
    monkeypatch.setattr(check_splits, "read", lambda row, path: scenes[ROWS.index(row)])
    assert check_splits.across_splits(tmp_path) == [(ROWS[0], ROWS[5])]
    assert (0, 5) in {tuple(sorted(pair)) for pair in alike([thumbnail(scene) for scene in scenes])}


def test_another_data_set_for_a_synthetic_camera_is_one_line(command):
    for table in ("table-1", "table-4", "figure-5", "identification"):
        code, _, err = command("reproduce", "imaging", table, "--scale", "smoke", "--dataset", "clic")
        assert code == 2 and len(err.splitlines()) == 1
        assert "embedded or open_photographs" in err and "Received: 'clic'" in err


def test_the_command_downloads_a_split_and_says_what_failed(monkeypatch, command, tmp_path):
    asked = []

    def originals(row, address):
        asked.append(row.name)
        if row is ROWS[1]:
            raise OSError("HTTP Error 404: Not Found")
        return (DUMMY / "originals" / f"{ROWS.index(row)}.png").read_bytes()

    monkeypatch.setattr(listing, "ROWS", ROWS)
    monkeypatch.setattr(download, "original", originals)
    code, out, err = command("download", "open_photographs", "--output", tmp_path / "d", "--split", "train")
    assert code == 1
    assert f"{tmp_path / 'd'}: 2 of 3 photographs: 0 were there, 2 are equal" in out and "1 failed" in out
    assert err.splitlines() == [f"zoo: left out: {ROWS[1].origin}: HTTP Error 404: Not Found"]
    assert len(asked) == 3
    code, out, err = command("download", "open_photographs")  # into the store, where tables look for them
    assert code == 1 and "6 of 7 photographs" in out
    assert len(zoo.datasets.open_photographs.open_photographs(None, "train")) == 2
    code, _, err = command("download", "open_photographs", "--whole")
    assert code == 2 and "--whole needs --output" in err
