"""What all sets of batches have in common whose examples depend on (seed, epoch, step) alone."""

from typing import Any

import keras

Key = tuple[int, ...]
"""Names a part of a batch that can be made on its own, anywhere."""


class KeyedBatches(keras.utils.PyDataset):
    """Batches that are drawn anew in every epoch and come out the same after a training was killed and resumed.

    Keras does not tell a data set which epoch a ``fit`` is in: put ``follow()`` among the callbacks, and pass
    ``shuffle=False``. Without ``follow()`` every epoch is the same, which is what validation wants. Subclasses have
    ``__len__`` and ``batch``, which is the reference. ``zoo.datasets.feed.Feed`` makes the same batches as a
    ``tf.data.Dataset``, if need be in several processes: a subclass may say which parts a batch has, how a part is
    made, how a batch is put together from them, and what TensorFlow does with it in its graph.

    Args:
        workers: Threads that make batches; see ``keras.utils.PyDataset``.
        max_queue_size: Batches made ahead.
    """

    lifetime = 1
    """Steps from the first that needs a part to the last that may need it."""
    last_is_shorter = False
    """Whether the last batch of an epoch may have fewer examples; its shape is unknown to TensorFlow's graph then."""

    def __init__(self, workers: int = 1, max_queue_size: int = 10) -> None:
        super().__init__(workers=workers, max_queue_size=max_queue_size)
        self.epoch = 0

    def follow(self) -> keras.callbacks.Callback:
        """Return a callback that tells this data set which epoch a ``fit`` is in."""
        return keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: setattr(self, "epoch", epoch))

    def __getitem__(self, step: int) -> Any:
        """Return batch ``step`` of the current epoch."""
        return self.batch(self.epoch, step)

    def batch(self, epoch: int, step: int) -> Any:
        """Return the batch of (epoch, step), whatever was asked before."""
        raise NotImplementedError

    def parts(self, epoch: int, step: int) -> list[Key]:
        """Return the keys of what has to be made for a batch; by default one, of the whole batch."""
        return [(epoch, step)]

    def make(self, key: Key) -> Any:
        """Make a part; it depends on the key alone."""
        return self.batch(*key)

    def assemble(self, epoch: int, step: int, parts: list[Any]) -> Any:
        """Put a batch together from its parts, in the order of ``parts``: NumPy arrays, or a tuple or dict of some."""
        return parts[0]

    def finish(self, made: Any) -> Any:
        """Turn what ``assemble`` returns, as tensors in a TensorFlow graph, into what ``batch`` returns."""
        return made


class Share(KeyedBatches):
    """One process's part of every batch, for several processes that train one network together.

    The parts of a batch follow each other in the order of the processes, as ``keras.distribution.DataParallel`` puts
    together what the processes give to ``fit``.

    Args:
        batches: Batches of the training, the same in all processes.
        process: Number of this process, from 0 on.
        processes: Number of processes.

    Raises:
        ValueError: For a number outside of 0..processes - 1; from ``batch``, for a batch that cannot be divided evenly.
    """

    def __init__(self, batches: KeyedBatches, process: int, processes: int) -> None:
        if not 0 <= process < processes:
            raise ValueError(f"process must be 0 to {processes - 1}. Received: {process}")
        super().__init__()
        self.batches, self.process, self.processes = batches, process, processes

    def __len__(self) -> int:
        """Return the number of batches per epoch."""
        return len(self.batches)

    def batch(self, epoch: int, step: int) -> Any:
        """Return this process's part of the batch of (epoch, step)."""
        return keras.tree.map_structure(self._part, self.batches.batch(epoch, step))

    def _part(self, array: Any) -> Any:
        if len(array) % self.processes:
            raise ValueError(
                f"Batches must be divisible by the number of processes, {self.processes}. Received: {len(array)}"
            )
        size = len(array) // self.processes
        return array[self.process * size : (self.process + 1) * size]
