"""How a Keras ``fit`` is saved, read and resumed: its state after an epoch on disk, and on from there.

``SavedState`` keeps the whole model as it is after the last epoch. ``SavedTraining`` is for early stopping, in models
that the caller builds: it keeps the weights of the last and the best epoch. Both keep a log, one entry an epoch. A kill
at any moment, between two of the files too, neither repeats an epoch nor loses one that is saved.
"""

import json
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras

from zoo.images import atomic

_LOG, _BETWEEN = "log.json", "between.json"
"""Inside a state's archive: the log, and where a state lies between two of its entries, how far that is."""
BETWEEN = 60.0
"""Seconds after a state before the next one that has no entry in the log. One of UNet and FAN, 110 MB, takes one."""


class SavedState(keras.callbacks.Callback):
    """Saves model, optimiser and log as ``<path>.keras`` and ``<path>.json``, so that a kill costs one epoch at most.

    The log has an entry every so many epochs and after the last, with a state. Between two entries a state is saved
    after each epoch too, unless the last one is less than a minute old: of epochs of a second, a kill costs a minute.

    The first file holds the log too, and a training goes on by that one: the other may be an epoch ahead of the model.
    Other callbacks come first: what they add to the logs is saved too.

    Args:
        path: Of the files, without a suffix.
        every: Epochs between two entries of the log.
        note: Returns what an entry of the log has besides the epoch's number, seconds, losses and metrics.
    """

    suffix = ".json"

    def __init__(self, path: Path, every: int = 1, note: Callable[[], dict[str, Any]] = dict) -> None:
        super().__init__()
        self.path, self.every, self.note, self.seconds = path, every, note, 0.0
        self.log, self._between = self._read()
        if self._between:
            self.seconds = self._between["seconds"]
        self._saved = time.perf_counter()

    @property
    def done(self) -> int:
        """How many epochs are saved."""
        if self._between:
            return int(self._between["epoch"])
        return self.log[-1].get("epoch", len(self.log)) if self.log else 0

    def load(self) -> keras.Model:
        """The model as it was saved, with its optimiser's state."""
        return keras.models.load_model(_file(self.path, ".keras"))

    def write(self, model: keras.Model, entry: dict[str, Any]) -> None:
        """Save the log with one more entry, then the state that holds it; each file whole or not at all."""
        self._write_log(entry)
        self._write_state(model, {})

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Start the clock."""
        self.began = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Save the epoch, if it has an entry in the log or the last state is old."""
        self.seconds += time.perf_counter() - self.began
        if (epoch + 1) % self.every and epoch + 1 != self.params["epochs"]:
            if time.perf_counter() - self._saved >= BETWEEN:
                self._write_state(self.model, {"epoch": epoch + 1, "seconds": self.seconds})
            return
        entry = {"epoch": epoch + 1, "seconds": self.seconds, **self.note()}
        self.seconds = 0.0
        self.write(self.model, entry | {name: float(value) for name, value in (logs or {}).items()})

    def _write_state(self, model: keras.Model, between: dict[str, float]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with atomic(_file(self.path, ".keras")) as partial:
            model.save(partial)
            with zipfile.ZipFile(partial, "a") as archive:
                archive.writestr(_LOG, json.dumps(self.log))
                archive.writestr(_BETWEEN, json.dumps(between))
        self._between, self._saved = between, time.perf_counter()

    def _read(self) -> tuple[list[dict[str, Any]], dict[str, float]]:
        """Return the log of the state, and its epoch and the seconds since the last entry if it is between two."""
        state = _file(self.path, ".keras")
        if not state.exists():
            return [], {}
        try:
            with zipfile.ZipFile(state) as archive:
                names = archive.namelist()
                if _LOG in names:
                    between = json.loads(archive.read(_BETWEEN)) if _BETWEEN in names else {}
                    return json.loads(archive.read(_LOG)), between
        except zipfile.BadZipFile as error:
            right = "it must be a state that a training saved; without it the training begins anew"
            raise ValueError(f"{state} is damaged: {right}. Received: {error}") from error
        return saved_log(self.path), {}  # the states of earlier versions hold none

    def _write_log(self, entry: dict[str, Any]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.log = [*self.log, entry]
        with atomic(_file(self.path, self.suffix)) as partial:
            partial.write_text(json.dumps(self.log, indent=1))


class SavedTraining(SavedState):
    """Saves weights, optimiser and log after every epoch, and brings a training that was stopped back to where it was.

    Its files are ``<path>.log.json``, and ``<path>.<epoch>.weights.h5`` of the last and the best epoch. It must come
    after the rules that it restores, and the model must be built and compiled as it was in the first run. ``fit`` then
    starts at ``initial_epoch=saved.done``.

    Args:
        path: Of the files, without a suffix.
        plateau: The rule for the learning rate.
        stopping: The rule that ends the training and puts back the best epoch's weights.
    """

    suffix = ".log.json"

    def __init__(
        self,
        path: Path,
        plateau: keras.callbacks.ReduceLROnPlateau,
        stopping: keras.callbacks.EarlyStopping,
    ) -> None:
        super().__init__(path)
        self.plateau, self.stopping = plateau, stopping

    @property
    def best(self) -> int:
        """The epoch with the lowest validation loss, the first of several, counted from 0."""
        losses = [entry["val_loss"] for entry in self.log]
        return losses.index(min(losses))

    @property
    def ended(self) -> bool:
        """Whether the rule has ended the training already."""
        return bool(self.log) and len(self.log) - 1 - self.best >= self.stopping.patience

    def put_best(self, model: keras.Model) -> None:
        """Give ``model``, and its optimiser, the state after the best epoch."""
        self._load_weights(model, self.best)

    def on_train_begin(self, logs: dict | None = None) -> None:
        """Let the rules see the epochs that were, and restore weights and optimiser."""
        if not self.log:
            return
        for epoch, entry in enumerate(self.log):
            for rule in (self.plateau, self.stopping):
                rule.on_epoch_end(epoch, dict(entry))
        self.put_best(self.model)
        self.stopping.best_weights = self.model.get_weights()
        self._load_weights(self.model, len(self.log) - 1)  # the optimiser's rate too

    def write(self, model: keras.Model, entry: dict[str, Any]) -> None:
        """Save the state, then the log that speaks of it; states that are neither the last nor the best go."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with atomic(self._state(len(self.log))) as partial:
            model.save_weights(partial)
        self._write_log(entry)
        for old in range(len(self.log) - 1):
            if old != self.best:
                self._state(old).unlink(missing_ok=True)

    def _load_weights(self, model: keras.Model, epoch: int) -> None:
        model.optimizer.build(model.trainable_variables)
        model.load_weights(self._state(epoch))

    def _read(self) -> tuple[list[dict[str, Any]], dict[str, float]]:
        return saved_log(self.path, self.suffix), {}

    def _state(self, epoch: int) -> Path:
        return _file(self.path, f".{epoch}.weights.h5")


def saved_log(path: Path, suffix: str = SavedState.suffix) -> list[dict[str, Any]]:
    """Entries of the log of ``path``, oldest first; none without one. ``suffix`` is that of the class that wrote it.

    A log that holds a single entry in place of a list is read as a list of one.
    """
    file = _file(path, suffix)
    found = json.loads(file.read_text()) if file.exists() else []
    return found if isinstance(found, list) else [found]


def remove_saved(path: Path) -> None:
    """Remove the files of a ``SavedTraining`` that has ended."""
    for file in path.parent.glob(f"{path.name}.*.weights.h5"):
        file.unlink()
    _file(path, SavedTraining.suffix).unlink(missing_ok=True)


def _file(path: Path, suffix: str) -> Path:
    return path.with_name(f"{path.name}{suffix}")
