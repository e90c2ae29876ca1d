import dataclasses
import json
import re
import shlex
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest

import zoo.images
import zoo.weights
from zoo.datasets.jpeg import compress
from zoo.experiments.cli.main import _parser, main
from zoo.experiments.imaging import data
from zoo.experiments.imaging.joint import band_baseline, real_channel
from zoo.experiments.imaging.joint import pretrained as joint_pretrained
from zoo.experiments.imaging.joint import training as joint_training
from zoo.experiments.imaging.joint.evaluation import JointEvaluation, joint_evaluation, progress
from zoo.experiments.imaging.joint.patch_grid import spectrum
from zoo.experiments.imaging.joint.scales import MARGIN, SCALES, JointRun, check_scale
from zoo.experiments.imaging.joint.tables import figures_s4_and_s5, inside, splices, table_4, table_s1_and_figure_9
from zoo.experiments.imaging.joint.training import pictures_of, plain_nip, train
from zoo.experiments.run import tables
from zoo.experiments.run.cells import DataUnavailable, Settings
from zoo.experiments.run.paper_values import paper_values
from zoo.experiments.train import install_weights
from zoo.imaging import FAN, ImagingWorkflow, INet
from zoo.imaging.family import FAMILY
from zoo.saved_training import SavedState
from zoo.store import INDEX, VARIABLE, read_index

