import json
from importlib.resources import files
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow_datasets as tfds

from zoo.adversarial import InceptionV3, OverFeatFast, SmallInception, SmallOverFeat, load_net_weight, overfeat
from zoo.adversarial.inception import FEATURES, load_slim_checkpoint, slim_scopes
from zoo.signature import signature

PARITY = Path(__file__).parent.parent / "parity"
NARROW = (4, 5, 6, 7, 8, 9, 10)


def write_net_weight(path, widths, classes, rng):
    """A file of the original's layout: kernel (out, in, height, width), then biases, layer by layer."""
    kernels = (11, 5, 3, 3, 3, 6, 1, 1)
    sizes, depth, tensors = (*widths, classes), 3, []
    for filters, kernel in zip(sizes, kernels, strict=True):
        tensors.append(rng.normal(0, 0.4 / kernel, (filters, depth, kernel, kernel)).astype("<f4"))
        tensors.append(rng.normal(0, 0.1, filters).astype("<f4"))
        depth = filters
    path.write_bytes(b"".join(t.tobytes() for t in tensors))
    return tensors


def test_signatures_are_the_stored_ones():
    stored = json.loads(files("zoo.adversarial").joinpath("signature.json").read_text())
    keras.backend.clear_session()
    for build in (SmallOverFeat, SmallInception):
        built = signature(build())
        assert built == stored[built["name"]]
    narrow = OverFeatFast(7, widths=NARROW)
    assert [(layer.name, type(layer).__name__) for layer in narrow.layers] == [
        (entry["name"], entry["type"]) for entry in stored["overfeat_fast"]["layers"]
    ]


def test_overfeat_by_hand():
    """145,920,872 parameters and the shapes, counted without building the network's 584 MB."""
    kernels, depths = (11, 5, 3, 3, 3, 6, 1, 1), (3, *overfeat.WIDTHS)
    total = sum((k * k * a + 1) * b for k, a, b in zip(kernels, depths, (*overfeat.WIDTHS, 1000), strict=True))
    assert total == 145_920_872
    model = OverFeatFast(7, widths=NARROW)
    for name, shape in {"conv1": (56, 56, 4), "pool1": (28, 28, 4), "conv2": (24, 24, 5), "pool2": (12, 12, 5)}.items():
        assert model.get_layer(name).output.shape[1:] == shape
    for name, shape in {"conv5": (12, 12, 8), "pool5": (6, 6, 8), "fc6": (1, 1, 9), "fc7": (1, 1, 10)}.items():
        assert model.get_layer(name).output.shape[1:] == shape
    stored = json.loads(files("zoo.adversarial").joinpath("signature.json").read_text())
    assert stored["overfeat_fast"]["parameters"] == 145_920_872


def test_overfeat_agrees_with_pytorch_layer_by_layer(tmp_path):
    """tests/parity/overfeat.npz: a file of the original's layout, an image, and PyTorch's activations."""
    stored = np.load(PARITY / "overfeat.npz")
    (tmp_path / "net_weight_0").write_bytes(stored["net_weight_0"].tobytes())
    model = OverFeatFast(7, widths=NARROW)
    load_net_weight(model, tmp_path / "net_weight_0", sort_classes=False)
    names = [n for n in stored.files if n not in ("net_weight_0", "image")]
    assert len(names) == 13
    taps = keras.Model(model.input, [model.get_layer(n).output for n in names])
    for name, found in zip(names, taps.predict_on_batch(stored["image"]), strict=True):
        expected = stored[name].transpose(0, 2, 3, 1) if stored[name].ndim == 4 else stored[name]
        np.testing.assert_allclose(found, expected, atol=1e-5 * np.abs(expected).max(), err_msg=name)


