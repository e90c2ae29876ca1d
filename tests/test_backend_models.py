"""Networks, layers, gradients and the joint loss on JAX and PyTorch: the same numbers as on TensorFlow.

``test_backend_coverage.py`` says what else is compared where, and what is not.
"""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytestmark = [pytest.mark.backends, pytest.mark.timeout(1200)]
JOB = Path(__file__).with_name("backend_models_job.py")
TOLERANCE = 1e-5
"""Of the tensor's largest magnitude."""
WIDER = {"received, gradient": 1e-4}
"""The slope of sinusoidal rounding goes up and down with every quantisation step, of which coefficients have dozens."""


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
def test_everything_agrees_with_tensorflow(folder, backend):
    expected, found = dict(np.load(folder / "tensorflow.npz")), _run(backend, folder)
    assert set(found) == set(expected)
    errors = {name: np.abs(found[name] - want).max() / np.abs(want).max() for name, want in expected.items()}
    assert {name: error for name, error in errors.items() if not error <= WIDER.get(name, TOLERANCE)} == {}
    assert all(np.ptp(want) > 0 or want.ndim == 0 for want in expected.values())
