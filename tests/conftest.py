import dataclasses
import itertools
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# Two test processes share the cores, and threads of OpenBLAS would wait for each other between small products.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pytest


@pytest.fixture(autouse=True, scope="session")
def _package_as_it_was():
    """No test may write weights into the package."""
    folder = Path(__file__).parent.parent / "zoo"
    before = {path: (path.stat().st_size, path.stat().st_mtime_ns) for path in folder.glob("*/weights*/**/*.npz")}
    indexes = {path: path.read_bytes() for path in folder.glob("*/weights.json")}
    yield
    after = {path: (path.stat().st_size, path.stat().st_mtime_ns) for path in folder.glob("*/weights*/**/*.npz")}
    assert after == before
    assert {path: path.read_bytes() for path in folder.glob("*/weights.json")} == indexes


@pytest.fixture(autouse=True, scope="session")
def _stores(tmp_path_factory):
    """Tests neither see nor change what a developer has trained, nor do the fixtures that many tests share."""
    folder = tmp_path_factory.mktemp("stores")
    os.environ["FORENSICS_ZOO_HOME"] = str(folder / "shared")
    return (str(folder / str(number)) for number in itertools.count())


@pytest.fixture(autouse=True)
def _store_of_its_own(_stores, monkeypatch):
    """A training in one test is not found by the next."""
    monkeypatch.setenv("FORENSICS_ZOO_HOME", next(_stores))


@pytest.fixture
def families_in(monkeypatch):
    """``families_in(folder)``: the zoo's families, their stored weights in ``folder/<family>``."""
    import zoo.weights

    def move(folder):
        pages = tuple(dataclasses.replace(page, folder=folder / page.name) for page in zoo.weights.families())
        monkeypatch.setattr(zoo.weights, "families", lambda: pages)

    return move


@pytest.fixture
def command(capsys):
    """Run ``zoo ARGUMENTS`` in this process: its exit code, what it printed, and what it said on standard error."""
    from zoo.experiments.cli import main as cli

    def run(*arguments):
        try:
            code = cli.main([str(a) for a in arguments])
        except SystemExit as stop:
            code = stop.code
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


@pytest.fixture(scope="session")
def ray_cluster():
    """A Ray cluster of two workers on this machine, or the one that RAY_ADDRESS names."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    ray = pytest.importorskip("ray")
    own = {"num_cpus": 2, "num_gpus": 0, "include_dashboard": False, "object_store_memory": 80 * 2**20}
    ray.init(log_to_driver=False, **({} if "RAY_ADDRESS" in os.environ else own))
    yield
    ray.shutdown()


@pytest.fixture
def photo() -> np.ndarray:
    """A photograph, uint8 RGB (512, 512, 3)."""
    from zoo.datasets.embedded import photograph

    return photograph("astronaut")


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


@pytest.fixture
def rgb():
    return np.random.default_rng(0).integers(0, 256, (21, 34, 3), dtype=np.uint8)


@pytest.fixture
def rgb16():
    return np.random.default_rng(1).integers(0, 65536, (21, 34, 3), dtype=np.uint16)
