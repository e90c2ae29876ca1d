"""Every python block of the documentation runs, on its own, in an empty folder."""

import re
from pathlib import Path

import pytest

import zoo.callbacks
import zoo.layers

DOCS = Path(__file__).parent.parent / "docs"
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def _blocks():
    for page in sorted(DOCS.rglob("*.md")):
        text = page.read_text()
        for block in BLOCK.finditer(text):
            heading = re.findall(r"^#+ (.*)$", text[: block.start()], re.MULTILINE)[-1]
            yield pytest.param(page, block[1], id=f"{page.relative_to(DOCS)}: {heading}")


@pytest.mark.parametrize(("page", "code"), list(_blocks()))
def test_example_runs(page, code, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exec(compile(code, str(page), "exec"), {"__name__": "__main__"})


@pytest.mark.parametrize(
    ("page", "package"), [("guide/callbacks.md", zoo.callbacks), ("guide/layers.md", zoo.layers)], ids=str
)
def test_every_public_name_has_an_example(page, package):
    code = "\n".join(BLOCK.findall((DOCS / page).read_text()))
    assert [name for name in package.__all__ if not re.search(rf"\b{name}\(", code)] == []
