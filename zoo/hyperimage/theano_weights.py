"""Defaults of the paper's Theano-era training on Keras 3: decay per update, and true convolution."""

from typing import Any

import keras
import numpy as np
from keras import ops


@keras.saving.register_keras_serializable(package="forensics_zoo")
class DecayingSGD(keras.optimizers.SGD):
    """SGD whose rate is ``learning_rate / (1 + decay * updates)``, updates counted from 0 (Keras 0 and 1).

    Keras 3 offers the formula as a schedule, but an optimiser with a schedule refuses a new rate, so that
    ``ReduceLROnPlateau``, which the paper uses in addition to the decay, could not act. Here ``learning_rate`` stays a
    variable: the rule divides it, and the decay goes on. The Nesterov step is Keras's, then and now:
    ``v = m v - lr g; p += m v - lr g``.

    Args:
        learning_rate: .005 in the paper (page 5).
        momentum: .9 there, with ``nesterov=True``.
        decay: 1e-5 there; 0 or above.
        nesterov: As for ``keras.optimizers.SGD``.
        kwargs: As for ``keras.optimizers.SGD``; a learning-rate schedule is refused.

    Raises:
        ValueError: For a negative decay or a learning-rate schedule.
    """

    def __init__(
        self,
        learning_rate: float = 0.005,
        momentum: float = 0.9,
        decay: float = 1e-5,
        nesterov: bool = True,
        **kwargs: object,
    ) -> None:
        if decay < 0 or isinstance(learning_rate, (keras.optimizers.schedules.LearningRateSchedule, dict)):
            raise ValueError(f"decay must be 0 or above and learning_rate a number. Received: {decay}, {learning_rate}")
        super().__init__(learning_rate, momentum, nesterov, **kwargs)
        self.decay = decay

    def update_step(self, gradient: Any, variable: keras.Variable, learning_rate: Any) -> None:
        """Update one variable at the decayed rate."""
        updates = ops.cast(self.iterations, learning_rate.dtype)
        super().update_step(gradient, variable, learning_rate / (1 + self.decay * updates))

    def get_config(self) -> dict:
        """Return the constructor's arguments."""
        return super().get_config() | {"decay": self.decay}


def from_theano(model: keras.Model, weights: list[np.ndarray]) -> list[np.ndarray]:
    """Turn a Theano model's weights into ``model``'s, for ``model.set_weights``.

    ``weights`` are kernel and bias of each layer of the same chain, in order: convolutions (out, in, height, width),
    dense (in, out). Theano's ``conv2d`` flips its filters (true convolution) while TensorFlow, JAX and PyTorch
    correlate, so kernels are turned by 180 degrees; its maps are (channels, height, width), so the rows of a dense
    kernel behind ``Flatten`` are put in another order. Neither matters to a training from scratch.

    Raises:
        ValueError: When number or shapes of the weights do not fit ``model``.
    """
    expected = [tuple(w.shape) for w in model.get_weights()]
    turned: list[np.ndarray] = []
    maps: tuple[int, ...] | None = None
    for layer in model.layers:
        if isinstance(layer, keras.layers.Flatten):
            maps = tuple(layer.input.shape[1:])
        if not layer.get_weights() or len(weights) - len(turned) < 2:
            continue
        kernel, bias = weights[len(turned) : len(turned) + 2]
        if kernel.ndim == 4:
            kernel = kernel[:, :, ::-1, ::-1].transpose(2, 3, 1, 0)
        elif maps is not None and len(maps) == 3 and len(kernel) == np.prod(maps):
            height, width, channels = maps
            kernel = kernel.reshape(channels, height, width, -1).transpose(1, 2, 0, 3).reshape(len(kernel), -1)
            maps = None
        turned += [np.ascontiguousarray(kernel), bias]
    if [w.shape for w in turned] != expected or len(weights) != len(turned):
        raise ValueError(f"The weights must be {model.name}'s, {expected}. Received: {[w.shape for w in weights]}")
    return turned
