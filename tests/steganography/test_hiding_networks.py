import json
from importlib.resources import files

import keras
import numpy as np
import pytest

from zoo.signature import signature
from zoo.steganography import BalujaNet, HNet, RNet
from zoo.steganography.pytorch import load_pytorch

# Figure 2 as printed: output channels and side at 224x224, by line.
FIGURE_2 = """
1 Conv2d 50 112|2 LeakyReLU 50 112|3 Conv2d 100 56|4 BatchNorm2d 100 56|5 LeakyReLU 100 56|6 Conv2d 200 28
7 BatchNorm2d 200 28|8 LeakyReLU 200 28|9 Conv2d 400 14|10 BatchNorm2d 400 14|11 LeakyReLU 400 14|12 Conv2d 400 7
13 ReLU 400 7|14 ConvTranspose2d 400 14|15 BatchNorm2d 400 14|16 SkipConnection 800 14|17 ReLU 800 14
18 ConvTranspose2d 200 28|19 BatchNorm2d 200 28|20 SkipConnection 400 28|21 ReLU 400 28|22 ConvTranspose2d 100 56
23 BatchNorm2d 100 56|24 SkipConnection 200 56|25 ReLU 200 56|26 ConvTranspose2d 50 112|27 BatchNorm2d 50 112
28 SkipConnection 100 112|29 ReLU 100 112|30 ConvTranspose2d 3 224|31 Sigmoid 3 224
"""
FIGURE_3 = """
1 Conv2d 64 224|2 BatchNorm2d 64 224|3 ReLU 64 224|4 Conv2d 128 224|5 BatchNorm2d 128 224|6 ReLU 128 224
7 Conv2d 256 224|8 BatchNorm2d 256 224|9 ReLU 256 224|10 Conv2d 128 224|11 BatchNorm2d 128 224|12 ReLU 128 224
13 Conv2d 64 224|14 BatchNorm2d 64 224|15 ReLU 64 224|16 Conv2d 3 224|17 Sigmoid 3 224
"""
KINDS = {
    "Conv2d": "Conv2D",
    "ConvTranspose2d": "Conv2DTranspose",
    "BatchNorm2d": "BatchNormalization",
    "SkipConnection": "Concatenate",
    "Sigmoid": "Activation",
    "LeakyReLU": "LeakyReLU",
    "ReLU": "ReLU",
}


@pytest.fixture(scope="module")
def networks():
    baluja = BalujaNet((224, 224, 3))
    return {
        "h_net": HNet((224, 224, 3)),
        "r_net": RNet((224, 224, 3)),
        "baluja_preparation": baluja.hiding.get_layer("baluja_preparation"),
        "baluja_hiding": baluja.hiding,
        "baluja_revealing": baluja.revealing,
    }


def _trainable(model):
    return sum(int(np.prod(v.shape)) for v in model.trainable_variables)


def test_signatures_are_the_stored_ones(networks):
    stored = json.loads(files("zoo.steganography").joinpath("signature.json").read_text())
    built = {name: signature(network) for name, network in networks.items()}
    assert built == stored, json.dumps(built, indent=1)


@pytest.mark.parametrize(("name", "figure"), [("h_net", FIGURE_2), ("r_net", FIGURE_3)])
def test_layers_are_the_lines_of_the_figure(networks, name, figure):
    printed = {}
    for entry in figure.strip().replace("\n", "|").split("|"):
        line, kind, channels, side = entry.split()
        printed[int(line)] = (KINDS[kind], (int(side), int(side), int(channels)))
    numbered = {
        int(layer.name.rsplit("_", 1)[1]): (type(layer).__name__, tuple(layer.output.shape[1:]))
        for layer in networks[name].layers
        if layer.name[-1].isdigit()
    }
    assert numbered == printed


def test_parameter_counts(networks):
    # By hand from the figure: 4x4 kernels without biases but the last, 3x3 kernels with biases.
    down = [(6, 50), (50, 100), (100, 200), (200, 400), (400, 400)]
    up = [(400, 400), (800, 200), (400, 100), (200, 50), (100, 3)]
    scales = 2 * (100 + 200 + 400 + 400 + 200 + 100 + 50)
    assert 16 * sum(a * b for a, b in down + up) + 3 + scales == 10_172_503 == _trainable(networks["h_net"])
    assert networks["h_net"].count_params() == 10_175_403
    widths = [(3, 64), (64, 128), (128, 256), (256, 128), (128, 64), (64, 3)]
    assert sum((9 * a + 1) * b for a, b in widths) + 2 * 640 == 742_659 == _trainable(networks["r_net"])
    assert networks["r_net"].count_params() == 743_939
    parts = [networks[f"baluja_{part}"].count_params() for part in ("preparation", "hiding", "revealing")]
    assert parts == [758_250, 758_250 + 1_133_703, 758_703]
    assert BalujaNet().count_params() == 2_650_656


