"""The paper's cameras in a folder: what the builders prepared of FiveK and RAISE, and RAW files in a sub-folder."""

import json
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tensorflow_datasets as tfds

import zoo.datasets.mit_fivek
import zoo.datasets.raise8k
from zoo.datasets.camera import CAMERAS, Body, shoot_folder
from zoo.datasets.mit_fivek.mit_fivek_dataset_builder import Builder as Fivek
from zoo.datasets.raise8k.raise8k_dataset_builder import Builder as Raise
from zoo.experiments.imaging import data, real_cameras
from zoo.experiments.imaging.developing.evaluation import MEAN, UNTRAINED
from zoo.experiments.imaging.developing.tables import table_1
from zoo.experiments.imaging.joint.evaluation import JointEvaluation, place_of
from zoo.experiments.imaging.joint.scales import SCALES, JointRun
from zoo.experiments.imaging.joint.tables import figure_7, table_4, table_s1_and_figure_9
from zoo.experiments.run.cells import DataUnavailable, Settings
from zoo.experiments.run.paper_values import paper_values
from zoo.imaging import INet
from zoo.weights import pack

PLAIN = Settings("paper")


@pytest.fixture(scope="module")
def cameras(tmp_path_factory):
    """Two cameras as the builders prepare them, and one of the authors' own."""
    path = tmp_path_factory.mktemp("cameras")
    for module, builder, config in (
        (zoo.datasets.mit_fivek, Fivek, "canon_eos_5d"),
        (zoo.datasets.raise8k, Raise, "raw_nikon_d90"),
    ):
        manual = tfds.download.DownloadConfig(manual_dir=Path(module.__file__).parent / "dummy_data")
        made = builder(data_dir=path, config=config, file_format="array_record")
        made.download_and_prepare(download_config=manual)
    (path / "nikon_d810").mkdir()
    body = Body(replace(CAMERAS["alder"], name="NIKON D810"), 0)
    shoot_folder(path / "nikon_d810", [f"{n}.dng" for n in range(5)], body, 0, 48, 64)
    return path


def test_cameras_are_found_as_they_are_prepared(cameras):
    here = real_cameras.in_folder(cameras)
    places = {name: path.relative_to(cameras).parts[:2] for name, path in here.items()}
    assert places == {
        "canon_eos_5d": ("mit_fivek", "canon_eos_5d"),
        "nikon_d810": ("nikon_d810",),
        "nikon_d90": ("raise8k", "raw_nikon_d90"),
    }
    # One camera's files, or one prepared version, are no folder of cameras.
    assert real_cameras.in_folder(cameras / "nikon_d810") == real_cameras.in_folder(here["nikon_d90"]) == {}
    assert real_cameras.in_folder(cameras / "absent") == {}
    labels = {camera.label for camera in real_cameras.PAPERS.values()}
    assert labels == set(paper_values("imaging", "table_2").index)
    assert {camera.label for camera in real_cameras.PAPERS.values() if not camera.dataset} == {
        name for name, line in paper_values("imaging", "table_2").iterrows() if line["source"] == "Private"
    }
    printed = {key.partition(",")[0] for key in paper_values("imaging", "table_s1").index}
    assert {real_cameras.PAPERS[name].label for name in real_cameras.JOINT} == printed


def test_table_1_has_the_mean_over_the_cameras_that_are_there(cameras, tmp_path):
    network = INet()
    for name in ("canon_eos_5d", "nikon_d810", "nikon_d90"):
        (tmp_path / name).mkdir()
        pack(network, tmp_path / name / "inet.npz", {layer.name: 32 for layer in network.layers})
        seconds = {"canon_eos_5d": 60, "nikon_d810": 240, "nikon_d90": 120}[name]
        (tmp_path / name / "inet.json").write_text(json.dumps([{"seconds": seconds / 2}] * 2))
    settings = Settings("smoke", "folder:cameras", cameras, weights=tmp_path)
    cells = {(c.row, c.column): c for c in table_1.cells(settings) if c.metric == "PSNR"}
    labels = ("Canon EOS 5D", "Nikon D810", "Nikon D90")
    assert [column for row, column in cells if row == "INet"] == [*labels, MEAN]
    mean = cells["INet", MEAN].measure()
    assert mean.value == pytest.approx(np.mean([cells["INet", label].measure().value for label in labels]))
    assert mean.ci_low <= mean.value <= mean.ci_high and mean.n_sources == 3
    assert (cells["INet", MEAN].paper_value, cells["INet", MEAN].comparable) == (42.8, False)
    assert cells["INet", "Nikon D90"].paper_value is None
    # As it starts, INet is the baseline.
    assert cells[UNTRAINED, MEAN].measure().value == pytest.approx(mean.value, abs=1e-3)
    assert cells["UNet", MEAN].status == cells["UNet - INet", "Nikon D90"].status == "not-run"
    times = {c.column: c for c in table_1.cells(settings) if (c.row, c.metric) == ("INet", table_1.TIME)}
    assert [times[bound].measure().value for bound in ("from", "to")] == [1, 4]


