import numpy as np
import pytest

from zoo.datasets.developed import Developed, DevelopedPatches, develop_pair, fixed_patches, load, save
from zoo.imaging.developing import bayer, pipeline, raw


def _picture(number, height=24, width=20):
    """Planes and target that tell from which picture and place they are: target pixel = planes of its cell."""
    y, x = np.mgrid[: height // 2, : width // 2].astype(np.uint16)
    planes = np.stack([np.full_like(y, number), y, x, y * x], -1)
    target = planes[..., :3].repeat(2, 0).repeat(2, 1)
    return Developed(planes, target, str(number), np.eye(3), "GBRG")


def _batches(**change):
    pictures = [_picture(n) for n in range(5)]
    return DevelopedPatches(pictures, **({"steps": 4, "batch_size": 3, "patch": 6, "seed": 2} | change))


def test_planes_and_target_are_cut_at_the_same_place():
    x, y = _batches().batch(0, 1)
    assert x.shape == (3, 6, 6, 4)
    assert y.shape == (3, 12, 12, 3)
    assert x.dtype == y.dtype == np.float32
    np.testing.assert_array_equal(y[:, ::2, ::2], x[..., :3])
    np.testing.assert_array_equal(y[:, 1::2, 1::2], x[..., :3])
    assert len({tuple(np.rint(patch[0, 0, 1:3] * 65535)) for patch in x}) > 1


def test_every_picture_comes_once_before_any_comes_twice():
    batches = _batches(batch_size=1, steps=5)
    for epoch in range(3):
        numbers = [int(np.rint(batches.batch(epoch, step)[0][0, 0, 0, 0] * 65535)) for step in range(5)]
        assert sorted(numbers) == [0, 1, 2, 3, 4]


def test_batches_are_a_function_of_seed_epoch_and_step_alone():
    forward, backward = _batches(), _batches()
    keys = [(e, s) for e in range(2) for s in range(4)]
    there = {key: forward.batch(*key)[0] for key in keys}
    back = {key: backward.batch(*key)[0] for key in reversed(keys)}
    for key in keys:
        np.testing.assert_array_equal(there[key], back[key])
    assert len({there[key].tobytes() for key in keys}) == len(keys)
    assert (_batches(seed=3).batch(0, 0)[0] != there[0, 0]).any()


def test_a_pair_is_the_balanced_planes_and_the_classical_picture(rng):
    mosaic = rng.integers(60, 1000, (20, 26)).astype(np.uint16)
    image = raw.from_mosaic(mosaic, "GBRG", (60, 61, 62, 63), 1000, (1.9, 1.0, 1.4), np.eye(3))
    pair = develop_pair(image, "a", "GBRG")
    np.testing.assert_allclose(pair.planes / 65535, image.balanced_planes, atol=0.51 / 65535)
    np.testing.assert_allclose(pair.target / 65535, pipeline.develop(image), atol=0.51 / 65535)
    np.testing.assert_allclose(pair.mosaic, bayer.unpack(image.balanced_planes, "GBRG"), atol=0.51 / 65535)
    # Another phase is cropped to the wanted one, planes and target alike.
    other = develop_pair(image, "a", "RGGB")
    assert other.planes.shape == (9, 13, 4)
    assert other.target.shape == (18, 26, 3)
    np.testing.assert_allclose(other.mosaic, pair.mosaic[1:19], atol=1e-6)


def test_fixed_patches_are_fixed_and_not_flat(rng):
    flat = np.full((40, 40, 3), 30000, np.uint16)
    target = flat.copy()
    target[20:, 20:] = rng.choice([0, 65535], (20, 20, 3))
    planes = target[::2, ::2, [0, 1, 1, 2]]
    pictures = [Developed(planes, target, str(i), np.eye(3), "GBRG") for i in range(6)]
    x, y = fixed_patches(pictures, 10)
    assert x.shape == (6, 10, 10, 4)
    assert y.shape == (6, 20, 20, 3)
    assert min(patch.var() for patch in y) >= 0.01
    np.testing.assert_array_equal(fixed_patches(pictures, 10)[0], x)
    # Where all is flat it takes what there is.
    assert fixed_patches([Developed(planes[:5, :5], flat[:10, :10], "f", np.eye(3), "GBRG")], 5)[1].var() < 1e-9


def test_bad_batches():
    with pytest.raises(ValueError, match="at least 50 pixels"):
        _batches(patch=25)
    with pytest.raises(ValueError, match="Received: 0, 3, 6"):
        _batches(steps=0)
    with pytest.raises(ValueError, match=r"Received: \[\]"):
        DevelopedPatches([], 1)


def test_a_saved_picture_gives_the_same_patches_from_disk(tmp_path):
    rng = np.random.default_rng(4)
    planes, target = (rng.integers(0, 65536, shape).astype(np.uint16) for shape in ((12, 14, 4), (24, 28, 3)))
    picture = Developed(planes, target, "a", rng.normal(size=(3, 3)), "GBRG")
    kept = save(picture, tmp_path / "kept", "0")
    assert isinstance(kept.planes, np.memmap) and isinstance(kept.target, np.memmap)
    for one, other in zip(picture.cut(3, 5, 6), kept.cut(3, 5, 6), strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(kept.camera_matrix, picture.camera_matrix)
    assert (kept.source, kept.cfa) == ("a", "GBRG")
    pictures = (picture, load(tmp_path / "kept", "0"))
    batches = [DevelopedPatches([one], steps=3, batch_size=2, patch=6, seed=1) for one in pictures]
    for step in range(3):
        for one, other in zip(*(b.batch(0, step) for b in batches), strict=True):
            np.testing.assert_array_equal(one, other)
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "kept", "1")
