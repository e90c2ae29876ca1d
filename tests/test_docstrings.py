"""Public names say what they take, in which shapes, and what they raise.

ruff's rules do not hold as much: D417 is silent where there is no "Args:" section, DOC501 wants a section "Raises" of
each error where a sentence tells it, and no rule asks for shapes.
"""

import ast
import importlib
import inspect
import re
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
EXPORTING = (
    *("zoo", "zoo.contrast", "zoo.adversarial", "zoo.adversarial.attacks", "zoo.steganography", "zoo.imaging"),
    *("zoo.imaging.prnu", "zoo.hyperimage", "zoo.layers", "zoo.callbacks"),
    *("zoo.datasets.camera", "zoo.datasets.embedded", "zoo.datasets.open_photographs", "zoo.datasets.raw"),
)
"""Modules with ``__all__``."""
KERAS = {"name", "trainable", "dtype", "kwargs", "_", "self", "cls"}
"""Arguments that every Keras layer and model has, with Keras's own meaning."""
ELSEWHERE = re.compile(r"[Aa]s (for|in|of )?\s?``|[Aa]rguments|[Aa]s ``")
"""What says that arguments are described at another name."""
SHAPE = re.compile(r"\([^()]*\w[^()]*,[^()]*\)|\(\w+,\)|shape|scalar|[Aa]s (for|in)?\s?``")
"""A shape in parentheses, or a word that stands for one."""


def test_all_that_export_are_walked():
    found = set()
    for folder, package in (("zoo", "zoo"), ("datasets", "zoo.datasets")):
        for path in (ROOT / folder).rglob("*.py"):
            if re.search(r"^__all__", path.read_text(), re.MULTILINE):
                parts = path.relative_to(ROOT / folder).with_suffix("").parts
                found.add(".".join([package, *(part for part in parts if part != "__init__")]))
    assert found == set(EXPORTING)


@pytest.mark.parametrize("module", EXPORTING)
def test_exported_names_are_documented_with_their_arguments(module):
    missing = []
    exporting = importlib.import_module(module)
    for name in exporting.__all__:
        thing = getattr(exporting, name)
        if not callable(thing):
            continue
        documentation = thing.__doc__ or ""
        if not documentation or documentation.startswith(f"{name}("):  # what a dataclass writes itself
            missing.append(name)
            continue
        if inspect.isclass(thing):
            documentation += _fields(thing)
        if ELSEWHERE.search(documentation):
            continue
        parameters = set(inspect.signature(thing).parameters) - KERAS
        missing += [f"{name}: {p}" for p in sorted(parameters) if not re.search(rf"\b{p}\b", documentation)]
    assert missing == []


def _fields(thing):
    """Names of attributes with a docstring of their own, or whose class describes them."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(thing))).body[0]
    except (OSError, TypeError):
        return ""
    annotated = [node.target.id for node in tree.body if isinstance(node, ast.AnnAssign)]
    return " ".join(annotated)


def _functions():
    """Every public function and method of zoo and datasets: where, its node, the docstrings around it."""
    for path in sorted([*(ROOT / "zoo").rglob("*.py"), *(ROOT / "datasets").rglob("*.py")]):
        if path.stem.startswith("make_") or path.stem.endswith("_test"):
            continue
        tree = ast.parse(path.read_text())
        around = ast.get_docstring(tree) or ""
        for node in tree.body:
            where = f"{path.relative_to(ROOT)}: "
            if isinstance(node, ast.FunctionDef):
                yield where + node.name, node, around, ""
            elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                own = ast.get_docstring(node) or ""
                for method in node.body:
                    if isinstance(method, ast.FunctionDef):
                        yield f"{where}{node.name}.{method.name}", method, around, own


def _public(name):
    last = name.rpartition(".")[2].rpartition(" ")[2]
    return last == "__init__" or not last.startswith("_")


def test_what_is_raised_is_documented():
    missing = []
    for where, node, around, of_class in _functions():
        says = (ast.get_docstring(node) or "") + of_class
        raised = [ast.unparse(inner.exc) for inner in _own_nodes(node) if isinstance(inner, ast.Raise) and inner.exc]
        raised = [error for error in raised if not error.startswith("NotImplementedError")]
        checks = "everything else is a ValueError" in around
        if _public(where) and raised and not checks and not re.search(r"Raises:|[Rr]aise|[Ee]rrors|ValueError", says):
            missing.append(where)
    assert missing == []


def _own_nodes(function):
    """The nodes of a function without those of functions inside it."""
    waiting = list(function.body)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, (ast.FunctionDef, ast.Lambda, ast.ClassDef)):
            waiting.extend(ast.iter_child_nodes(node))


def test_arrays_have_their_shapes():
    missing = []
    for where, node, around, of_class in _functions():
        annotations = [ast.unparse(a.annotation) for a in node.args.args if a.annotation]
        annotations += [ast.unparse(node.returns)] if node.returns else []
        says = (ast.get_docstring(node) or "") + of_class + around
        if _public(where) and any("ndarray" in text for text in annotations) and not SHAPE.search(says):
            missing.append(where)
    assert missing == []
