"""What all sets of batches have in common whose examples depend on (seed, epoch, step) alone."""

from typing import Any

import keras


class KeyedBatches(keras.utils.PyDataset):
    """Batches that are drawn anew in every epoch and come out the same after a training was killed and resumed.

    Keras does not tell a data set which epoch a ``fit`` is in: put ``follow()`` among the callbacks, and pass
    ``shuffle=False``. Without ``follow()`` every epoch is the same, which is what validation wants. Subclasses have
    ``__len__`` and ``batch``.

    Args:
        workers: Threads that make batches; see ``keras.utils.PyDataset``.
        max_queue_size: Batches made ahead.
    """

    def __init__(self, workers: int = 1, max_queue_size: int = 10) -> None:
        super().__init__(workers=workers, max_queue_size=max_queue_size)
        self.epoch = 0

    def follow(self) -> keras.callbacks.Callback:
        """A callback that tells this data set which epoch a ``fit`` is in."""
        return keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: setattr(self, "epoch", epoch))

    def __getitem__(self, step: int) -> Any:
        """Return batch ``step`` of the current epoch."""
        return self.batch(self.epoch, step)

    def batch(self, epoch: int, step: int) -> Any:
        """Return the batch of (epoch, step), whatever was asked before."""
        raise NotImplementedError
