import json
from importlib.resources import files

import keras
import numpy as np
import pytest
from scipy import signal

from zoo import hyperimage
from zoo.experiments.hyperimage.tables.networks import LAYERS_IN_TEXT, NETWORKS, layer_count
from zoo.experiments.hyperimage.values import paper_values
from zoo.hyperimage import (
    CNNIQA,
    ForgeryChannel,
    ForgeryStageTwo,
    LIVEStageTwo,
    SyntheticPatchNet,
    SyntheticStageTwo,
    TIDStageTwo,
    VGGPatchNet,
    from_theano,
)
from zoo.hyperimage.notation import notation
from zoo.signature import signature

PARAMETERS = {
    "Synthetic stage 1": 537_937,
    "Synthetic stage 2": 316_049,
    "LIVE stage 2": 875_917,
    "TID stage 2": 1_403_757,
    "Shallow end-to-end": 6_288_241,
    "Deep end-to-end": 11_136_625,
    "Forgery channel": 3_739_576,
    "Forgery stage 2": 3_053_473,
    "Forgery end-to-end": 13_739_437,
}


@pytest.fixture(scope="module")
def networks():
    return {name: build() for name, build in NETWORKS.items()}


def test_parameters(networks):
    assert {name: model.count_params() for name, model in networks.items()} == PARAMETERS
    assert CNNIQA((32, 32, 1)).count_params() == 724_901
    assert CNNIQA().count_params() == 729_801
    assert SyntheticPatchNet((128, 128, 1)).count_params() == 1_305_937


def test_signatures_are_the_stored_ones(networks):
    stored = json.loads(files("zoo.hyperimage").joinpath("signature.json").read_text())
    found = {name: signature(model) for name, model in networks.items()} | {"CNNIQA": signature(CNNIQA())}
    assert found == stored


def test_layers_are_those_that_table_4_prints(networks):
    lines = paper_values("table_4").set_index("network")["layers"]
    # Table 4 prints the size of the synthetic images, not of the patches, and leaves out one channel.
    patched = lines.to_dict()
    patched["Synthetic stage 1"] = patched["Synthetic stage 1"].replace("Input(128, 128)", "Input(16, 16, 1)")
    assert {name: notation(model) for name, model in networks.items()} == patched


def test_experiment_4s_networks_have_the_layers_that_the_text_counts(networks):
    assert {name: layer_count(networks[name]) for name in LAYERS_IN_TEXT} == LAYERS_IN_TEXT


@pytest.mark.parametrize(
    ("build", "parameters"),
    [(SyntheticStageTwo, 392_849), (LIVEStageTwo, 1_067_917), (TIDStageTwo, 1_595_757), (ForgeryStageTwo, 3_667_873)],
)
def test_pooling_that_keeps_odd_rows(build, parameters):
    assert build(pooling="ceil").count_params() == parameters


def test_a_quarter_of_the_filters():
    assert ForgeryChannel(width=0.25).get_layer("conv4_2").filters == 64
    assert ForgeryStageTwo(width=0.25).get_layer("conv1_1").filters == 16
    assert ForgeryChannel(width=0.25).output_shape == ForgeryChannel().output_shape == (None, 500)


def test_vgg_is_frozen_up_to_pool_4():
    model = VGGPatchNet()
    assert model.get_layer("vgg16_to_pool4").output_shape == (None, 2, 2, 512)
    assert sum(int(np.prod(w.shape)) for w in model.trainable_weights) == 2_280_801
    assert sum(int(np.prod(w.shape)) for w in model.non_trainable_weights) == 7_635_264


def test_cnniqa_by_hand(rng):
    model = CNNIQA()
    patch = rng.normal(size=(32, 32, 3)).astype(np.float32)
    kernel, bias = model.get_layer("conv1").get_weights()
    maps = [
        sum(signal.correlate2d(patch[..., c], kernel[..., c, f], "valid") for c in range(3)) + bias[f]
        for f in range(50)
    ]
    x = np.array([m.min() for m in maps] + [m.max() for m in maps])
    for name in ("fc1", "fc2"):
        kernel, bias = model.get_layer(name).get_weights()
        x = np.maximum(x @ kernel + bias, 0)
    kernel, bias = model.get_layer("output").get_weights()
    assert model.predict_on_batch(patch[None])[0, 0] == pytest.approx((x @ kernel + bias)[0], abs=1e-5)


def test_weights_of_theano_compute_what_true_convolution_does(rng):
    """A chain in Theano's layout and arithmetic, channels first, against Keras with the converted weights."""
    inputs = keras.Input((9, 11, 2))
    x = keras.layers.Conv2D(3, 3, padding="same", activation="relu")(inputs)
    x = keras.layers.MaxPooling2D(2)(x)
    x = keras.layers.Conv2D(4, (3, 2))(x)
    x = keras.layers.Dense(5)(keras.layers.Flatten()(x))
    model = keras.Model(inputs, x)
    shapes = [(3, 2, 3, 3), (3,), (4, 3, 3, 2), (4,), (4 * 2 * 4, 5), (5,)]
    weights = [rng.normal(size=shape).astype(np.float32) for shape in shapes]

    def convolve(maps, kernel, bias, mode):
        return np.stack(
            [
                sum(signal.convolve2d(m, k, mode) for m, k in zip(maps, kernels, strict=True)) + b
                for kernels, b in zip(kernel, bias, strict=True)
            ]
        )

    image = rng.normal(size=(2, 9, 11)).astype(np.float32)
    maps = np.maximum(convolve(image, *weights[:2], "same"), 0)[:, :8, :10]
    maps = maps.reshape(3, 4, 2, 5, 2).max((2, 4))
    maps = convolve(maps, *weights[2:4], "valid")
    expected = maps.ravel() @ weights[4] + weights[5]

    model.set_weights(from_theano(model, weights))
    found = model.predict_on_batch(image.transpose(1, 2, 0)[None])[0]
    np.testing.assert_allclose(found, expected, atol=1e-5 * np.abs(expected).max())
    with pytest.raises(ValueError, match="Received"):
        from_theano(model, weights[:-2])


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: CNNIQA((31, 32, 3)), r"sides of 32.*Received: \(31, 32, 3\)"),
        (lambda: SyntheticPatchNet((8, 8, 1)), "sides of 16"),
        (lambda: TIDStageTwo((15, 31, 800)), "sides of 16"),
        (lambda: TIDStageTwo(pooling="round"), "'floor' or 'ceil'"),
        (lambda: ForgeryChannel(width=0.01), "Received: 0.01"),
        (lambda: ForgeryChannel(weights="absent"), "Received: 'absent'"),
    ],
)
def test_bad_arguments(build, message):
    with pytest.raises(ValueError, match=message):
        build()


def test_everything_is_exported():
    assert all(hasattr(hyperimage, name) for name in hyperimage.__all__)
