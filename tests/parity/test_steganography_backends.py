"""H-net and R-net on JAX and PyTorch: the same images as PyTorch's own networks, and a training with two optimisers."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from make_steganography import FILE

pytestmark = [pytest.mark.backends, pytest.mark.timeout(900)]
JOB = Path(__file__).with_name("steganography_backend_job.py")


def _run(backend, folder):
    target = folder / f"{backend}.npz"
    environment = os.environ | {"KERAS_BACKEND": backend}
    subprocess.run([sys.executable, str(JOB), str(target)], env=environment, check=True, timeout=600)
    return dict(np.load(target))


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_backend(backend, tmp_path):
    found, reference = _run(backend, tmp_path), _run("tensorflow", tmp_path)
    assert found["backend"] == backend
    container = np.load(FILE)["h_31"]
    assert np.abs(found["container"] - container).max() <= 1e-5 * container.max()
    np.testing.assert_allclose(found["revealed"], reference["revealed"], atol=1e-4)
    # The first step's losses are the same; the following ones depend on the backends' rounding.
    np.testing.assert_allclose(found["losses"][:, 0], reference["losses"][:, 0], rtol=1e-3)
    np.testing.assert_allclose(found["losses"], reference["losses"], rtol=0.1)
