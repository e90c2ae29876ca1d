"""What a model that computes its own loss needs to be trained on several devices (``tf.distribute``)."""

from typing import Any

import keras


def replicas() -> int:
    """Return the number of devices of the current ``tf.distribute`` strategy, else 1."""
    if keras.backend.backend() != "tensorflow":
        return 1
    import tensorflow as tf

    return tf.distribute.get_strategy().num_replicas_in_sync


def share_of_loss(loss: Any) -> Any:
    """Divide a loss, the mean over one device's part of a batch, by the number of devices.

    Keras adds up the gradients of all devices. It divides its own losses so; what ``compute_loss`` of a model returns
    it takes as it is. The same tensor is returned on a single device.
    """
    count = replicas()
    return loss if count == 1 else loss / count
