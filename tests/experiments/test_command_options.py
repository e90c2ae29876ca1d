"""Options that name data, a detector, or where weights go: what does not fit is refused, never passed over."""

import argparse
import shutil
import subprocess
from pathlib import Path

import pytest

from zoo import extensions
from zoo.datasets import keyed
from zoo.datasets.embedded import generate_scene
from zoo.experiments.cli import data_options, pretrain
from zoo.experiments.contrast import pretrained as contrast_pretrained
from zoo.experiments.contrast import training as contrast_training
from zoo.experiments.hyperimage import stages
from zoo.experiments.hyperimage.synthetic import training as synthetic
from zoo.experiments.run import tables
from zoo.experiments.steganography import pretrained as steganography_pretrained
from zoo.images import write_png

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "my photos"
    folder.mkdir()
    for number in range(8):
        write_png(folder / f"{number}.png", generate_scene(keyed.generator(31, number), 96, 128))
    return folder


@pytest.mark.parametrize("dataset", ["rase8k", "clic", "cifar10"])
def test_a_folder_beside_a_data_set_that_is_not_read_from_one(photos, command, dataset):
    code, _, err = command("reproduce", "contrast", "table-1", "--dataset", dataset, "--data-dir", photos)
    assert code == 2
    assert err.startswith("zoo: --data-dir goes without --dataset") and len(err.splitlines()) == 1
    assert "raise8k" in err and err.strip().endswith(f"Received: --dataset {dataset}")


def test_how_data_are_called(photos, monkeypatch):
    def name(dataset, folder):
        return data_options.dataset_of(argparse.Namespace(dataset=dataset, data_dir=folder))

    assert name("embedded", None) == "embedded"
    assert name("clic", None) == "clic"
    assert name("embedded", photos) == "folder:my photos"
    assert name("raise8k", photos) == "raise8k"
    with pytest.raises(ValueError, match="Received: --dataset leaves"):
        name("leaves", photos)
    monkeypatch.setattr(extensions, "names", lambda kind: ["leaves"] if kind == "datasets" else [])
    assert name("leaves", photos) == "leaves"


@pytest.mark.parametrize(
    ("paper", "table"),
    [("contrast", "text"), ("adversarial", "table-2"), ("hyperimage", "table_4"), ("steganography", "table-1")],
)
def test_a_detector_that_a_table_would_not_measure(tmp_path, command, paper, table):
    arguments = ("--scale", "smoke", "--detector", "mine:score", "--output", tmp_path)
    code, _, err = command("reproduce", paper, table, *arguments)
    assert code == 2
    expected = f"contrast table-1, contrast table-2. Received: {paper} {table} --detector mine:score"
    assert err == f"zoo: --detector is measured by {expected}\n"
    assert not list(tmp_path.iterdir())


def test_tables_that_measure_a_detector(tmp_path):
    assert tables.with_detector() == ["contrast table-1", "contrast table-2"]


def test_an_index_is_refused_by_tables_that_search_nothing(tmp_path, command):
    arguments = ("--scale", "smoke", "--index", "IVF4,Flat nprobe=2", "--output", tmp_path)
    code, _, err = command("reproduce", "adversarial", "table-1", *arguments)
    assert code == 2
    assert err.startswith("zoo: --index is taken by adversarial table-2, adversarial table-3, adversarial table-4, ")
    assert err.endswith("adversarial adaptive. Received: adversarial table-1 --index 'IVF4,Flat nprobe=2'\n")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "received"),
    [
        (("contrast", "--only", "quality"), "contrast"),
        (("imaging", "--only", "quality"), "imaging"),
        (("hyperimage", "--joint"), "hyperimage"),
        (("contrast", "--install", "--scale", "paper"), "--scale paper --dataset embedded"),
        (("imaging", "--install", "--scale", "smoke"), "--scale smoke --dataset embedded"),
        (("imaging", "--joint", "--install", "--scale", "smoke"), "--scale smoke --dataset embedded"),
        (("hyperimage", "--install", "--scale", "smoke"), "--scale smoke --dataset embedded"),
        (("adversarial", "--install", "--dataset", "cifar10"), "--scale laptop --dataset cifar10"),
        (("adversarial", "--install", "--scale", "smoke"), "--scale smoke --dataset embedded"),
        (("steganography", "--install", "--data-dir", "mine"), "--data-dir mine"),
        (("contrast", "--install", "--dataset", "clic"), "--scale laptop --dataset clic"),
        (("contrast", "--install"), "--scale laptop --dataset embedded"),
        (("steganography", "--start", "w.npz"), "steganography"),
    ],
)
def test_pretrain_refuses_what_another_family_takes_and_what_the_package_does_not_hold(
    tmp_path, command, monkeypatch, arguments, received
):
    monkeypatch.chdir(tmp_path)
    code, out, err = command("pretrain", *arguments)
    assert (code, out) == (2, "")
    assert err.startswith("zoo: --") and err.endswith(f"Received: {received}\n")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("paper", ["contrast", "steganography"])
