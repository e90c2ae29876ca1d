import itertools
import json
import subprocess
import sys
from importlib.resources import files

import h5py
import keras
import numpy as np
import pytest

from zoo.contrast import ContrastNet, load_authors_h5
from zoo.contrast.widening import widen
from zoo.signature import signature


@pytest.fixture(scope="module")
def model():
    return ContrastNet()


def test_signature_is_the_stored_one(model):
    stored = json.loads(files("zoo.contrast").joinpath("signature.json").read_text())
    assert signature(model) == stored, json.dumps(signature(model), indent=1)


def test_parameters_and_feature_maps_are_the_papers(model):
    assert model.count_params() == 4_783_952
    for name, shape in {"pool1": (27, 27, 160), "pool2": (10, 10, 256), "conv3_1": (10, 10, 128)}.items():
        assert model.get_layer(name).output.shape[1:] == shape
    # Counted by hand: 3x3 kernels and biases along the widths of section II-A.
    widths = [3, 32, 64, 96, 128, 160, 192, 224, 256]
    by_hand = sum((9 * a + 1) * b for a, b in itertools.pairwise(widths))
    assert by_hand + (256 + 1) * 128 + (12_800 + 1) * 250 + 251 * 2 == 4_783_952


def test_fidelity_decides_the_activation_of_the_1x1_convolution(rng):
    patches = rng.random((1, 64, 64, 3), np.float32)
    least = {}
    for fidelity in ("original", "paper"):
        built = ContrastNet(fidelity=fidelity)
        least[fidelity] = float(np.min(keras.Model(built.input, built.get_layer("conv3_1").output)(patches)))
    assert least["original"] < 0
    assert least["paper"] == 0


def test_forward_pass_agrees_with_a_numpy_convolution(rng):
    model = ContrastNet(input_shape=(26, 26, 3))
    patch = rng.random((26, 26, 3)).astype(np.float32)
    x = patch.astype(np.float64)
    for layer in model.layers:
        if isinstance(layer, keras.layers.Conv2D):
            kernel, bias = (w.astype(np.float64) for w in layer.get_weights())
            windows = np.lib.stride_tricks.sliding_window_view(x, kernel.shape[:2], axis=(0, 1))
            x = np.einsum("yxcij,ijcf->yxf", windows, kernel) + bias
            x = x if layer.name == "conv3_1" else np.maximum(x, 0)
        elif isinstance(layer, keras.layers.MaxPooling2D):
            half = x[: x.shape[0] // 2 * 2, : x.shape[1] // 2 * 2]
            x = half.reshape(half.shape[0] // 2, 2, half.shape[1] // 2, 2, -1).max((1, 3))
        elif isinstance(layer, keras.layers.Dense):
            kernel, bias = layer.get_weights()
            x = x.ravel() @ kernel.astype(np.float64) + bias
            x = np.maximum(x, 0) if layer.name == "fc" else np.exp(x - x.max()) / np.exp(x - x.max()).sum()
    np.testing.assert_allclose(model.predict_on_batch(patch[None])[0], x, atol=1e-5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"input_shape": (16, 64, 3)}, r"Received: \(16, 64, 3\)"),
        ({"input_shape": (64, 64)}, r"Received: \(64, 64\)"),
        ({"classes": 0}, "Received: 0"),
        ({"fidelity": "literal"}, "Received: 'literal'"),
        ({"weights": "contrast-perfect"}, "Received: 'contrast-perfect'"),
    ],
)
def test_bad_arguments_say_what_was_received(arguments, message):
    with pytest.raises(ValueError, match=message):
        ContrastNet(**arguments)


def _write_keras_2_file(path, model, reverse):
    """A file of the layout that Keras 2.2.4's model.save wrote, with the output classes reversed if asked."""
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"] = b"2.2.4"
        group = file.create_group("model_weights")
        layers = [layer for layer in model.layers if layer.name != "patch"]
        group.attrs["layer_names"] = [f"{layer.name}_7".encode() for layer in layers]
        for layer in layers:
            values = layer.get_weights() if layer.count_params() else []
            if reverse and layer.name == "predictions":
                values = [v[..., ::-1] for v in values]
            names = [f"{layer.name}_7/{part}:0" for part in ("kernel", "bias")[: len(values)]]
            sub = group.create_group(f"{layer.name}_7")
            sub.attrs.create("weight_names", [n.encode() for n in names], dtype="S40" if names else "S1")
            for name, value in zip(names, values, strict=True):
                sub[name] = value


