"""The synthetic camera: what it writes is read back, and what it claims of noise and PRNU is in the pixels."""

from dataclasses import replace

import numpy as np
import pytest
import rawpy
import tifffile

from zoo.datasets import keyed
from zoo.datasets.camera import CAMERAS, Body, as_raw, expose, linearise, shoot, write_dng
from zoo.datasets.embedded import generate_linear_scene
from zoo.imaging.developing import bayer, pipeline
from zoo.imaging.developing.raw import read

MODELS = list(CAMERAS.values())
QUIET = {"shot": 0.0, "read": 0.0, "blur": 0.0, "vignetting": 0.0, "prnu": 0.0}


def test_the_models_cover_what_cameras_do():
    assert all(name == model.name for name, model in CAMERAS.items())
    assert {model.cfa for model in MODELS} == set(bayer.SITES)
    assert {model.bits for model in MODELS} == {12, 14}
    assert {len(set(model.black)) for model in MODELS} == {1, 4}


@pytest.mark.parametrize("model", MODELS, ids=CAMERAS)
@pytest.mark.parametrize("margins", [(0, 0, 0, 0), (4, 2, 6, 0)])
def test_a_dng_reads_back_equal(tmp_path, model, margins):
    body = Body(model, 12)
    mosaic = shoot(body, 0, 1, 64, 96)
    write_dng(tmp_path / "a.dng", mosaic, body, orientation=6, margins=margins)
    image, direct = read(tmp_path / "a.dng"), as_raw(mosaic, body)
    np.testing.assert_array_equal(image.mosaic, mosaic)
    assert image.mosaic.max() > 2 * max(model.black)
    assert (image.cfa, image.black_levels, image.white_level) == (model.cfa, model.black, model.white)
    assert (image.white_balance_source, image.camera_matrix_source) == ("camera", "file")
    assert image.orientation == 6
    np.testing.assert_allclose(image.white_balance, model.white_balance, rtol=1e-5)
    np.testing.assert_allclose(image.camera_matrix, model.camera_matrix, atol=1e-5)
    np.testing.assert_array_equal(direct.planes, image.planes)
    np.testing.assert_allclose(direct.balanced_planes, image.balanced_planes, atol=1e-5)


def test_libraw_itself_develops_what_our_pipeline_does(tmp_path):
    """An independent development: LibRaw's, linear, against the matrix and the light that was photographed."""
    model = replace(CAMERAS["cedar"], **QUIET)
    body = Body(model, 0)
    rows, columns = np.mgrid[:64, :96].astype(np.float32)
    scene = np.stack([0.2 + columns / 300, 0.3 + rows / 400, 0.25 + (rows + columns) / 900], -1)
    write_dng(tmp_path / "a.dng", expose(scene, body, keyed.generator(0)), body)
    with rawpy.imread(str(tmp_path / "a.dng")) as raw:
        theirs = raw.postprocess(
            use_camera_wb=True, no_auto_bright=True, gamma=(1, 1), output_bps=16, user_flip=0, adjust_maximum_thr=0
        )
    inner = np.s_[8:-8, 8:-8]
    np.testing.assert_allclose(theirs[inner] / 65535, scene[inner], atol=0.004)
    ours = pipeline.develop(read(tmp_path / "a.dng")) ** 2.2
    np.testing.assert_allclose(ours[inner], scene[inner], atol=0.002)


