"""RAW files inside tf.data give what the reader gives outside."""

import numpy as np
import pytest
import tensorflow as tf

from zoo.datasets import raw
from zoo.datasets.camera import CAMERAS, Body, shoot, write_dng


@pytest.fixture(scope="module")
def paths(tmp_path_factory):
    folder = tmp_path_factory.mktemp("raw")
    for index, model in enumerate(CAMERAS.values()):
        body = Body(model, 0)
        write_dng(folder / f"{index}.dng", shoot(body, 0, index, 32 + 16 * index, 64), body, orientation=index + 1)
    return sorted(folder.iterdir())


@pytest.mark.parametrize("balanced", [False, True])
def test_the_same_as_outside(paths, balanced):
    dataset = raw.as_tf_dataset(paths, balanced)
    assert dataset.element_spec["planes"].shape.as_list() == [None, None, 4]
    found = list(dataset.as_numpy_iterator())
    assert [example["path"].decode() for example in found] == [str(path) for path in paths]
    for path, example in zip(paths, found, strict=True):
        image = raw.read(path)
        np.testing.assert_array_equal(example["planes"], image.balanced_planes if balanced else image.planes)
        assert example["cfa"].decode() == image.cfa
        assert tuple(example["black_levels"]) == image.black_levels
        assert example["white_level"] == image.white_level
        np.testing.assert_allclose(example["white_balance"], image.white_balance, rtol=1e-6)
        np.testing.assert_allclose(example["camera_matrix"], image.camera_matrix, rtol=1e-6, atol=1e-7)
        assert example["orientation"] == image.orientation


def test_eager_and_in_a_function(paths):
    eager = raw.read_tensor(str(paths[0]))
    traced = tf.function(raw.read_tensor)(tf.constant(str(paths[0])))
    np.testing.assert_array_equal(eager["planes"], traced["planes"])


def test_the_readers_line_comes_through(tmp_path):
    (tmp_path / "a.dng").write_bytes(b"nothing")
    with pytest.raises(tf.errors.OpError, match=r"a\.dng: does not begin as any camera's RAW file does"):
        list(raw.as_tf_dataset([tmp_path / "a.dng"]))
    with pytest.raises(ValueError, match=r"Received: \[\]"):
        raw.as_tf_dataset([])
