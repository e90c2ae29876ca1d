"""Logits of any Keras classifier, and gradients of a loss with respect to its input on any Keras backend."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np


def logits_model(model: keras.Model) -> keras.Model:
    """Return a model with ``model``'s inputs and weights whose every output is the logits, (n, classes).

    Attacks follow the loss on logits: on softmax probabilities it saturates and its gradient vanishes where the
    classifier is sure. The last layer may be a softmax layer, a layer with a softmax activation, or linear (its output
    is then taken for logits). The weights of a last layer with activation are copied.

    Raises:
        ValueError: For a model whose last layer has another activation.
    """
    logits = []
    for output in model.outputs:
        layer = output._keras_history.operation
        activation = getattr(layer, "activation", None)
        if isinstance(layer, keras.layers.Softmax) or (
            isinstance(layer, keras.layers.Activation) and activation is keras.activations.softmax
        ):
            logits.append(layer.input)
        elif activation is keras.activations.softmax:
            linear = layer.__class__.from_config(
                layer.get_config() | {"activation": "linear", "name": f"{layer.name}_logits"}
            )
            logits.append(linear(layer.input))
            linear.set_weights(layer.get_weights())
        elif activation in (None, keras.activations.linear):
            logits.append(output)
        else:
            name = getattr(activation, "__name__", activation)
            raise ValueError(
                "The classifier must end in a softmax or in logits. "
                f"Received: {model.name}, whose {layer.name} has activation {name}"
            )
    inputs = model.inputs[0] if len(model.inputs) == 1 else model.inputs
    return keras.Model(inputs, logits[0] if len(logits) == 1 else logits, name=f"{model.name}_logits")


def value_and_gradient(function: Callable[..., Any]) -> Callable[..., tuple[np.ndarray, np.ndarray]]:
    """Compile ``function(x, *others) -> losses (n,)`` into one that also gives the gradient of their sum by ``x``.

    Arguments and results are NumPy arrays, float32 unless integer. On TensorFlow the function is a ``tf.function``, on
    JAX it is jitted.
    """
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        @tf.function(reduce_retracing=True)
        def compiled(x: tf.Tensor, *others: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            with tf.GradientTape() as tape:
                tape.watch(x)
                losses = function(x, *others)
            return losses, tape.gradient(losses, x)

    elif backend == "jax":
        import jax

        def summed(x: Any, *others: Any) -> tuple[Any, Any]:
            losses = function(x, *others)
            return losses.sum(), losses

        differentiated = jax.jit(jax.value_and_grad(summed, has_aux=True))

        def compiled(x: Any, *others: Any) -> tuple[Any, Any]:
            (_, losses), gradient = differentiated(x, *others)
            return losses, gradient

    else:
        import torch

        def compiled(x: Any, *others: Any) -> tuple[Any, Any]:
            x = x.detach().requires_grad_()
            losses = function(x, *others)
            (gradient,) = torch.autograd.grad(losses.sum(), x)
            return losses, gradient

    def call(x: np.ndarray, *others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        arrays = (np.asarray(a, None if np.asarray(a).dtype.kind in "iu" else np.float32) for a in (x, *others))
        tensors = [keras.ops.convert_to_tensor(a) for a in arrays]
        return tuple(keras.ops.convert_to_numpy(value) for value in compiled(*tensors))

    return call


def cross_entropy(logits: Any, labels: Any, smoothing: float = 0.0) -> Any:
    """Return cross-entropies, (n,), of ``logits``, (n, classes), and ``labels``, (n,), smoothed as in TF-slim."""
    classes = logits.shape[-1]
    wanted = keras.ops.one_hot(labels, classes) * (1 - smoothing) + smoothing / classes
    return -keras.ops.sum(wanted * keras.ops.log_softmax(logits), axis=-1)