def test_the_file_says_what_the_camera_is(tmp_path):
    model = CAMERAS["dogwood"]
    write_dng(tmp_path / "a.dng", np.full((16, 16), 3000, np.uint16), Body(model, 7))
    with tifffile.TiffFile(tmp_path / "a.dng") as tiff:
        (page,) = tiff.pages
        assert not tiff.is_bigtiff
        assert page.tags.valueof(50706) == bytes([1, 4, 0, 0])
        assert page.tags.valueof("Model") == "dogwood"
        assert page.tags.valueof("CameraSerialNumber") == "00000007"
        assert bytes(page.tags.valueof("CFAPattern")) == bytes([2, 1, 1, 0])
        assert page.tags.valueof("NoiseProfile")[:2] == (model.shot, model.read**2)
        assert "DateTime" not in page.tags
    again = (tmp_path / "a.dng").read_bytes()
    write_dng(tmp_path / "b.dng", np.full((16, 16), 3000, np.uint16), Body(model, 7))
    assert (tmp_path / "b.dng").read_bytes() == again


def test_photographs_are_functions_of_their_numbers():
    one, other = Body(CAMERAS["birch"], 1), Body(CAMERAS["birch"], 2)
    first = shoot(one, 3, 4, 48, 64)
    np.testing.assert_array_equal(first, shoot(one, 3, 4, 48, 64))
    assert (first != shoot(one, 3, 5, 48, 64)).mean() > 0.9
    # Another body of the model sees the same scene.
    assert np.corrcoef(first.ravel(), shoot(other, 3, 4, 48, 64).ravel())[0, 1] > 0.95
    scene = generate_linear_scene(keyed.generator(3, 4), 48, 64)
    np.testing.assert_array_equal(first, expose(scene, one, keyed.generator(3, 4, 1)))


def test_bodies_of_a_model_differ_in_prnu_only():
    model = replace(CAMERAS["alder"], shot=0.0, read=0.0)
    scene = np.full((96, 128, 3), 0.4, np.float32)
    first, second = (expose(scene, Body(model, serial), keyed.generator(0)).astype(float) for serial in (1, 2))
    ratio = (first - 128) / (second - 128)
    expected = (1 + Body(model, 1).prnu((96, 128))) / (1 + Body(model, 2).prnu((96, 128)))
    assert np.abs(ratio - expected).max() < 0.01  # half a code of few hundred on either side
    assert np.corrcoef(ratio.ravel(), expected.ravel())[0, 1] > 0.98
    without = replace(model, prnu=0.0)
    np.testing.assert_array_equal(*(expose(scene, Body(without, serial), keyed.generator(0)) for serial in (1, 2)))


def test_prnu_is_a_fingerprint():
    model = CAMERAS["dogwood"]
    pattern = Body(model, 5).prnu((300, 520))
    np.testing.assert_array_equal(pattern, Body(model, 5).prnu((300, 520)))
    np.testing.assert_array_equal(pattern[:100, :260], Body(model, 5).prnu((100, 260)))
    assert not pattern.flags.writeable
    assert abs(pattern.std() / model.prnu - 1) < 0.01
    assert abs(pattern.mean()) < 5 * model.prnu / pattern.size**0.5
    for stranger in (Body(model, 6), Body(CAMERAS["cedar"], 5)):
        assert abs(np.corrcoef(pattern.ravel(), stranger.prnu((300, 520)).ravel())[0, 1]) < 0.015
    # No block repeats another.
    assert abs(np.corrcoef(pattern[:256, :256].ravel(), pattern[:256, 256:512].ravel())[0, 1]) < 0.02


@pytest.mark.parametrize("level", [0.02, 0.3])
def test_noise_has_the_variance_of_the_model(level):
    model = replace(CAMERAS["cedar"], **QUIET | {"shot": 4e-4, "read": 2e-3})
    codes = expose(np.full((200, 200, 3), level, np.float32), Body(model, 0), keyed.generator(1)).astype(float)
    planes = bayer.pack(codes.astype(np.float32), model.cfa)
    for plane, black, gain in zip(range(4), model.black, (2.31, 1, 1, 1.71), strict=True):
        signal = level / gain
        values = (planes[..., plane] - black) / (model.white - black)
        assert abs(values.mean() - signal) < 1e-3
        variance = 4e-4 * signal + 4e-6
        assert abs(values.var() / variance - 1) < 0.06  # four standard errors of 10,000 samples


