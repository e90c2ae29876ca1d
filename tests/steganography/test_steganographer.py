import cv2
import keras
import numpy as np
import pytest

from zoo.callbacks import ContactSheet, TorchReduceLROnPlateau
from zoo.datasets.pairs import HidingPairs
from zoo.images import read_image
from zoo.layers import DifferentiableJPEG
from zoo.steganography import BalujaNet, HNet, RNet, Steganographer, separate_optimizers
from zoo.steganography.contact_sheet import contact_sheet
from zoo.steganography.eight_bit import EightBit
from zoo.steganography.steganographer import adam


def small(**change):
    """A pair of networks of one layer each, of the same interface."""
    cover, secret = (keras.Input((None, None, 3), name=part) for part in ("cover", "secret"))
    x = keras.layers.Concatenate(name="h_net_input")([cover, secret])
    x = keras.layers.Conv2D(3, 3, padding="same", activation="sigmoid", name="h_net_conv")(x)
    container = keras.Input((None, None, 3), name="container")
    y = keras.layers.Conv2D(3, 3, padding="same", activation="sigmoid", name="r_net_conv")(container)
    return Steganographer(keras.Model([cover, secret], x), keras.Model(container, y), **change)


@pytest.fixture
def pairs(rng):
    return {name: rng.random((4, 16, 16, 3), np.float32) for name in ("cover", "secret")}


def _gradients(model, pairs, loss):
    tf = pytest.importorskip("tensorflow")
    with tf.GradientTape() as tape:
        outputs = model(pairs, training=True)
        value = loss(outputs)
    return tape.gradient(value, [v.value for v in model.hiding.trainable_variables])


@pytest.mark.parametrize("options", [{}, {"quantize": True}, {"quantize": True, "channel": DifferentiableJPEG(75)}])
def test_the_reveal_losss_gradient_reaches_the_hiding_network(pairs, options):
    keras.utils.set_random_seed(0)
    model = small(**options)
    found = _gradients(model, pairs, lambda o: keras.ops.mean((o["revealed"] - pairs["secret"]) ** 2))
    assert all(np.abs(np.array(g)).max() > 1e-6 for g in found)


