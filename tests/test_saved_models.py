"""SavedModels by name: made once, kept in the local store, verified after that."""

import json

import numpy as np
import pytest
import tensorflow as tf

import zoo
import zoo.export
from zoo.products import ABOUT, exportable


@pytest.fixture
def made(monkeypatch, tmp_path):
    monkeypatch.setenv("FORENSICS_ZOO_HOME", str(tmp_path / "home"))
    return zoo.saved_model("inet-birch")


def test_made_once_and_verified_after_that(made, monkeypatch, tmp_path):
    assert made == tmp_path / "home" / "savedmodels" / "inet-birch.photographs"
    planes = np.random.default_rng(0).integers(400, 4000, (1, 10, 12, 4)).astype(np.uint16)
    levels = {"black_levels": np.full((1, 4), 400, np.float32), "white_level": np.float32([4000])}
    given = {"planes": planes, "white_balance": np.ones((1, 3), np.float32)} | levels
    about = json.loads((made / ABOUT).read_text())
    assert set(about["endpoints"]["serve"]["inputs"]) == set(given)
    loaded = tf.saved_model.load(made)
    assert loaded.serve(given)["picture"].shape == (1, 20, 24, 3)
    exported = []
    monkeypatch.setattr(zoo.export, "export", lambda product, folder: exported.append(product.name) or folder)
    assert zoo.saved_model("inet-birch.photographs") == made
    assert not exported
    # Made by another version, or from other weights: made anew.
    for change in ({"made_by": "forensics-zoo 0.0"}, {"weights": [{"sha256": "0"}]}):
        (made / ABOUT).write_text(json.dumps(about | change))
        zoo.saved_model("inet-birch")
    assert exported == ["inet-birch.photographs"] * 2
    (made / ABOUT).write_text(json.dumps(about))
    with (made / "saved_model.pb").open("ab") as file:
        file.write(b"x")
    with pytest.raises(ValueError, match=r"saved_model\.pb is changed or damaged; delete .*inet-birch"):
        zoo.saved_model("inet-birch")
    (made / "saved_model.pb").unlink()
    with pytest.raises(ValueError, match="Received: no file"):
        zoo.saved_model("inet-birch")


@pytest.mark.parametrize("name", ["resnet", "inet", "contrast-aware.nowhere", ""])
def test_names_that_are_no_product(name, monkeypatch, tmp_path):
    monkeypatch.setenv("FORENSICS_ZOO_HOME", str(tmp_path))
    with pytest.raises(ValueError, match=f"available are .*inet-birch.photographs.*Received: '{name}'"):
        zoo.saved_model(name)


def test_the_packages_own_come_first(monkeypatch, tmp_path):
    from zoo import saved_models

    monkeypatch.setattr(
        saved_models, "exportable", lambda: [*exportable(), "inet-birch.mine", "unet-mine.a", "unet-mine.b"]
    )
    assert saved_models._full_name("inet-birch") == "inet-birch.photographs"
    with pytest.raises(ValueError, match=r"available are unet-mine\.a, unet-mine\.b"):
        saved_models._full_name("unet-mine")


def test_all_at_once(tmp_path, command, monkeypatch):
    from zoo.experiments.cli import export as cli

    monkeypatch.setattr(cli, "exportable", lambda: ["inet-birch.photographs"])
    code, _, err = command("export", "--all", tmp_path / "all")
    assert code == 0, err
    assert (tmp_path / "all" / "inet-birch.photographs" / "saved_model.pb").is_file()
    assert command("export", "contrast-aware.photographs", tmp_path / "x", "--all")[0] == 2
    assert command("export", tmp_path / "x")[0] == 2


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_serve_refuses_floats_in_place_of_uint8(tmp_path, dtype):
    from zoo.contrast import ContrastNet
    from zoo.contrast.serving import adjustment

    loaded = tf.saved_model.load(zoo.export.export(adjustment(ContrastNet(base_filters=1)), tmp_path / "e"))
    pictures = np.zeros((1, 64, 64, 3), dtype)
    with pytest.raises(
        tf.errors.InvalidArgumentError, match=f"serve takes image as uint8. Received: {np.dtype(dtype)}"
    ):
        loaded.serve(pictures)
    with pytest.raises(tf.errors.InvalidArgumentError, match="serve_one takes image as uint8"):
        loaded.serve_one(pictures[0])
    assert loaded.serve(pictures.astype(np.uint8))["score"].shape == (1,)