@pytest.mark.parametrize("order", ["manipulated-first", "pristine-first"])
def test_authors_h5_is_loaded_in_either_class_order(tmp_path, model, rng, order):
    path = tmp_path / "model.h5"
    _write_keras_2_file(path, model, reverse=order == "manipulated-first")
    loaded = ContrastNet()
    load_authors_h5(loaded, path, class_order=order)
    patches = rng.random((2, 64, 64, 3), np.float32)
    np.testing.assert_array_equal(loaded.predict_on_batch(patches), model.predict_on_batch(patches))


def test_authors_h5_of_another_network_is_refused_and_changes_nothing(tmp_path):
    small, other = ContrastNet(input_shape=(32, 32, 3)), ContrastNet(input_shape=(26, 26, 3))
    before = [w.copy() for w in small.get_weights()]
    _write_keras_2_file(tmp_path / "other.h5", other, reverse=False)
    with pytest.raises(ValueError, match="does not hold contrast_net's tensors"):
        load_authors_h5(small, tmp_path / "other.h5")
    (tmp_path / "text.h5").write_text("no HDF5")
    with pytest.raises(ValueError, match="Not a Keras 2 weights file"):
        load_authors_h5(small, tmp_path / "text.h5")
    for old, new in zip(before, small.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_keras_file_opens_in_a_process_that_did_not_build_it(tmp_path, rng):
    model = ContrastNet(input_shape=(32, 32, 3))
    patches = rng.random((2, 32, 32, 3), np.float32)
    model.save(tmp_path / "model.keras")
    np.save(tmp_path / "patches.npy", patches)
    code = (
        "import keras, numpy as np, sys\n"
        f"model = keras.models.load_model({str(tmp_path / 'model.keras')!r})\n"
        f"x = np.load({str(tmp_path / 'patches.npy')!r})\n"
        f"np.save({str(tmp_path / 'scores.npy')!r}, model.predict_on_batch(x))\n"
        "assert 'zoo' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path, capture_output=True)
    np.testing.assert_array_equal(np.load(tmp_path / "scores.npy"), model.predict_on_batch(patches))


def test_mixed_precision_keeps_pixels_and_scores_in_float32(rng):
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = ContrastNet(input_shape=(26, 26, 3))
    finally:
        keras.config.set_dtype_policy(policy)
    assert [model.get_layer(f"conv1_{i}").compute_dtype for i in (1, 2)] == ["float32", "bfloat16"]
    assert model.output.dtype == "float32"


def test_the_authors_default_width(model):
    assert ContrastNet(base_filters=64).count_params() == 12_729_264
    with pytest.raises(ValueError, match="Received: 0"):
        ContrastNet(base_filters=0)


@pytest.mark.parametrize("fidelity", ["original", "paper"])
def test_widening_keeps_the_function(rng, fidelity):
    narrow = ContrastNet(base_filters=8, input_shape=(30, 34, 3), fidelity=fidelity)
    wide = ContrastNet(input_shape=(30, 34, 3), fidelity=fidelity)
    patches = rng.random((5, 30, 34, 3), np.float32)
    assert np.abs(wide.predict_on_batch(patches) - narrow.predict_on_batch(patches)).max() > 1e-3
    widen(narrow, wide)
    np.testing.assert_allclose(wide.predict_on_batch(patches), narrow.predict_on_batch(patches), atol=1e-6)


def test_widening_refuses_networks_that_do_not_fit():
    small = (26, 26, 3)
    with pytest.raises(ValueError, match="multiple"):
        widen(ContrastNet(small, base_filters=3), ContrastNet(small, base_filters=4))
    with pytest.raises(ValueError, match="same input"):
        widen(ContrastNet(small, base_filters=8), ContrastNet((30, 30, 3)))
