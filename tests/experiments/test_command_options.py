"""Options that name data, a detector, or where weights go: what does not fit is refused, never passed over."""

import argparse
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from zoo import extensions
from zoo.datasets import keyed
from zoo.datasets.embedded import generate_scene
from zoo.experiments.cli import data_options, pretrain
from zoo.experiments.cli import main as cli
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
    assert err.startswith("zoo: --data-dir needs no --dataset") and len(err.splitlines()) == 1
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
    assert err == f"zoo: --detector works only with {expected}\n"
    assert not list(tmp_path.iterdir())


def test_tables_that_measure_a_detector(tmp_path):
    assert tables.with_detector() == ["contrast table-1", "contrast table-2"]


def test_an_index_is_refused_by_tables_that_search_nothing(tmp_path, command):
    arguments = ("--scale", "smoke", "--index", "IVF4,Flat nprobe=2", "--output", tmp_path)
    code, _, err = command("reproduce", "adversarial", "table-1", *arguments)
    assert code == 2
    assert err.startswith(
        "zoo: --index works only with adversarial table-2, adversarial table-3, adversarial table-4, "
    )
    assert err.endswith("adversarial adaptive. Received: adversarial table-1 --index 'IVF4,Flat nprobe=2'\n")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "received"),
    [
        (("contrast", "--install", "--scale", "paper"), "--scale paper --dataset embedded"),
        (("imaging", "--install", "--scale", "smoke"), "--scale smoke --dataset embedded"),
        (("imaging", "joint", "--install", "--scale", "smoke"), "--scale smoke --dataset embedded"),
        (("hyperimage", "--install"), "none"),
        (("adversarial", "--install", "--dataset", "cifar10"), "--scale laptop --dataset cifar10"),
        (("adversarial", "--install", "--scale", "smoke"), "--scale smoke --dataset embedded"),
        (("steganography", "--install", "--data-dir", "mine"), "--scale laptop --dataset embedded --data-dir mine"),
        (("contrast", "--install", "--dataset", "clic"), "--scale laptop --dataset clic"),
        (("contrast", "--install"), "--scale laptop --dataset embedded"),
        (("hyperimage", "quality", "--install", "--scale", "smoke"), "--scale smoke --dataset embedded"),
        (("hyperimage", "forgery", "--install"), "--scale laptop --dataset embedded"),
    ],
)
def test_pretrain_refuses_to_install_what_the_package_does_not_hold(
    tmp_path, command, monkeypatch, arguments, received
):
    monkeypatch.chdir(tmp_path)
    code, out, err = command("pretrain", *arguments)
    assert (code, out) == (2, "")
    assert err.startswith("zoo: --") and err.endswith(f"Received: {received}\n")
    assert not list(tmp_path.iterdir())


def test_make_says_before_any_training_how_the_package_is_trained(tmp_path, command, monkeypatch):
    """What is said of one training of a family holds for all that `make pretrained` starts."""
    monkeypatch.chdir(tmp_path)
    ran = []
    monkeypatch.setattr(pretrain, "load", lambda place: lambda options, command: ran.append(command) or 0)
    for paper, trainings in (("imaging", ((), ("joint",))), ("contrast", ((),)), ("steganography", ((),))):
        _, _, err = command("pretrain", paper, "--scale", "gpu", "--install")
        wanted = re.search(r"trained by (.*?)( or .*)? \(make: SCALE=, DATASET=\)", err)[1].split()
        ran.clear()
        for training in trainings:
            code, _, err = command("pretrain", paper, *training, *wanted, "--install")
            assert (code, err) == (0, "")
        assert len(ran) == len(trainings)


@pytest.mark.parametrize("paper", ["contrast", "steganography"])
def test_photographs_to_test_on_only_are_not_replaced_by_scenes(tmp_path, command, paper):
    (tmp_path / "100000.jpg").write_bytes(b"")
    given = ("pretrain", paper, "--scale", "smoke", "--folder", tmp_path / "runs", "--dataset", "holidays")
    code, _, err = command(*given, "--data-dir", tmp_path)
    assert code == 2
    assert "this one only has test photographs. Received: --dataset holidays" in err


def test_the_command_kept_with_weights_names_data_and_folder(tmp_path, photos, command, monkeypatch):
    kept = []
    monkeypatch.setattr(contrast_training, "pretrain", lambda *given: None)
    monkeypatch.setattr(contrast_pretrained, "store", lambda folder, command, *more: kept.append((command, *more)))
    monkeypatch.setattr(steganography_pretrained, "run", lambda *given: kept.append(given[2:5]))
    for paper in ("contrast", "steganography"):
        given = ("pretrain", paper, "--scale", "smoke", "--seed", "3", "--folder")
        assert command(*given, tmp_path / "own", "--data-dir", photos)[0] == 0
        expected = f"zoo pretrain {paper} --scale smoke --data-dir 'my photos' --seed 3"
        assert kept.pop() == (expected, "folder:my photos", "my-photos-smoke")
        code, _, err = command(*given, tmp_path / "own")
        assert code == 2 and not kept
        assert "holds a training with different dataset, files; choose another or an empty folder" in err
        assert command(*given, tmp_path / "generated")[0] == 0
        generated = (f"zoo pretrain {paper} --scale smoke --seed 3", "generated dead-leaves scenes", "generated-smoke")
        assert kept.pop() == generated


