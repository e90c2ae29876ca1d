"""Every exported layer and network runs in one of the jobs that compare the backends, or a reason stands here."""

import ast
import importlib
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
PACKAGES = (
    "zoo.layers",
    "zoo.contrast",
    "zoo.adversarial",
    "zoo.steganography",
    "zoo.imaging",
    "zoo.hyperimage",
)
ORIGINALS = "reads the original's weights file by NumPy; the network that takes them is compared"
NO_TENSORS = "plain NumPy or numbers, no tensors"
EXCEPTIONS = {
    "KNNDetector": "neighbours by FAISS of what `predict` gives; the networks are compared",
    "load_authors_h5": ORIGINALS,
    "load_net_weight": ORIGINALS,
    "load_slim_checkpoint": ORIGINALS,
    "from_theano": ORIGINALS,
    "FIRST_STAGE": "a Recipe",
    "SECOND_STAGE": "a Recipe",
    "Recipe": "the arguments of one `fit`; its optimiser and loss are compared",
    "TwoStage": "`fit` and `predict` of networks that are compared, with HyperImage between them",
    "paper_rate": NO_TENSORS,
    "pipeline": NO_TENSORS,
    "raw": NO_TENSORS,
}


def _in_jobs():
    """Names that the jobs use, beyond importing them."""
    jobs = [path for path in TESTS.rglob("*_job.py") if "backend" in path.stem]
    assert len(jobs) >= 4
    nodes = [node for job in jobs for node in ast.walk(ast.parse(job.read_text()))]
    return {node.id for node in nodes if isinstance(node, ast.Name)}


@pytest.mark.parametrize("package", PACKAGES)
def test_every_exported_name_is_compared_between_backends(package):
    exported = set(importlib.import_module(package).__all__)
    assert exported - _in_jobs() - set(EXCEPTIONS) == set()


def test_no_exception_is_idle():
    exported = {name for package in PACKAGES for name in importlib.import_module(package).__all__}
    assert set(EXCEPTIONS) - exported == set()
    assert set(EXCEPTIONS) & _in_jobs() == set()


def test_no_family_is_forgotten():
    exporting = {p.parent.name for p in (TESTS.parent / "zoo").glob("*/__init__.py") if "__all__" in p.read_text()}
    assert exporting - {"callbacks"} == {package.partition(".")[2] for package in PACKAGES}
