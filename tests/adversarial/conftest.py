import keras
import numpy as np
import pytest
from keras import layers


def tiny_classifier(side: int = 12, classes: int = 4, heads: int = 1) -> keras.Model:
    """A classifier of a few hundred parameters, on 0..255."""
    inputs = keras.Input((side, side, 3), name="image")
    x = layers.Rescaling(1 / 127.5, -1)(inputs)
    x = layers.Conv2D(6, 3, activation="relu", name="conv")(x)
    x = layers.MaxPooling2D(2, name="pool")(x)
    flat = layers.Flatten()(x)
    outputs = [layers.Dense(classes, activation="softmax", name="predictions")(flat)]
    if heads == 2:
        outputs.append(layers.Dense(classes, activation="softmax", name="auxiliary")(flat))
    return keras.Model(inputs, outputs if heads == 2 else outputs[0], name="tiny")


@pytest.fixture(scope="session")
def trained():
    """A tiny classifier that has learned four patterns, with 200 noisy pictures of them (uint8) and their classes."""
    keras.utils.set_random_seed(5)
    rng = np.random.default_rng(5)
    patterns = rng.integers(60, 196, (4, 12, 12, 3))
    labels = np.arange(200, dtype=np.int32) % 4
    images = np.clip(patterns[labels] + rng.normal(0, 25, (200, 12, 12, 3)), 0, 255).astype(np.uint8)
    model = tiny_classifier()
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
    model.fit(images.astype(np.float32), labels, epochs=4, batch_size=20, verbose=0)
    assert (model.predict_on_batch(images.astype(np.float32)).argmax(1) == labels).all()
    return model, images, labels
