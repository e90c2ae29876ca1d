"""Parts of keyed batches, and two processes on JAX that train one network with them."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from zoo.datasets.keyed_batches import Share
from zoo.datasets.labelled import Labelled

JOB = Path(__file__).parent.parent / "jax_processes_job.py"


def test_the_parts_make_the_batch():
    examples = np.random.default_rng(0).random((12, 3)).astype(np.float32)
    batches = Labelled(examples, examples[:, :1], 4, 3)
    shares = [Share(batches, process, 2) for process in (0, 1)]
    assert [len(share) for share in shares] == [3, 3]
    for epoch, step in ((0, 0), (0, 2), (5, 1)):
        for part in (0, 1):
            parts = [share.batch(epoch, step)[part] for share in shares]
            assert [len(array) for array in parts] == [2, 2]
            np.testing.assert_array_equal(np.concatenate(parts), batches.batch(epoch, step)[part])
    with pytest.raises(ValueError, match=r"divisible by the number of processes, 3\. Received: 4"):
        Share(batches, 0, 3).batch(0, 0)
    with pytest.raises(ValueError, match=r"process must be 0 to 1\. Received: 2"):
        Share(batches, 2, 2)


@pytest.mark.slow
def test_two_processes_train_the_network_of_one(tmp_path):
    pytest.importorskip("jax")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    environment = {**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu", "PYTHONPATH": str(JOB.parent.parent)}
    for starts in ([("alone.npz", "0", "1")], [("0.npz", "0", "2"), ("1.npz", "1", "2")]):
        commands = [[sys.executable, str(JOB), str(tmp_path / name), *which, port] for name, *which in starts]
        running = [subprocess.Popen(command, env=environment) for command in commands]
        try:
            assert [one.wait(timeout=250) for one in running] == [0] * len(running)
        finally:
            for one in running:
                one.kill()
    alone, *both = (dict(np.load(tmp_path / f"{name}.npz")) for name in ("alone", "0", "1"))
    assert abs(alone["loss"][0] - alone["loss"][1]) > 1e-4 * alone["loss"][0]
    for found in both:
        assert set(found) == set(alone)
        for name, expected in alone.items():
            np.testing.assert_allclose(found[name], expected, rtol=1e-5, atol=1e-5, err_msg=name)
