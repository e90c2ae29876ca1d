"""H-net and R-net beside PyTorch's, tensor by tensor; the tensors were made by ``make_steganography.py``."""

import json

import keras
import numpy as np
import pytest
from make_steganography import ADAM_STEPS, FILE, PLATEAU, PLATEAU_OPTIONS, drawn, image

from zoo.callbacks import TorchReduceLROnPlateau
from zoo.steganography import HNet, RNet, Steganographer
from zoo.steganography.pytorch import load_pytorch
from zoo.steganography.steganographer import adam

LIMIT = 1e-5


@pytest.fixture(scope="module")
def stored():
    with np.load(FILE) as file:
        return {name: file[name] for name in file.files}


def _state(stored, key):
    return {name: drawn(label, tuple(shape)) for name, label, shape in json.loads(str(stored[f"{key}_state"]))}


@pytest.fixture(scope="module")
def networks(stored):
    built = {"h": HNet(), "r": RNet()}
    for key, network in built.items():
        load_pytorch(network, _state(stored, key))
    return built


def _close(ours, theirs):
    assert ours.shape == theirs.shape
    assert np.abs(ours - theirs).max() <= LIMIT * np.abs(theirs).max()


@pytest.mark.parametrize(("key", "lines"), [("h", 32), ("r", 17)])
def test_every_intermediate_is_pytorchs(stored, networks, key, lines):
    network = networks[key]
    assert int(stored[f"{key}_lines"]) == lines  # as many as the figure has
    names = {int(layer.name.rsplit("_", 1)[1]): layer.name for layer in network.layers if layer.name[-1].isdigit()}
    numbers = sorted(int(name[2:]) for name in stored if name.startswith(f"{key}_") and name[2:].isdigit())
    assert len(numbers) == {"h": 10 + 7 + 1, "r": 6 + 5 + 1}[key]
    model = keras.Model(network.input, [network.get_layer(names[n]).output for n in numbers])
    inputs = {"h": [image("cover", 1, 32, 32, 3), image("secret", 1, 32, 32, 3)], "r": image("container", 1, 5, 6, 3)}
    outputs = model.predict_on_batch(inputs[key])
    for number, output in zip(numbers, outputs, strict=True):
        _close(output, stored[f"{key}_{number}"])


@pytest.mark.parametrize(("build", "key"), [(HNet, "h"), (RNet, "r")])
def test_fresh_weights_are_drawn_as_pytorch_draws_them(stored, build, key):
    keras.utils.set_random_seed(0)
    network = build()
    variables = [w for layer in network.layers for w in layer.weights if w.name in ("kernel", "bias")]
    assert len(variables) == len(stored[f"{key}_fresh"])
    for variable, (largest, deviation) in zip(variables, stored[f"{key}_fresh"], strict=True):
        values = np.array(variable)
        # Uniform draws: a sample of n lies within a few standard errors of the deviation.
        tolerance = 4 / np.sqrt(values.size)
        assert values.std() == pytest.approx(deviation, rel=2 * tolerance)
        assert np.abs(values).max() == pytest.approx(largest, rel=2 * tolerance)


def test_a_step_of_training_has_pytorchs_losses_and_gradients(stored):
    tf = pytest.importorskip("tensorflow")
    model = Steganographer(HNet(), RNet(), weight=0.75)
    load_pytorch(model.hiding, _state(stored, "h"))
    load_pytorch(model.revealing, _state(stored, "r"))
    x = {name: image(f"training {name}", 2, 64, 64, 3) for name in ("cover", "secret")}
    with tf.GradientTape() as tape:
        loss = model.compute_loss(x, None, model(x, training=True), training=True)
    _as_exact(stored, "losses", np.array([model.container_loss.result(), model.reveal_loss.result()]))
    assert float(loss) == pytest.approx(stored["losses"] @ [1, 0.75], rel=1e-5)
    parts = {"h": model.hiding, "r": model.revealing}
    gradients = tape.gradient(loss, [[v.value for v in part.trainable_variables] for part in parts.values()])
    for (key, part), found in zip(parts.items(), gradients, strict=True):
        _as_exact(stored, f"{key}_first_gradient", np.array(found[0]))
        _as_exact(stored, f"{key}_gradient_norms", np.array([np.linalg.norm(g) for g in found]))
        moving = next(layer for layer in part.layers if isinstance(layer, keras.layers.BatchNormalization))
        count = 2 * {"h": 16, "r": 64}[key] ** 2
        states = json.loads(str(stored[f"{key}_state"]))
        old = next(drawn(label, tuple(shape)) for _, label, shape in states if label.endswith("running_var"))
        mean, variance = stored[f"{key}_moving"]
        # PyTorch's moving variance is unbiased, Keras's is not.
        biased = 0.9 * old + (variance - 0.9 * old) * (count - 1) / count
        np.testing.assert_allclose(moving.moving_mean, mean, rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(moving.moving_variance, biased, rtol=1e-5)


def _as_exact(stored, name, ours):
    """As near to double precision as PyTorch's own single precision is, within a factor of rounding luck."""
    exact, off = stored[name], float(stored[f"{name}_off"])
    assert ours.shape == exact.shape
    assert off < 0.01 * np.abs(exact).max()
    assert np.abs(ours - exact).max() <= 4 * off + 1e-6 * np.abs(exact).max()


@pytest.mark.parametrize("number", range(len(PLATEAU_OPTIONS)))
def test_plateau_lowers_the_rate_when_pytorch_does(stored, number):
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(1e-3), "mse")
    callback = TorchReduceLROnPlateau("loss", **PLATEAU_OPTIONS[number])
    callback.set_model(model)
    callback.on_train_begin()
    rates = []
    for epoch, value in enumerate(PLATEAU):
        logs = {"loss": value}
        callback.on_epoch_end(epoch, logs)
        rates.append(logs["learning_rate"])
    expected = stored[f"plateau_{number}"]
    np.testing.assert_allclose([*rates, float(model.optimizer.learning_rate)], expected, rtol=1e-5)
    assert len(set(expected)) > 2


def test_adam_takes_pytorchs_steps(stored):
    variable = keras.Variable(drawn("adam", (40,)))
    optimizer = adam(1e-3, 0.5)
    optimizer.build([variable])
    for i in range(ADAM_STEPS):
        optimizer.apply([keras.ops.convert_to_tensor(drawn(f"adam {i}", (40,)))], [variable])
        np.testing.assert_allclose(np.array(variable), stored["adam"][i], atol=2e-7)