def test_classes_are_sorted_by_wordnet_identifier(tmp_path, rng):
    tensors = write_net_weight(tmp_path / "net_weight_0", NARROW, 1000, rng)
    model = OverFeatFast(1000, tmp_path / "net_weight_0", NARROW)
    kernel, bias = (np.asarray(w) for w in model.get_layer("fc8").get_weights())
    identifiers = overfeat.wordnet_identifiers()
    order = sorted(identifiers)
    for i in (0, 309, 999):  # bee is 309 in sorted order and 629 in the file
        j = identifiers.index(order[i])
        np.testing.assert_array_equal(kernel[0, 0, :, i], tensors[-2][j, :, 0, 0])
        assert bias[i] == tensors[-1][j]
    assert identifiers[629] == order[309] == "n02206856"


def test_class_order_holds_imagenets_thousand_classes():
    labels = Path(tfds.__file__).parent / "image_classification" / "imagenet_resized_labels.txt"
    identifiers = overfeat.wordnet_identifiers()
    assert sorted(identifiers) == sorted(labels.read_text().split())
    # The development kit's own numbers, counted from 1: kit fox, daisy, spider web, dumbbell.
    for number, identifier in {1: "n02119789", 357: "n11939491", 600: "n04275548", 1000: "n03255030"}.items():
        assert identifiers[number - 1] == identifier


def test_files_that_are_not_net_weight_0_are_refused(tmp_path, rng):
    model = OverFeatFast(7, widths=NARROW)
    before = [w.copy() for w in model.get_weights()]
    path = tmp_path / "net_weight_0"
    with pytest.raises(ValueError, match=r"must be a file of [\d,]+ bytes\. Received: .*no file"):
        load_net_weight(model, path)
    tensors = write_net_weight(path, NARROW, 7, rng)
    with pytest.raises(ValueError, match=r"Sorting classes needs a network of 1000 classes\. Received: 7"):
        load_net_weight(model, path)
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(ValueError, match=r"must be a file of"):
        load_net_weight(model, path, sort_classes=False)
    tensors[4][1, 1, 1, 1] = np.nan
    path.write_bytes(b"".join(t.tobytes() for t in tensors))
    with pytest.raises(ValueError, match="NaN or infinity in conv3"):
        load_net_weight(model, path, sort_classes=False)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


@pytest.fixture(scope="module")
def slim():
    InceptionV3((75, 75, 3), 3)  # the automatic names of the next one start elsewhere
    return InceptionV3((107, 107, 3), 5, auxiliary=True)


def test_inceptions_layers_have_the_papers_names_and_places(slim):
    """Channels of TF-slim's end points; sides for 107 pixels."""
    channels = (192, 256, 288, 288, 768, 768, 768, 768, 768, 1280, 2048, 2048)
    sides = (11, 11, 11, 11, 5, 5, 5, 5, 5, 2, 2, 2)
    for name, depth, side in zip(FEATURES, channels, sides, strict=True):
        assert slim.get_layer(name).output.shape == (None, side, side, depth), name
    assert slim.get_layer("avg_pool").output.shape == (None, 2048)
    # InceptionV3 without its last layer, that layer for 5 classes, and the head: 128 x 768 + BN, 1x1, 768.
    head = sum(layer.count_params() for layer in slim.layers if layer.name.startswith("auxiliary"))
    assert slim.count_params() - head == 23_851_784 - 1000 * 2049 + 5 * 2049
    assert head == 768 * 128 + 3 * 128 + 128 * 768 + 3 * 768 + 769 * 5


def test_auxiliary_head_at_full_size_has_slims_parameters():
    kernel = 5 * 5  # of the 17x17 maps of 299 pixels, pooled to 5x5
    assert 768 * 128 + 3 * 128 + kernel * 128 * 768 + 3 * 768 + 769 * 1001 == 3_328_361


