"""Every python block of the documentation runs, on its own, in an empty folder, and nothing is without one."""

import inspect
import pkgutil
import re
from pathlib import Path

import pytest

import zoo.callbacks
import zoo.datasets
import zoo.datasets.camera
import zoo.datasets.embedded
import zoo.datasets.raw
import zoo.layers
import zoo.metrics

DOCS = Path(__file__).parent.parent / "docs"
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NOT_RUN = re.compile(r"^``` \{ \.python \.listing \}\n(.*?)^```$", re.MULTILINE | re.DOTALL)
"""What would download something."""
DATA = ("guide/data.md", "guide/photographs.md", "guide/feeding.md")


def _blocks():
    for page in sorted(DOCS.rglob("*.md")):
        text = page.read_text()
        for block in BLOCK.finditer(text):
            heading = re.findall(r"^#+ (.*)$", text[: block.start()], re.MULTILINE)[-1]
            yield pytest.param(page, block[1], id=f"{page.relative_to(DOCS)}: {heading}")


def _code(*pages, of=BLOCK):
    return "\n".join(block for page in pages for block in of.findall((DOCS / page).read_text()))


@pytest.mark.parametrize(("page", "code"), list(_blocks()))
def test_example_runs(page, code, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exec(compile(code, str(page), "exec"), {"__name__": "__main__"})


@pytest.mark.parametrize(
    ("page", "package"), [("guide/callbacks.md", zoo.callbacks), ("guide/layers.md", zoo.layers)], ids=str
)
def test_every_public_name_has_an_example(page, package):
    assert [name for name in package.__all__ if not re.search(rf"\b{name}\(", _code(page))] == []


def test_every_metric_has_an_example():
    code = _code("guide/metrics.md")
    own = inspect.getmembers(zoo.metrics, lambda thing: getattr(thing, "__module__", "") == "zoo.metrics")
    public = [name for name, thing in own if inspect.isfunction(thing) and not name.startswith("_")]
    assert "auc" in public
    assert [name for name in public if not re.search(rf"\b{name}\(", code)] == []


def test_every_module_of_data_steps_has_an_example():
    """Builders of data sets have a page each, made of their README."""
    folders = [Path(folder) for folder in zoo.datasets.__path__]
    names = [module.name for module in pkgutil.iter_modules(zoo.datasets.__path__)]
    steps = [n for n in names if not any((path / n / f"{n}_dataset_builder.py").exists() for path in folders)]
    assert {"camera", "clic", "pairs"} <= set(steps)
    run, shown = _code(*DATA), _code(*DATA, of=NOT_RUN)
    imported = {n for n in steps if re.search(_imports(n), run)}
    assert set(steps) - imported == {"clic", "catalogue", "feed_worker"}  # names, and what other processes run
    assert re.search(_imports("clic"), shown)


def _imports(name):
    return rf"(?m)^from zoo\.datasets(\.{name} import| import .*\b{name}\b)"


@pytest.mark.parametrize("module", [zoo.datasets.camera, zoo.datasets.embedded, zoo.datasets.raw], ids=str)
def test_every_name_that_a_data_step_exports_has_an_example(module):
    assert [name for name in module.__all__ if not re.search(rf"\b{name}\b", _code(*DATA))] == []
