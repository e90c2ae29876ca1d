"""Layers, ranking loss and optimiser on JAX and PyTorch: the same as on TensorFlow."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytestmark = [pytest.mark.backends, pytest.mark.timeout(900)]
JOB = Path(__file__).with_name("hyper_backend_job.py")


def _run(backend, source):
    target = source.parent / f"{backend}.npz"
    environment = os.environ | {"KERAS_BACKEND": backend}
    subprocess.run([sys.executable, str(JOB), str(source), str(target)], env=environment, check=True, timeout=600)
    return dict(np.load(target))


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    rng = np.random.default_rng(0)
    shapes = [(3, 3, 2, 3), (3,), (27, 5), (5,), (5, 1), (1,)]
    path = tmp_path_factory.mktemp("hyper") / "in.npz"
    np.savez(
        path,
        images=rng.uniform(0, 255, (4, 21, 17, 2)).astype(np.float32) / 64,
        labels=rng.choice([-1, 1], (4, 1, 1, 1)).astype(np.float32),
        dense=rng.normal(size=(5, 1)).astype(np.float32),
        **{f"w{i}": rng.normal(0, 0.5, shape).astype(np.float32) for i, shape in enumerate(shapes)},
    )
    return path


@pytest.fixture(scope="module")
def on_tensorflow(source):
    return _run("tensorflow", source)


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_backend(backend, source, on_tensorflow):
    found = _run(backend, source)
    assert found.pop("backend") == backend
    assert on_tensorflow["backend"] == "tensorflow"
    assert set(found) == set(on_tensorflow) - {"backend"}
    for name, value in found.items():
        np.testing.assert_allclose(value, on_tensorflow[name], atol=1e-4, err_msg=name)
