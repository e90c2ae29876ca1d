"""Pages that mkdocs makes of what stands elsewhere: reference, model cards, data sets, tutorials.

The reference is read from the source, not imported: building it needs neither Keras nor TensorFlow.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

from mkdocs.plugins import event_priority
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from zoo.families import BUILT_IN  # noqa: E402 (needs nothing but Python, and no installed zoo)

CARDS = (*BUILT_IN, "imaging/joint", "imaging/prnu", "layers")
"""Folders of `zoo` with a model card; a page is called ``models/imaging-joint.md``."""
SOURCES = {"zoo": "zoo", "zoo/datasets": "datasets", "zoo/experiments": "experiments"}
"""Where a package lies by its import path, and where in the checkout."""


@event_priority(100)  # before mkdocstrings reads its paths
def on_config(config: Any) -> Any:
    """Say where the source is, and add what is made of it to the navigation."""
    config.plugins["mkdocstrings"].config.handlers["python"]["paths"] = [str(ROOT)]
    config.nav = [
        *config.nav,
        {"Tutorials": [f"tutorials/{name}.md" for name in BUILT_IN]},
        {"Model cards": [_card_page(name) for name in CARDS]},
        {"Results": [f"results/{name}.md" for name in BUILT_IN]},
        {"Speed": "benchmarks.md"},
        {"Contributing": "contributing.md"},
        {"Plots": [f"plots/{name}.md" for name in BUILT_IN]},
        {"Data sets": [f"datasets/{readme.parent.name}.md" for readme in _data_sets()]},
        {"Reference": [f"reference/{package}.md" for package in packages()]},
    ]
    return config


def on_files(files: Files, config: Any) -> Files:
    """Add the generated pages."""
    pages = {"index.md": index(), "benchmarks.md": (ROOT / "benchmarks" / "README.md").read_text()}
    pages["contributing.md"] = (ROOT / "CONTRIBUTING.md").read_text().replace("](docs/", "](")
    pages |= {_card_page(name): card(name) for name in CARDS}
    for readme in _data_sets():
        pages[f"datasets/{readme.parent.name}.md"] = readme.read_text()
    for name in BUILT_IN:
        plots = sorted((ROOT / "results" / "laptop").glob(f"{name}_*.png"))
        pages[f"plots/{name}.md"] = page_of_plots(name, plots)
        for plot in plots:
            files.append(File.generated(config, f"plots/{plot.name}", content=plot.read_bytes()))
    for notebook in sorted((ROOT / "docs" / "tutorials").glob("*.ipynb")):
        pages[f"tutorials/{notebook.stem}.md"] = page_of(notebook)
    for package, modules in packages().items():
        members = "\n\n".join(f"::: {module}" for module in modules)
        pages[f"reference/{package}.md"] = f"# {package}\n\n{members}\n"
    for path, text in pages.items():
        files.append(File.generated(config, path, content=text))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Turn links from a page in `docs` to a model card to the page that is made of the card."""
    return re.sub(r"\]\(\.\./\.\./zoo/([\w/]+)/README\.md\)", lambda to: f"](../{_card_page(to[1])})", markdown)


def index() -> str:
    """The README, with its links into the checkout turned to the pages made of what they point at."""
    text = (ROOT / "README.md").read_text().replace("](docs/", "](").replace("benchmarks/README.md", "benchmarks.md")
    text = text.replace("](CONTRIBUTING.md)", "](contributing.md)")
    return re.sub(r"\]\(zoo/([\w/]+)/README\.md\)", lambda to: f"]({_card_page(to[1])})", text)


def card(name: str) -> str:
    """A model card, with its links turned to where pictures, results and other cards lie in the site."""
    text = (ROOT / "zoo" / name / "README.md").read_text()
    text = re.sub(r"\]\((?:\.\./)+docs/", "](../", text)
    text = re.sub(r"\]\((\w+)/README\.md\)", rf"]({name}-\1.md)", text)
    return text.replace("](../README.md)", f"]({name.partition('/')[0]}.md)")


def page_of_plots(name: str, plots: list[Path]) -> str:
    """The plots of a family's published tables, as `make plots` draws them."""
    shown = "\n\n".join(f"## {plot.stem.removeprefix(f'{name}_')}\n\n![{plot.stem}]({plot.name})" for plot in plots)
    return f"# Plots of {name}\n\nDrawn from the CSVs in `results/laptop`.\n\n{shown or '`make plots` draws them.'}\n"


def _card_page(name: str) -> str:
    return f"models/{name.replace('/', '-')}.md"


def _data_sets() -> list[Path]:
    return sorted((ROOT / "datasets").glob("*/README.md"))


def page_of(notebook: Path) -> str:
    """A notebook's cells as Markdown; it is stored without outputs."""
    parts = []
    for cell in json.loads(notebook.read_text())["cells"]:
        text = "".join(cell["source"])
        parts.append(text if cell["cell_type"] == "markdown" else f"```python\n{text}\n```")
    return "\n\n".join(parts)


def packages() -> dict[str, list[str]]:
    """Every package with its public modules, those of small sub-packages included; experiments without the papers'."""
    found: dict[str, list[str]] = {}
    for target, source in SOURCES.items():
        for path in sorted((ROOT / source).rglob("*.py")):
            parts = (*Path(target).parts, *path.relative_to(ROOT / source).with_suffix("").parts)
            in_paper = target == "zoo/experiments" and parts[2] in (*BUILT_IN, "publish")
            if in_paper or path.stem.startswith(("_", "make_")) or path.stem.endswith("_test"):
                continue
            package = ".".join(parts[: 1 if len(parts) == 2 else 2])
            found.setdefault(package, []).append(".".join(parts))
    return found
