"""StopOnPlateau: stop when the moving average of a loss no longer changes much."""

from collections.abc import Sequence

import keras

from zoo.fidelity import Fidelity, check_fidelity


class StopOnPlateau(keras.callbacks.Callback):
    """Stop training when the relative change of a moving average falls below a threshold.

    The stop rule of Korus and Memon 2019 (section 3.2): the mean over the latest five values against the mean one
    value earlier. Unlike ``EarlyStopping`` it looks for change, not for improvement. Epochs without the value (no
    validation, because of ``validation_freq``) do not count.

    Args:
        monitor: Name in the logs.
        threshold: Relative change below which to stop.
        wait: Minimum number of values: training continues until there are more than this.
        fidelity: ``"paper"`` averages the latest five values; ``"original"`` four, without the latest, as the authors'
            code did by a slice that leaves out its end.
        history: Earlier values of a resumed training, oldest first.

    Raises:
        ValueError: For a threshold not above 0, a negative wait, or an unknown fidelity.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        threshold: float = 1e-4,
        wait: int = 10,
        fidelity: Fidelity = "original",
        history: Sequence[float] = (),
    ) -> None:
        super().__init__()
        if not threshold > 0 or wait < 0:
            raise ValueError(f"threshold must be above 0, wait 0 or above. Received: {threshold=}, {wait=}")
        self.monitor, self.threshold, self.wait, self.fidelity = monitor, threshold, wait, check_fidelity(fidelity)
        self.values = [float(value) for value in history]

    @property
    def reached(self) -> bool:
        """Whether the values seen so far say to stop."""
        latest = self.values[-5:-1] if self.fidelity == "original" else self.values[-5:]
        before = self.values[-6:-2] if self.fidelity == "original" else self.values[-6:-1]
        if len(self.values) <= max(self.wait, 5):
            return False
        previous = sum(before) / len(before)
        return abs(sum(latest) / len(latest) - previous) < self.threshold * abs(previous)

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Look at the epoch's value."""
        logs = logs or {}
        if self.monitor in logs:
            self.values.append(float(logs[self.monitor]))
            if self.reached:
                self.model.stop_training = True
