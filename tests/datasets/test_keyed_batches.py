import keras
import numpy as np

from zoo.datasets import keyed
from zoo.datasets.keyed_batches import KeyedBatches


class Drawn(KeyedBatches):
    """Two batches an epoch, of numbers drawn from (epoch, step)."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def __len__(self):
        return 2

    def batch(self, epoch, step):
        self.seen.append((epoch, step))
        x = keyed.generator(0, epoch, step).normal(size=(4, 3)).astype(np.float32)
        return x, x.sum(1, keepdims=True)


def model():
    keras.utils.set_random_seed(0)
    made = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    made.compile("sgd", "mse")
    return made


def test_a_resumed_fit_sees_the_epoch_it_is_in():
    whole, parts = model(), model()
    batches = Drawn()
    whole.fit(batches, epochs=3, shuffle=False, verbose=0, callbacks=[batches.follow()])
    for first in range(3):
        again = Drawn()
        parts.fit(again, initial_epoch=first, epochs=first + 1, shuffle=False, verbose=0, callbacks=[again.follow()])
        assert {epoch for epoch, _ in again.seen} <= {0, first}  # Keras looks at a first batch before it starts
        assert (first, 1) in again.seen
    for one, two in zip(whole.get_weights(), parts.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)


def test_without_following_every_epoch_is_the_same():
    batches = Drawn()
    model().fit(batches, epochs=2, shuffle=False, verbose=0)
    assert {epoch for epoch, _ in batches.seen} == {0}
