"""Trainings that go on where they were killed: the state after every epoch, and a log of it."""

import json
import time
from pathlib import Path

import keras

from zoo.experiments.table import commit
from zoo.images import atomic


class Checkpoint(keras.callbacks.Callback):
    """Saves model, optimiser and epoch after every epoch, so that a killed training goes on from there.

    ``folder/<name>.keras`` holds the state after the last whole epoch, ``folder/<name>.json`` a list of one entry an
    epoch: ``epoch``, ``seconds``, ``commit`` and the logs. Put it last, so that what other callbacks log is kept.
    """

    def __init__(self, folder: Path, name: str) -> None:
        super().__init__()
        self.path, self.log = folder / f"{name}.keras", folder / f"{name}.json"

    def history(self) -> list[dict]:
        """The entries of the epochs that are done; empty where there is no state to go on from."""
        return json.loads(self.log.read_text()) if self.path.exists() else []

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Start the epoch's clock."""
        self.began = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Save the state and log the epoch."""
        with atomic(self.path) as partial:
            self.model.save(partial)
        history = json.loads(self.log.read_text()) if self.log.exists() else []
        entry = {"epoch": epoch + 1, "seconds": time.perf_counter() - self.began, "commit": commit()}
        entry |= {name: float(value) for name, value in (logs or {}).items()}
        with atomic(self.log) as partial:
            partial.write_text(json.dumps([*history[:epoch], entry], indent=1))
