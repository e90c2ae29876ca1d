"""Features of a training set in files: the same as in memory, shared, and resumed after a killed process."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from zoo.experiments.adversarial import feature_files

ROWS, BATCH, WIDTHS = 6000, 512, {"low": 3, "high": 5}
CHILD = """
import sys, time
from pathlib import Path
from tests.experiments.test_adversarial_features import BATCH, ROWS, WIDTHS, database, extract
from zoo.experiments.adversarial import feature_files

def slowly(images):
    time.sleep(0.1)
    return extract(images)

feature_files.in_files(Path(sys.argv[1]), database, ROWS, WIDTHS, slowly)
"""


def database(start):
    for first in range(start, ROWS, BATCH):
        numbers = np.arange(first, min(first + BATCH, ROWS))
        yield numbers[:, None].astype(np.float32), (numbers % 7).astype(np.int32)


def extract(images):
    return {name: np.sin(images * np.arange(1, width + 1)).astype(np.float32) for name, width in WIDTHS.items()}


def forbidden(images):
    raise AssertionError(f"computed again: {images[0]}")


def assert_whole(found):
    features, labels = found
    expected, classes = feature_files.in_memory(database, ROWS, WIDTHS, extract)
    for name in WIDTHS:
        assert isinstance(features[name], np.memmap)
        np.testing.assert_array_equal(features[name], expected[name])
    np.testing.assert_array_equal(labels, classes)


def test_files_hold_what_memory_holds_and_are_filled_once(tmp_path):
    assert_whole(feature_files.in_files(tmp_path / "a" / "b", database, ROWS, WIDTHS, extract))
    assert_whole(feature_files.in_files(tmp_path / "a" / "b", database, ROWS, WIDTHS, forbidden))


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs a signal that cannot be caught")
def test_a_killed_process_is_resumed_behind_its_last_rows(tmp_path):
    child = subprocess.Popen([sys.executable, "-c", CHILD, tmp_path], env=os.environ | {"PYTHONPATH": os.getcwd()})
    progress, done = tmp_path / "progress.json", 0
    end = time.monotonic() + 60
    while done < 2 * feature_files.ROWS and child.poll() is None and time.monotonic() < end:
        time.sleep(0.01)
        done = json.loads(progress.read_text())["rows"] if progress.exists() else 0
    os.kill(child.pid, signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL
    done = json.loads(progress.read_text())["rows"]
    assert 2 * feature_files.ROWS <= done < ROWS
    starts, asked = [], []

    def resumed(start):
        starts.append(start)
        return database(start)

    def counted(images):
        asked.extend(images[:, 0])
        return extract(images)

    assert_whole(feature_files.in_files(tmp_path, resumed, ROWS, WIDTHS, counted))
    assert starts == [done] and asked == list(range(done, ROWS))


@pytest.mark.parametrize("damage", ["progress", "shape", "missing", "negative"])
def test_files_that_do_not_fit_are_made_anew(tmp_path, damage):
    feature_files.in_files(tmp_path, database, ROWS, WIDTHS, extract)
    if damage == "progress":
        (tmp_path / "progress.json").write_text("{")
    elif damage == "negative":
        (tmp_path / "progress.json").write_text('{"rows": -1}')
    elif damage == "shape":
        np.save(tmp_path / "high.npy", np.zeros((9, 5), np.float32))
    else:
        (tmp_path / "low.npy").unlink()
    assert_whole(feature_files.in_files(tmp_path, database, ROWS, WIDTHS, extract))


def test_disk_is_named_before_anything_starts(tmp_path, capsys, monkeypatch):
    feature_files.announce(tmp_path / "new", 1_281_167, {"pool5": 1024, "fc6": 3072, "fc7": 4096})
    said = capsys.readouterr().err
    assert "1,281,167 pictures take 42.0 GB of disk" in said and str(tmp_path / "new") in said
    usage = type("Usage", (), {"free": 10**9})
    monkeypatch.setattr(feature_files.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(ValueError, match=r"need 42\.0 GB of disk in .*FORENSICS_ZOO_HOME.*Received: 1\.0 GB free"):
        feature_files.announce(tmp_path / "new", 1_281_167, {"pool5": 1024, "fc6": 3072, "fc7": 4096})
    monkeypatch.undo()
    feature_files.announce(tmp_path / "small", 3068, {"head": 1280})
    assert "3,068 pictures take 15.7 MB of disk" in capsys.readouterr().err  # 4 * 3068 * 1281 bytes
    feature_files.in_files(tmp_path, database, ROWS, WIDTHS, extract)
    feature_files.announce(tmp_path, ROWS, WIDTHS)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("rows", [ROWS - 1, ROWS + 1])
def test_another_number_of_pictures_is_refused(tmp_path, rows):
    with pytest.raises(ValueError, match=f"must have {rows} pictures"):
        feature_files.in_files(tmp_path, database, rows, WIDTHS, extract)


def test_other_weights_or_pictures_go_to_another_folder(tmp_path, monkeypatch):
    class Model:
        name = "net"

        def __init__(self, value):
            self.value = value

        def get_weights(self):
            return [np.full((2, 3), self.value, np.float32), np.float32(1)]

        def count_params(self):
            return feature_files.SMALL + (self.value == 3)

    def others(start):
        return ((images + 1, labels) for images, labels in database(start))

    monkeypatch.setenv("FORENSICS_ZOO_HOME", str(tmp_path))
    assert feature_files.folder_for(Model(1), database, ROWS, WIDTHS) is None
    assert feature_files.folder_for(Model(3), database, ROWS, WIDTHS) is not None  # attacks on it take long
    monkeypatch.setattr(feature_files, "IN_MEMORY", 1000)
    places = [feature_files.folder_for(Model(1), pictures, ROWS, WIDTHS) for pictures in (database, database, others)]
    places.append(feature_files.folder_for(Model(2), database, ROWS, WIDTHS))
    assert places[0] == places[1] and len(set(places)) == 3
    assert all(place.parent == tmp_path / "features" for place in places)
