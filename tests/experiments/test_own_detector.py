"""SavedModels as a detector of the user's: what `zoo export` writes, patches, and what is neither."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from zoo.contrast import ContrastNet
from zoo.contrast.detector import ContrastDetector
from zoo.contrast.serving import adjustment
from zoo.experiments.contrast.evaluation import load_detector
from zoo.experiments.contrast.own_detector import of_saved_model
from zoo.export import export


def test_an_export_of_the_zoo_scores_whole_pictures(tmp_path, rng):
    keras.utils.set_random_seed(2)
    ours = ContrastDetector(weights=None)
    ours.model = ContrastNet(base_filters=2)
    export(adjustment(ours.model), tmp_path / "exported")
    units = [rng.integers(0, 256, (*size, 3), np.uint8) for size in ((64, 64), (140, 200), (64, 64))]
    units[2] //= 4
    scores = load_detector(str(tmp_path / "exported"))(units)
    np.testing.assert_allclose(scores, [ours.score(unit) for unit in units], atol=1e-5)


def _saved(folder, function, *specs, **named):
    """A SavedModel of a function, without a network."""
    module = tf.Module()
    module.f = tf.function(function).get_concrete_function(*specs, **named)
    tf.saved_model.save(module, str(folder), signatures={"serving_default": module.f})
    return folder


def _spec(shape, dtype="float32", name="image"):
    return tf.TensorSpec(shape, dtype, name=name)


def _mean(image):
    return {"score": tf.reduce_mean(tf.cast(image, tf.float32), axis=(1, 2, 3))}


@pytest.mark.parametrize(
    ("shape", "dtype", "scale"),
    [((None, 64, 64, 3), "uint8", 1), ((None, 64, 64, 3), "float32", 255), ((None, None, None, 3), "float32", 255)],
)
def test_patches_in_either_type(tmp_path, rng, shape, dtype, scale):
    detector = of_saved_model(_saved(tmp_path / "m", _mean, _spec(shape, dtype)))
    unit = rng.integers(0, 256, (70, 130, 3), np.uint8)
    np.testing.assert_allclose(detector([unit]), [unit[:64, :128].mean() / scale], rtol=1e-5)


def test_pictures_one_by_one(tmp_path, rng):
    detector = of_saved_model(_saved(tmp_path / "m", _mean, _spec((1, None, None, 3), "uint8")))
    units = [rng.integers(0, 256, (size, 90, 3), np.uint8) for size in (30, 80)]
    np.testing.assert_allclose(detector(units), [unit.mean() for unit in units], rtol=1e-5)


@pytest.mark.parametrize(
    ("function", "specs", "message"),
    [
        (_mean, [_spec((None, 16, 16, 3), "uint8")], r"must take one input.*Received: .* with image uint8 \(None, 16"),
        (_mean, [_spec((None, None, None, 3), "int32")], "with image int32"),
        (_mean, [_spec((None, None, None, 4), "uint8")], r"None, 4\)"),
        (_mean, [_spec((8, 64, 64, 3))], r"\(8, 64"),
        (
            lambda a, b: {"score": a + b},
            [_spec((None, 3), name="a"), _spec((None, 3), name="b")],
            "with a float32.*, b ",
        ),
        (
            lambda image: {"x": image, "y": image},
            [_spec((None, 64, 64, 3))],
            "called score, or a single output.*with x, y",
        ),
    ],
)
def test_an_input_or_output_that_does_not_fit(tmp_path, function, specs, message):
    folder = _saved(tmp_path / "m", function, *specs)
    with pytest.raises(ValueError, match=message):
        of_saved_model(folder)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda image: {"score": tf.reduce_mean(image, axis=(1, 2))}, r"score of .* \(n, 2\). Received: \(1, 3\)"),
        (lambda image: {"score": tf.reshape(image, (-1, 7))[:, 0]}, r"must score float32 \(1, 64, 64, 3\). Received"),
    ],
)
def test_a_model_that_fails_when_called(tmp_path, function, message):
    detector = of_saved_model(_saved(tmp_path / "m", function, _spec((None, 64, 64, 3))))
    with pytest.raises(ValueError, match=message):
        detector([np.zeros((64, 64, 3), np.uint8)])


def test_a_folder_that_cannot_be_loaded_or_serves_nothing(tmp_path):
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "saved_model.pb").write_bytes(b"no model")
    with pytest.raises(ValueError, match=r"Not a SavedModel that can be loaded. Received: .*broken"):
        load_detector(str(tmp_path / "broken"))
    tf.saved_model.save(tf.Module(), str(tmp_path / "silent"))
    with pytest.raises(ValueError, match=r"must have the signature serve or serving_default. Received: .*silent"):
        load_detector(str(tmp_path / "silent"))


def test_on_the_command_line_it_is_one_line(tmp_path, command):
    folder = _saved(tmp_path / "m", _mean, _spec((None, 16, 16, 3), "uint8"))
    arguments = ("--scale", "smoke", "--detector", folder, "--output", tmp_path / "results")
    code, _, err = command("reproduce", "contrast", "table-1", *arguments)
    assert code == 2
    assert err.startswith("zoo: A SavedModel must take one input") and len(err.splitlines()) == 1
    assert not (tmp_path / "results").exists()
