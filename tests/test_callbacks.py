import csv

import keras
import numpy as np
import pytest

from zoo.callbacks import QualitySweep
from zoo.datasets.jpeg import compress
from zoo.metrics import auc


def _model():
    # A detector that knows one thing: how strongly neighbours differ.
    inputs = keras.Input((16, 16, 3))
    x = keras.layers.Conv2D(2, 2, name="difference")(inputs)
    x = keras.layers.GlobalAveragePooling2D()(keras.ops.square(x))
    model = keras.Model(inputs, keras.layers.Dense(2, activation="softmax")(x))
    model.compile("sgd", "categorical_crossentropy")
    return model


@pytest.fixture
def images(rng):
    smooth = np.repeat(rng.integers(60, 190, (12, 1, 1, 3)), 16, axis=1).repeat(16, axis=2)
    noise = rng.normal(0, 1, (24, 16, 16, 3)) * np.repeat([2, 3], 12)[:, None, None, None]
    return np.clip(np.concatenate([smooth, smooth]) + noise, 0, 255).astype(np.uint8), np.repeat([0, 1], 12)


def test_sweep_logs_the_auc_at_each_quality_and_others_can_monitor_it(images, tmp_path):
    pixels, labels = images
    model = _model()
    sweep = QualitySweep(pixels, labels, compress, (0, 90, 30), path=tmp_path / "sweep.csv", batch_size=7)
    best = keras.callbacks.ModelCheckpoint(tmp_path / "best.keras", monitor="val_auc_q90", mode="max")
    x, y = pixels.astype("float32") / 255, np.eye(2)[labels]
    history = model.fit(x, y, epochs=2, verbose=0, callbacks=[sweep, best]).history
    for quality in (0, 90, 30):
        versions = np.stack([compress(image, quality) for image in pixels]).astype("float32") / 255
        # In the same batches: near ties may change places where sums are taken in another order.
        scores = np.concatenate([model.predict_on_batch(versions[i : i + 7])[:, -1] for i in range(0, 24, 7)])
        name = f"val_auc_q{quality}" if quality else "val_auc_none"
        assert history[name][-1] == pytest.approx(auc(scores[labels == 0], scores[labels == 1]), abs=1e-6)
    assert (tmp_path / "best.keras").exists()
    with open(tmp_path / "sweep.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1", "2"]
    assert float(rows[-1]["val_auc_q30"]) == pytest.approx(history["val_auc_q30"][-1], abs=1e-6)


def test_a_resumed_training_replaces_what_it_repeats(images, tmp_path):
    pixels, labels = images
    model = _model()
    sweep = QualitySweep(pixels, labels, compress, (0,), path=tmp_path / "sweep.csv")
    x, y = pixels.astype("float32") / 255, np.eye(2)[labels]
    model.fit(x, y, epochs=3, verbose=0, callbacks=[sweep])
    model.fit(x, y, initial_epoch=1, epochs=2, verbose=0, callbacks=[sweep])
    with open(tmp_path / "sweep.csv", newline="") as file:
        assert [row["epoch"] for row in csv.DictReader(file)] == ["1", "2"]


@pytest.mark.parametrize(
    "change",
    [
        {"images": np.zeros((4, 8, 8, 3), np.float32)},
        {"labels": np.zeros(4, int)},
        {"labels": np.array([0, 1])},
        {"qualities": ()},
    ],
)
def test_bad_arguments_say_what_was_received(change):
    arguments = {"images": np.zeros((4, 8, 8, 3), np.uint8), "labels": np.array([0, 1, 0, 1]), "compress": compress}
    with pytest.raises(ValueError, match="Received"):
        QualitySweep(**(arguments | change))
