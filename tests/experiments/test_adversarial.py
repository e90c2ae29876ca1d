import itertools
import json
import re
import shutil

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow_datasets as tfds
from PIL import Image

from zoo.adversarial import SmallOverFeat
from zoo.adversarial.digits import PARTS, digits
from zoo.experiments.adversarial import commands, curves, imagenet, training
from zoo.experiments.adversarial import evaluation as module
from zoo.experiments.adversarial.commands import load_model
from zoo.experiments.adversarial.evaluation_cache import evaluation_of
from zoo.experiments.adversarial.training import Moved, pretrain
from zoo.experiments.run import measure as runner
from zoo.experiments.run import tables
from zoo.experiments.run.cells import DataUnavailable, Settings
from zoo.experiments.run.paper_values import paper_values
from zoo.experiments.train import install_weights
from zoo.images import read_image
from zoo.saved_training import saved_log
from zoo.weights import find, pack


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    """The stored networks, as `zoo pretrain` leaves them."""
    folder = tmp_path_factory.mktemp("networks")
    for name in ("overfeat", "inception"):
        shutil.copy(find(f"adversarial-{name}.digits"), folder / f"{name}.npz")
    return Settings(scale="smoke", weights=folder)


@pytest.mark.parametrize(
    "name",
    ["table_1", pytest.param("figure_4", marks=pytest.mark.slow)],  # 40 seconds
)
def test_tables_end_to_end(settings, tmp_path, command, name):
    code, _, err = command(
        "reproduce",
        "adversarial",
        name,
        "--scale",
        "smoke",
        "--weights",
        settings.weights,
        "--output",
        tmp_path,
    )
    assert code == 0, err
    frame = pd.read_csv(tmp_path / "smoke" / f"adversarial_{name}.csv")
    assert (frame["status"] == "measured").all()
    assert frame["value"].notna().all()
    assert (tmp_path / "smoke" / f"adversarial_{name}.png").read_bytes()[:4] == b"\x89PNG"
    if name == "figure_4":
        np.testing.assert_allclose(frame.groupby("row")["value"].sum(), 100)


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("table_2", "pool5, PCA+W, DW-kNN*"),
        ("table_2", "Mahalanobis shrunk, fc7"),
        ("table_4", "mixed_6d, DW-kNN"),
        pytest.param("adaptive", "mixed_6d*", marks=pytest.mark.slow),
        ("text", "*2 %*"),
    ],
)
def test_rows_of_tables_are_measured(settings, tmp_path, name, pattern):
    frame = runner.run(tables.find("adversarial", name), settings, tmp_path, (pattern,), progress=False)
    measured = frame[frame["status"] == "measured"]
    assert len(measured) >= 4
    assert measured["value"].between(-100, 100).all()
    assert (measured["ci_low"] <= measured["value"] + 25).all()


@pytest.mark.parametrize(("name", "columns"), [("table_2", 4), ("table_4", 2)])
def test_every_row_has_the_strict_rule_the_interpolated_one_and_the_area(name, columns):
    cells = list(tables.find("adversarial", name).cells(Settings("smoke")))
    assert len({(cell.row, cell.column, cell.metric) for cell in cells}) == len(cells)
    rows = {what: {cell.row for cell in cells if cell.metric == what} for what in module.MEASURES}
    assert len(rows["EER accuracy"]) > 30
    assert rows["EER accuracy"] == rows["EER accuracy, interpolated"] == rows["AUC"]
    assert {cell.metric for cell in cells if cell.paper_value is not None} == {"EER accuracy"}
    assert sum(cell.metric == "AUC" for cell in cells) == columns * len(rows["AUC"])
    for original in [row for row in rows["AUC"] if row.startswith("Mahalanobis, ")]:
        assert original.replace("Mahalanobis", "Mahalanobis shrunk") in rows["AUC"]
    rejecting = {cell.row for cell in cells if cell.metric == "rejected at 1%"}
    assert sum(row.startswith("Mahalanobis") for row in rejecting) == 2


def test_table_3_is_drawn(settings, tmp_path):
    table = tables.find("adversarial", "table_3")
    frame = runner.run(table, settings, tmp_path, progress=False)
    scores = frame["value"].to_numpy()
    assert (scores[:4] <= scores[4:] + 1e-12).all()
    table.plot(frame, settings, "examples", tmp_path / "t.png")
    assert read_image(tmp_path / "t.png").shape[0] > 800