def test_literal_reading_of_baluja():
    # Five layers of 50 filters of each size, 150 joined after each; cover and preparation make 153 channels.
    per_layer = [50 * inputs * (9 + 16 + 25) + 150 for inputs in (3, 153, 3, *[150] * 12)]
    assert BalujaNet(fidelity="paper").count_params() == sum(per_layer) + 2 * 151 * 3 == 4_900_656


@pytest.mark.parametrize("initializer", ["pytorch", "relative"])
def test_initialisers(initializer):
    keras.utils.set_random_seed(1)
    network = HNet(initializer=initializer)
    kernel = np.array(network.get_layer("h_net_conv2d_9").kernel)
    gamma = np.array(network.get_layer("h_net_batch_norm_10").gamma)
    up = np.array(network.get_layer("h_net_conv_transpose2d_18").kernel)
    if initializer == "pytorch":
        assert np.abs(kernel).max() <= (200 * 16) ** -0.5
        assert kernel.std() == pytest.approx((200 * 16 * 3) ** -0.5, rel=0.01)
        assert up.std() == pytest.approx((200 * 16 * 3) ** -0.5, rel=0.01)  # PyTorch counts output channels here
        assert (gamma == 1).all()
    else:
        assert kernel.std() == pytest.approx(0.02, rel=0.01)
        assert up.std() == pytest.approx(0.02, rel=0.01)
        assert gamma.std() == pytest.approx(0.02, rel=0.2)
    bias = np.array(network.get_layer("h_net_conv_transpose2d_30").bias)
    assert 0 < np.abs(bias).max() <= 48**-0.5


def test_mixed_precision_keeps_pixels_in_float32():
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        hiding, revealing, baluja = HNet(), RNet(), BalujaNet()
    finally:
        keras.config.set_dtype_policy(policy)
    for network in (hiding, revealing, baluja.hiding, baluja.revealing):
        assert network.output.dtype == "float32"
        assert {tensor.dtype for tensor in network.inputs} == {"float32"}
    assert hiding.get_layer("h_net_conv2d_1").compute_dtype == "float32"
    assert hiding.get_layer("h_net_conv2d_6").compute_dtype == "bfloat16"
    assert revealing.get_layer("r_net_conv2d_1").compute_dtype == "float32"
    assert revealing.get_layer("r_net_conv2d_7").compute_dtype == "bfloat16"


@pytest.mark.parametrize(
    ("build", "arguments", "message"),
    [
        (HNet, {"input_shape": (60, 64, 3)}, r"multiples of 32.*Received: \(60, 64, 3\)"),
        (HNet, {"input_shape": (64, 64, 1)}, r"Received: \(64, 64, 1\)"),
        (HNet, {"initializer": "he"}, "Received: 'he'"),
        (RNet, {"input_shape": (64, 64)}, r"Received: \(64, 64\)"),
        (RNet, {"weights": "nothing"}, "Received: 'nothing'"),
        (BalujaNet, {"fidelity": "literal"}, "Received: 'literal'"),
        (BalujaNet, {"noise": -1.0}, "Received: -1.0"),
        (BalujaNet, {"weight": 0}, "Received: 0"),
    ],
)
def test_bad_arguments_say_what_was_received(build, arguments, message):
    with pytest.raises(ValueError, match=message):
        build(**arguments)


def test_a_state_dict_of_another_network_is_refused_and_changes_nothing(tmp_path):
    network = RNet((16, 16, 3))
    before = [w.copy() for w in network.get_weights()]
    state = {f"main.{i}": np.zeros(s[::-1] if len(s) < 4 else (s[3], s[2], s[0], s[1])) for i, s in _shapes(network)}
    load_pytorch(network, state)
    assert all((w == 0).all() for w in network.get_weights())
    network.set_weights(before)
    state["main.3"] = np.zeros(65)
    with pytest.raises(ValueError, match=r"r_net's 32 tensors.*main\.3 \(65,\)"):
        load_pytorch(network, state)
    (tmp_path / "text.pth").write_text("no tensors")
    with pytest.raises(ValueError, match=r"Received: .*text\.pth"):
        load_pytorch(network, tmp_path / "text.pth")
    for old, new in zip(before, network.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def _shapes(network):
    return list(enumerate(tuple(w.shape) for layer in network.layers for w in layer.weights))
