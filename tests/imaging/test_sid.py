import numpy as np
import pytest
import tensorflow as tf

from zoo.imaging import UNet
from zoo.imaging.developing.sid import load_sid_checkpoint

tf1 = tf.compat.v1
WIDTHS = {1: (4, 32), 2: (32, 64), 3: (64, 128), 4: (128, 256), 5: (256, 512)}
WIDTHS |= {6: (512, 256), 7: (256, 128), 8: (128, 64), 9: (64, 32)}


def _shapes():
    """Names and shapes in the published index of the Sony checkpoint."""
    found = {}
    for i, (into, out) in WIDTHS.items():
        for j, channels in ((1, into), (2, out)):
            found |= {f"g_conv{i}_{j}/weights": (3, 3, channels, out), f"g_conv{i}_{j}/biases": (out,)}
    found |= {"g_conv10/weights": (1, 1, 32, 12), "g_conv10/biases": (12,)}
    transposed = ((256, 512), (128, 256), (64, 128), (32, 64))
    return found | {f"Variable{f'_{i}' if i else ''}": (2, 2, *s) for i, s in enumerate(transposed)}


def _checkpoint(path, values):
    with tf1.Graph().as_default(), tf1.Session() as session:
        variables = {name: tf1.Variable(value, name=name) for name, value in values.items()}
        variables["g_conv10/weights/Adam"] = tf1.Variable(np.zeros(3, np.float32))
        session.run(tf1.global_variables_initializer())
        tf1.train.Saver(variables).save(session, str(path), write_meta_graph=False)


def test_the_published_checkpoint_maps_onto_unet(tmp_path, rng):
    values = {name: rng.standard_normal(shape, np.float32) for name, shape in _shapes().items()}
    assert sum(v.size for v in values.values()) == 7_760_268
    _checkpoint(tmp_path / "model.ckpt", values)
    model = UNet()
    load_sid_checkpoint(model, tmp_path / "model.ckpt")
    kernel, bias = model.get_layer("c4_1_conv").get_weights()
    np.testing.assert_array_equal(kernel, values["g_conv4_1/weights"])
    np.testing.assert_array_equal(bias, values["g_conv4_1/biases"])
    np.testing.assert_array_equal(model.get_layer("s6_whole").get_weights()[0], values["Variable_1"])
    # R, G1, B, G2 there; R, G1, G2, B here: the same cell gives the same response.
    cell = {"R": 0.1, "G1": 0.2, "G2": 0.3, "B": 0.4}
    theirs = np.array([cell[c] for c in ("R", "G1", "B", "G2")]) @ values["g_conv1_1/weights"][1, 1]
    ours = np.array([cell[c] for c in ("R", "G1", "G2", "B")]) @ model.get_layer("c1_1_conv").get_weights()[0][1, 1]
    np.testing.assert_allclose(ours, theirs, rtol=1e-6)


def test_other_checkpoints_are_refused_and_nothing_is_assigned(tmp_path):
    model = UNet()
    before = model.get_layer("c10").get_weights()[0].copy()
    with pytest.raises(ValueError, match="Not a checkpoint of that U-Net"):
        load_sid_checkpoint(model, tmp_path / "absent.ckpt")
    values = {name: np.zeros(shape, np.float32) for name, shape in _shapes().items()}
    values["g_conv1_1/weights"] = np.zeros((3, 3, 9, 32), np.float32)  # Fuji's has nine planes
    _checkpoint(tmp_path / "fuji.ckpt", values)
    with pytest.raises(ValueError, match="c1_1_conv must have shapes"):
        load_sid_checkpoint(model, tmp_path / "fuji.ckpt")
    np.testing.assert_array_equal(model.get_layer("c10").get_weights()[0], before)
