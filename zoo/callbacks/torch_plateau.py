"""TorchReduceLROnPlateau: PyTorch's rule for lowering a learning rate, for one of several optimisers."""

import warnings
from collections.abc import Sequence
from typing import Literal

import keras


class TorchReduceLROnPlateau(keras.callbacks.Callback):
    """Lower a learning rate when a logged value has stopped improving, by the rule of PyTorch's ``ReduceLROnPlateau``.

    It differs from Keras's callback of that name in three ways: the rate is cut at the epoch *after* ``patience`` bad
    ones (Keras: at the last of them); an improvement is judged relative to the best value, so that a loss of 0.0002 may
    still improve (Keras: an absolute 0.0001); and it can control one optimiser of a ``MultiOptimizer`` by name, so that
    two callbacks with different monitors can be combined. Logs get ``learning_rate`` or ``learning_rate_<optimizer>``,
    the rate the epoch was trained with.

    >>> hiding = TorchReduceLROnPlateau("val_loss", optimizer="hiding", factor=0.2, patience=5)
    >>> revealing = TorchReduceLROnPlateau("val_reveal_loss", optimizer="revealing", factor=0.2, patience=8)

    Args:
        monitor: Name in the logs.
        optimizer: ``name`` of the optimiser inside the model's ``MultiOptimizer``; None for a model's single optimiser.
        mode: ``"min"`` or ``"max"``.
        factor: The new rate is ``factor`` times the old one; below 1.
        patience: Number of epochs without improvement to wait.
        threshold: By how much a value must beat the best to count.
        threshold_mode: ``"rel"`` (a share of the best) or ``"abs"``.
        cooldown: Epochs after a cut that do not count as bad.
        min_lr: Lower bound of the rate.
        eps: Smallest change of the rate; smaller cuts are skipped.
        past: Earlier values of the monitor in a resumed training.

    Raises:
        ValueError: For a factor outside (0, 1), an unknown mode, or an optimiser the model does not have.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        optimizer: str | None = None,
        *,
        mode: Literal["min", "max"] = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: Literal["rel", "abs"] = "rel",
        cooldown: int = 0,
        min_lr: float = 0.0,
        eps: float = 1e-8,
        past: Sequence[float] = (),
    ) -> None:
        super().__init__()
        if not 0 < factor < 1:
            raise ValueError(f"factor must be above 0 and below 1. Received: {factor}")
        if mode not in ("min", "max") or threshold_mode not in ("rel", "abs"):
            raise ValueError(f"mode is min or max, threshold_mode rel or abs. Received: {mode!r}, {threshold_mode!r}")
        self.monitor, self.optimizer_name = monitor, optimizer
        self.mode, self.threshold, self.threshold_mode = mode, threshold, threshold_mode
        self.factor, self.patience, self.cooldown, self.min_lr, self.eps = factor, patience, cooldown, min_lr, eps
        self.best = float("inf") if mode == "min" else float("-inf")
        self.bad_epochs = self.cooling = 0
        for value in past:
            self._is_due(value)  # the rate itself is restored with the optimiser

    def on_train_begin(self, logs: dict | None = None) -> None:
        """Find the optimiser, before an epoch is spent."""
        self._optimizer()

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Log the rate, judge the epoch and lower the rate where it is due."""
        optimizer = self._optimizer()
        rate = float(keras.ops.convert_to_numpy(optimizer.learning_rate))
        if logs is None or self.monitor not in logs:
            known = ", ".join(logs or {})
            warnings.warn(f"TorchReduceLROnPlateau needs {self.monitor!r} in the logs. Received: {known}", stacklevel=2)
            return
        due = self._is_due(float(logs[self.monitor]))
        logs["learning_rate" + (f"_{self.optimizer_name}" if self.optimizer_name else "")] = rate
        lower = max(rate * self.factor, self.min_lr)
        if due and rate - lower > self.eps:
            optimizer.learning_rate = lower

    def _is_due(self, value: float) -> bool:
        """Count one epoch; whether its end lowers the rate."""
        sign = -1 if self.mode == "min" else 1
        relative = self.threshold_mode == "rel"
        limit = self.best * (1 + sign * self.threshold) if relative else self.best + sign * self.threshold
        better = value < limit if self.mode == "min" else value > limit
        if better:
            self.best, self.bad_epochs = value, 0
        else:
            self.bad_epochs += 1
        if self.cooling > 0:
            self.cooling -= 1
            self.bad_epochs = 0
        if self.bad_epochs <= self.patience:
            return False
        self.cooling, self.bad_epochs = self.cooldown, 0
        return True

    def _optimizer(self) -> keras.optimizers.Optimizer:
        if self.optimizer_name is None:
            if hasattr(self.model.optimizer, "optimizers"):
                names = [o.name for o in self.model.optimizer.optimizers]
                raise ValueError(
                    f"The model has several optimisers; optimizer must be one of {names}. Received: optimizer=None"
                )
            return self.model.optimizer
        named = [o for o in getattr(self.model.optimizer, "optimizers", []) if o.name == self.optimizer_name]
        if len(named) != 1:
            names = [o.name for o in getattr(self.model.optimizer, "optimizers", [self.model.optimizer])]
            raise ValueError(f"optimizer must name one of the model's, {names}. Received: {self.optimizer_name!r}")
        return named[0]
