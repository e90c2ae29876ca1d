"""Every network on JAX and PyTorch: the same numbers as on TensorFlow."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytestmark = [pytest.mark.backends, pytest.mark.timeout(1200)]
JOB = Path(__file__).with_name("backend_models_job.py")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Weights and inputs, and TensorFlow's outputs."""
    path = tmp_path_factory.mktemp("backends")
    _run("tensorflow", path)
    return path


def _run(backend, folder):
    environment = os.environ | {"KERAS_BACKEND": backend}
    subprocess.run([sys.executable, str(JOB), str(folder)], env=environment, check=True, timeout=900)
    return dict(np.load(folder / f"{backend}.npz"))


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_every_network_and_layer_agrees_with_tensorflow(folder, backend):
    expected, found = dict(np.load(folder / "tensorflow.npz")), _run(backend, folder)
    assert set(found) == set(expected)
    errors = {name: np.abs(found[name] - want).max() / np.abs(want).max() for name, want in expected.items()}
    assert {name: error for name, error in errors.items() if not error <= 1e-5} == {}
    assert all(np.ptp(want) > 0 for want in expected.values())
