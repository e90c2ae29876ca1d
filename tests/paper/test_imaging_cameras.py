"""The imaging protocol on the paper's cameras: FiveK's DNG and RAISE's NEF as prepared by the builders; SID."""

import dataclasses
import json
import shutil

import pytest
import tensorflow_datasets as tfds
from paper_cut import CUT

from zoo.datasets import keyed
from zoo.datasets.camera import CAMERAS, Body, expose, shoot_folder, write_dng
from zoo.datasets.embedded import generate_linear_scene
from zoo.datasets.mit_fivek.mit_fivek_dataset_builder import Builder as Fivek
from zoo.datasets.raise8k.raise8k_dataset_builder import Builder as Raise
from zoo.experiments.imaging.developing import evaluation as developing
from zoo.experiments.imaging.developing import training
from zoo.experiments.imaging.joint import evaluation, scales
from zoo.experiments.imaging.prnu.tables import table_3
from zoo.experiments.imaging.real_cameras import PAPERS
from zoo.imaging import UNet

pytestmark = pytest.mark.paper

SIDE = 272
"""Pixels: more than the 256 of a patch of the joint training."""


@pytest.fixture
def cameras(workplace):
    """Photographs of two cameras among those of a third, as the archives hold them, prepared by the builders."""
    for builder, folder, shot in (
        (Fivek, "FIVEK", {"Canon EOS 5D": "a{:04d}-one.dng", "NIKON D3": "a1{:03d}-two.dng"}),
        (Raise, "RAISE", {"NIKON D90": "r{:06x}at.NEF", "NIKON D7000": "r1{:05x}bt.NEF"}),
    ):
        for seed, (camera, name) in enumerate(shot.items()):
            body = Body(dataclasses.replace(CAMERAS["alder"], name=camera), 0)
            names = [name.format(n) for n in range(CUT.camera)]
            shoot_folder(workplace / folder, names, body, seed, SIDE, SIDE + 16)
        config = {"FIVEK": "canon_eos_5d", "RAISE": "raw_nikon_d90"}[folder]
        made = builder(data_dir=workplace / "CAMERAS", config=config, file_format="array_record")
        manual = tfds.download.DownloadConfig(manual_dir=workplace / folder)
        made.download_and_prepare(download_config=manual)
    return workplace / "CAMERAS"


@pytest.fixture
def alone(monkeypatch):
    """The training of one network to develop, with few epochs, steps and patches."""
    recipes = {
        name: dataclasses.replace(recipe, epochs=CUT.imaging_epochs, steps=CUT.imaging_steps)
        for name, recipe in training.SCALES["paper"].recipes.items()
    }
    cut = dataclasses.replace(training.SCALES["paper"], recipes=recipes, every=1, batch=CUT.imaging_patches)
    monkeypatch.setitem(training.SCALES, "paper", cut)


def test_table_1(workplace, cameras, alone, monkeypatch, done, killed, papers_numbers):
    steps, patches = CUT.imaging_timed
    cut = dataclasses.replace(developing.SCALES["paper"], timed_steps=steps, batch=patches)
    monkeypatch.setitem(developing.SCALES, "paper", cut)
    others = [name for name in PAPERS if name != CUT.imaging_fitted]
    for seed, name in enumerate(name for name in others if name != "nikon_d90"):  # three are the authors' own
        body = Body(dataclasses.replace(CAMERAS["alder"], name=PAPERS[name].label), seed)
        shoot_folder(cameras / name, [f"{n:04d}.dng" for n in range(CUT.camera)], body, 10 + seed, SIDE, SIDE + 16)
    fits, photographs = workplace / "FITS", cameras / "mit_fivek" / CUT.imaging_fitted / "1.0.0"
    fitted = fits / CUT.imaging_fitted
    for network in training.NETWORKS:
        fit = ("imaging", "fit", photographs, "--network", network, "--scale", "paper", "-o", fitted)
        if network == "inet":
            killed(1, *fit)
        done(*fit)
        log = json.loads((fitted / f"{network}.json").read_text())
        assert [entry["epoch"] for entry in log] == list(range(1, CUT.imaging_epochs + 1))
    for name in others:
        (fits / name).mkdir()
        for file in (f"{network}.{suffix}" for network in training.NETWORKS for suffix in ("npz", "json")):
            shutil.copy(fitted / file, fits / name)
    done("reproduce", "imaging", "table-1", "--scale", "paper", "--data-dir", cameras, "--weights", fits)
    found = papers_numbers("imaging_table_1")
    assert len(found) == 3 * (1 + 2 + 1 + 2) and set(found["status"]) == {"measured"}
    fidelity = found.index.get_level_values("column") == developing.MEAN
    assert fidelity.sum() == 3 * 2 and set(found[fidelity]["comparable"]) == {"yes"}
    assert set(found[fidelity]["n_sources"]) == {len(PAPERS)}