def test_the_command_of_a_task_names_the_task(tmp_path, command, monkeypatch):
    kept = []
    monkeypatch.setattr(synthetic, "train", lambda *given: None)
    monkeypatch.setattr(stages, "install", lambda folder, command, *more: kept.append(command))
    arguments = ("--scale", "smoke", "--folder", tmp_path)
    assert command("pretrain", "hyperimage", "synthetic", *arguments)[0] == 0
    assert kept == ["zoo pretrain hyperimage synthetic --scale smoke --seed 0"]


COMMANDS = {
    "imaging": "imaging --scale laptop --seed 0",
    "imaging joint --scale gpu --dataset open_photographs": (
        "imaging joint --scale gpu --dataset open_photographs --seed 0"
    ),
    "imaging --seed 3 low-light": "imaging low-light --scale laptop --seed 3",
    "hyperimage": "hyperimage --scale laptop --seed 0",
    "hyperimage --scale smoke forgery": "hyperimage forgery --scale smoke --seed 0",
    "imaging joint --on local:2": "imaging joint --scale laptop --seed 0",
    "adversarial --dataset clothing --data-dir a/clothes --imagenet 'a/my weights.pth' --workers 4": (
        "adversarial --scale laptop --dataset clothing --data-dir clothes --imagenet 'my weights.pth' --seed 0"
    ),
    "steganography --lambda 0.5 --recipe short --epochs 7": (
        "steganography --scale laptop --recipe short --epochs 7 --lambda 0.5 --seed 0"
    ),
    "contrast --start w.npz --devices all --folder elsewhere": (
        "contrast --scale laptop --start w.npz --devices all --seed 0"
    ),
}
"""What follows ``zoo pretrain``, and what of it is kept with weights."""


@pytest.mark.parametrize(("typed", "kept"), COMMANDS.items())
def test_the_command_that_is_kept_trains_the_same_when_typed(typed, kept):
    def parsed(text):
        return cli._parser().parse_args(shlex.split(text)[1:])

    options = parsed(f"zoo pretrain {typed}")
    assert pretrain.training_command(options) == f"zoo pretrain {kept}"
    again = parsed(f"zoo pretrain {kept}")
    assert pretrain.chosen(again) == pretrain.chosen(options)
    assert pretrain.training_command(again) == f"zoo pretrain {kept}"


FLAGS = {"contrast": "--start", "adversarial": "--imagenet", "steganography": "--recipe"}
"""An option that one paper alone takes."""


@pytest.mark.parametrize("paper", ["adversarial", "contrast", "hyperimage", "imaging", "steganography"])
def test_help_on_a_papers_trainings_names_what_it_takes_and_nothing_else(command, paper):
    code, out, _ = command("pretrain", paper, "--help")
    assert code == 0
    shown = set(re.findall(r"^  (?:-h, )?(--[a-z-]+)", out, re.MULTILINE))
    assert {"--scale", "--dataset", "--data-dir", "--seed", "--devices", "--install", "--folder"} < shown
    assert {name for name, flag in FLAGS.items() if flag in shown} == {paper} & set(FLAGS)
    assert ("--workers" in shown) == (paper in FLAGS)
    assert ("--on" in shown) == (paper != "contrast")
    assert ("[joint|low-light]" in out, "[synthetic|quality|forgery]" in out) == (
        paper == "imaging",
        paper == "hyperimage",
    )
    assert ("tid2013" in out, "clothing" in out) == (paper == "hyperimage", paper == "adversarial")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("contrast", "--recipe", "short"), "unrecognized arguments: --recipe short"),
        (("steganography", "--start", "w.npz"), "unrecognized arguments: --start w.npz"),
        (("contrast", "--on", "local:2"), "unrecognized arguments: --on local:2"),
        (("imaging", "--workers=2"), "unrecognized arguments: --workers=2"),
        (("imaging", "--joint"), "unrecognized arguments: --joint"),
        (("hyperimage", "--only", "quality"), "unrecognized arguments: --only"),
        (("imaging", "--recipe", "short"), "unrecognized arguments: --recipe"),
        (("hyperimage", "joint"), "must be one of synthetic, quality, forgery. Received: 'joint'"),
        (("contrast", "joint"), "unrecognized arguments: joint"),
        (("astrology",), "invalid choice: 'astrology' (choose from"),
        ((), "the following arguments are required: PAPER"),
    ],
)
def test_what_a_paper_does_not_take_is_unknown_to_it(tmp_path, command, monkeypatch, words, message):
    monkeypatch.chdir(tmp_path)
    code, out, err = command("pretrain", *words)
    assert (code, out) == (2, "")
    assert message in err.splitlines()[-1]
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_make_pretrained_leaves_the_package_alone_unless_told():
    def commands(*arguments):
        given = ["make", "--dry-run", "pretrained", "PAPER=contrast", *arguments]
        return subprocess.run(given, cwd=ROOT, capture_output=True, text=True, check=True).stdout

    assert "zoo pretrain" in commands() and "--install" not in commands()
    assert "--install" in commands("INSTALL=1") and "--install" not in commands("INSTALL=0")
    assert "--dataset clic" in commands("DATASET=clic")