def test_optics():
    flat = replace(CAMERAS["alder"], **QUIET)
    white = np.full((64, 64, 3), 0.5, np.float32)
    dark = expose(white, Body(replace(flat, vignetting=0.4), 0), keyed.generator(0)) - 128.0
    bright = expose(white, Body(flat, 0), keyed.generator(0)) - 128.0
    assert abs(dark[0, 0] / bright[0, 0] - 0.6) < 0.01
    assert abs(dark[32, 32] / bright[32, 32] - 1) < 0.01
    edge = np.zeros((64, 64, 3), np.float32)
    edge[:, 32:] = 0.5
    sharp, soft = (
        expose(edge, Body(replace(flat, blur=blur), 0), keyed.generator(0))[0, 1::2].astype(float) - 128
        for blur in (0.0, 2.0)
    )
    assert ((sharp > 5) & (sharp < sharp.max() - 5)).sum() == 0
    assert ((soft > 5) & (soft < soft.max() - 5)).sum() >= 3


def test_the_sensor_saturates_at_its_white_level():
    for model in MODELS:
        codes = expose(np.full((16, 16, 3), 50, np.float32), Body(model, 0), keyed.generator(0))
        assert set(codes.ravel()) == {model.white}
        assert model.white < 2**model.bits


def test_linear_scenes():
    scene = generate_linear_scene(keyed.generator(5, 1), 96, 112)
    assert scene.dtype == np.float32
    assert scene.shape == (96, 112, 3)
    assert scene.min() >= 0
    np.testing.assert_array_equal(scene, generate_linear_scene(keyed.generator(5, 1), 96, 112))
    with pytest.raises(ValueError, match="Received: 8 x 90"):
        generate_linear_scene(keyed.generator(0), 8, 90)


def test_chroma_changes_colours_and_nothing_else():
    grey, usual, wide = (generate_linear_scene(keyed.generator(5, 1), 96, 112, chroma) for chroma in (0, 1, 4))
    np.testing.assert_array_equal(usual, generate_linear_scene(keyed.generator(5, 1), 96, 112))
    np.testing.assert_allclose(grey[..., :2], grey[..., 1:], rtol=1e-5)
    spreads = [np.ptp(np.log(scene + 1e-3), axis=2).mean() for scene in (usual, wide)]
    assert spreads[1] > 3 * spreads[0] > 0
    with pytest.raises(ValueError, match="Received: -1"):
        generate_linear_scene(keyed.generator(0), 96, 112, -1)


def test_linearise_undoes_srgb():
    codes = np.arange(256, dtype=np.uint8)
    linear = linearise(codes).astype(float)
    back = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * np.maximum(linear, 1e-9) ** (1 / 2.4) - 0.055)
    np.testing.assert_array_equal(np.rint(255 * back), codes)
    with pytest.raises(ValueError, match="Received: float64"):
        linearise(linear)


def test_bad_arguments(tmp_path):
    model = CAMERAS["alder"]
    body = Body(model, 0)
    with pytest.raises(ValueError, match="Received: -1"):
        Body(model, -1)
    for changed in ({"cfa": "RGB"}, {"white": 4096}, {"black": (0, 0, 0, 4000)}, {"camera_matrix": ((2, 0, 0),) * 3}):
        with pytest.raises(ValueError, match="Received: "):
            replace(model, **changed)
    with pytest.raises(ValueError, match=r"Received: \(7, 8, 3\)"):
        expose(np.zeros((7, 8, 3), np.float32), body, keyed.generator(0))
    codes = np.zeros((8, 8), np.uint16)
    for wrong, path in ((codes.astype(np.uint8), "a.dng"), (codes + np.uint16(3901), "a.dng"), (codes, "a.tif")):
        with pytest.raises(ValueError, match="Received: "):
            write_dng(tmp_path / path, wrong, body)
    assert not list(tmp_path.iterdir())
