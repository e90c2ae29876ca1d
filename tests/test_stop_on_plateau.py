import keras
import numpy as np
import pytest

from zoo.callbacks import StopOnPlateau


class _Model:
    stop_training = False


def _epochs(values, **arguments):
    """After how many values the training stops; None where it does not."""
    stop = StopOnPlateau(**arguments)
    model = _Model()
    stop.set_model(model)
    for i, value in enumerate(values):
        stop.on_epoch_end(i, {"val_loss": value})
        if model.stop_training:
            return i + 1
    return None


def test_it_stops_where_the_moving_average_stands_still():
    # Flat from the 13th value on; four values without the latest are all flat, now and before, at the 18th.
    values = [100 / (i + 1) for i in range(12)] + [8.0] * 20
    before = [abs(np.mean(values[n - 5 : n - 1]) / np.mean(values[n - 6 : n - 2]) - 1) for n in range(11, 30)]
    assert _epochs(values) == 11 + next(i for i, change in enumerate(before) if change < 1e-4)
    # The paper's wording looks at five, with the latest.
    five = [abs(np.mean(values[n - 5 : n]) / np.mean(values[n - 6 : n - 1]) - 1) for n in range(11, 30)]
    assert _epochs(values, fidelity="paper") == 11 + next(i for i, change in enumerate(five) if change < 1e-4)


def test_it_waits_and_goes_on_while_there_is_change_for_better_or_worse():
    assert _epochs([5.0] * 30) == 11
    assert _epochs([5.0] * 30, wait=20) == 21
    assert _epochs([5.0] * 30, wait=0) == 6
    assert _epochs([1.01**i for i in range(50)]) is None
    assert _epochs([1.01**-i for i in range(50)]) is None
    assert _epochs([1.01**-i for i in range(50)], threshold=0.02) == 11


def test_a_resumed_training_stops_where_an_uninterrupted_one_would():
    values = [100 / (i + 1) for i in range(12)] + [8.0] * 20
    whole = _epochs(values)
    assert _epochs(values[9:], history=values[:9]) == whole - 9
    assert StopOnPlateau(history=values[:whole]).reached
    assert not StopOnPlateau(history=values[: whole - 1]).reached


def test_it_stops_a_fit():
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.0), "mse")
    x = np.ones((4, 1), np.float32)
    stop = StopOnPlateau(monitor="loss")
    history = model.fit(x, x, epochs=30, verbose=0, callbacks=[stop])
    assert len(history.epoch) == 11
    # Epochs without the value do not count.
    stop = StopOnPlateau()
    history = model.fit(x, x, validation_data=(x, x), validation_freq=2, epochs=30, verbose=0, callbacks=[stop])
    assert len(history.epoch) == 22


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"threshold": 0}, "threshold=0"), ({"wait": -1}, "wait=-1"), ({"fidelity": "other"}, "Received: 'other'")],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        StopOnPlateau(**arguments)