@pytest.mark.parametrize("curve", [curves.roc, curves.trusted, curves.density])
def test_a_group_without_pictures_leaves_a_curve_without_numbers(curve):
    """Where an attack never succeeds; its figure's other curves are drawn all the same."""

    class Empty:
        settings = Settings("smoke")

        def group(self, name):
            return module.Group(np.zeros((0, 16, 16, 3), np.uint8), np.zeros(0, int), np.zeros(0, int))

    for cell in curve(Empty(), "pool5", lambda group: np.zeros(0), "FGS", ""):
        with pytest.raises(DataUnavailable, match="pictures of FGS: there are none"):
            cell.measure()


def test_groups_are_what_the_paper_describes(settings):
    for name in ("overfeat", "inception"):
        found = evaluation_of(name, settings)
        labels = found.problem.test.labels
        authentic, errors = found.group(module.AUTHENTIC), found.group(module.ERRORS)
        assert (authentic.predicted == labels[authentic.sources]).all()
        assert (errors.predicted != labels[errors.sources]).all()
        for attack in found.attacks:
            group = found.group(attack)
            assert (group.predicted != labels[group.sources]).all()
            assert set(group.sources) <= set(found.right)
            assert group.images.dtype == np.uint8
            original = found.problem.test.images[group.sources].astype(int)
            if attack != "L-BFGS":
                assert np.abs(group.images - original).max() <= 60
        targets = found.targets(found.right)
        assert (targets != labels[found.right]).all()
        np.testing.assert_array_equal(targets, found.targets(found.right))


def test_parts_of_the_digits_are_apart():
    for (_, last), (first, _) in itertools.pairwise(PARTS.values()):
        assert last <= first
    assert PARTS["test"][1] == 1797
    seen = [{image.tobytes() for image in digits(part)[0]} for part in PARTS]
    assert not seen[0] & seen[1] and not seen[0] & seen[2] and not seen[1] & seen[2]
    images, labels = digits("calibration")
    assert images.shape[1:] == (16, 16, 3) and images.dtype == np.uint8 and set(labels) == set(range(10))
    with pytest.raises(ValueError, match="Received: 'validation'"):
        digits("validation")


def test_training_examples_depend_on_seed_epoch_and_index_alone():
    images, labels = digits("calibration")
    one, two = (Moved(images, labels, 10, seed=4) for _ in range(2))
    one.epoch = two.epoch = 3
    for step in (len(one) - 1, 0):
        np.testing.assert_array_equal(one[step][0], two[step][0])
        np.testing.assert_array_equal(one[step][1], two[step][1])
    before = two[0][0]
    two.epoch = 4
    assert (two[0][0] != before).any()


@pytest.mark.slow  # as the other families, which are tested sooner
def test_a_killed_training_resumes_to_the_same_bits(tmp_path, monkeypatch):
    monkeypatch.setitem(training.SCALES, "smoke", training.Scale(3, 96))
    networks = ("overfeat",)
    whole = pretrain("smoke", tmp_path / "a", networks=networks)["overfeat"]

    class Kill(keras.callbacks.Callback):
        """Ends the training in the middle of the second epoch."""

        def on_epoch_begin(self, epoch, logs=None):
            self.epoch = epoch

        def on_train_batch_end(self, batch, logs=None):
            if (self.epoch, batch) == (1, 0):
                raise KeyboardInterrupt

    original = training.fit
    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(training, "fit", lambda *given, **more: original(*given[:5], [*given[5], Kill()], **more))
        pretrain("smoke", tmp_path / "b", networks=networks)
    assert [entry["epoch"] for entry in saved_log(tmp_path / "b" / "overfeat")] == [1]
    resumed = pretrain("smoke", tmp_path / "b", networks=networks)["overfeat"]
    for one, two in zip(whole.get_weights(), resumed.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)
    assert [entry["epoch"] for entry in saved_log(tmp_path / "b" / "overfeat")] == [1, 2, 3]
    with pytest.raises(ValueError, match=r"choose another or an empty folder.* Received: seed 1"):
        pretrain("smoke", tmp_path / "b", 1, networks=networks)


@pytest.mark.slow
def test_pretraining_is_resumed_by_network(tmp_path, command):
    code, out, err = command("pretrain", "adversarial", "--scale", "smoke", "--folder", tmp_path)
    assert code == 0, err
    folder = tmp_path / "adversarial-smoke-0"
    assert out.count("of the test pictures right") == 2
    before = (folder / "overfeat.keras").stat().st_mtime_ns
    (folder / "inception.keras").unlink()
    again = pretrain("smoke", folder)
    assert (folder / "overfeat.keras").stat().st_mtime_ns == before
    assert len(again["inception"].outputs) == 2