def test_fivek_and_raise(workplace, cameras, alone, monkeypatch, done, killed, papers_numbers):
    joint = dataclasses.replace(
        scales.SCALES["paper"],
        lambdas=CUT.imaging_lambdas,
        repetitions=CUT.imaging_repetitions,
        batch=CUT.imaging_patches,
        steps=CUT.imaging_steps,
        epochs=CUT.imaging_epochs,
        every=1,
    )
    monkeypatch.setitem(scales.SCALES, "paper", joint)
    monkeypatch.setitem(evaluation.SCALES, "paper", evaluation.Scale(1, 2))
    train = ("pretrain", "imaging", "joint", "--scale", "paper", "--data-dir", cameras)
    killed(1, *train)
    done(*train)
    folder = workplace / "runs" / "imaging-paper-0"
    for camera in ("canon_eos_5d", "nikon_d90"):
        for name in (f"{camera}/unet", f"{camera}/dnet", f"joint/{camera}-unet-F-0", f"joint/{camera}-dnet-0.1-0"):
            log = json.loads((folder / f"{name}.json").read_text())
            assert [entry["epoch"] for entry in log] == list(range(1, CUT.imaging_epochs + 1))
    given = ("--scale", "paper", "--data-dir", cameras, "--weights", folder)
    for table in ("table-s1", "table-4"):
        done("reproduce", "imaging", table, *given)
    found = papers_numbers("imaging_table_s1")
    rows = found.index.get_level_values("row")
    trained = rows.isin(
        [f"{camera}, {which}" for camera in ("canon_eos_5d", "nikon_d90") for which in ("F", "lambda 0.1")]
    )
    assert len(found) == 264 and trained.sum() == 2 * 2 * 2 * 3
    assert set(found[trained]["status"]) == {"measured"} and set(found[trained]["comparable"]) == {"yes"}
    absent = rows.str.startswith(("canon_eos_40d", "nikon_d7000"))
    assert set(found[absent]["status"]) == {"data-unavailable"}


def test_see_in_the_dark(workplace, monkeypatch, done, papers_numbers):
    body = Body(CAMERAS["alder"], 1)
    for n in range(sum(CUT.dark)):
        for kind, seconds in (("long", "10"), ("short", "0.1")):
            (workplace / "SID" / kind).mkdir(parents=True, exist_ok=True)
            light = generate_linear_scene(keyed.generator(0, n), 1030, 1040) * (float(seconds) / 10)
            file = workplace / "SID" / kind / f"{n:05d}_00_{seconds}s.dng"
            write_dng(file, expose(light, body, keyed.generator(0, n, len(seconds))), body)
            file.rename(file.with_suffix(".ARW"))
    _save_as_the_authors(UNet(), workplace / "CHECKPOINT" / "Sony")
    fingerprint, test = CUT.dark
    scale = dataclasses.replace(table_3.SCALES["paper"], fingerprint=fingerprint, test=test, groups=2)
    monkeypatch.setitem(table_3.SCALES, "paper", scale)
    given = ("--dataset", "sid", "--data-dir", workplace / "SID", "--weights", workplace / "CHECKPOINT")
    done("reproduce", "imaging", "table-3", "--scale", "paper", *given)
    found = papers_numbers("imaging_table_3")
    assert len(found) == 6 and set(found["status"]) == {"measured"} and set(found["comparable"]) == {"yes"}


def _save_as_the_authors(model, folder):
    """Write a checkpoint with the names of their TensorFlow 1 graph."""
    import tensorflow as tf

    from zoo.imaging.developing.sid import _layers

    values = {
        name: value
        for layer, names in _layers().items()
        for name, value in zip(names, model.get_layer(layer).get_weights(), strict=True)
    }
    folder.mkdir(parents=True)
    with tf.compat.v1.Graph().as_default(), tf.compat.v1.Session() as session:
        variables = {name: tf.compat.v1.Variable(value, name=name) for name, value in values.items()}
        session.run(tf.compat.v1.global_variables_initializer())
        tf.compat.v1.train.Saver(variables).save(session, str(folder / "model.ckpt"), write_meta_graph=False)
