import keras
import numpy as np
import pytest
import tensorflow as tf

from zoo.imaging.joint.channel import DistributionChannel
from zoo.imaging.joint.fan import FAN
from zoo.imaging.joint.fan_losses import FAN_LOSSES
from zoo.imaging.joint.workflow import ImagingWorkflow, paper_rate


def small_nip(clip=False):
    """A camera of a few weights: planes (h, w, 4) to RGB (2h, 2w, 3), about .5."""
    inputs = keras.Input((None, None, 4))
    x = keras.layers.Conv2D(8, 3, padding="same", activation="tanh", name="features")(inputs)
    x = keras.layers.Conv2DTranspose(3, 2, 2, bias_initializer=keras.initializers.Constant(0.5), name="rgb")(x)
    return keras.Model(inputs, x)


def small_workflow(**arguments):
    keras.utils.set_random_seed(5)
    workflow = ImagingWorkflow(small_nip(), FAN((None, None, 3)), **arguments)
    workflow.compile(keras.optimizers.Adam(1e-3, epsilon=1e-8), jit_compile=False)
    return workflow


@pytest.fixture
def batch(rng):
    """Planes (4, 16, 16, 4) and targets (4, 32, 32, 3)."""
    return rng.random((4, 16, 16, 4), np.float32), rng.uniform(0.3, 0.7, (4, 32, 32, 3)).astype(np.float32)


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def test_output_is_the_fans_of_every_version_through_the_channel(batch):
    workflow = small_workflow()
    planes, _ = batch
    found = workflow.predict(planes, verbose=0)
    np.testing.assert_allclose(found["rgb"], workflow.nip(planes), atol=1e-5)
    versions = workflow.versions(found["rgb"])
    assert workflow.class_names == ("native", "sharpen", "gaussian", "jpg", "resample")
    np.testing.assert_array_equal(versions[0], np.clip(found["rgb"], 0, 1))
    for true, version in enumerate(versions):
        received = workflow.channel(version)
        assert received.shape == (4, 16, 16, 3)
        np.testing.assert_allclose(found["probabilities"][:, true], workflow.fan(received), atol=1e-5)


@pytest.mark.parametrize("name", sorted(FAN_LOSSES))
@pytest.mark.parametrize("mode", ["F", "F+N"])
def test_loss_is_equation_2(batch, name, mode):
    workflow = small_workflow(mode=mode, nip_weight=0.01, fan_loss=name)
    planes, target = batch
    found = {key: np.float64(value) for key, value in workflow.predict(planes, verbose=0).items()}
    own = found["probabilities"] if name == "cross_entropy" else softmax(found["probabilities"])
    fan = -np.log(own[:, np.arange(5), np.arange(5)]).mean()
    nip = np.mean((255 * (target - found["rgb"])) ** 2)
    logs = workflow.evaluate(planes, target, verbose=0, return_dict=True)
    assert logs["loss"] == pytest.approx(fan + (0.01 * nip if mode == "F+N" else 0), rel=1e-5)
    error = np.mean((target - np.clip(found["rgb"], 0, 1)) ** 2, axis=(1, 2, 3))
    hits = found["probabilities"].argmax(-1) == np.arange(5)
    expected = {
        "fan_loss": fan,
        "nip_loss": nip,
        "psnr": np.mean(-10 * np.log10(error)),
        "accuracy": hits.mean(),
    }
    for key, value in expected.items():
        assert logs[key] == pytest.approx(value, rel=1e-5), key


def test_double_softmax_is_bounded_and_a_guess_costs_what_it_should():
    labels = np.array([0, 0, 0])
    probabilities = np.float32([[1, 0, 0, 0, 0], [0, 1, 0, 0, 0], [0.2] * 5])
    best, worst, guess = np.array(FAN_LOSSES["double_softmax"](labels, probabilities))
    assert best == pytest.approx(np.log(np.e + 4) - 1, rel=1e-6)
    assert worst == pytest.approx(np.log(np.e + 4), rel=1e-6)
    assert guess == pytest.approx(np.log(5), rel=1e-6)


@pytest.mark.parametrize("mode", ["F", "F+N"])
def test_gradients_reach_the_nip_through_the_whole_chain_in_joint_mode_alone(batch, mode):
    workflow = small_workflow(mode=mode, nip_weight=0)  # so that what arrives comes from the FAN
    planes, target = batch
    with tf.GradientTape() as tape:
        loss = workflow.compute_loss(planes, target, workflow(planes, training=True))
    kernels = [workflow.nip.get_layer("features").kernel.value, workflow.fan.get_layer("residual").kernel.value]
    nip, fan = tape.gradient(loss, kernels)
    assert np.abs(fan).max() > 0
    assert nip is None if mode == "F" else np.abs(nip).max() > 0
    assert len(workflow.trainable_variables) == (17 if mode == "F" else 21)


