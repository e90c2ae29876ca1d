"""Pages that mkdocs makes of what stands elsewhere: reference, model cards, data sets, tutorials.

The reference is read from the source, not imported: building it needs neither Keras nor TensorFlow.
"""

import atexit
import json
import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

from mkdocs.plugins import event_priority
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parent.parent
SOURCES = {"zoo": "zoo", "zoo/datasets": "datasets", "zoo/experiments": "experiments"}
"""Where a package lies once installed, and where in the checkout."""
FAMILIES = ("contrast", "adversarial", "steganography", "imaging", "hyperimage")


@event_priority(100)  # before mkdocstrings reads its paths
def on_config(config: Any) -> Any:
    """Lay out the source as it is installed, so that ``zoo.datasets`` is found below ``zoo``."""
    layout = tempfile.mkdtemp(prefix="zoo-docs-")
    atexit.register(shutil.rmtree, layout, ignore_errors=True)
    for target, source in SOURCES.items():
        keep_python = shutil.ignore_patterns("weights", "dummy_data", "values", "*_test.py", "__pycache__")
        shutil.copytree(ROOT / source, Path(layout) / target, ignore=keep_python, dirs_exist_ok=True)
    config.plugins["mkdocstrings"].config.handlers["python"]["paths"] = [layout]
    return config


def on_files(files: Files, config: Any) -> Files:
    """Add the generated pages."""
    pages = {"index.md": index()}
    pages |= {f"models/{name}.md": (ROOT / "zoo" / name / "README.md").read_text() for name in (*FAMILIES, "layers")}
    for readme in sorted((ROOT / "datasets").glob("*/README.md")):
        pages[f"datasets/{readme.parent.name}.md"] = readme.read_text()
    for notebook in sorted((ROOT / "docs" / "tutorials").glob("*.ipynb")):
        pages[f"tutorials/{notebook.stem}.md"] = page_of(notebook)
    for package, modules in packages().items():
        members = "\n\n".join(f"::: {module}" for module in modules)
        pages[f"reference/{package}.md"] = f"# {package}\n\n{members}\n"
    for path, text in pages.items():
        files.append(File.generated(config, path, content=text))
    return files


def index() -> str:
    """The README, with its links into the checkout turned to the pages made of what they point at."""
    text = (ROOT / "README.md").read_text().replace("](docs/", "](")
    return re.sub(r"\]\(zoo/(\w+)(/README\.md)?\)", r"](models/\1.md)", text)


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
            in_paper = target == "zoo/experiments" and len(parts) > 3
            if in_paper or path.stem.startswith(("_", "make_")) or path.stem.endswith("_test"):
                continue
            package = ".".join(parts[: 1 if len(parts) == 2 else 2])
            found.setdefault(package, []).append(".".join(parts))
    return found