def test_paper_values_are_transcribed():
    two, four = paper_values("adversarial", "table_2"), paper_values("adversarial", "table_4")
    assert two.shape == (27, 4) and four.shape == (36, 4)
    assert two.loc["pool5, PCA+W, DW-kNN"].tolist() == [86.5, 83.5, 85.0, 63.6]
    assert four.loc["mixed_6d, DW-kNN"].tolist() == [71.6, 85.0, 79.2, 69.5]
    # Table 4's Aggr. is a mean weighted by one pair of numbers of pictures; Table 2's is not.
    weights = (four["Aggr."] - four["fgsm"]) / (four["iter_target_class"] - four["fgsm"])
    clear = (four["iter_target_class"] - four["fgsm"]).abs() > 5
    assert weights[clear].between(0.55, 0.58).all()
    between = (two["Aggr."] - two["L-BFGS"]) / (two["FGS"] - two["L-BFGS"])
    between = between[(two["FGS"] - two["L-BFGS"]).abs() > 5]
    assert between.max() - between.min() > 0.05


@pytest.mark.parametrize("name", ["table_2", "table_4"])
def test_without_the_papers_data_cells_say_so(tmp_path, name, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr("zoo.experiments.adversarial.imagenet.InceptionV3", _no_network)
    row = "pool5, none, kNN" if name == "table_2" else "mixed_5b, kNN"
    frame = runner.run(tables.find("adversarial", name), Settings(scale="paper"), tmp_path, (row,), progress=False)
    assert (frame[frame["row"] == row]["status"] == "data-unavailable").all()
    assert frame["value"].isna().all()


def _no_network(**_):
    raise OSError("no network")


def test_fit_score_and_attack(tmp_path, settings, command):
    model = SmallOverFeat(weights=settings.weights / "overfeat.npz")
    model.save(tmp_path / "model.keras")
    images, labels = digits("test")
    for image, label, number in zip(images[:120], labels[:120], range(120), strict=True):
        (tmp_path / "train" / str(label)).mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(tmp_path / "train" / str(label) / f"{number}.png")
    (tmp_path / "train" / "3" / "broken.png").write_text("no picture")
    fit = ("adversarial", "fit", tmp_path / "train", "--model", tmp_path / "model.keras", "--detector", tmp_path / "d")
    code, out, err = command(*fit)
    assert code == 0, err
    assert "pool5, k = 1" in out and "broken.png" in err
    picture = tmp_path / "train" / "5" / sorted((tmp_path / "train" / "5").iterdir())[0].name
    attack = ("adversarial", "attack", picture, "--model", tmp_path / "model.keras", "--output", tmp_path / "bad")
    code, out, err = command(*attack, "--attack", "fgsm", "--eps", "40")
    assert code == 0, err
    saved = read_image(tmp_path / "bad" / f"{picture.stem}.fgsm.png").astype(int)
    assert 0 < np.abs(saved - read_image(picture)).max() <= 40
    code, out, err = command(*attack, "--attack", "iter_target_class", "--target", "7", "--eps", "255")
    assert code == 0, err
    # By name: of a list, or of the sub-folders; a detector brings its own.
    named = [
        f"digit {name}" for name in ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    ]
    (tmp_path / "names.txt").write_text("\n".join(named))
    targeted = (*attack, "--attack", "iter_target_class", "--eps", "255", "--force", "--target")
    code, out, err = command(*targeted, "digit seven", "--classes", tmp_path / "names.txt")
    assert code == 0, err
    before, after = re.fullmatch(r"class \d \((.+)\) -> \d \((.+)\)(?:, not what was wanted)?, .*\n", out).groups()
    assert {before, after} <= set(named) and ("not what was wanted" in out) == (after != "digit seven")
    code, _, err = command(*targeted, "digit ten", "--classes", tmp_path / "names.txt")
    assert code == 2 and "--target must be a class of the model, 0 to 9, or one of digit zero, digit one" in err
    code, _, err = command(*targeted, "7", "--classes", tmp_path / "absent.txt")
    assert code == 2 and "--classes must be a text file with one name per line" in err
    (tmp_path / "twice.txt").write_text("a\na\n")
    code, _, err = command(*targeted, "7", "--classes", tmp_path / "twice.txt")
    assert code == 2 and "2 names, 1 of them different" in err
    code, out, err = command("adversarial", "attack", picture, "--model", tmp_path / "d", "--output", tmp_path / "o")
    assert code == 0, err
    paths = (picture, tmp_path / "bad" / f"{picture.stem}.iter_target_class.png")
    code, out, err = command("adversarial", "score", *paths, "--detector", tmp_path / "d", "--json")
    assert code == 0, err
    first, second = map(json.loads, out.splitlines())
    assert 0 <= second["score"] <= 1 and 0 <= first["score"] <= 1
    assert first["class_name"] == str(first["class"])  # of the sub-folders
    code, out, err = command("adversarial", "score", picture, tmp_path / "absent.png", "--detector", tmp_path / "d")
    assert code == 1 and "absent.png" in err and str(picture) in out


def test_a_network_of_ones_own_is_taken_by_name(tmp_path, command):
    model = SmallOverFeat((32, 32, 3), 10)
    pack(model, tmp_path / "adversarial-overfeat.digits.npz")
    history, arguments = [{"seconds": 1, "commit": "c"}], {"input_shape": [32, 32, 3]}
    install_weights.install(
        "adversarial", tmp_path / "adversarial-overfeat.digits.npz", history, "8", "c", "d", "cifar10", arguments
    )
    assert load_model("adversarial-overfeat.cifar10").input_shape == (None, 32, 32, 3)
    Image.fromarray(np.full((40, 50, 3), 90, np.uint8)).save(tmp_path / "a.png")
    attack = ("adversarial", "attack", tmp_path / "a.png", tmp_path / "absent.png", "--output", tmp_path / "out")
    code, _, err = command(*attack, "--model", "adversarial-overfeat.cifar10", "--attack", "random_noise")
    assert code == 1 and err.count("zoo: ") == 1 and "absent.png" in err
    assert read_image(tmp_path / "out" / "a.random_noise.png").shape == (32, 32, 3)
    code, _, err = command(*attack, "--model", "adversarial-overfeat.imagenette")
    assert code == 2
    assert "adversarial-overfeat.cifar10, adversarial-overfeat.digits, imagenet. Received" in err


def test_imagenet_is_read_in_its_newest_version_that_is_complete(tmp_path, monkeypatch):
    monkeypatch.setattr(tfds, "builder_from_directory", lambda folder: folder.name)
    assert imagenet.prepared_in(tmp_path) is None
    for version in ("5.1.0", "5.10.0", "10.0.0", "9.9.9"):
        (tmp_path / "imagenet2012" / version).mkdir(parents=True)
        assert imagenet.prepared_in(tmp_path) is None
    for version, newest in (("5.1.0", "5.1.0"), ("5.10.0", "5.10.0"), ("10.0.0", "10.0.0"), ("9.9.9", "10.0.0")):
        (tmp_path / "imagenet2012" / version / "dataset_info.json").write_text("{}")
        assert imagenet.prepared_in(tmp_path) == newest


@pytest.mark.parametrize("name", ["file", "photos"])
def test_fit_refuses_its_output_folder_before_the_fit(tmp_path, command, monkeypatch, name):
    monkeypatch.setattr(commands, "load_model", lambda _: pytest.fail("the fit has begun"))
    (tmp_path / "file").write_text("mine")
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.png").write_text("mine")
    code, _, err = command("adversarial", "fit", "--detector", tmp_path / name)
    assert code == 2
    assert f"must go to a new folder or over another detector. Received: {tmp_path / name}" in err
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a.png", "file", "photos"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("adversarial",),
        ("adversarial", "score", "picture.png", "--detector", "absent"),
        ("adversarial", "fit", "absent", "--detector", "d"),
        ("adversarial", "fit", "--detector", "d", "--model", "imagenet"),
        ("adversarial", "fit", "--detector", "d", "--model", "absent.keras"),
        ("adversarial", "attack", "picture.png", "--output", "o", "--model", "net_weight_0"),
        ("adversarial", "attack", "a.png", "--output", "o", "--attack", "lbfgs"),
        ("adversarial", "attack", "a.png", "--output", "o", "--target", "3"),
        ("reproduce", "adversarial", "table-2", "--scale", "huge"),
        ("reproduce", "adversarial", "table-2", "--scale", "smoke", "--weights", "absent"),
        ("reproduce", "adversarial", "table-2", "--scale", "smoke", "--dataset", "clic"),
        ("reproduce", "adversarial", "table-2", "--scale", "smoke", "--detector", "mine:score"),
        ("pretrain", "adversarial", "--scale", "huge"),
        ("pretrain", "adversarial", "--dataset", "cifar10", "--install"),
        ("pretrain", "adversarial", "--data-dir", "photos"),
    ],
)
def test_bad_input_is_one_line_and_code_2(tmp_path, command, monkeypatch, arguments):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "picture.png").write_text("a file, so that the detector is looked for")
    code, _, err = command(*arguments)
    assert code == 2
    last = err.strip().splitlines()[-1]
    assert last.startswith("zoo")
    assert "Traceback" not in err