def test_slim_checkpoint_is_loaded_by_its_names(slim, tmp_path, rng):
    import tensorflow as tf

    variables = {}
    for layer, scope in slim_scopes(slim):
        for variable in layer.weights:
            key = {"kernel": "weights", "bias": "biases"}.get(variable.name, f"BatchNorm/{variable.name}")
            shape = (
                (1, 1, *variable.shape)
                if scope.endswith(("1c_1x1", "2b_1x1")) and variable.name == "kernel"
                else variable.shape
            )
            variables[f"{scope}/{key}"] = rng.random(shape).astype(np.float32)
    scopes = {key.rpartition("/weights")[0] for key in variables if key.endswith("/weights")}
    # As listed in slim's own source, slips included.
    for name in (
        "Mixed_5c/Branch_1/Conv_1_0c_5x5",
        "Mixed_7b/Branch_1/Conv2d_0b_3x1",
        "Mixed_7c/Branch_1/Conv2d_0c_3x1",
    ):
        assert f"InceptionV3/{name}" in scopes
    assert len(scopes) == 94 + 1 + 3
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        made = {key: tf.compat.v1.get_variable(key, initializer=value) for key, value in variables.items()}
        session.run(tf.compat.v1.global_variables_initializer())
        path = tf.compat.v1.train.Saver(made).save(session, str(tmp_path / "inception_v3.ckpt"), write_meta_graph=False)
    load_slim_checkpoint(slim, path)
    layers = dict((scope, layer) for layer, scope in slim_scopes(slim) if "Conv2D" in type(layer).__name__)
    for scope in ("InceptionV3/Conv2d_1a_3x3", "InceptionV3/Mixed_6d/Branch_2/Conv2d_0c_1x7"):
        np.testing.assert_array_equal(layers[scope].get_weights()[0], variables[f"{scope}/weights"])
    dense = slim.get_layer("predictions").get_weights()[0]
    np.testing.assert_array_equal(dense, variables["InceptionV3/Logits/Conv2d_1c_1x1/weights"][0, 0])
    with pytest.raises(ValueError, match="Received: shape"):
        load_slim_checkpoint(InceptionV3((75, 75, 3), 4), path)
    with pytest.raises(ValueError, match="Not a TensorFlow checkpoint"):
        load_slim_checkpoint(slim, tmp_path / "absent.ckpt")


def test_models_open_without_the_zoo_and_keep_their_names(tmp_path, rng):
    for build in (SmallOverFeat, SmallInception):
        model = build()
        model.save(tmp_path / "model.keras")
        again = keras.models.load_model(tmp_path / "model.keras")
        images = rng.integers(0, 256, (2, 16, 16, 3)).astype(np.float32)
        for one, two in zip(
            *(
                m.predict_on_batch(images) if len(m.outputs) > 1 else [m.predict_on_batch(images)]
                for m in (model, again)
            ),
            strict=True,
        ):
            np.testing.assert_array_equal(one, two)
        assert [layer.name for layer in again.layers] == [layer.name for layer in model.layers]


def test_small_networks_have_the_papers_layers():
    names = [layer.name for layer in SmallInception((32, 40, 3), 7).layers]
    assert [n for n in names if n in FEATURES] == list(FEATURES)
    names = [layer.name for layer in SmallOverFeat((32, 40, 3), 7).layers]
    assert [n for n in names if n in overfeat.FEATURES] == list(overfeat.FEATURES)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: OverFeatFast(0), "Received: 0"),
        (lambda: OverFeatFast(widths=(1, 2)), r"Received: \(1, 2\)"),
        (lambda: InceptionV3((74, 75, 3)), r"Received: \(74, 75, 3\)"),
        (lambda: InceptionV3((75, 75, 3), auxiliary=True), "sides of at least 107"),
        (lambda: InceptionV3(classes=0), "Received: 0"),
        (lambda: InceptionV3(weights="imagenet", classes=1001), "classes=1001"),
        (lambda: SmallOverFeat((15, 16, 3)), r"Received: \(15, 16, 3\)"),
        (lambda: SmallInception(classes=0), "Received: 0"),
        (lambda: SmallInception(weights="none-such"), "Received: 'none-such'"),
    ],
)
def test_bad_arguments_say_what_was_received(build, message):
    with pytest.raises(ValueError, match=message):
        build()
