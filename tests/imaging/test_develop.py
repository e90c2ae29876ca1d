import dataclasses

import numpy as np
import pytest

from zoo.images import ImageError, read_image
from zoo.imaging import DNet, INet, UNet
from zoo.imaging.developing import bayer, raw
from zoo.imaging.developing.develop import crop_to_phase, develop, develop_tiles
from zoo.imaging.developing.picture import write_picture


def _raw(rng, height, width, cfa="GBRG"):
    mosaic = rng.integers(60, 1000, (height, width)).astype(np.uint16)
    return raw.from_mosaic(mosaic, cfa, (60, 61, 62, 63), 1000, (1.9, 1.0, 1.4), np.eye(3))


def _stirred(model, rng):
    """Weights away from any start, so that what lies far away matters as much as it can."""
    for layer in model.layers:
        values = layer.get_weights()
        if values and layer.name != "sampler":
            fan = np.prod(values[0].shape[:3])
            drawn = rng.standard_normal(values[0].shape) * (1.6 / fan) ** 0.5
            layer.set_weights([drawn if values[0].ndim > 1 else values[0], *values[1:]])
    return model


@pytest.mark.parametrize("have", bayer.SITES)
@pytest.mark.parametrize("want", bayer.SITES)
def test_cropping_to_a_phase_moves_the_mosaic_by_one_at_most(have, want, rng):
    image = _raw(rng, 12, 14, have)
    cropped = crop_to_phase(image, want)
    assert cropped.cfa == want
    assert all(0 <= a - b <= 2 and b % 2 == 0 for a, b in zip(image.shape, cropped.shape, strict=True))
    found = [
        (y, x)
        for y in (0, 1)
        for x in (0, 1)
        if np.array_equal(image.mosaic[y : y + cropped.shape[0], x : x + cropped.shape[1]], cropped.mosaic)
    ]
    assert len(found) == 1
    # Every code keeps its black level: the normalised mosaic is a part of the old one.
    ((y, x),) = found
    whole = bayer.unpack(image.balanced_planes, have)[y : y + cropped.shape[0], x : x + cropped.shape[1]]
    np.testing.assert_array_equal(bayer.unpack(cropped.balanced_planes, want), whole)


@pytest.mark.parametrize(
    ("build", "size", "tile"),
    [(INet, (50, 70), 24), (DNet, (94, 110), 40), (UNet, (470, 444), 208)],
    ids=["inet", "dnet", "unet"],
)
def test_tiles_give_the_whole_pictures_result(build, size, tile, rng):
    network = _stirred(build(clip=False), rng)
    image = _raw(rng, *size)
    whole = network.predict_on_batch(image.balanced_planes[None])[0]
    pieces = [part.shape for _, _, part in develop_tiles(image, network, tile)]
    assert len(pieces) >= 4
    tiled = develop(image, network, tile=tile)
    np.testing.assert_allclose(tiled, whole, atol=1e-5 * np.abs(whole).max())


def test_a_margin_too_small_would_show(rng, monkeypatch):
    from zoo.imaging.developing import develop as module

    network = _stirred(DNet(clip=False), rng)
    image = _raw(rng, 94, 110)
    whole = network.predict_on_batch(image.balanced_planes[None])[0]
    monkeypatch.setitem(module._REACH, "c17", dataclasses.replace(module._REACH["c17"], margin=10))
    assert np.abs(develop(image, network, tile=40) - whole).max() > 1e-4 * np.abs(whole).max()


def test_other_phases_are_cropped_first(rng):
    image = _raw(rng, 20, 24, "RGGB")
    network = INet()
    expected = network.predict_on_batch(crop_to_phase(image).balanced_planes[None])[0]
    found = develop(image, network, progress=True)
    assert found.shape == (18, 24, 3)
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize("build", [INet, DNet, UNet], ids=lambda build: build.__name__)
def test_pictures_of_a_few_pixels_are_developed(build, rng):
    rgb = develop(_raw(rng, 2, 6), build())
    assert rgb.shape == (2, 6, 3)
    assert np.isfinite(rgb).all()


def test_what_is_no_network_or_no_tile_is_refused(rng):
    import keras

    other = keras.Sequential([keras.Input((None, None, 4)), keras.layers.Conv2D(3, 1)], name="other")
    with pytest.raises(ValueError, match="Received: other"):
        develop(_raw(rng, 20, 20), other)
    with pytest.raises(ValueError, match="A tile must be longer than both margins"):
        develop(_raw(rng, 200, 200), DNet(), tile=32)
    with pytest.raises(ValueError, match="Received: 'XXXX'"):
        crop_to_phase(_raw(rng, 20, 20), "XXXX")


@pytest.mark.parametrize("suffix", ["png", "tif", "TIFF"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_pictures_are_written_with_all_their_bits(tmp_path, rng, suffix, dtype):
    import cv2

    rgb = rng.integers(0, np.iinfo(dtype).max, (9, 12, 3), dtype, endpoint=True)
    path = tmp_path / f"a.{suffix}"
    write_picture(path, rgb)
    np.testing.assert_array_equal(cv2.imread(str(path), cv2.IMREAD_UNCHANGED)[..., ::-1], rgb)
    assert read_image(path).shape == (9, 12, 3)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_pictures_that_cannot_be_written(tmp_path, rng):
    rgb = np.zeros((4, 4, 3), np.uint8)
    with pytest.raises(ValueError, match=r"Received: .*a\.jpg"):
        write_picture(tmp_path / "a.jpg", rgb)
    with pytest.raises(ValueError, match="Received: float64"):
        write_picture(tmp_path / "a.tif", rgb / 2)
    with pytest.raises(ImageError, match="cannot be written"):
        write_picture(tmp_path / "absent" / "a.tif", rgb)
