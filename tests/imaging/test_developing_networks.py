import itertools
import json
import subprocess
import sys
from importlib.resources import files

import keras
import numpy as np
import pytest

from zoo.experiments.imaging.developing import gamma_network
from zoo.imaging import DNet, INet, UNet
from zoo.imaging.developing import bayer, demosaicing, inet_init
from zoo.signature import signature

COUNTS = {INet: 321, UNet: 7_760_268, DNet: 493_976}


@pytest.fixture(scope="module")
def models():
    return {build: build() for build in COUNTS}


def test_signatures_are_the_stored_ones(models):
    stored = json.loads(files("zoo.imaging").joinpath("signature.json").read_text())
    found = [signature(model) for model in models.values()]
    assert found == stored, json.dumps(found, indent=1)


@pytest.mark.parametrize("build", COUNTS, ids=lambda build: build.__name__)
def test_trainable_parameters_are_the_papers(models, build):
    assert sum(int(np.prod(v.shape)) for v in models[build].trainable_variables) == COUNTS[build]


def test_parameters_by_hand():
    assert COUNTS[INet] == 5 * 5 * 9 + 9 + (36 + 12) + (36 + 3)
    widths = [4, 32, 64, 128, 256, 512]
    down = sum(9 * a * b + b + 9 * b * b + b for a, b in itertools.pairwise(widths))
    up = sum(4 * 2 * n * n + 9 * 2 * n * n + n + 9 * n * n + n for n in (256, 128, 64, 32))
    assert down + up + 32 * 12 + 12 == COUNTS[UNet]
    convolutions = 9 * 4 * 64 + 13 * 9 * 64 * 64 + 9 * 64 * 12 + (9 * 6 * 64 + 64) + 64 * 3
    assert convolutions + 14 * 2 * 64 + 2 * 12 == COUNTS[DNet]


@pytest.mark.parametrize("build", COUNTS, ids=lambda build: build.__name__)
@pytest.mark.parametrize("size", [(4, 4), (5, 9), (17, 32)])
def test_any_even_size_comes_out_twice_as_large_and_clipped(models, build, size, rng):
    rgb = models[build].predict_on_batch(rng.random((1, *size, 4), np.float32))
    assert rgb.shape == (1, 2 * size[0], 2 * size[1], 3)
    assert rgb.dtype == np.float32
    assert rgb.min() >= 0
    assert rgb.max() <= 1


def test_the_unclipped_output_is_what_is_clipped(rng):
    planes = 2 * rng.random((1, 8, 8, 4), np.float32)
    whole, clipped = INet(clip=False).predict_on_batch(planes), INet().predict_on_batch(planes)
    assert whole.min() < 0 or whole.max() > 1
    np.testing.assert_array_equal(clipped, np.clip(whole, 0, 1))


@pytest.mark.parametrize("cfa", bayer.SITES)
def test_inet_starts_as_the_bilinear_pipeline(cfa, rng):
    # Smooth, so that no value is clipped on the way.
    grey = 0.3 + 0.15 * np.sin(np.arange(24)[:, None] / 5 + np.arange(24) / 7)
    rgb = grey[..., None] + 0.03 * np.arange(3)
    mosaic = np.empty((24, 24), np.float32)
    for (y, x), colour in zip(bayer.SITES[cfa], (0, 1, 1, 2), strict=True):
        mosaic[y::2, x::2] = rgb[y::2, x::2, colour]
    linear = demosaicing.bilinear(mosaic, cfa) @ np.float32(inet_init.CAMERA_MATRIX).T
    assert linear.min() > 0.02
    found = INet(cfa=cfa, fidelity="paper").predict_on_batch(bayer.pack(mosaic, cfa)[None])[0]
    # The two differ in how they pad; the fitted gamma curve is off by up to .006 here.
    np.testing.assert_allclose(found[2:-2, 2:-2], linear[2:-2, 2:-2] ** (1 / 2.2), atol=0.006)


def test_fidelity_decides_where_the_sampler_puts_the_planes():
    for build, phases in ((INet, bayer.SITES), (DNet, ("RGGB",))):
        for cfa in phases:
            kernel = build(cfa=cfa).get_layer("sampler").get_weights()[0]
            np.testing.assert_array_equal(kernel, inet_init.sampler("GBRG"))
            kernel = build(cfa=cfa, fidelity="paper").get_layer("sampler").get_weights()[0]
            np.testing.assert_array_equal(kernel, inet_init.sampler(cfa))


def test_the_sampler_rebuilds_the_mosaic(rng):
    mosaic = rng.random((8, 10)).astype(np.float32)
    for cfa in bayer.SITES:
        model = INet(cfa=cfa, fidelity="paper")
        rgb = keras.Model(model.input, model.get_layer("mosaic").output).predict_on_batch(bayer.pack(mosaic, cfa)[None])
        np.testing.assert_array_equal(rgb[0].sum(-1), mosaic)
        assert (np.count_nonzero(rgb[0], axis=-1) <= 1).all()


