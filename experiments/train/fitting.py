"""Keras ``fit`` by batches that a resumed training sees again; `zoo.saved_training` says how its state is kept."""

import contextlib
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from zoo.datasets.feed import Feed
from zoo.datasets.keyed_batches import KeyedBatches
from zoo.experiments.run.environment import commit
from zoo.images import atomic
from zoo.replicas import replicas
from zoo.saved_training import SavedState


class KeyedDropout(keras.callbacks.Callback):
    """Sets dropout from (seed, layer, epoch): Keras does not restore its state, and a resumed run would differ."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.seed = seed

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Set the states."""
        for number, layer in enumerate(_dropouts(self.model)):
            state = layer.seed_generator.state
            # Each layer draws its own seed. Otherwise layers of the same shape would drop the same units.
            state.assign(np.array([self.seed + number * 1_000_003, epoch * 1_000_003], state.dtype))


def _dropouts(model: keras.Model) -> Iterator[keras.layers.Dropout]:
    """Yield all layers of dropout, those of models inside the model too."""
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from _dropouts(layer)
        elif isinstance(layer, keras.layers.Dropout):
            yield layer


def check_same(folder: Path, name: str, what: dict) -> None:
    """Note in ``folder/<name>.of.json`` what the states in ``folder`` were trained on and how, or compare with it.

    ``what`` is JSON: names of files, scale, seed.

    Raises:
        ValueError: Where it is something else: training would go on from another one's state.
    """
    path, now = folder / f"{name}.of.json", json.loads(json.dumps(what))
    if path.exists():
        before = json.loads(path.read_text())
        differing = [key for key in {**before, **now} if before.get(key) != now.get(key)]
        if differing:
            raise ValueError(
                f"{folder} holds a training with different {', '.join(differing)}; choose another or an empty "
                f"folder. Received: {', '.join(f'{key} {_short(now.get(key))}' for key in differing)}"
            )
        return
    folder.mkdir(parents=True, exist_ok=True)
    with atomic(path) as partial:
        partial.write_text(json.dumps(now, indent=1))


def _short(value: object) -> str:
    return f"{len(value)} from {value[0]} on" if isinstance(value, list) and value else str(value)


def fit(
    model: keras.Model,
    batches: KeyedBatches,
    epochs: int,
    folder: Path,
    name: str,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    every: int = 1,
    prepare: Callable[[keras.Model], keras.Model] | None = None,
    validation_data: tuple[np.ndarray, np.ndarray] | KeyedBatches | None = None,
    validation_batch_size: int | None = None,
    workers: int = 0,
) -> keras.Model:
    """Run ``model.fit`` on ``batches``, or what is left of it; returns the trained model.

    On TensorFlow the batches come as ``tf.data``, their parts made by ``workers`` processes (0: in this one); elsewhere
    as they are.

    ``folder/<name>.keras`` holds the state after the last whole epoch, or of short epochs one that is less than a
    minute older (``SavedState``). Every ``every`` epochs and after the last there is validation, and an entry in the
    log. Where the state exists, training goes on from it and ``model`` is not used; where it already has ``epochs``
    epochs, it is returned as it is. ``prepare`` may change the model that training goes on with.

    On several devices (`zoo.experiments.cli.devices`) each gets an equal part of every batch, also of the validation's;
    up to one example a device is left out of the latter.
    """
    state = SavedState(folder / name, every, lambda: {"commit": commit()})
    if state.done:
        model = state.load()
    if state.done < epochs:
        model = model if prepare is None else prepare(model)
        # The caller's callbacks come first: what they add to the logs is saved with the state.
        validated = [n for n in range(1, epochs + 1) if n % every == 0 or n == epochs]
        with fed(batches, state.done, epochs, workers) as data:
            model.fit(
                data,
                initial_epoch=state.done,
                epochs=epochs,
                steps_per_epoch=len(batches),
                verbose=2,
                shuffle=False,
                callbacks=[batches.follow(), *callbacks, state],
                validation_data=_divided_arrays(validation_data, validation_batch_size),
                validation_batch_size=validation_batch_size,
                validation_freq=validated,
            )
    return model


