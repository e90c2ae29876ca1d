"""benchmarks/README.md shows the CSV files as they are, and every one of them."""

import re
import runpy
from pathlib import Path

FOLDER = Path(__file__).parent.parent / "benchmarks"


def test_the_page_has_every_measured_number(monkeypatch):
    page = runpy.run_path(str(FOLDER / "page.py"))
    # Dates are those of commits, which a shallow clone or an archive lacks.
    monkeypatch.setitem(page["page"].__globals__, "_date", lambda path: "DATE")
    written = re.sub(r"(?<=\.py`, )\d{4}-\d\d-\d\d", "DATE", (FOLDER / "README.md").read_text())
    assert written == page["page"]()
    assert {s.name for s in page["SECTIONS"]} >= {path.stem for path in FOLDER.glob("*.csv")} - {"jpeg_figure_6"}