def test_stored_gamma_constants_are_close_to_the_curve_and_what_the_script_fits():
    x = np.linspace(0, 1, 5001)
    stored = np.array([*inet_init.GAMMA_W, *inet_init.GAMMA_B, *inet_init.GAMMA_V, inet_init.GAMMA_C])
    assert np.sqrt(np.mean((gamma_network.evaluate(stored, x) - x ** (1 / 2.2)) ** 2)) < 0.003
    _, error = gamma_network.fit(restarts=2, points=201)
    assert error < 0.003


def test_batch_normalisation_never_trains_unless_the_paper_is_read_literally(rng):
    planes, target = rng.random((2, 8, 8, 4), np.float32), rng.random((2, 16, 16, 3), np.float32)
    for fidelity, moves in (("original", False), ("paper", True)):
        model = DNet(fidelity=fidelity, clip=False)
        before = {v.path: np.array(v) for v in model.weights}
        model.compile("sgd", "mse")
        model.train_on_batch(planes, target)
        changed = {path for path, value in before.items() if (np.array(_variable(model, path)) != value).any()}
        assert any("moving" in path for path in changed) == moves
        assert "c3_norm/gamma" in changed
        assert "sampler/kernel" not in changed


def _variable(model, path):
    return next(v for v in model.weights if v.path == path)


def test_initial_weights_are_the_originals(models):
    dnet, unet = models[DNet], models[UNet]
    assert (dnet.get_layer("rgb").get_weights()[0] == 1).all()
    kernel = dnet.get_layer("c5_conv").get_weights()[0]
    assert kernel.std() == pytest.approx((1 / (9 * 64)) ** 0.5, rel=0.02)
    assert np.abs(kernel).max() < 2.3 * (1 / (9 * 64)) ** 0.5  # truncated at two deviations before scaling
    kernel, bias = unet.get_layer("c5_2_conv").get_weights()
    assert np.abs(kernel).max() == pytest.approx((6 / (9 * 1024)) ** 0.5, rel=0.01)
    assert not bias.any()
    assert unet.get_layer("s5_whole").get_weights()[0].std() == pytest.approx(0.02 * 0.88, rel=0.02)


@pytest.mark.parametrize(
    ("build", "arguments", "message"),
    [
        (INet, {"cfa": "RGBG"}, "Received: 'RGBG'"),
        (DNet, {"cfa": "gbrg"}, "Received: 'gbrg'"),
        (INet, {"fidelity": "literal"}, "Received: 'literal'"),
        (DNet, {"fidelity": "literal"}, "Received: 'literal'"),
        (UNet, {"input_shape": (64, 64, 3)}, r"Received: \(64, 64, 3\)"),
        (INet, {"input_shape": (0, 64, 4)}, r"Received: \(0, 64, 4\)"),
        (UNet, {"weights": "unet-perfect"}, "Received: 'unet-perfect'"),
    ],
)
def test_bad_arguments_say_what_was_received(build, arguments, message):
    with pytest.raises(ValueError, match=message):
        build(**arguments)


@pytest.mark.parametrize("build", [INet, DNet], ids=lambda build: build.__name__)
def test_a_saved_network_loads_in_safe_mode(build, tmp_path, rng):
    planes = rng.random((1, 6, 8, 4), np.float32)
    model = build()
    model.save(tmp_path / "network.keras")
    loaded = keras.models.load_model(tmp_path / "network.keras", safe_mode=True)
    np.testing.assert_array_equal(loaded.predict_on_batch(planes), model.predict_on_batch(planes))


def test_a_saved_unet_opens_in_a_process_that_did_not_build_it(tmp_path, rng):
    planes = rng.random((1, 5, 6, 4), np.float32)
    model = UNet()
    model.save(tmp_path / "unet.keras")
    np.save(tmp_path / "planes.npy", planes)
    code = (
        "import keras, numpy as np, zoo.imaging\n"
        f"model = keras.models.load_model({str(tmp_path / 'unet.keras')!r})\n"
        f"planes = np.load({str(tmp_path / 'planes.npy')!r})\n"
        f"np.save({str(tmp_path / 'rgb.npy')!r}, model.predict_on_batch(planes))\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path, capture_output=True)
    np.testing.assert_array_equal(np.load(tmp_path / "rgb.npy"), model.predict_on_batch(planes))


@pytest.mark.parametrize(("build", "first", "last"), [(UNet, "c1_1_conv", "c10"), (DNet, "c1_conv", "rgb")])
def test_mixed_precision_keeps_the_first_and_last_layers_in_float32(build, first, last):
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = build()
    finally:
        keras.config.set_dtype_policy(policy)
    assert model.get_layer(first).compute_dtype == model.get_layer(last).compute_dtype == "float32"
    assert model.get_layer("c4_1_conv" if build is UNet else "c4_conv").compute_dtype == "bfloat16"
    assert model.output.dtype == "float32"
