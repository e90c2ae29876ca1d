import json
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

import zoo
import zoo.weights
from zoo import store
from zoo.contrast import ContrastNet
from zoo.experiments.publish import measured
from zoo.experiments.train import install_weights
from zoo.families import citation, families, network_of

ROOT = Path(zoo.__file__).parent.parent


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv(store.VARIABLE, str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def packed(tmp_path):
    """An untrained INet as `zoo pretrain` leaves it."""
    from zoo.imaging import INet

    path = tmp_path / "inet-elm.generated.npz"
    network = INet()
    network.get_layer("colour").set_weights([np.eye(3, dtype="float32")[None, None]])
    zoo.weights.pack(network, path, 32)
    return path


def _install(packed, local, **arguments):
    history = [{"seconds": 2.5, "commit": "c"}]
    install_weights.install("imaging", packed, history, "32", "zoo pretrain imaging", "scenes", local, **arguments)


def test_every_stored_model_is_listed_and_has_a_network_and_a_paper():
    assert set(zoo.list_models()) == set(zoo.weights.names())
    assert zoo.list_models("contrast-*") == [n for n in zoo.list_models() if n.startswith("contrast-")]
    for name in zoo.list_models():
        assert network_of(name).command.startswith("zoo pretrain")
        entry = zoo.provenance(name)
        assert entry.paper == citation(entry.family)
        assert entry.licence and entry.data and entry.commit and entry.path.is_file()


def test_a_name_gives_the_stored_network(rng):
    model = zoo.load("adversarial-overfeat.digits")
    from zoo.adversarial import SmallOverFeat

    images = rng.integers(0, 256, (2, 16, 16, 3)).astype(np.float32)
    expected = SmallOverFeat(weights="adversarial-overfeat.digits").predict_on_batch(images)
    np.testing.assert_array_equal(model.predict_on_batch(images), expected)


def test_what_tables_measured_is_part_of_the_provenance():
    table = (ROOT / "results" / "laptop" / "contrast_table_1.csv").read_text()
    cells = [m for m in zoo.provenance("contrast-aware.photographs").metrics if m.table == "table_1"]
    assert cells
    for cell in cells[:5]:
        line = next(t for t in table.splitlines() if t.startswith(f"contrast,table_1,{cell.row},{cell.column},"))
        assert float(line.split(",")[7]) == pytest.approx(cell.value, rel=1e-5)


def test_a_provenance_is_printed_with_what_was_measured_or_that_nothing_was(home, packed):
    shown = str(zoo.provenance("steganography-r-net.photographs"))
    assert "\nmeasured:\n  table_1: photographs, lambda 0.75, ours, loss (equation 1) 0.00" in shown
    assert shown.endswith("(with steganography-h-net.photographs)")
    _install(packed, "generated")
    shown = str(zoo.provenance("inet-elm.generated"))
    assert "measured:" not in shown
    assert shown.endswith("\nNo table of this package has measured these weights.")


def test_the_package_says_what_the_csvs_say():
    text = zoo.weights.MEASURED.read_text()
    assert text == measured.collect(ROOT / "results" / "laptop", set(zoo.weights.packaged())), (
        "run: python -m zoo.experiments.publish.card PAPER"
    )


def test_the_local_store_holds_what_the_package_does_not(home, packed, capsys):
    assert "inet-elm.generated" not in zoo.list_models()
    _install(packed, "generated")
    assert "inet-elm.generated" in zoo.list_models()
    entry = zoo.provenance("inet-elm.generated")
    assert (entry.folder, entry.seconds, entry.metrics) == (home, 2, ())
    colour = zoo.load("inet-elm.generated").get_layer("colour").get_weights()[0]
    np.testing.assert_array_equal(colour[0, 0], np.eye(3))
    _install(packed, "raise8k-paper")
    assert "inet-elm.raise8k-paper" in zoo.list_models()
    assert "stored: inet-elm.raise8k-paper" in capsys.readouterr().out
    entry.path.write_bytes(b"x" + entry.path.read_bytes()[1:])
    with pytest.raises(ValueError, match="changed or damaged and is refused"):
        zoo.load("inet-elm.generated")


def test_the_packages_weights_are_never_hidden_by_local_ones(home, packed, capsys):
    mine = packed.rename(packed.with_name("contrast-aware.photographs.npz"))
    _install(mine, "photographs")
    assert "kept out of the local store" in capsys.readouterr().out
    assert not home.exists()
    home.mkdir()
    (home / "weights.json").write_text(
        (ROOT / "zoo" / "contrast" / "weights.json").read_text().replace("scenes", "mine")
    )
    assert zoo.provenance("contrast-aware.photographs").folder == ROOT / "zoo" / "contrast"


def test_arguments_of_the_constructor_are_kept(home, tmp_path):
    from zoo.hyperimage import TIDStageTwo

    path = tmp_path / "hyperimage-quality-stage-two.generated.npz"
    zoo.weights.pack(TIDStageTwo((16, 16, 8)), path)
    arguments = {"input_shape": [16, 16, 8]}
    install_weights.install("hyperimage", path, [{"seconds": 1, "commit": "c"}], "8", "c", "d", "tiny", arguments)
    assert zoo.load("hyperimage-quality-stage-two.tiny").input_shape == (None, 16, 16, 8)


def test_what_the_adversarial_and_the_hyperimage_trainings_leave_is_found_by_name(home, tmp_path, monkeypatch, rng):
    from zoo.adversarial import SmallInception, SmallOverFeat
    from zoo.experiments.adversarial import pretrained
    from zoo.experiments.hyperimage import stages
    from zoo.hyperimage import ForgeryChannel

    for name, build in {"overfeat": SmallOverFeat, "inception": SmallInception}.items():
        model = build((32, 32, 3), 10)
        model.save(tmp_path / f"{name}.keras")
        # As a training of before was logged.
        (tmp_path / f"{name}.json").write_text(json.dumps({"seconds": 1.5, "commit": "c", "epochs": 1}))
    images = rng.integers(0, 256, (4, 32, 32, 3)).astype(np.uint8), np.arange(4)
    monkeypatch.setattr(pretrained, "pictures", lambda dataset, part, data_dir: images)
    pretrained.store(tmp_path, "cifar10", "command", "cifar10")
    assert zoo.load("adversarial-inception.cifar10").inputs[0].shape == (None, 32, 32, 3)
    assert {"overfeat.npz", "inception.npz"} < {path.name for path in tmp_path.iterdir()}
    channel = "hyperimage-forgery-channel.generated"
    zoo.weights.pack(ForgeryChannel(width=1 / 16), tmp_path / f"{channel}.npz")
    log = {"seconds": 2.0, "commit": "c", "device": "abacus", "bits": {"conv1_1": 6}, "log": {}}
    (tmp_path / f"{channel}.json").write_text(json.dumps(log))
    stages.install(tmp_path, "command", {channel: "splices"}, "generated-smoke", {channel: {"width": 1 / 16}})
    assert zoo.load("hyperimage-forgery-channel.generated-smoke").get_layer("conv1_1").filters == 4
    entry = zoo.provenance("hyperimage-forgery-channel.generated-smoke")
    assert (entry.bits, entry.device, entry.seconds) == ("8, conv1_1 6", "abacus", 2)


def test_names_in_the_store_tell_data_and_scale():
    assert install_weights.training_tag("laptop") == "generated"
    assert install_weights.training_tag("smoke", "embedded") == "generated-smoke"
    assert install_weights.training_tag("paper", "folder:My photos (2)") == "My-photos-2-paper"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("unet-birch.photographs", "zoo pretrain imaging` trains"),
        ("fan-unet-0.1-birch.generated", "zoo pretrain imaging joint` trains"),
        ("steganography-h-net.generated", "zoo pretrain steganography` trains"),
        ("hyperimage-forgery-channel.generated", "--dataset open_photographs` trains"),
        ("resnet50", "called network.training"),
        ("contrast-aware", "called network.training"),
    ],
)
def test_an_absent_model_says_what_is_here_and_what_makes_it(families_in, tmp_path, name, message):
    (tmp_path / "contrast").mkdir()
    (tmp_path / "contrast" / "weights.json").write_text(json.dumps({"some.weights": {"file": "weights/x.npz"}}))
    families_in(tmp_path)
    with pytest.raises(ValueError, match=rf"{message}.*Available: some.weights. Received: '{name}'"):
        zoo.load(name)


def test_an_index_that_is_none_is_named(home):
    home.mkdir()
    (home / "weights.json").write_text("{")
    with pytest.raises(ValueError, match=r"An index of weights must be JSON.*weights.json"):
        zoo.list_models()


@pytest.mark.parametrize("kind", [n for page in families() for n in page.networks], ids=lambda kind: kind.pattern)
def test_every_constructor_is_there(kind):
    import importlib

    module, _, function = kind.constructor.partition(":")
    assert callable(getattr(importlib.import_module(module), function))


def test_another_file_for_a_named_architecture(tmp_path):
    keras.utils.set_random_seed(1)
    model = ContrastNet()
    zoo.weights.pack(model, tmp_path / "w.npz", 32)
    loaded = zoo.load("contrast-mine.photos", tmp_path / "w.npz")
    for one, two in zip(model.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)


def test_listing_needs_neither_keras_nor_numpy():
    code = "import sys, zoo; zoo.list_models(); zoo.provenance('contrast-aware.photographs')\n"
    code += "assert not {'keras', 'tensorflow', 'numpy', 'cv2'} & set(sys.modules), sys.modules.keys()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
