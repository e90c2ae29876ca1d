import contextlib
import functools
import json

import keras
import numpy as np
import pytest

from zoo import saved_training
from zoo.datasets.labelled import Labelled
from zoo.datasets.ranked_pairs import RankedPairs
from zoo.experiments.hyperimage import stages
from zoo.experiments.train import fitting
from zoo.hyperimage import RankingHinge, RankingNet, Recipe
from zoo.images import atomic
from zoo.saved_training import SavedState, remove_saved, saved_log


class Killed(Exception):
    pass


class Kill(keras.callbacks.Callback):
    """Ends the training in the middle of an epoch."""

    def __init__(self, epoch, step):
        super().__init__()
        self.at, self.epoch = (epoch, step), -1

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if (self.epoch, batch) == self.at:
            raise Killed


def _network():
    keras.utils.set_random_seed(3)
    inputs = keras.Input((6, 6, 3))
    x = keras.layers.Flatten()(inputs)
    x = keras.layers.Dropout(0.4)(keras.layers.Dense(8, activation="relu")(x))
    return keras.Model(inputs, keras.layers.Dense(1)(x))


def _labelled(seed):
    rng = np.random.default_rng(seed)
    return Labelled(rng.normal(size=(22, 6, 6, 3)), rng.normal(size=(22, 1)), 4, seed)


def _pairs(seed):
    rng = np.random.default_rng(seed)
    return RankedPairs(*rng.integers(0, 256, (2, 24, 6, 6, 3), np.uint8), batch_size=4, seed=seed)


PLATEAU = Recipe(9, 4, "mean_absolute_error", learning_rate=0.3, plateau=1, batch_size=4)
"""So fast that the rate falls, and early stopping ends it."""


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    """``uninterrupted(train)``: what ``train`` returns where nothing stops it, trained once."""
    return functools.cache(lambda train: train(tmp_path_factory.mktemp("whole") / "whole.of"))


def _stage_of_labels(path):
    model = _network()
    return model, stages.fit(model, _labelled(1), _labelled(2), PLATEAU, saved=path).history


def _stage_of_pairs(path):
    first, recipe = _network(), Recipe(5, 5, RankingHinge(), 0.01, plateau=1, batch_size=4)
    return first, stages.fit(RankingNet(first), _pairs(1), _pairs(2), recipe, saved=path).history


