"""The adversarial family on photographs of clothes: training of the last layers, layers that stand for the paper's."""

import json
import shutil

import keras
import numpy as np
import pandas as pd
import pytest

import zoo.datasets.clothing
from zoo.adversarial.efficientnet import EfficientNetLite0
from zoo.datasets.clothing import clothing_dataset_builder as clothing
from zoo.experiments.adversarial import data, fine_tuning
from zoo.experiments.adversarial.evaluation import Evaluation
from zoo.experiments.run.cells import Settings
from zoo.weights import pack

DUMMY = clothing.Path(zoo.datasets.clothing.__file__).parent / "dummy_data"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("clothing") / "checkout"
    shutil.copytree(DUMMY, path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clothing, "FINGERPRINT", clothing.fingerprint(clothing.files(path)))
        data.pictures.cache_clear()
        yield path


def test_a_checkout_and_what_the_builder_prepared_of_it_are_the_same_pictures(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(clothing.Builder, "fingerprint", clothing.FINGERPRINT)
    builder = clothing.Builder(data_dir=tmp_path, file_format="array_record")
    builder.download_and_prepare(download_config=clothing.tfds.download.DownloadConfig(manual_dir=folder))
    for part in data.PARTS:
        (images, labels), (read, known) = (data.pictures("clothing", part, where) for where in (folder, tmp_path))
        assert images.shape == read.shape == (10, 224, 224, 3)
        assert sorted(labels) == sorted(known) == list(range(10))
        for label in range(10):  # TensorFlow Datasets keeps an order of its own
            difference = images[labels == label].astype(int) - read[known == label]
            assert np.abs(difference).max() <= 2


def test_other_photographs_are_refused(tmp_path):
    shutil.copytree(DUMMY, tmp_path / "other")
    next((tmp_path / "other" / "test" / "hat").iterdir()).write_bytes(b"other")
    with pytest.raises(ValueError, match="must hold the photographs of commit"):
        data.pictures("clothing", "test", tmp_path / "other")


@pytest.mark.slow  # half a minute
def test_frozen_layers_stay_and_the_last_ones_are_trained(folder, tmp_path, command):
    arguments = ("pretrain", "adversarial", "--dataset", "clothing", "--data-dir", folder, "--folder", tmp_path)
    code, out, err = command(*arguments, "--scale", "smoke")
    assert code == 0, err
    assert "of the test pictures right, packed" in out
    runs = tmp_path / "adversarial-clothing-smoke-0"
    trained = keras.models.load_model(runs / "efficientnet.keras")
    keras.utils.set_random_seed(0)
    start = EfficientNetLite0(10)
    last = [layer.name for layer in start.layers].index(fine_tuning.LAST_FROZEN)
    moved = set()
    for number, (before, after) in enumerate(zip(start.layers, trained.layers, strict=True)):
        same = [np.array_equal(a, b) for a, b in zip(before.get_weights(), after.get_weights(), strict=True)]
        if isinstance(before, keras.layers.BatchNormalization) or number <= last:
            assert all(same), before.name
        elif same:
            moved.add(before.name)
            assert not all(same), before.name
    assert {"head_conv", "logits"} < moved
    (entry,) = json.loads((runs / "efficientnet.json").read_text())
    assert entry["dataset"] == "clothing"

    # The layers behind the frozen ones give what the whole network gives.
    images, _ = data.pictures("clothing", "test", folder)
    maps = fine_tuning.frozen_maps(trained, images, 1, tmp_path / "maps", 0)[0]
    tail = keras.Model(trained.get_layer(fine_tuning.LAST_FROZEN).output, trained.outputs[0])
    whole = trained.predict_on_batch(images.astype(np.float32))
    np.testing.assert_allclose(tail.predict_on_batch(maps.astype(np.float32)), whole, atol=2e-3)

    # A second start computes nothing anew; another one is refused.
    stamps = {path: path.stat().st_mtime_ns for path in (runs / "maps").iterdir()}
    assert command(*arguments, "--scale", "smoke")[0] == 0
    assert stamps == {path: path.stat().st_mtime_ns for path in (runs / "maps").iterdir()}

    _tables_take_it(folder, runs, tmp_path, command)


def _tables_take_it(folder, runs, tmp_path, command):
    where = ("--dataset", "clothing", "--data-dir", folder, "--weights", runs, "--scale", "smoke")
    rows = ("--rows", "pool5, none, kNN", "--rows", "baseline: class centroid*", "--rows", "DkNN*")
    code, _, err = command("reproduce", "adversarial", "table-2", *where, *rows, "--output", tmp_path)
    assert code == 0, err
    (path,) = (tmp_path / "smoke").rglob("adversarial_table_2.csv")
    frame = pd.read_csv(path)
    frame = frame[frame["row"].str.match("pool5, none, kNN|DkNN|baseline: class centroid")]
    assert set(frame["weights"]) == {"adversarial-clothing-smoke-0/efficientnet"}
    assert set(frame[frame["column"] == "FGS"]["status"]) <= {"measured", "data-unavailable"}


def test_layers_stand_for_the_papers(folder, tmp_path):
    pack(EfficientNetLite0(10), tmp_path / "efficientnet.npz")
    for name, layers in data.FEATURES.items():
        evaluation = Evaluation(name, Settings("smoke", "clothing", folder, weights=tmp_path))
        network = evaluation.problem.model
        names = [layer.name for layer in network.layers]
        places = [names.index(evaluation.layer_of(layer)) for layer in layers]
        assert places == sorted(places)
        assert evaluation.problem.layers == tuple(evaluation.layer_of(layer) for layer in layers)
    assert evaluation.detector("mixed_6d", "none").layer == evaluation.layer_of("mixed_6d")
    assert len(evaluation.database[1]) == 10


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--dataset", "clothing", "--scale", "laptop"), "ImageNet weights are required"),
        (("--imagenet", "some.pth"), "--imagenet"),
    ],
)
def test_what_the_training_needs_is_said(folder, tmp_path, command, arguments, message):
    where = ("--data-dir", folder) if "clothing" in arguments else ()
    code, _, err = command("pretrain", "adversarial", *arguments, *where, "--folder", tmp_path)
    assert code == 2
    assert message in err
    assert len(err.strip().splitlines()) == 1
