"""Code images and compute gradients on whichever backend KERAS_BACKEND names: ``jpeg_backend_job.py IN.npz OUT.npz``.

IN holds images ``images_*`` (0..1), ``quality``, ``image``, ``tables`` and ``weights``; OUT gets the coded images for
every subsampling and the gradients for every mode.
"""

import sys
from collections.abc import Callable

import keras
import numpy as np
from keras import ops

from zoo.layers import DifferentiableJPEG, random_quality


def gradients(function: Callable, *arguments: np.ndarray) -> list[np.ndarray]:
    """Return the gradients of a scalar function."""
    backend = keras.backend.backend()
    if backend == "torch":
        variables = [ops.convert_to_tensor(a).requires_grad_() for a in arguments]
        function(*variables).backward()
        return [ops.convert_to_numpy(v.grad) for v in variables]
    if backend == "jax":
        import jax

        return [np.asarray(g) for g in jax.jit(jax.grad(function, tuple(range(len(arguments)))))(*arguments)]
    import tensorflow as tf

    variables = [tf.convert_to_tensor(a) for a in arguments]
    with tf.GradientTape() as tape:
        tape.watch(variables)
        result = function(*variables)
    return [g.numpy() for g in tape.gradient(result, variables)]


def traced_and_not(layer: DifferentiableJPEG, mode: str, data: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return output and gradients of a layer on JAX, called as it is and under ``jax.jit``."""
    import jax

    def loss(image: np.ndarray, quality: np.ndarray) -> object:
        return ops.sum(ops.multiply(layer(image, quality=quality), data["weights"]))

    given, found = (data["image"], data["quality"][19:21]), {}
    for how, wrap in (("eager", lambda function: function), ("traced", jax.jit)):
        found[f"{how}_{mode}_output"] = wrap(lambda x, q: layer(x, quality=q))(*given)
        of_image, of_quality = wrap(jax.grad(loss, (0, 1)))(*given)
        found |= {f"{how}_{mode}_image": of_image, f"{how}_{mode}_quality": of_quality}
    return {name: np.asarray(value) for name, value in found.items()}


def main(source: str, target: str) -> None:
    """Read IN, write OUT."""
    data = dict(np.load(source))
    found = {"backend": np.array(keras.backend.backend())}
    for subsampling in ("4:4:4", "4:2:2", "4:2:0"):
        layer = DifferentiableJPEG(None, subsampling)
        for name in [n for n in data if n.startswith("images_")]:
            coded = layer(data[name], quality=data["quality"])
            found[f"{name}_{subsampling}"] = ops.convert_to_numpy(coded)
        if keras.backend.backend() == "jax":
            import jax

            coded = jax.jit(lambda x, q, layer=layer: layer(x, quality=q))(data["images_17x33"], data["quality"])
            found[f"images_17x33_{subsampling}_jit"] = np.asarray(coded)
    for rounding, gradient in (
        ("libjpeg", "straight_through"),
        ("libjpeg", "soft"),
        ("libjpeg", "cubic"),
        ("sinusoidal", None),
        ("harmonic", None),
    ):
        layer = DifferentiableJPEG(None, rounding=rounding, gradient=gradient)
        of_tables = gradients(
            lambda x, t, layer=layer: ops.sum(ops.multiply(layer(x, tables=t), data["weights"])),
            data["image"],
            data["tables"],
        )
        of_quality = gradients(
            lambda q, layer=layer: ops.sum(ops.multiply(layer(data["image"], quality=q), data["weights"])),
            data["quality"][19:21],
        )
        for name, value in zip(("image", "tables", "quality"), of_tables + of_quality, strict=True):
            found[f"gradient_{rounding}_{gradient}_{name}"] = value
        if keras.backend.backend() == "jax":
            found |= traced_and_not(layer, f"{rounding}_{gradient}", data)
    found["draw"] = ops.convert_to_numpy(random_quality(3, 6, 1, 100))
    model = keras.Sequential([keras.Input((24, 24, 3)), DifferentiableJPEG((20, 90)), keras.layers.Flatten()])
    model.add(keras.layers.Dense(1))
    model.compile("sgd", "mse")
    losses = model.fit(data["image"], np.zeros(2), epochs=2, verbose=0).history["loss"]
    found["losses"] = np.array(losses)
    np.savez(target, **found)


if __name__ == "__main__":
    main(*sys.argv[1:])