@contextlib.contextmanager
def fed(batches: KeyedBatches, first: int, epochs: int, workers: int = 0) -> Iterator[Any]:
    """Yield what ``fit`` takes for epochs ``first`` to ``epochs``: ``tf.data`` on TensorFlow, elsewhere the batches.

    If a batch cannot be made, the original error is raised instead of TensorFlow's.

    Raises:
        ValueError: For batches that cannot be divided evenly among several devices. Of a shorter last batch, examples
            that are too many for that are left out.
    """
    if keras.backend.backend() != "tensorflow":
        yield batches
        return
    with Feed(batches, workers) as feed:
        try:
            yield _divided(feed.dataset(first, epochs - first), batches, first)
        except Exception:
            if feed.error is not None:
                raise feed.error from None
            raise


def _divided(data: Any, batches: KeyedBatches, first: int) -> Any:
    """``data`` as it is for one device; for several, with batches that can be divided evenly among them."""
    count = replicas()
    if count == 1:
        return data
    import tensorflow as tf

    whole, last = (len(tf.nest.flatten(batches.batch(first, step))[0]) for step in (0, len(batches) - 1))
    if whole % count or last < count:
        raise ValueError(
            f"Batches must be divisible by the number of devices, {count}. Received: {whole} examples, {last} in the "
            "last batch"
        )

    def part(array: "tf.Tensor") -> "tf.Tensor":
        if batches.last_is_shorter:
            array = array[: tf.shape(array)[0] // count * count]
        # Keras averages the devices' first batches to build a model. Between CPUs TensorFlow does so in place, in
        # memory that batches may share with the arrays they come from.
        return tf.raw_ops.DeepCopy(x=array)

    return data.map(lambda *made: tf.nest.map_structure(part, made if len(made) > 1 else made[0]))


def _divided_arrays(arrays: Any, size: int | None) -> Any:
    """Validation data as they are for one device; for several, arrays as ``tf.data`` in parts of one size."""
    count = replicas()
    if not isinstance(arrays, tuple) or count == 1:
        return arrays
    import tensorflow as tf

    whole = len(arrays[0]) // count * count
    if not whole:
        raise ValueError(f"A validation example for each of {count} devices is needed. Received: {len(arrays[0])}")
    size = max(1, (size or 32) // count) * count
    return tf.data.Dataset.from_tensor_slices(tuple(array[:whole] for array in arrays)).batch(size)


def standardise(layer: keras.layers.Layer, x: Any) -> None:
    """Scale a layer so that its pre-activations have mean 0 and variance 1, each channel's, on its input ``x``.

    Salimans and Kingma's data-dependent initialisation ("Weight normalization", NIPS 2016, section 3).

    Args:
        layer: A convolution or dense layer with a bias.
        x: A tensor of what the layer takes, (batch, ..., channels).
    """
    activation, layer.activation = layer.activation, keras.activations.linear
    # NumPy adds bfloat16 values in bfloat16, which makes the deviations several times too small.
    y = np.asarray(keras.ops.convert_to_numpy(layer(x)), np.float32)
    layer.activation = activation
    axes = tuple(range(y.ndim - 1))
    deviation = y.std(axes) + 1e-6
    kernel, bias = layer.get_weights()
    layer.set_weights([kernel / deviation, (bias - y.mean(axes)) / deviation])


def cosine(rate: float, epochs: int) -> keras.callbacks.Callback:
    """A callback that lets the learning rate fall from ``rate`` to a hundredth, half a cosine over ``epochs``."""
    # Not Keras's CosineDecay, which counts batches and gives a tensor, where this callback takes a float alone.
    return keras.callbacks.LearningRateScheduler(
        lambda epoch: rate * (0.01 + 0.99 * 0.5 * (1 + np.cos(np.pi * epoch / epochs)))
    )
