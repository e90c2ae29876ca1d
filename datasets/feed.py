"""Batches as ``tf.data``, made by one process or by several, with the same values in the same order."""

import multiprocessing
import os
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import cloudpickle
import numpy as np

from zoo.datasets import feed_worker
from zoo.datasets.keyed_batches import Key, KeyedBatches

if TYPE_CHECKING:
    import tensorflow as tf

AHEAD, AHEAD_A_WORKER = 16, 4
"""Batches whose parts workers make before they are needed, at least, and for each worker."""


def unit_range(pixels: "tf.Tensor") -> "tf.Tensor":
    """Return uint8 pixels as float32 in [0, 1], of the same shape, exactly as NumPy divides them by 255.

    TensorFlow's optimiser would multiply by the reciprocal, which differs in the last bit.
    """
    import tensorflow as tf

    return tf.gather(np.arange(256, dtype=np.float32) / np.float32(255), tf.cast(pixels, tf.int32))


class Feed:
    """Makes the batches of a ``KeyedBatches`` in order, ahead of whoever needs them.

    >>> with Feed(batches, workers=3) as feed:
    ...     model.fit(feed.dataset(first=0, epochs=10), steps_per_epoch=len(batches), epochs=10)

    Parts are made in this process, or in ``workers`` others. Each worker is spawned, imports what the batches need
    (TensorFlow included), runs OpenCV with one thread, and ends with this process, however that ends. An error of a
    worker is raised here. Inside ``fit`` TensorFlow raises its own error, and the worker's is in ``error``.

    Args:
        batches: What is made. For other processes it must be what cloudpickle can send: closures can be sent, open
            files cannot.
        workers: Processes; 0 for none.

    Raises:
        ValueError: For a negative number of workers.
    """

    def __init__(self, batches: KeyedBatches, workers: int = 0) -> None:
        if workers < 0:
            raise ValueError(f"workers must be 0 or above. Received: {workers}")
        self.batches, self.workers = batches, workers
        self.error: Exception | None = None
        self._closed = False
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        """End the workers."""
        self.close()

    def close(self) -> None:
        """End the workers at once, whatever they do; TensorFlow may still ask for a batch."""
        self._closed = True
        if self._pool is not None:
            processes = list((self._pool._processes or {}).values())
            self._pool.shutdown(wait=False, cancel_futures=True)
            for process in processes:
                process.terminate()
            self._pool = None

    def stream(self, first: int, epochs: int) -> Iterator[Any]:
        """Yield what ``batches.assemble`` returns for every step of ``epochs`` epochs from ``first`` on.

        Raises:
            Exception: What a part raises; ``ValueError`` where a worker ended without a word.
        """
        length = len(self.batches)
        steps = [(epoch, step) for epoch in range(first, first + epochs) for step in range(length)]
        ahead = max(AHEAD, AHEAD_A_WORKER * self.workers) if self.workers else 0
        asked = 0
        # By key: the number of the first batch that needs the part, and the part or its future.
        kept: dict[Key, tuple[int, Any]] = {}
        try:
            for number, (epoch, step) in enumerate(steps):
                if self._closed:
                    return
                while asked < min(len(steps), number + 1 + ahead):
                    for key in self.batches.parts(*steps[asked]):
                        if key not in kept:
                            kept[key] = asked, self._submit(key) if self.workers else self.batches.make(key)
                    asked += 1
                parts = [kept[key][1] for key in self.batches.parts(epoch, step)]
                made = [part.result() if isinstance(part, Future) else part for part in parts]
                yield self.batches.assemble(epoch, step, made)
                oldest = number + 1 - self.batches.lifetime
                kept = {key: (first_use, part) for key, (first_use, part) in kept.items() if first_use > oldest}
        except BrokenProcessPool as error:
            self.error = ValueError(
                f"A worker process ended without a word, as it does where memory runs out; fewer may do. "
                f"Received: {self.workers} workers"
            )
            raise self.error from error
        except Exception as error:
            self.error = error
            raise

    def dataset(self, first: int, epochs: int) -> "tf.data.Dataset":
        """Return a ``tf.data.Dataset`` of what ``batches.batch`` returns for the same epochs, bit for bit.

        All shapes are fixed. Only where the last batch of an epoch is smaller, the number of examples is unknown. What
        ``batches.finish`` does, such as JPEG, runs in TensorFlow's threads, in order.
        """
        import tensorflow as tf

        example = self.batches.assemble(first, 0, [self.batches.make(key) for key in self.batches.parts(first, 0)])
        free = self.batches.last_is_shorter
        signature = tf.nest.map_structure(
            lambda array: tf.TensorSpec((None, *array.shape[1:]) if free else array.shape, array.dtype), example
        )
        dataset = tf.data.Dataset.from_generator(lambda: self.stream(first, epochs), output_signature=signature)
        dataset = dataset.apply(tf.data.experimental.assert_cardinality(epochs * len(self.batches)))
        # One argument, whatever the structure: ``map`` would unpack a tuple.
        finish = (lambda *made: self.batches.finish(made)) if isinstance(example, tuple) else self.batches.finish
        return dataset.map(finish, tf.data.AUTOTUNE, deterministic=True).prefetch(8)

    def _submit(self, key: Key) -> "Future[Any]":
        if self._pool is not None:
            return self._pool.submit(feed_worker.make, key)
        self._pool = ProcessPoolExecutor(
            self.workers,
            multiprocessing.get_context("spawn"),
            initializer=feed_worker.begin,
            initargs=(cloudpickle.dumps(self.batches),),
        )
        # All of them are started by the first part that is asked for. A GPU is for the training alone.
        before = os.environ.get("CUDA_VISIBLE_DEVICES")
        os.environ["CUDA_VISIBLE_DEVICES"] = ""
        try:
            return self._pool.submit(feed_worker.make, key)
        finally:
            if before is None:
                del os.environ["CUDA_VISIBLE_DEVICES"]
            else:
                os.environ["CUDA_VISIBLE_DEVICES"] = before
