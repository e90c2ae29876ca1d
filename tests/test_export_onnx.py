"""ONNX files under onnxruntime, beside the SavedModel of the same network."""

import importlib.util
import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from zoo import export_onnx, tensor_tiles, tiles
from zoo.export import export, serving
from zoo.serving import of_pictures

INSTALLED = all(importlib.util.find_spec(name) for name in export_onnx.PACKAGES)
NAME = "contrast-aware.photographs"


@pytest.mark.slow  # loads and converts the stored network
@pytest.mark.skipif(not INSTALLED, reason="needs the extra onnx")
def test_onnxruntime_gives_the_numbers_of_the_saved_model(tmp_path, command):
    import onnxruntime

    code, out, _ = command("export", NAME, tmp_path / "onnx", "--format", "onnx")
    assert code == 0
    assert out.startswith("written: ") and "largest differences from TensorFlow: score" in out.replace(
        "heatmap", "score"
    )
    about = json.loads((tmp_path / "onnx" / "forensics_zoo.json").read_text())
    assert set(about["files"]) == {"model.onnx"} and set(about["endpoints"]) == {"serve"}
    loaded = tf.saved_model.load(export(serving(NAME), tmp_path / "saved"))
    session = onnxruntime.InferenceSession(tmp_path / "onnx" / "model.onnx", providers=["CPUExecutionProvider"])
    for shape in ((1, 64, 64, 3), (2, 40, 150, 3), (1, 131, 97, 3)):
        pictures = np.random.default_rng(3).integers(0, 256, shape, np.uint8)
        expected = loaded.serve(pictures)
        for name, found in zip(expected, session.run(list(expected), {"image": pictures}), strict=True):
            np.testing.assert_allclose(found, expected[name], atol=1e-5, err_msg=f"{name} {shape}")


@pytest.mark.skipif(not INSTALLED, reason="needs the extra onnx")
def test_other_numbers_are_refused_and_nothing_is_written(tmp_path):
    def core(image):
        # tf2onnx turns a division that rounds down into one that rounds towards 0.
        count = -(-ops.shape(image)[1] // 64)
        return {"count": ops.cast(count, "float32") + ops.mean(image, axis=(1, 2, 3))}

    layer = keras.layers.Identity()
    product = of_pictures(core, [layer], {"image": "pictures", "count": "a number"})
    with pytest.raises(ValueError, match=r"must give count as TensorFlow does, within .*Received: a difference of 1$"):
        export_onnx.export_onnx(product, tmp_path / "made")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(INSTALLED, reason="the extra onnx is here")
def test_the_extra_is_named_where_it_is_missing(tmp_path, command):
    code, out, err = command("export", NAME, tmp_path / "made", "--format", "onnx")
    assert (code, out) == (2, "")
    expected = "zoo: An ONNX file needs onnx, onnxruntime, tf2onnx: pip install 'forensics-zoo[onnx]'. Received: no "
    assert err.startswith(expected) and len(err.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_onnx_is_written_one_product_at_a_time(tmp_path, command):
    code, _, err = command("export", "--all", tmp_path / "made", "--format", "onnx")
    assert (code, err) == (2, "zoo: --all only takes DIR. Received: --format onnx\n")


@pytest.mark.parametrize("stride", [16, 32, 48])
def test_tiles_begin_in_a_graph_where_they_do_outside(stride):
    for length in range(64, 200):
        np.testing.assert_array_equal(tensor_tiles.starts(length, 64, stride), tiles.starts(length, 64, stride))