def test_photographs_to_test_on_only_are_not_replaced_by_scenes(tmp_path, command, paper):
    (tmp_path / "100000.jpg").write_bytes(b"")
    given = ("pretrain", paper, "--scale", "smoke", "--folder", tmp_path / "runs", "--dataset", "holidays")
    code, _, err = command(*given, "--data-dir", tmp_path)
    assert code == 2
    assert "photographs to test on only. Received: --dataset holidays" in err


def test_the_command_kept_with_weights_names_data_and_folder(tmp_path, photos, command, monkeypatch):
    kept = []
    monkeypatch.setattr(contrast_training, "pretrain", lambda *given: None)
    monkeypatch.setattr(contrast_pretrained, "pack_all", lambda folder: {})
    monkeypatch.setattr(contrast_pretrained, "install", lambda folder, command, *more: kept.append((command, *more)))
    monkeypatch.setattr(steganography_pretrained, "run", lambda *given: kept.append(given[2:5]))
    for paper in ("contrast", "steganography"):
        given = ("pretrain", paper, "--scale", "smoke", "--seed", "3", "--folder")
        assert command(*given, tmp_path / "own", "--data-dir", photos)[0] == 0
        expected = f"zoo pretrain {paper} --scale smoke --data-dir 'my photos' --seed 3"
        assert kept.pop() == (expected, "folder:my photos", "my-photos-smoke")
        code, _, err = command(*given, tmp_path / "own")
        assert code == 2 and not kept
        assert "holds a training with other dataset, files; another folder is needed" in err
        assert command(*given, tmp_path / "generated")[0] == 0
        generated = (f"zoo pretrain {paper} --scale smoke --seed 3", "generated dead-leaves scenes", "generated-smoke")
        assert kept.pop() == generated


def test_the_command_of_a_task_names_the_task(tmp_path, command, monkeypatch):
    kept = []
    monkeypatch.setattr(synthetic, "train", lambda *given: None)
    monkeypatch.setattr(stages, "install", lambda folder, command, *more: kept.append(command))
    arguments = ("--scale", "smoke", "--only", "synthetic", "--folder", tmp_path)
    assert command("pretrain", "hyperimage", *arguments)[0] == 0
    assert kept == ["zoo pretrain hyperimage --scale smoke --seed 0 --only synthetic"]


def test_commands_of_the_other_families():
    usual = {"dataset": "embedded", "data_dir": None, "seed": 0, "scale": "laptop"}

    def kept(paper, flag="", **given):
        return pretrain.training_command(argparse.Namespace(paper=paper, **usual | given), flag)

    assert kept("imaging", "--joint") == "zoo pretrain imaging --joint --scale laptop --seed 0"
    assert kept("imaging", "--low-light") == "zoo pretrain imaging --low-light --scale laptop --seed 0"
    assert kept("adversarial", dataset="cifar10") == (
        "zoo pretrain adversarial --scale laptop --dataset cifar10 --seed 0"
    )


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_make_pretrained_leaves_the_package_alone_unless_told():
    def commands(*arguments):
        given = ["make", "--dry-run", "pretrained", "PAPER=contrast", *arguments]
        return subprocess.run(given, cwd=ROOT, capture_output=True, text=True, check=True).stdout

    assert "zoo pretrain" in commands() and "--install" not in commands()
    assert "--install" in commands("INSTALL=1") and "--install" not in commands("INSTALL=0")
    assert "--dataset clic" in commands("DATASET=clic")
