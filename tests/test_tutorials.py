"""The tutorial notebooks run at `smoke`, as they are, and are stored without outputs."""

import json
from pathlib import Path

import matplotlib
import pytest

from zoo.families import BUILT_IN

TUTORIALS = Path(__file__).parent.parent / "docs" / "tutorials"


def test_a_notebook_a_family():
    assert sorted(path.stem for path in TUTORIALS.glob("*.ipynb")) == sorted(BUILT_IN)


@pytest.mark.parametrize(
    "family", [name if name == "contrast" else pytest.param(name, marks=pytest.mark.slow) for name in BUILT_IN]
)
def test_notebook_runs(family, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    monkeypatch.setattr(plt, "show", lambda: plt.close("all"))  # Agg would only warn that it shows nothing
    notebook = json.loads((TUTORIALS / f"{family}.ipynb").read_text())
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert all(not cell["outputs"] and cell["execution_count"] is None for cell in code)
    assert any('SCALE = "smoke"' in "".join(cell["source"]) for cell in code)
    variables = {"__name__": "__main__"}
    for number, cell in enumerate(code):
        exec(compile("".join(cell["source"]), f"{family}.ipynb, code cell {number}", "exec"), variables)
