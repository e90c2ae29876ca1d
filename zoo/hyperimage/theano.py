"""What the paper's Theano-era training did by default, on Keras 3: decay per update, and true convolution."""

import keras
import numpy as np
from keras import ops


@keras.saving.register_keras_serializable(package="forensics_zoo")
class DecayingSGD(keras.optimizers.SGD):
    """SGD whose rate is ``learning_rate / (1 + decay * updates)``, updates counted from 0 (Keras 0 and 1).

    Keras 3 offers the formula as a schedule, but an optimiser with a schedule refuses a new rate, so that
    ``ReduceLROnPlateau``, which the paper uses beside the decay, could not act. Here ``learning_rate`` stays a
    variable: the rule divides it, and the decay goes on. The Nesterov step is Keras's, then and now:
    ``v = m v - lr g; p += m v - lr g``.

    Args:
        learning_rate: .005 in the paper (page 5).
        momentum: .9 there, with ``nesterov=True``.
        decay: 1e-5 there; 0 or above.
        nesterov, kwargs: As for ``keras.optimizers.SGD``; a learning-rate schedule is refused.

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

    def update_step(self, gradient: object, variable: object, learning_rate: object) -> None:
        """Update one variable at the decayed rate."""
        updates = ops.cast(self.iterations, learning_rate.dtype)
        super().update_step(gradient, variable, learning_rate / (1 + self.decay * updates))

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return super().get_config() | {"decay": self.decay}


def flip_kernels(weights: list[np.ndarray]) -> list[np.ndarray]:
    """Turn a Theano model's convolution kernels by 180 degrees, for a Keras 3 model; dense weights and biases stay.

    Theano's ``conv2d`` flips its filters (true convolution), TensorFlow, JAX and PyTorch correlate. ``weights`` are in
    Keras 3's order and layout: convolutions (height, width, in, out), found by their four dimensions.
    """
    return [w[::-1, ::-1] if w.ndim == 4 else w for w in weights]