SMOKE = SCALES["smoke"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder of trainings at `smoke`: an INet as it starts, F and F+N.

    F and F+N stand for F+N and F through libjpeg, of which tables take no more than the weights.
    """
    path = tmp_path_factory.mktemp("runs")
    INet(clip=False).save(path / "inet.keras")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(SCALES, "smoke", dataclasses.replace(SMOKE, libjpeg=()))
        joint_pretrained.run("smoke", path, 0, "zoo pretrain imaging joint", install_weights.training_tag("smoke"))
    for one, other in (("F", "0.1"), ("0.1", "F")):
        for suffix in ("json", "keras"):
            kept = path / "joint" / f"birch-inet-{one}-0.{suffix}"
            shutil.copy(kept, path / "joint" / f"birch-inet-{other}-libjpeg-0.{suffix}")
    return path


@pytest.fixture(scope="module")
def pictures():
    return pictures_of(SMOKE, "birch", None, 0)


def weights_of(folder, name):
    return keras.models.load_model(folder / "joint" / f"{name}.keras").get_weights()


@pytest.mark.slow  # half a minute
def test_f_and_joint_begin_alike_and_the_nip_moves_in_joint_mode_alone(tmp_path, pictures):
    untrained = INet(clip=False)
    untrained.save(tmp_path / "inet.keras")
    plain, logs = untrained.get_weights(), {}
    scale = dataclasses.replace(SMOKE, start_epochs=1, search_epochs=1)
    runs = [JointRun("inet"), JointRun("inet", 0.1)]
    for run in runs:
        train(run, scale, tmp_path, pictures, nip=tmp_path / "inet.keras")
    for name, moved in {"birch-inet-F-0-start": False, "birch-inet-F-0": False, "birch-inet-0.1-0": True}.items():
        workflow = keras.models.load_model(tmp_path / "joint" / f"{name}.keras")
        same = [np.array_equal(a, b) for a, b in zip(plain, workflow.nip.get_weights(), strict=True)]
        assert all(same) != moved
        assert workflow.mode == ("F+N" if moved else "F")
        logs[name] = json.loads((tmp_path / "joint" / f"{name}.json").read_text())
        assert {"val_accuracy", "val_psnr", "fan_loss", "seconds"} <= set(logs[name][-1])
    assert int(workflow.optimizer.iterations) == scale.steps * (scale.epochs - scale.search_epochs)
    # F and F+N have as many updates of the FAN.
    assert len({sum(epochs for _, _, epochs in scale.parts(run)) for run in runs}) == 1
    assert [epoch for epoch, _ in progress(runs[1], scale, tmp_path / "joint")] == [1, 2, 3]


@pytest.mark.slow
def test_a_killed_joint_training_resumes_to_the_same_bits(tmp_path, folder, pictures, monkeypatch):
    run, write = JointRun("inet", 0.1), SavedState.write

    def killing(self, *given):
        write(self, *given)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(SavedState, "write", killing)
        train(run, SMOKE, tmp_path, pictures, nip=folder / "inet.keras")
    assert SavedState(tmp_path / "joint" / run.name).done == 1
    train(run, SMOKE, tmp_path, pictures, nip=folder / "inet.keras")
    for one, two in zip(weights_of(folder, run.name), weights_of(tmp_path, run.name), strict=True):
        np.testing.assert_array_equal(one, two)


def test_a_half_trained_model_is_nowhere(tmp_path, folder):
    run = JointRun("inet", 0.1)
    shutil.copytree(folder / "joint", tmp_path / "joint")
    evaluation = JointEvaluation(Settings("smoke", weights=tmp_path))
    assert evaluation.weights(run) == "trained:birch-inet-0.1-0.keras"
    evaluation.training = dataclasses.replace(evaluation.training, epochs=evaluation.training.epochs + 1)
    assert evaluation.weights(run) is None


@pytest.mark.slow
def test_the_last_epoch_is_saved_and_judged_where_the_count_does_not_divide(tmp_path, pictures):
    INet(clip=False).save(tmp_path / "inet.keras")
    scale = dataclasses.replace(SMOKE, rate=None, epochs=3, every=2)
    train(JointRun("inet", codec="libjpeg"), scale, tmp_path, pictures)
    history = json.loads((tmp_path / "joint" / "birch-inet-F-libjpeg-0.json").read_text())
    assert [entry["epoch"] for entry in history] == [2, 3]
    assert all("val_accuracy" in entry for entry in history)


def test_ones_own_camera_takes_no_models_of_another(tmp_path, folder, monkeypatch):
    monkeypatch.setattr("zoo.weights.names", lambda: ["inet-birch.generated", *JointRun("inet").stored("generated")])
    monkeypatch.chdir(tmp_path)
    assert JointEvaluation(Settings("smoke")).weights(JointRun("inet")) == "stored:fan-inet-F-birch.generated"
    own = JointEvaluation(Settings("smoke", dataset=f"folder:{tmp_path}", data_dir=tmp_path))
    assert own.camera == "own"
    assert own.weights(JointRun("inet", camera="own")) is None


def test_on_photographs_the_models_of_photographs_are_measured(monkeypatch):
    run = JointRun("unet", 0.1, margin=MARGIN)
    nip, fan = run.stored("photographs")
    assert (nip, fan) == ("unet-joint-0.1-margin16-birch.photographs", "fan-unet-0.1-margin16-birch.photographs")
    monkeypatch.setattr("zoo.weights.names", lambda: [nip, fan, "unet-birch.photographs"])
    on_photographs = JointEvaluation(Settings("laptop", dataset="open_photographs"))
    assert on_photographs.training == SCALES["photographs"]
    assert on_photographs.weights(run) == f"stored:{fan}"
    assert on_photographs.weights(JointRun("unet")) is None
    assert on_photographs.folder.name == "imaging-open_photographs-photographs-0"  # where zoo pretrain trains them
    (cell,) = (c for c in table_4.cells(on_photographs.settings) if (c.row, c.column) == ("a F: native", "native"))
    assert "zoo pretrain imaging joint --scale photographs --dataset open_photographs" in cell.why
    # The NIP of F is the plain one: what it develops needs no FAN.
    assert on_photographs.nip_weights(JointRun("unet")) == "stored:unet-birch.photographs"
    assert on_photographs.nip_weights(run) == f"stored:{fan}"
    assert on_photographs.nip_weights(JointRun("unet", repetition=1)) is None
    figures = [tables.find("imaging", name).cells(on_photographs.settings) for name in ("table_s1", "inside")]
    rows = (("birch, F", "unet"), ("unet, F", "inside a picture"))
    plain = {c.metric: (c.status, c.weights) for cells in figures for c in cells if (c.row, c.column) in rows}
    measured = ("measured", "stored:unet-birch.photographs")
    assert plain["PSNR"] == plain["SSIM"] == measured and plain["accuracy"][0] == "not-run"
    on_generated = JointEvaluation(Settings("laptop"))
    assert on_generated.training == SCALES["laptop"]
    assert on_generated.weights(run) is None


@pytest.mark.parametrize("dataset", data.DATASETS)
@pytest.mark.parametrize("scale", SCALES)
def test_a_missing_models_command_trains_that_model_where_the_table_looks_for_it(scale, dataset, tmp_path, monkeypatch):
    monkeypatch.setattr("zoo.weights.names", list)
    monkeypatch.chdir(tmp_path)
    settings = Settings(scale, dataset)
    folder = JointEvaluation(settings).folder
    found = [
        cell for name in ("table_4", "table_s1", "figure_8") for cell in tables.find("imaging", name).cells(settings)
    ]
    reasons = {cell.why for cell in found if cell.status == "not-run"}
    assert reasons
    for why in reasons:
        name, command = re.fullmatch(r"the model (\S+) is not stored here; `(.+)` trains it, .*", why).groups()
        words = shlex.split(command)
        alone = words[:3] == ["python", "-m", joint_training.__name__]
        options = joint_training._parser().parse_args(words[3:]) if alone else _parser().parse_args(words[1:])
        assert Path("runs") / data.run_name(options.dataset, options.scale, options.seed) == folder
        if alone:
            how = (options.network, options.weight, options.camera, options.repetition, options.codec, options.margin)
            assert JointRun(*how).name == name
        else:
            assert name in [run.name for run in SCALES[options.scale].runs()]


@pytest.mark.parametrize("scale", SCALES)
def test_a_command_for_raw_files_names_no_other_photographs(scale):
    for camera, given in (("own", " --data-dir RAW_DIR"), ("nikon_d90", " --data-dir CAMERAS")):
        command = JointRun("unet", 0.02, camera).command(scale)
        assert command.endswith(given) and "--dataset" not in command
        assert ("--camera nikon_d90" in command) == (camera == "nikon_d90")


def test_joint_models_start_from_the_plain_networks_of_their_scenes(tmp_path):
    nip = plain_nip("inet", tmp_path, scenes=SCALES["photographs"].scenes)
    stored = INet(weights="inet-birch.photographs", clip=False)
    for a, b in zip(nip.get_weights(), stored.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    with pytest.raises(ValueError, match="must be trained first"):
        plain_nip("inet", tmp_path, scenes=SCALES["laptop"].scenes)


def test_without_a_model_of_f_its_pictures_are_those_of_the_plain_network(folder, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "inet.npz"
    zoo.weights.pack(keras.models.load_model(folder / "inet.keras", compile=False), path, 32)
    run, stored = JointRun("inet"), "inet-birch.generated"
    monkeypatch.setattr("zoo.weights.names", lambda: [stored])
    monkeypatch.setattr("zoo.experiments.imaging.joint.evaluation.NETWORKS", {"inet": partial(_inet, path, stored)})
    alone, trained = (JointEvaluation(Settings("smoke", weights=weights)) for weights in (None, folder))
    assert (alone.weights(run), alone.nip_weights(run)) == (None, f"stored:{stored}")
    np.testing.assert_allclose(alone.developed(run), trained.developed(run), atol=1e-6)
    with pytest.raises(DataUnavailable, match="birch-inet-F-0 is not stored here"):
        alone.per_patch_accuracy(run)


def test_a_figure_with_nothing_to_draw_is_not_said_to_be_written(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "smoke").mkdir()
    earlier = tmp_path / "smoke" / "imaging_figure_10.png"
    earlier.touch()
    code, out, err = command("reproduce", "imaging", "figure-10", "--scale", "smoke", "--output", tmp_path)
    assert (code, earlier.exists()) == (0, False) and "cells were not measured" in err
    assert out.splitlines()[-1] == f"written: {earlier.with_suffix('.csv')}"


def _inet(path, stored, clip, weights=None):
    return INet(clip=clip, weights={stored: str(path), None: None}[weights])


def test_stored_models_are_what_was_packed(folder, monkeypatch):
    run = JointRun("inet", 0.1)
    files = {name: folder / f"{name}.npz" for name in run.stored("generated")}
    monkeypatch.setattr("zoo.weights.names", lambda: list(files))
    load_into = zoo.weights.load_into
    monkeypatch.setattr("zoo.weights.load_into", lambda model, name: load_into(model, files[name]))
    monkeypatch.chdir(folder.parent)
    packed, trained = (JointEvaluation(Settings("smoke", weights=weights)) for weights in (None, folder))
    assert packed.weights(run) == f"stored:{run.stored('generated')[1]}"
    one, two = (evaluation.workflow(run).get_weights() for evaluation in (packed, trained))
    for a, b in zip(one, two, strict=True):
        np.testing.assert_allclose(a, b, atol=max(1e-7, 0.005 * np.abs(b).max()))


def test_what_the_package_does_not_list_is_stored_locally_when_the_rest_is_installed(tmp_path, monkeypatch):
    listed, local = (JointRun("inet", 0.1, margin=n).stored("photographs") for n in (MARGIN, 0))
    page = dataclasses.replace(FAMILY, stored=listed, folder=tmp_path / "package")
    monkeypatch.setattr(zoo.weights, "families", lambda: [page])
    monkeypatch.setenv(VARIABLE, str(tmp_path / "home"))
    for name in (*listed, *local):
        (tmp_path / f"{name}.npz").write_bytes(b"")
        history = [{"seconds": 1.0, "commit": "c"}]
        install_weights.install(
            "imaging", tmp_path / f"{name}.npz", history, "8", "zoo pretrain imaging joint", "scenes"
        )
    assert set(read_index(tmp_path / "package" / INDEX)) == set(listed)
    assert set(read_index(tmp_path / "home" / INDEX)) == set(local)


def test_the_family_stores_seventeen_megabytes_at_most():
    assert sum(zoo.weights.stored_provenance(name).bytes for name in FAMILY.stored) <= 17 * 2**20


def test_learned_distortions_of_a_network(tmp_path, folder):
    settings = Settings("smoke", weights=folder)
    cells = list(figures_s4_and_s5.cells("inet", settings))
    found = {(cell.row, cell.metric): cell.measure().value for cell in cells}
    evaluation = JointEvaluation(settings)
    assert found["lambda 0.1", "PSNR"] == pytest.approx(evaluation.fidelity(JointRun("inet", 0.1), "PSNR").mean())
    figures_s4_and_s5.draw("inet", pd.DataFrame(), settings, "distortions", tmp_path / "inet.png")
    assert zoo.images.read_image(tmp_path / "inet.png").std() > 10


def test_scales_spell_out_the_papers_protocol():
    runs = SCALES["paper"].runs()
    assert len(runs) == len(set(runs)) == 4 * 11 * 2 * 10
    assert len({run.name for run in runs}) == len(runs)
    assert (SCALES["paper"].batch, SCALES["paper"].patch, SCALES["paper"].epochs * SCALES["paper"].steps) == (
        20,
        128,
        6006,
    )
    laptop = [run.name for run in SCALES["laptop"].runs()]
    margins = [f"{weight}-margin16" for weight in (0.25, 0.1, 0.05)]
    others = ["F-none", "F-libjpeg", "0.1-libjpeg", *margins]
    assert laptop[-6:] == [f"birch-unet-{name}-0" for name in others]
    assert laptop[:4] == ["birch-unet-F-0", "birch-unet-0.25-0", "birch-unet-0.1-0", "birch-unet-0.05-0"]
    with pytest.raises(ValueError, match="Received: 'huge'"):
        check_scale("huge")
    photographs = SCALES["photographs"]
    assert (photographs.precision, photographs.margin, photographs.varied) == ("float32", MARGIN, True)
    expected = [
        "unet-F",
        "unet-0.25-margin16",
        "unet-0.1-margin16",
        "inet-F",
        "inet-0.25-margin16",
        "inet-0.1-margin16",
    ]
    expected += ["unet-F-libjpeg", "unet-0.1-libjpeg-margin16"]
    assert [run.name for run in photographs.runs()] == [f"birch-{name}-0" for name in expected]


def test_a_missing_network_is_said_in_one_line(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("zoo.weights.names", list)
    with pytest.raises(ValueError, match="zoo pretrain imaging"):
        plain_nip("dnet", tmp_path)
    with pytest.raises(ValueError, match="Received: 'vnet'"):
        plain_nip("vnet", tmp_path)
    INet(clip=False).save(tmp_path / "inet.keras")
    plain_nip("inet", tmp_path)
    with pytest.raises(ValueError, match="the camera 'alder'"):  # birch's colours are not alder's
        plain_nip("inet", tmp_path, "alder")
    assert main(["pretrain", "imaging", "joint", "--dataset", "clic"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "Received: " in line


def test_real_channel_is_pillow_on_8_bits(photo, rng):
    workflow = ImagingWorkflow(keras.Sequential([keras.Input((None, None, 3))]), FAN((None, None, 3)), mode="F")
    rgb = photo[None, 100:164, 100:196].astype(np.float32) / 255 + rng.normal(0, 0.1, (1, 64, 96, 3)).astype(np.float32)
    versions = real_channel.saved_versions(workflow, rgb)
    assert [(v.shape, v.dtype) for v in versions] == [((1, 64, 96, 3), np.uint8)] * 5
    native = np.clip(np.floor(rgb * 255 + 0.5), 0, 255)
    assert np.abs(versions[0].astype(float) - native).max() <= 1  # ties may fall either way
    np.testing.assert_array_equal(versions[3][0], compress(versions[0][0], 80))
    channel = real_channel.RealChannel(50)
    small = channel.shrink(native[0].astype(np.uint8))
    pooled = native[0].reshape(32, 2, 48, 2, 3).mean((1, 3))
    assert np.abs(small - pooled).max() <= 1  # Pillow rounds twice
    sent = channel.send(native.astype(np.uint8))
    np.testing.assert_array_equal(sent, compress(small, 50)[None])
    assert real_channel.RealChannel(30, "Lanczos").label == "Lanczos, libjpeg 30"


def test_band_energies_tell_blur_and_have_the_energy_of_the_picture(photo):
    import cv2

    patches = photo[:512, :512].reshape(8, 64, 8, 64, 3).swapaxes(1, 2).reshape(-1, 64, 64, 3).astype(np.float32) / 255
    blurred = np.stack([cv2.GaussianBlur(p, (0, 0), 1.0) for p in patches])
    grey = patches.astype(np.float64) @ [0.299, 0.587, 0.114]
    blocks = grey.reshape(len(grey), 8, 8, 8, 8).swapaxes(2, 3).reshape(len(grey), 64, 64)
    energy = np.exp(band_baseline.band_energies(patches)).sum(1) - 63e-7
    np.testing.assert_allclose(energy, 64 * blocks.var(-1).mean(-1), rtol=1e-6)  # Parseval
    learned, tested = (
        [band_baseline.band_energies(version[first::2]) for version in (patches, blurred)] for first in (0, 1)
    )
    assert band_baseline.per_patch_accuracy(band_baseline.fit(learned), tested).mean() > 0.9


def test_spectrum_finds_a_wave():
    x = np.arange(32)
    wave = np.broadcast_to((np.cos(2 * np.pi * 5 * x / 32) / 255)[None, :, None], (32, 32, 3))
    found = spectrum(wave)
    peaks = {tuple(int(n) - 16 for n in p) for p in np.argwhere(found > 0.5 * found.max())}
    assert peaks == {(0, 5), (0, -5)}
    assert found.max() == pytest.approx(32 * 32 / 2)


def test_printed_values():
    four, supplement = paper_values("imaging", "table_4"), paper_values("imaging", "table_s1")
    assert four.shape == (20, 5)
    # What is printed of a true class, a row, adds up to about 100; accuracies are the means of the diagonals.
    diagonals = {"a": 44.6, "b": 87.0, "c": 92.6, "d": 95.8}
    for letter, accuracy in diagonals.items():
        part = four[[row.startswith(letter) for row in four.index]].apply(pd.to_numeric, errors="coerce")
        assert np.diag(part).mean() == pytest.approx(accuracy, abs=0.5)
        assert part.sum(axis=1).between(93, 102).all()
    assert supplement.shape == (88, 3)
    assert supplement.loc["Nikon D90, 0.1, unet"].tolist() == [42.3, 0.989, 0.920]


@pytest.mark.parametrize("name", ["table_s1", "figure_8", "figure_9", "figure_10"])
def test_tables_of_trained_models(tmp_path, folder, name):
    command = ["reproduce", "imaging", name, "--scale", "smoke", "--weights", str(folder), "--output", str(tmp_path)]
    assert main(command) == 0
    frame = pd.read_csv(tmp_path / "smoke" / f"imaging_{name}.csv")
    if name == "table_s1":  # of UNet and DNet, which `smoke` does not train, they say why not
        frame = frame[frame["column"] == "inet"]
    assert (frame["status"] == "measured").all()
    assert frame["value"].notna().all()
    assert (tmp_path / "smoke" / f"imaging_{name}.png").is_file()
    if name == "table_s1":
        chosen = frame[(frame["row"] == "birch, lambda 0.1") & (frame["metric"] == "accuracy")].iloc[0]
        evaluation = JointEvaluation(Settings("smoke", weights=folder))
        assert chosen["value"] == pytest.approx(evaluation.per_patch_accuracy(JointRun("inet", 0.1)).mean())
        assert chosen["weights"] == "trained:birch-inet-0.1-0.keras"


@pytest.mark.parametrize(
    ("scale", "cameras", "why"),
    [
        ("smoke", ("dogwood", "alder"), "training --network dnet --weight 0.0001 --camera alder --scale smoke`"),
        ("laptop", ("dogwood", "alder"), "training --network dnet --weight 0.0001 --camera alder`"),
        ("paper", ("nikon_d7000", "canon_eos_40d"), "needs RAW files of the Canon EOS 40D: --data-dir CAMERAS"),
    ],
)
def test_table_s1_has_a_cell_for_each_printed_number(scale, cameras, why):
    cells = [cell for cell in table_s1_and_figure_9.cells(Settings(scale)) if cell.paper_value is not None]
    by_place = {(cell.row, cell.column, cell.metric): cell for cell in cells}
    assert len(by_place) == len(cells) == 264
    assert by_place[f"{cameras[0]}, lambda 0.005", "unet", "PSNR"].paper_value == 39.8
    missing = by_place[f"{cameras[1]}, lambda 0.0001", "dnet", "accuracy"]
    assert missing.paper_value == 0.964 and missing.status != "measured" and why in missing.why


@pytest.mark.slow
def test_confusion_matrices_add_up_and_drops_are_differences(tmp_path, folder):
    assert (
        main(
            ["reproduce", "imaging", "table-4", "--scale", "smoke", "--weights", str(folder), "--output", str(tmp_path)]
        )
        == 0
    )
    frame = pd.read_csv(tmp_path / "smoke" / "imaging_table_4.csv")
    part = frame[frame["row"].str.match("(a F|c 0.1): ")]
    assert len(part) == 50
    np.testing.assert_allclose(part.groupby("row")["value"].sum(), 100)

    def value(metric, row, column):
        return frame.set_index(["metric", "row", "column"]).loc[(metric, row, column), "value"]

    trained, real = (value("accuracy", "c 0.1", column) for column in ("as trained", "libjpeg 50"))
    assert value("accuracy lost", "c 0.1", "libjpeg 50") == pytest.approx(trained - real)
    alone = value("accuracy", "a F", "as trained")
    assert value("accuracy gained over F", "c 0.1", "as trained") == pytest.approx(trained - alone)
    # What was trained through libjpeg is compared with the F that was, too.
    through = [value("accuracy", f"{row}, trained through libjpeg", "libjpeg 50") for row in ("c 0.1", "a F")]
    gained = value("accuracy gained over F", "c 0.1, trained through libjpeg", "libjpeg 50")
    assert gained == pytest.approx(through[0] - through[1])
    bands = value("accuracy", "baseline: band energies, c 0.1", "libjpeg 50")
    over = value("accuracy gained over band energies", "c 0.1", "libjpeg 50")
    assert over == pytest.approx(value("accuracy", "c 0.1", "libjpeg 50") - bands)
    assert (frame[frame["row"].str.startswith("b 0.25")]["status"] == "not-run").all()
    assert value("accuracy", "baseline: chance", "as trained") == 20
    per_patch_accuracy = JointEvaluation(Settings("smoke", weights=folder)).per_patch_accuracy(
        JointRun("inet", codec="none")
    )
    assert value("accuracy", "a F, without a channel (5.1)", "as trained") == pytest.approx(
        100 * per_patch_accuracy.mean()
    )


def test_figure_7_needs_no_weights(tmp_path):
    assert main(["reproduce", "imaging", "figure-7", "--scale", "smoke", "--output", str(tmp_path)]) == 0
    frame = pd.read_csv(tmp_path / "smoke" / "imaging_figure_7.csv")
    values = frame.set_index(["row", "column"])["value"]
    assert len(values) == 16
    assert values.between(15, 70).all()
    # JPEG of quality 80 is what the channel's JPEG of quality 50 hides best.
    assert values["jpg, original", "after channel"] > values["gaussian, original", "after channel"]
    assert (tmp_path / "smoke" / "imaging_figure_7.png").is_file()


def test_every_table_and_figure_is_listed():
    names = {name for paper, name, _ in tables.overview() if paper == "imaging"}
    assert {"table-4", "table-s1", "figure-7", "figure-8", "figure-9", "figure-10", "figure-s4", "figure-s5"} <= names


def test_inside_a_picture_the_same_pixels_are_developed_with_their_surroundings(folder):
    measured = inside.Inside(JointEvaluation(Settings("smoke", weights=folder)))
    run, side = JointRun("inet", 0.1, margin=MARGIN), SMOKE.patch
    patch, within = (measured.developed(run, column) for column in (inside.PATCH, inside.INSIDE))
    assert patch.shape == within.shape == (3, 2 * side, 2 * side, 3)
    # INet looks no further than two pixels: all but the border is the same.
    np.testing.assert_allclose(patch[:, 4:-4, 4:-4], within[:, 4:-4, 4:-4], atol=1e-5)
    assert np.abs(patch - within).max() > 1e-3
    cells = {(cell.row, cell.column, cell.metric): cell for cell in inside.cells(Settings("smoke", weights=folder))}
    of_run = [
        cells["inet, lambda 0.1, margin 16", c, "accuracy"].measure().value
        for c in ("patch by patch", inside.INSIDE, inside.LOST)
    ]
    assert of_run[0] - of_run[1] == pytest.approx(of_run[2])
    row = "inet, lambda 0.1, margin 16"
    plain, joint, lost = (
        cells[key].measure().value
        for key in (("inet, F", inside.INSIDE, "PSNR"), (row, inside.INSIDE, "PSNR"), (row, inside.INSIDE, "PSNR lost"))
    )
    assert plain - joint == pytest.approx(lost)
    assert plain > 25
    assert "inet, lambda 0.1, libjpeg" in {key[0] for key in cells}
    assert (
        "trained:birch-inet-0.1-margin16-0.keras"
        in cells["inet, lambda 0.1, margin 16", inside.LOST, "accuracy"].weights
    )


def test_table_s1_holds_the_patches_of_one_camera(folder):
    """Those of four cameras, and what networks make of them, were 31 GB at the paper's scale."""
    settings = Settings("smoke", weights=folder)
    joint_evaluation.cache_clear()
    cells = {(cell.row, cell.column, cell.metric): cell for cell in table_s1_and_figure_9.cells(settings)}
    here, other = (joint_evaluation(settings, camera) for camera in ("birch", "alder"))
    assert other.patches[0].size
    for row in ("birch, F", "birch, lambda 0.1"):
        assert cells[row, "inet", "PSNR"].measure().value > 0
    assert "patches" in here.__dict__ and "developed" in here.__dict__
    assert not set(table_s1_and_figure_9.LARGE) & set(other.__dict__)
    assert other.patches[0].size  # made anew where it is asked for
    joint_evaluation.cache_clear()


def test_splices_are_found_where_they_are(folder, monkeypatch):
    evaluation = JointEvaluation(Settings("smoke", weights=folder))
    measured = splices.Splices(evaluation, JointRun("inet", 0.1, margin=MARGIN))
    places = [splices.square((96, 96), 0, number) for number in range(3)]
    assert [int(place.sum()) for place in places] == [38 * 38] * 3
    assert len({place.tobytes() for place in places}) == 3
    # A detector that sees what is dark, and a manipulation that darkens: any other place would be far below 90 %.
    monkeypatch.setattr(measured.detector, "heatmap", lambda image: -image.mean(2, dtype=np.float64))
    versions = [[native, native * np.float32(0.1)] for native, *_ in measured.versions(None)]
    assert isinstance(measured.versions(None), Iterator)  # those of all pictures would be 22 GB at the paper's scale
    monkeypatch.setattr(measured, "versions", lambda channel: versions)
    assert measured.localisation(0, 1, None).value > 90
    assert measured.localisation(1, 0, None).value > 90
    assert measured.localisation(0, 0, None).value < 90


def test_cells_of_splices(folder):
    cells = list(splices.cells(Settings("smoke", weights=folder)))
    by_place = {(cell.metric, cell.row, cell.column): cell for cell in cells}
    assert len(by_place) == len(cells) == 3 * (9 + 5) * 2
    row = "inet, lambda 0.1, margin 16: "
    found = by_place[splices.AUC, f"{row}sharpen in native", "libjpeg 50"].measure()
    assert 0 <= found.value <= 100
    assert (found.n_sources, by_place[splices.AUC, f"{row}sharpen in native", "libjpeg 50"].comparable) == (2, False)
    for whose in ("its own camera", "dogwood, standard pipeline"):
        assert 0 <= by_place[splices.CALLED, row + whose, "as trained"].measure().value <= 100
    assert by_place[splices.AUC, "inet, lambda 0.1, margin 16, libjpeg: sharpen in native", "libjpeg 50"].status == (
        "not-run"  # `smoke` trains through libjpeg without a margin
    )
