"""EfficientNet-Lite0 against PyTorch's forward pass, and its weights from a file whose pickle is not run."""

import io
import pickle
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from zoo.adversarial import efficientnet
from zoo.adversarial.efficientnet import FEATURES, EfficientNetLite0
from zoo.adversarial.torch_file import read_state

PARITY = Path(__file__).parent.parent / "parity"


@pytest.fixture(scope="module")
def theirs():
    with np.load(PARITY / "efficientnet.npz") as file:
        return dict(file)


@pytest.fixture(scope="module")
def state():
    """The weights of the reference: its script needs PyTorch, drawing them does not."""
    source = (PARITY / "make_efficientnet.py").read_text()
    code = source.replace("import torch\n", "").replace("from torch.nn import functional\n", "")
    code = code.replace("torch.Tensor", "object")
    found = {"__name__": "made", "__file__": str(PARITY)}
    exec(compile(code, "make_efficientnet", "exec"), found)
    return found["drawn"](), found["image"]()


def test_equals_pytorch_layer_by_layer(theirs, state, monkeypatch):
    weights, image = state
    monkeypatch.setattr(efficientnet, "read_state", lambda path: dict(weights) | {"_bn0.num_batches_tracked": 0})
    model = EfficientNetLite0(weights="w.pth")
    assert sum(int(np.prod(v.shape)) for v in model.trainable_weights) == 4_652_008
    names = [*(name.removesuffix(" mean") for name in theirs if name.endswith("mean")), "features", "logits"]
    outputs = keras.Model(model.input, {n: model.get_layer(n).output for n in [*names, "predictions"]})
    ours = outputs.predict_on_batch(image.astype(np.float32))
    assert set(FEATURES) <= set(names)
    for name in names:
        expected = theirs.get(f"{name} mean", theirs.get(name))
        found = ours[name].mean((1, 2)) if ours[name].ndim == 4 else ours[name]
        np.testing.assert_allclose(found, expected, atol=1e-5 * np.abs(expected).max(), err_msg=name)
    expected = theirs["block16"].transpose(0, 2, 3, 1)
    np.testing.assert_allclose(ours["block16"], expected, atol=1e-5 * np.abs(expected).max())
    np.testing.assert_allclose(ours["predictions"], theirs["predictions"], atol=1e-5)


def test_weights_that_do_not_fit_change_nothing(state, monkeypatch):
    model = EfficientNetLite0(classes=10)
    before = [np.array(w) for w in model.weights]
    for change, message in (
        ({"_conv_head.weight": None}, "Received: no tensor _conv_head.weight"),
        ({"_conv_head.weight": np.zeros((1280, 320, 3, 3), np.float32)}, r"\(1, 1, 320, 1280\) as _conv_head"),
        ({"_bn1.bias": np.full(1280, np.nan, np.float32)}, "finite"),
        ({"more": np.zeros(1)}, "an additional tensor, more"),
    ):
        given = {k: v for k, v in (state[0] | change).items() if v is not None}
        monkeypatch.setattr(efficientnet, "read_state", lambda path, given=given: dict(given))
        with pytest.raises(ValueError, match=message):
            efficientnet.load_torch(model, "w.pth")
    for now, then in zip(model.weights, before, strict=True):
        np.testing.assert_array_equal(now, then)
    # Ten classes instead of a thousand: all but the last layer.
    monkeypatch.setattr(efficientnet, "read_state", lambda path: dict(state[0]))
    efficientnet.load_torch(model, "w.pth")
    np.testing.assert_array_equal(model.get_layer("logits").kernel, before[-2])
    assert np.abs(np.array(model.get_layer("head_conv").kernel)).max() > 0
    with pytest.raises(ValueError, match="Received: 0"):
        EfficientNetLite0(classes=0)


def test_a_state_dict_is_read_with_its_views(theirs, tmp_path):
    (tmp_path / "s.pth").write_bytes(theirs["state_dict"].tobytes())
    found = read_state(tmp_path / "s.pth")
    whole = np.arange(24, dtype=np.float32).reshape(4, 6)
    expected = {"plain": whole, "part": whole[1:3, ::2], "turned": whole.T, "half": np.float16([0.5, -2])}
    assert list(found) == [*expected, "count"]
    for name, value in expected.items():
        np.testing.assert_array_equal(found[name], value)
        assert found[name].dtype == value.dtype
    assert found["count"].shape == () and found["count"] == 7


class _Harm:
    def __reduce__(self):
        return (sys.exit, ("run",))


@pytest.mark.parametrize("kind", ["zipped", "cut", "empty", "text", "harmful", "other pickle"])
def test_other_files_are_refused_and_nothing_is_run(theirs, tmp_path, kind):
    state = theirs["state_dict"].tobytes()
    harmful = io.BytesIO()
    for value in (119547037146038801333356, 1001, {}, _Harm(), []):
        pickle.dump(value, harmful, 2)
    data = {
        "zipped": theirs["zipped"].tobytes(),
        "cut": state[: len(state) // 2],
        "empty": b"",
        "text": b"no weights",
        "harmful": harmful.getvalue(),
        "other pickle": pickle.dumps({"a": [1.5]}, 2),
    }[kind]
    (tmp_path / "w.pth").write_bytes(data)
    with pytest.raises(ValueError, match=r"Not a PyTorch state dict .*w\.pth"):
        read_state(tmp_path / "w.pth")
