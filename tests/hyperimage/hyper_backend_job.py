"""Run layers, a loss and an optimiser on the backend that KERAS_BACKEND names: ``hyper_backend_job.py IN.npz OUT.npz``.

IN holds ``images`` (n, height, width, 2), ``labels`` (n, 1) and the weights ``w0``, ``w1``, ... of ``build()``.
"""

import sys

import keras
import numpy as np
from keras import ops

from zoo.hyperimage import DecayingSGD, HyperImage, RankingHinge
from zoo.layers import LocalContrastNormalization, MinPooling2D


def build() -> keras.Model:
    """A small first stage with every layer of ours."""
    inputs = keras.Input((8, 8, 2))
    x = MinPooling2D(2)(keras.layers.Conv2D(3, 3)(inputs))
    x = keras.layers.Dense(5, activation="relu")(keras.layers.Flatten()(x))
    return keras.Model(inputs, keras.layers.Dense(1)(x))


def main(source: str, target: str) -> None:
    """Read IN, write OUT."""
    data = dict(np.load(source))
    model = build()
    model.set_weights([data[f"w{i}"] for i in range(len(model.get_weights()))])
    found = {"backend": np.array(keras.backend.backend())}
    normal = LocalContrastNormalization()(data["images"])
    found["normal"] = ops.convert_to_numpy(normal)
    for name, options in {"grid": {"grid": (3, 2)}, "all": {"step": 4}, "small": {"grid": (2, 2)}}.items():
        images = normal[:, :5] if name == "small" else normal
        found[name] = ops.convert_to_numpy(HyperImage(model, **options)(images))
    found["hinge"] = ops.convert_to_numpy(RankingHinge()(data["labels"], data["labels"] * 2 - 1))
    inputs = keras.Input(data["images"].shape[1:])
    whole = keras.Model(inputs, keras.layers.Dense(1)(HyperImage(model, grid=(1, 1), trainable=True)(inputs)))
    whole.layers[-1].set_weights([data["dense"], np.zeros(1, np.float32)])
    whole.compile(DecayingSGD(0.01, decay=0.1), RankingHinge())
    whole.fit(data["images"], data["labels"], batch_size=2, epochs=2, shuffle=False, verbose=0)
    for i, weight in enumerate(whole.get_weights()):
        found[f"trained{i}"] = weight
    np.savez(target, **found)


if __name__ == "__main__":
    main(*sys.argv[1:])
