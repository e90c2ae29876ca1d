"""A Keras ``fit`` with early stopping that a kill does not lose: its state is on disk after every epoch."""

import json
import time
from pathlib import Path

import keras

from zoo.images import atomic


class SavedTraining(keras.callbacks.Callback):
    """Saves weights, optimiser and log after every epoch, and brings a training that was stopped back to where it was.

    It must come after the rules that it restores, and the model must be built and compiled as it was in the first run.
    ``fit`` then starts at ``initial_epoch=len(saved.log)``.

    Args:
        path: Of the files, without a suffix: ``<path>.log.json``, and weights of the last and the best epoch.
        plateau: The rule for the learning rate.
        stopping: The rule that ends the training and puts back the best epoch's weights.
    """

    def __init__(
        self,
        path: Path,
        plateau: keras.callbacks.ReduceLROnPlateau,
        stopping: keras.callbacks.EarlyStopping,
    ) -> None:
        super().__init__()
        self.path, self.plateau, self.stopping = path, plateau, stopping
        self.log = saved_log(path)

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
        self._load(model, self.best)

    def on_train_begin(self, logs: dict | None = None) -> None:
        """Let the rules see the epochs that were, and restore weights and optimiser."""
        if not self.log:
            return
        for epoch, entry in enumerate(self.log):
            for rule in (self.plateau, self.stopping):
                rule.on_epoch_end(epoch, dict(entry))
        self.put_best(self.model)
        self.stopping.best_weights = self.model.get_weights()
        self._load(self.model, len(self.log) - 1)  # the optimiser's rate too

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Start the clock."""
        self.began = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Save the epoch; the log is written after the weights that it speaks of."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with atomic(self._weights(epoch)) as partial:
            self.model.save_weights(partial)
        entry = {name: float(value) for name, value in (logs or {}).items()}
        self.log.append(entry | {"seconds": time.perf_counter() - self.began})
        with atomic(_log_file(self.path)) as partial:
            partial.write_text(json.dumps(self.log))
        for old in range(epoch):
            if old != self.best:
                self._weights(old).unlink(missing_ok=True)

    def _load(self, model: keras.Model, epoch: int) -> None:
        model.optimizer.build(model.trainable_variables)
        model.load_weights(self._weights(epoch))

    def _weights(self, epoch: int) -> Path:
        return self.path.with_name(f"{self.path.name}.{epoch}.weights.h5")


def saved_log(path: Path) -> list[dict[str, float]]:
    """Losses and seconds of the epochs that a ``SavedTraining`` of this path has saved, oldest first."""
    file = _log_file(path)
    return json.loads(file.read_text()) if file.exists() else []


def remove_saved(path: Path) -> None:
    """Remove the files of a ``SavedTraining`` that has ended."""
    for file in path.parent.glob(f"{path.name}.*.weights.h5"):
        file.unlink()
    _log_file(path).unlink(missing_ok=True)


def _log_file(path: Path) -> Path:
    return path.with_name(f"{path.name}.log.json")