@pytest.mark.parametrize("train", [_stage_of_labels, _stage_of_pairs])
@pytest.mark.parametrize("epoch", [0, 3])
def test_a_killed_stage_ends_as_one_that_was_not(tmp_path, monkeypatch, uninterrupted, train, epoch):
    whole, history = uninterrupted(train)
    follow = stages._follow
    monkeypatch.setattr(stages, "_follow", lambda *given: [*follow(*given), Kill(epoch, 2)])
    with pytest.raises(Killed):
        train(tmp_path / "killed.of")
    assert len(saved_log(tmp_path / "killed.of", ".log.json")) == epoch
    monkeypatch.setattr(stages, "_follow", follow)
    resumed, again = train(tmp_path / "killed.of")
    assert again["val_loss"] == history["val_loss"] and again["loss"] == history["loss"]
    for one, other in zip(whole.get_weights(), resumed.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    # What has ended is not trained again, and gives the best epoch's weights.
    monkeypatch.setattr(stages, "_follow", lambda *given: [Kill(0, 0)])
    ended, same = train(tmp_path / "killed.of")
    assert same["val_loss"] == history["val_loss"]
    for one, other in zip(whole.get_weights(), ended.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_rules_go_on_where_they_were(tmp_path):
    """The rate that was lowered stays so, and stopping counts the epochs of the first run."""
    path = tmp_path / "stage.x"
    history = stages.fit(_network(), _labelled(1), _labelled(2), PLATEAU, saved=path).history
    best = int(np.argmin(history["val_loss"]))
    assert len(history["val_loss"]) == min(9, best + 5)
    assert history["learning_rate"][-1] < 0.03
    kept = sorted(p.name for p in tmp_path.iterdir())
    last = len(history["val_loss"]) - 1
    assert kept == sorted({f"stage.x.{best}.weights.h5", f"stage.x.{last}.weights.h5", "stage.x.log.json"})
    assert json.loads((tmp_path / "stage.x.log.json").read_text())[0]["seconds"] > 0
    (tmp_path / "stage.y.log.json").write_text("[]")
    remove_saved(path)
    assert [p.name for p in tmp_path.iterdir()] == ["stage.y.log.json"]


def test_train_stage_counts_all_runs(tmp_path, monkeypatch):
    saved = tmp_path / "hyperimage-x.generated"

    def fit(path):
        assert path == saved
        return stages.fit(_network(), _labelled(1), _labelled(2), Recipe(2, 2, batch_size=4), saved=path)

    follow = stages._follow
    monkeypatch.setattr(stages, "_follow", lambda *given: [*follow(*given), Kill(1, 0)])
    with pytest.raises(Killed):
        stages.train_stage(tmp_path, saved.name, _network(), fit)
    (log,) = saved_log(saved, ".log.json")
    (tmp_path / f"{saved.name}.log.json").write_text(json.dumps([log | {"seconds": 1000.0}]))
    monkeypatch.setattr(stages, "_follow", follow)
    stages.train_stage(tmp_path, saved.name, _network(), fit)
    found = json.loads((tmp_path / f"{saved.name}.json").read_text())
    assert 1000 < found["seconds"] < 1100
    assert len(found["log"]["val_loss"]) == 2
    assert sorted(p.name for p in tmp_path.iterdir()) == [f"{saved.name}.json", f"{saved.name}.npz"]


def _whole_models(folder):
    model = _network()
    model.compile(keras.optimizers.Adam(0.01), "mse")
    model = fitting.fit(model, _labelled(1), 2, folder, "x", [fitting.KeyedDropout(1)])
    return model, saved_log(folder / "x")


def _sparse(folder, callbacks=()):
    """Trained for 5 epochs, with validation and an entry in the log after the third and the last."""
    model = _network()
    model.compile(keras.optimizers.Adam(0.01), "mse")
    own = [fitting.KeyedDropout(1), *callbacks]
    model = fitting.fit(model, _labelled(1), 5, folder, "x", own, every=3, validation_data=_labelled(2))
    return model, SavedState(folder / "x").log


@pytest.mark.parametrize(("killed_in", "between", "done"), [(1, 0, 1), (4, 0, 4), (4, 1000, 3)])
def test_a_kill_between_two_entries_costs_one_epoch_or_a_minute(
    tmp_path, monkeypatch, uninterrupted, killed_in, between, done
):
    whole, log = uninterrupted(_sparse)
    assert [entry["epoch"] for entry in log] == [3, 5]
    monkeypatch.setattr(saved_training, "BETWEEN", between)
    with pytest.raises(Killed):
        _sparse(tmp_path / "killed", [Kill(killed_in, 2)])
    state = SavedState(tmp_path / "killed" / "x")
    assert state.done == done
    assert all("val_loss" in entry for entry in state.log)  # what a stop rule reads
    resumed, again = _sparse(tmp_path / "killed")
    assert [entry["epoch"] for entry in again] == [3, 5]
    for name in ("loss", "val_loss"):
        assert [entry[name] for entry in again] == [entry[name] for entry in log]
    assert json.loads((tmp_path / "killed" / "x.json").read_text()) == again
    for one, other in zip(whole.get_weights(), resumed.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_seconds_before_a_kill_count_in_the_next_entry(tmp_path):
    state = SavedState(tmp_path / "step", every=3)
    state._write_state(_network(), {"epoch": 2, "seconds": 1000.0})
    state = SavedState(tmp_path / "step", every=3)
    assert (state.done, state.log) == (2, [])
    state.set_model(_network())
    state.set_params({"epochs": 3})
    state.on_epoch_begin(2)
    state.on_epoch_end(2)
    (entry,) = SavedState(tmp_path / "step").log
    assert entry["epoch"] == 3 and 1000 <= entry["seconds"] < 1100


def _weights(folder):
    model = _network()
    stages.fit(model, _labelled(1), _labelled(2), Recipe(2, 2, learning_rate=0.01, batch_size=4), saved=folder / "x")
    return model, saved_log(folder / "x", ".log.json")


@pytest.mark.parametrize("train", [_whole_models, _weights])
@pytest.mark.parametrize("files", [1, 2, 3])
def test_a_kill_between_two_files_repeats_no_epoch_and_loses_none(tmp_path, monkeypatch, uninterrupted, train, files):
    whole, log = uninterrupted(train)
    written = []

    @contextlib.contextmanager
    def killed(path):
        with atomic(path) as partial:
            yield partial
        written.append(path)
        if len(written) == files:
            raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(saved_training, "atomic", killed)
        train(tmp_path / "killed")
    resumed, again = train(tmp_path / "killed")
    assert [entry["loss"] for entry in again] == [entry["loss"] for entry in log]
    assert [entry["epoch"] for entry in again] == [1, 2]
    assert int(resumed.optimizer.iterations) == int(whole.optimizer.iterations)
    for one, other in zip(whole.get_weights(), resumed.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_state_is_gone_on_from_by_its_own_log(tmp_path):
    SavedState(tmp_path / "step").write(_network(), {"epoch": 1, "seconds": 1.0})
    (tmp_path / "step.json").write_text("[]")
    assert SavedState(tmp_path / "step").done == 1
    (tmp_path / "step.keras").write_bytes((tmp_path / "step.keras").read_bytes()[:1000])
    with pytest.raises(ValueError, match=r"step.keras is damaged: .* Received: File is not a zip file"):
        SavedState(tmp_path / "step")
    (tmp_path / "step.keras").unlink()
    assert SavedState(tmp_path / "step").done == 0


def test_a_state_of_an_earlier_version_has_its_log_next_to_it(tmp_path):
    _network().save(tmp_path / "step.keras")
    assert SavedState(tmp_path / "step").done == 0
    (tmp_path / "step.json").write_text(json.dumps([{"seconds": 1.0}, {"seconds": 1.0}]))
    assert SavedState(tmp_path / "step").done == 2


def test_layers_of_dropout_have_draws_of_their_own():
    inputs = keras.Input((64,))
    inner = keras.Model(inputs, keras.layers.Dropout(0.5, name="first")(inputs))
    last = keras.layers.Dropout(0.5, name="last")
    model = keras.Model(inputs, last(inner(inputs)))

    def drawn(seed, epoch):
        callback = fitting.KeyedDropout(seed)
        callback.set_model(model)
        callback.on_epoch_begin(epoch)
        ones = np.ones((4, 64), np.float32)
        return [np.asarray(layer(ones, training=True)) for layer in (inner.get_layer("first"), last)]

    found = drawn(3, 2)
    for one, other in zip(found, drawn(3, 2), strict=True):
        np.testing.assert_array_equal(one, other)
    for other in (found[1], drawn(4, 2)[0], drawn(3, 1)[0]):
        assert (found[0] != other).mean() > 0.25
