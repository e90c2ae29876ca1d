"""The layer on JAX and PyTorch: the same pixels as libjpeg, the same gradients as on TensorFlow."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from test_jpeg import QUALITIES, SIZES, SUBSAMPLINGS, crops, pillow, to_float

pytestmark = [pytest.mark.backends, pytest.mark.timeout(1800)]
JOB = Path(__file__).with_name("jpeg_backend_job.py")


def run(backend, folder, source):
    target = folder / f"{backend}.npz"
    environment = os.environ | {"KERAS_BACKEND": backend}
    subprocess.run([sys.executable, str(JOB), str(source), str(target)], env=environment, check=True, timeout=1200)
    return dict(np.load(target))


@pytest.fixture(scope="module")
def pixels():
    found = {f"{h}x{w}_photograph": crops("photograph", 100, h, w) for h, w in SIZES}
    return found | {f"{h}x{w}_noise": crops("noise", 100, h, w) for h, w in SIZES}


@pytest.fixture(scope="module")
def source(pixels, tmp_path_factory):
    rng = np.random.default_rng(0)
    path = tmp_path_factory.mktemp("backends") / "in.npz"
    np.savez(
        path,
        quality=QUALITIES.astype(np.float32),
        image=rng.uniform(0, 1, (2, 24, 24, 3)).astype(np.float32),
        tables=np.round(rng.uniform(2, 40, (2, 2, 8, 8))).astype(np.float32),
        weights=rng.normal(size=(2, 24, 24, 3)).astype(np.float32),
        images_17x33=to_float(pixels["17x33_photograph"]),
        **{f"images_{name}": to_float(value) for name, value in pixels.items()},
    )
    return path


@pytest.fixture(scope="module")
def on_tensorflow(source):
    return run("tensorflow", source.parent, source)


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_backend(backend, source, pixels, on_tensorflow):
    found = run(backend, source.parent, source)
    assert found["backend"] == backend
    for subsampling in SUBSAMPLINGS:
        for name, images in pixels.items():
            expected = to_float(np.stack([pillow(i, q, subsampling) for i, q in zip(images, QUALITIES, strict=True)]))
            np.testing.assert_array_equal(found[f"images_{name}_{subsampling}"], expected, err_msg=name)
        if backend == "jax":
            jitted, eager = (found[f"images_17x33_{subsampling}{suffix}"] for suffix in ("_jit", ""))
            np.testing.assert_array_equal(jitted, eager)
    if backend == "jax":
        eager = {name: value for name, value in found.items() if name.startswith("eager_")}
        assert len(eager) == 15
        for name, value in eager.items():
            expected = found[name.replace("eager", "traced")]
            np.testing.assert_allclose(value, expected, atol=1e-6 * np.abs(expected).max(), err_msg=name)
    names = [name for name in on_tensorflow if name.startswith("gradient_")]
    assert len(names) == 15
    for name in names:
        expected = on_tensorflow[name]
        np.testing.assert_allclose(found[name], expected, atol=1e-4 * np.abs(expected).max(), err_msg=name)
    np.testing.assert_array_equal(found["draw"], on_tensorflow["draw"])
    assert np.isfinite(found["losses"]).all()