def test_rounding_is_that_of_a_file_and_its_gradient_passes(rng):
    tf = pytest.importorskip("tensorflow")
    x = tf.constant(rng.uniform(-0.2, 1.2, (5, 7)), tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = EightBit()(x)
    expected = np.clip(np.rint(np.clip(x, 0, 1) * 255), 0, 255)
    np.testing.assert_allclose(np.array(y) * 255, expected, atol=1e-4)
    assert len(np.unique(expected)) > 10
    np.testing.assert_array_equal(tape.gradient(y, x), np.ones((5, 7)))


def test_containers_are_saved_values_where_quantised(pairs):
    keras.utils.set_random_seed(0)
    levels = small(quantize=True).predict(pairs, verbose=0)["container"] * 255
    np.testing.assert_allclose(levels, np.rint(levels), atol=1e-4)
    levels = small().predict(pairs, verbose=0)["container"] * 255
    assert np.abs(levels - np.rint(levels)).max() > 0.3


@pytest.mark.parametrize("weight", [0.5, 2.0])
def test_loss_is_equation_1(pairs, weight):
    model = small(weight=weight)
    model.compile("sgd")
    found = model.evaluate(pairs, verbose=0, return_dict=True, batch_size=2)
    outputs = model.predict(pairs, verbose=0)
    container, reveal = (
        np.mean((pairs[truth] - outputs[image]) ** 2)
        for truth, image in (("cover", "container"), ("secret", "revealed"))
    )
    assert found["container_loss"] == pytest.approx(container, rel=1e-5)
    assert found["reveal_loss"] == pytest.approx(reveal, rel=1e-5)
    assert found["loss"] == pytest.approx(container + weight * reveal, rel=1e-5)


def test_ssim_loss_is_one_minus_ssim(pairs):
    model = small(loss="ssim")
    outputs = model(pairs)
    loss = model.compute_loss(pairs, None, outputs)
    ssim = keras.ops.image.ssim
    parts = [
        1 - np.mean(ssim(pairs[t], outputs[i], max_val=1.0))
        for t, i in (("cover", "container"), ("secret", "revealed"))
    ]
    assert float(loss) == pytest.approx(parts[0] + 0.75 * parts[1], rel=1e-5)
    same = {"container": pairs["cover"], "revealed": pairs["secret"]}
    assert float(model.compute_loss(pairs, None, same)) == pytest.approx(0, abs=1e-6)


def test_each_optimiser_owns_its_networks_variables():
    model = Steganographer(HNet((32, 32, 3)), RNet((32, 32, 3)))
    optimizer = separate_optimizers(adam(name="hiding"), adam(name="revealing"))
    optimizer.build(model.trainable_variables)
    hiding, revealing = ({id(v) for v in part.trainable_variables} for part in (model.hiding, model.revealing))
    owned = {o.name: {id(v) for v in o._trainable_variables} for o in optimizer.optimizers}
    assert owned == {"hiding": hiding, "revealing": revealing}
    baluja = BalujaNet((32, 32, 3))
    optimizer = separate_optimizers(adam(name="hiding"), adam(name="revealing"), "baluja_(prepare|hide)_")
    optimizer.build(baluja.trainable_variables)
    owned = {o.name: {id(v) for v in o._trainable_variables} for o in optimizer.optimizers}
    assert owned["hiding"] == {id(v) for v in baluja.hiding.trainable_variables}
    assert owned["revealing"] == {id(v) for v in baluja.revealing.trainable_variables}


def test_two_schedules_act_separately(pairs):
    model = small()
    # A rate of 0 keeps the hiding network, and its loss, where they are; the other still learns.
    model.compile(separate_optimizers(keras.optimizers.SGD(0.0, name="hiding"), adam(1e-2, name="revealing")))
    before = [w.copy() for w in model.hiding.get_weights()]
    model.fit(pairs, epochs=1, verbose=0)
    np.testing.assert_array_equal(before[0], model.hiding.get_weights()[0])
    model.compile(separate_optimizers(keras.optimizers.SGD(1e-9, name="hiding"), adam(1e-2, name="revealing")))
    schedules = [
        TorchReduceLROnPlateau("container_loss", "hiding", factor=0.5, patience=0, eps=0),
        TorchReduceLROnPlateau("reveal_loss", "revealing", factor=0.5, patience=0),
    ]
    history = model.fit(pairs, epochs=4, verbose=0, callbacks=schedules).history
    # The container's loss does not move, so that its rate is halved after every epoch but the first.
    np.testing.assert_allclose(history["learning_rate_hiding"], [1e-9, 1e-9, 5e-10, 2.5e-10])
    np.testing.assert_allclose(history["learning_rate_revealing"], [1e-2] * 4)


def test_plateau_of_a_resumed_training_goes_on_counting():
    whole = TorchReduceLROnPlateau(patience=2)
    assert [whole._is_due(v) for v in (1.0, 1.0, 1.0, 1.0)] == [False, False, False, True]
    assert TorchReduceLROnPlateau(patience=2, past=[1.0, 1.0, 1.0])._is_due(1.0)


@pytest.mark.parametrize("optimizer", [None, "hidng"])
def test_plateau_wants_an_optimiser_of_the_model(pairs, optimizer):
    model = small()
    model.compile(separate_optimizers(adam(name="hiding"), adam(name="revealing")))
    with pytest.raises(ValueError, match="Received"):
        model.fit(pairs, verbose=0, callbacks=[TorchReduceLROnPlateau("loss", optimizer)])
    with pytest.raises(ValueError, match=r"Received: 1\.5"):
        TorchReduceLROnPlateau(factor=1.5)


def test_a_saved_model_opens_without_custom_objects_and_trains_on(tmp_path, pairs):
    noise = keras.layers.GaussianNoise(0.02, seed=1)
    model = small(weight=0.5, quantize=True, channel=keras.Sequential([noise]))
    model.compile(separate_optimizers(adam(name="hiding"), adam(name="revealing")))
    model.fit(pairs, epochs=2, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert (loaded.weight, loaded.loss_name, loaded.quantize) == (0.5, "mse", True)
    for name, image in model.predict(pairs, verbose=0).items():
        np.testing.assert_array_equal(image, loaded.predict(pairs, verbose=0)[name])
    assert [o.name for o in loaded.optimizer.optimizers] == [o.name for o in model.optimizer.optimizers]
    assert int(loaded.optimizer.iterations) == 2
    loaded.fit(pairs, epochs=1, verbose=0)
    jpeg = Steganographer.from_config(small(channel=DifferentiableJPEG((50, 90))).get_config()).channel
    assert (type(jpeg), jpeg.quality) == (DifferentiableJPEG, (50, 90))


def test_noise_is_between_the_networks_in_training_alone(pairs):
    model = small(channel=keras.layers.GaussianNoise(0.5, seed=1))
    calm, noisy = model(pairs, training=False), model(pairs, training=True)
    np.testing.assert_array_equal(calm["container"], noisy["container"])
    assert np.abs(np.array(calm["revealed"]) - np.array(noisy["revealed"])).max() > 0.01


def test_contact_sheet_after_every_epoch(tmp_path, pairs):
    model = small()
    model.compile("sgd")
    covers, secrets = ((pairs[name][:2] * 255).astype(np.uint8) for name in ("cover", "secret"))
    model.fit(pairs, epochs=2, verbose=0, callbacks=[ContactSheet(covers, secrets, tmp_path / "sheets", contact_sheet)])
    assert [p.name for p in sorted((tmp_path / "sheets").iterdir())] == ["epoch-0001.png", "epoch-0002.png"]
    sheet = read_image(tmp_path / "sheets" / "epoch-0002.png")
    np.testing.assert_array_equal(sheet[4:20, 4:20], covers[0])
    np.testing.assert_array_equal(sheet[24:40, 64:80], secrets[1])
    with pytest.raises(ValueError, match="one shape"):
        ContactSheet(covers, secrets[:1], tmp_path, contact_sheet)


@pytest.mark.slow  # the whole networks
def test_the_papers_networks_learn_a_pair_by_heart(rng):
    keras.utils.set_random_seed(0)
    model = Steganographer(HNet((32, 32, 3)), RNet((32, 32, 3)), quantize=True)
    model.compile(separate_optimizers(adam(1e-3, name="hiding"), adam(1e-3, name="revealing")))
    pair = {name: cv2.resize(rng.random((4, 4, 3), np.float32), (32, 32))[None] for name in ("cover", "secret")}
    losses = []
    for _ in range(24):
        losses.append(model.train_on_batch(pair, return_dict=True))
        model.reset_metrics()
    for name in ("container_loss", "reveal_loss"):
        assert losses[-1][name] < 0.4 * losses[0][name]


@pytest.mark.parametrize("options", [{"weight": 0}, {"weight": float("nan")}, {"loss": "l1"}])
def test_bad_arguments_say_what_was_received(options):
    with pytest.raises(ValueError, match="Received"):
        small(**options)


def test_pairs_drive_fit(tmp_path):
    model = small()
    model.compile("sgd")
    batches = HidingPairs(2, 2, 16, draw=lambda rng, size: rng.integers(0, 256, (size, size, 3), np.uint8))
    history = model.fit(
        batches, validation_data=batches, epochs=2, shuffle=False, verbose=0, callbacks=[batches.follow()]
    ).history
    assert set(history) >= {
        "loss",
        "container_loss",
        "reveal_loss",
        "val_loss",
        "val_container_loss",
        "val_reveal_loss",
    }