def test_with_all_eight_cameras_the_mean_is_comparable(tmp_path):
    for name in real_cameras.PAPERS:
        (tmp_path / name).mkdir()
        (tmp_path / name / "inet.npz").touch()
    settings = Settings("paper", "folder:cameras", tmp_path, weights=tmp_path)
    cells = {(c.row, c.metric): c for c in table_1.cells(settings) if c.column == MEAN}
    assert cells["INet", "PSNR"].comparable and cells["INet", "PSNR"].measure
    assert cells["UNet", "PSNR"].status == "not-run" and cells["UNet", "PSNR"].why
    assert not cells[UNTRAINED, "PSNR"].comparable


@pytest.mark.parametrize("table", [table_1.TABLE, table_4.TABLE, table_s1_and_figure_9.TABLE_S1])
def test_no_synthetic_camera_stands_for_the_papers_at_its_scale(table):
    cells = list(table.cells(PLAIN))
    printed = [c for c in cells if c.paper_value is not None]
    assert len(printed) >= {"table_1": 18, "table_4": 4 * 12 + 5, "table_s1": 264}[table.name]
    for cell in printed:
        if cell.metric in ("PSNR", "SSIM", "SSIM, range 2", "accuracy", table_4.SHARE, table_4.ACCURACY):
            assert cell.status == "data-unavailable" and cell.why.startswith("needs RAW files of")
    rows = {cell.row.partition(",")[0] for cell in cells}
    assert not rows & set(CAMERAS)


def test_figure_7_without_pictures_says_so_and_draws_nothing(tmp_path):
    with pytest.raises(DataUnavailable, match="RAW files of the Nikon D90"):
        next(iter(figure_7.cells(PLAIN))).measure()
    figure_7.draw(None, PLAIN, "", tmp_path / "none.png")
    assert not list(tmp_path.iterdir())


def test_joint_tables_take_a_camera_of_the_folder(cameras, tmp_path):
    settings = Settings("paper", "folder:cameras", cameras, weights=tmp_path)
    here = real_cameras.in_folder(cameras)
    assert place_of(settings, data.CAMERA) == ("nikon_d90", here["nikon_d90"])
    assert place_of(settings, "canon_eos_5d") == ("canon_eos_5d", here["canon_eos_5d"])
    assert place_of(Settings("laptop"), data.CAMERA) == (data.CAMERA, None)
    evaluation = JointEvaluation(settings)
    assert [picture.source for picture in evaluation.pictures] == [
        picture.source for picture in data.folder(here["nikon_d90"], "test", 30)
    ]
    cells = {(c.row, c.column, c.metric): c for c in table_s1_and_figure_9.cells(settings)}
    trained = cells["canon_eos_5d, lambda 0.1", "unet", "PSNR"]
    command = "zoo pretrain imaging joint --scale paper --data-dir CAMERAS"
    assert (trained.status, trained.paper_value) == ("not-run", 42.6) and command in trained.why
    assert cells["canon_eos_40d, F", "dnet", "accuracy"].status == "data-unavailable"
    run = JointRun("unet", 0.1, "nikon_d90", 3)
    assert run in SCALES["paper"].runs()
    assert run.command("laptop").endswith("--weight 0.1 --camera nikon_d90 --repetition 3 --data-dir CAMERAS")
    (tmp_path / "joint").mkdir()
    for repetition in range(10):
        name = replace(run, repetition=repetition).name
        with zipfile.ZipFile(tmp_path / "joint" / f"{name}.keras", "w") as state:
            state.writestr("log.json", json.dumps([{"epoch": 1001}]))
    runs = [replace(run, repetition=repetition) for repetition in range(10)]
    there = evaluation.cell(runs, "a row", "unet", "PSNR", 42.3, lambda: None)
    assert there.measure and there.comparable and there.weights.count("trained:") == 10
    assert not evaluation.cell(runs, "a row", "unet", "SSIM, range 1", None, lambda: None).comparable


@pytest.mark.parametrize("arguments", [(), ("--data-dir", "{}"), ("--dataset", "open_photographs")])
def test_the_papers_joint_trainings_ask_for_its_cameras(tmp_path, command, arguments):
    given = [argument.format(tmp_path) for argument in arguments]
    code, _, err = command("pretrain", "imaging", "joint", "--scale", "paper", "--folder", tmp_path / "runs", *given)
    assert (code, err.count("\n")) == (2, 1)
    assert "imaging joint --scale paper trains on the paper's cameras, canon_eos_40d" in err
