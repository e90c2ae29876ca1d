"""Learning to rank authentic patches above tampered ones (Chandakkar and Li 2017, page 7 and Figure 3)."""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable(package="forensics_zoo")
class RankingHinge(keras.losses.Loss):
    """``max(0, delta - y d)``: labels y are +1 for (authentic, tampered), -1 for the other order; d is the network's.

    As printed, the label stands both in d and in the loss, where it would cancel (y y = 1): it is used once here.

    Args:
        delta: The margin, 3 in the paper; above 0.
        kwargs: As for ``keras.losses.Loss``.

    Raises:
        ValueError: For a margin that is not above 0.
    """

    def __init__(self, delta: float = 3.0, name: str = "ranking_hinge", **kwargs: object) -> None:
        super().__init__(name=name, **kwargs)
        if delta <= 0:
            raise ValueError(f"delta must be above 0. Received: {delta}")
        self.delta = delta

    def call(self, y_true: "keras.KerasTensor", y_pred: "keras.KerasTensor") -> "keras.KerasTensor":
        """Loss of each pair, (n,)."""
        y_true = ops.reshape(ops.cast(y_true, y_pred.dtype), ops.shape(y_pred))
        return ops.mean(ops.relu(self.delta - y_true * y_pred), axis=-1)

    def get_config(self) -> dict:
        """Return the constructor's arguments."""
        return super().get_config() | {"delta": self.delta}


def RankingNet(channel: keras.Model, units: int = 100, name: str = "ranking_net") -> keras.Model:
    """Build the siamese network: two patches -> d, above 0 where the first is ranked higher (more authentic).

    ``d = w2 . relu(w1 (C1 - C2))`` with C the features of ``channel``, whose weights both patches share. Inputs: a list
    of two batches as ``channel`` takes them; output (n, 1). The two dense layers have no biases: two equal patches then
    have d = 0.

    Args:
        channel: ``ForgeryChannel()`` or any model from patches to vectors.
        units: Outputs of w1, which the paper does not give.
        name: Model name.

    Raises:
        ValueError: For units below 1.
    """
    if units < 1:
        raise ValueError(f"units must be at least 1. Received: {units}")
    patches = [keras.Input(channel.input_shape[1:], name=part) for part in ("first", "second")]
    difference = layers.Subtract(name="difference")([channel(patch) for patch in patches])
    x = layers.Dense(units, activation="relu", use_bias=False, name="w1")(difference)
    return keras.Model(patches, layers.Dense(1, use_bias=False, dtype="float32", name="w2")(x), name=name)
