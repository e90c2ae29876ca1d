import json
from pathlib import Path

import keras
import numpy as np
import pytest

import zoo.weights
from zoo.contrast import ContrastNet


@pytest.fixture
def small():
    return ContrastNet(input_shape=(26, 26, 3))


def test_packing_keeps_weights_within_half_a_step_of_each_channel(small, tmp_path):
    original = {v.path: np.array(v) for v in small.weights}
    zoo.weights.pack(small, tmp_path / "w.npz", {"fc": 6})
    restored = ContrastNet(input_shape=(26, 26, 3), weights=tmp_path / "w.npz")
    for variable in restored.weights:
        if "seed_generator" in variable.path:
            continue
        before, after = original[variable.path], np.array(variable)
        if before.ndim < 2:
            np.testing.assert_array_equal(before, after)
            continue
        steps = 31 if variable.path.startswith("fc/") else 127
        half_step = np.abs(before).reshape(-1, before.shape[-1]).max(0) / steps / 2
        assert (np.abs(before - after) <= half_step * 1.001).all()


def test_files_are_byte_reproducible(small, tmp_path):
    zoo.weights.pack(small, tmp_path / "a.npz")
    zoo.weights.pack(small, tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_other_formats_load(small, tmp_path, rng):
    patches = rng.random((1, 26, 26, 3), np.float32)
    small.save_weights(tmp_path / "w.weights.h5")
    small.save(tmp_path / "w.keras")
    for name in ("w.weights.h5", "w.keras"):
        restored = ContrastNet(input_shape=(26, 26, 3), weights=tmp_path / name)
        np.testing.assert_array_equal(restored.predict_on_batch(patches), small.predict_on_batch(patches))


def test_a_changed_byte_is_refused(small, tmp_path, families_in):
    zoo.weights.pack(small, tmp_path / "w.npz")
    path = tmp_path / "w.npz"
    entry = dict.fromkeys(["bits", "command", "data", "commit", "device", "licence"], "x")
    entry |= {"file": str(path), "sha256": zoo.weights.sha256(path), "bytes": path.stat().st_size, "seconds": 1}
    (tmp_path / "contrast").mkdir()
    (tmp_path / "contrast" / "weights.json").write_text(json.dumps({"small.test": entry}))
    families_in(tmp_path)
    assert zoo.weights.names() == ["small.test"]
    ContrastNet(input_shape=(26, 26, 3), weights="small.test")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    before = [w.copy() for w in small.get_weights()]
    with pytest.raises(ValueError, match="changed or damaged and is refused"):
        zoo.weights.load_into(small, "small.test")
    for old, new in zip(before, small.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    path.unlink()
    with pytest.raises(ValueError, match="is missing"):
        zoo.weights.load_into(small, "small.test")


def test_files_that_do_not_fit_are_refused(small, tmp_path):
    zoo.weights.pack(keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)]), tmp_path / "other.npz")
    (tmp_path / "text.npz").write_text("no archive")
    (tmp_path / "text.keras").write_text("no archive")
    for name, message in (
        ("other.npz", "holds the weights of another network than contrast_net: .*Received: no such tensor"),
        ("text.npz", "Not a readable weights file"),
        ("text.keras", "Not a weights file|Received"),
        ("absent.npz", "must be a file or the name of stored weights.*Received: .*absent"),
    ):
        with pytest.raises(ValueError, match=message):
            zoo.weights.load_into(small, tmp_path / name)


def test_bits_have_a_range(small, tmp_path):
    with pytest.raises(ValueError, match="Received: 9"):
        zoo.weights.pack(small, tmp_path / "w.npz", 9)


def test_every_stored_file_is_the_listed_one():
    listed = {zoo.weights.provenance(name).path for name in zoo.weights.names()}
    assert listed == set(Path(zoo.__file__).parent.glob("*/weights/*"))
    total = 0
    for name in zoo.weights.names():
        entry = zoo.weights.provenance(name)
        assert zoo.weights.sha256(entry.path) == entry.sha256
        assert entry.path.stat().st_size == entry.bytes
        total += entry.bytes
    assert total <= 48 * 2**20