@pytest.mark.parametrize("lone", range(4))
def test_every_branch_but_the_originals_sharpening_reaches_the_nip(batch, lone):
    from zoo.imaging.joint.manipulations import default_manipulations

    reached = {}
    for fidelity in ("original", "paper"):
        nip = small_nip()
        layer = default_manipulations(fidelity)[lone]
        channel = DistributionChannel(fidelity=fidelity)
        with tf.GradientTape() as tape:
            total = keras.ops.sum(channel(layer(keras.ops.clip(nip(batch[0]), 0.0, 1.0))))
        gradient = tape.gradient(total, nip.get_layer("features").kernel.value)
        reached[fidelity] = gradient is not None and bool(np.abs(gradient).max() > 0)
    assert reached == {"original": lone != 0, "paper": True}


def test_a_joint_step_lowers_the_loss_and_moves_both_networks(batch):
    workflow = small_workflow(nip_weight=1e-3)
    before = workflow.evaluate(*batch, verbose=0, return_dict=True)
    weights = [w.copy() for w in workflow.get_weights()]
    workflow.train_on_batch(*batch)
    after = workflow.evaluate(*batch, verbose=0, return_dict=True)
    assert after["loss"] < before["loss"]
    for old, new, variable in zip(weights, workflow.get_weights(), workflow.weights, strict=True):
        assert np.abs(old - new).max() > 0, variable.path


def test_training_of_the_fan_leaves_the_nip_alone(batch):
    workflow = small_workflow(mode="F")
    before = [w.copy() for w in workflow.nip.get_weights()]
    workflow.fit(*batch, epochs=2, batch_size=2, verbose=0)
    for old, new in zip(before, workflow.nip.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


@pytest.mark.slow  # a killed joint training is tested with its experiments
def test_a_resumed_training_equals_an_uninterrupted_one(tmp_path, batch):
    def rate(epoch, current):
        return 1e-3 * 0.5**epoch

    def fit(workflow, first, last):
        schedule = keras.callbacks.LearningRateScheduler(rate)
        workflow.fit(*batch, 2, initial_epoch=first, epochs=last, shuffle=False, verbose=0, callbacks=[schedule])
        return workflow

    whole = fit(small_workflow(), 0, 3)
    fit(small_workflow(), 0, 1).save(tmp_path / "state.keras")
    resumed = fit(keras.models.load_model(tmp_path / "state.keras"), 1, 3)
    assert int(resumed.optimizer.iterations) == 6
    for one, two in zip(whole.get_weights(), resumed.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)


def test_a_users_own_parts_and_their_saving(tmp_path, batch):
    dark = keras.layers.Rescaling(0.8, name="dark")
    workflow = ImagingWorkflow(
        small_nip(),
        FAN((None, None, 3), classes=2),
        [dark],
        keras.layers.Identity(name="none"),
        mode="F",
        fan_loss="cross_entropy",
    )
    planes, _ = batch
    found = workflow.predict(planes, verbose=0)
    assert found["probabilities"].shape == (4, 2, 2)
    rgb = np.clip(found["rgb"], 0, 1)
    np.testing.assert_allclose(found["probabilities"][:, 1], workflow.fan(0.8 * rgb), atol=1e-5)
    workflow.save(tmp_path / "own.keras")
    loaded = keras.models.load_model(tmp_path / "own.keras")
    assert (loaded.mode, loaded.fan_loss_name, loaded.class_names) == ("F", "cross_entropy", ("native", "dark"))
    np.testing.assert_array_equal(loaded.predict(planes, verbose=0)["probabilities"], found["probabilities"])


def test_a_margin_is_developed_and_judged_by_the_target_but_not_sent_on(rng):
    workflow = small_workflow(margin=8)
    found = workflow(rng.random((2, 24, 24, 4), np.float32))
    assert found["rgb"].shape == (2, 48, 48, 3)
    inner = workflow.channel(workflow.versions(found["rgb"])[0][:, 8:-8, 8:-8])
    np.testing.assert_allclose(found["probabilities"][:, 0], workflow.fan(inner), atol=1e-5)
    assert keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(workflow)).margin == 8
    with pytest.raises(ValueError, match=r"more than 32 pixels\. Received: \(None, 32, 32, 3\)"):
        small_workflow(margin=16).build((None, 16, 16, 4))


def test_learning_rate_of_the_paper_and_of_the_code():
    assert [paper_rate(e, fidelity="paper") for e in (0, 99, 100, 1000)] == pytest.approx(
        [1e-4, 1e-4, 0.85e-4, 1e-4 * 0.85**10]
    )
    assert [paper_rate(e) for e in (0, 99, 100)] == pytest.approx([0.85e-4, 0.85e-4, 0.7225e-4])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"mode": "N"}, "Received: 'N'"),
        ({"nip_weight": -0.1}, "Received: -0.1"),
        ({"fan_loss": "hinge"}, "Received: 'hinge'"),
        ({"margin": -1}, "Received: -1"),
        ({"manipulations": []}, "Received: 5"),
    ],
)
def test_bad_arguments_say_what_was_received(arguments, message):
    with pytest.raises(ValueError, match=message):
        ImagingWorkflow(small_nip(), FAN((None, None, 3)), **arguments)
