"""benchmarks/README.md shows the CSV files as they are, and every one of them."""

import re
import runpy
from pathlib import Path

import pandas as pd

from zoo.experiments.cli.plan import LARGEST

FOLDER = Path(__file__).parent.parent / "benchmarks"


def test_the_page_has_every_measured_number(monkeypatch):
    page = runpy.run_path(str(FOLDER / "page.py"))
    # Dates are those of commits, which a shallow clone or an archive lacks.
    monkeypatch.setitem(page["page"].__globals__, "_date", lambda path: "DATE")
    written = re.sub(r"(?<=\.py`, )\d{4}-\d\d-\d\d", "DATE", (FOLDER / "README.md").read_text())
    assert written == page["page"]()
    assert {s.name for s in page["SECTIONS"]} >= {path.stem for path in FOLDER.glob("*.csv")} - {"jpeg_figure_6"}


def test_no_measured_step_of_the_papers_scale_takes_more_memory_than_a_command_may():
    frame = pd.read_csv(FOLDER / "paper_memory.csv")
    assert len(frame) and (frame["extrapolated_gib"] <= LARGEST).all()
    assert (frame["anonymous_gib"] <= frame["peak_gib"]).all() and (
        frame["peak_gib"] <= frame["extrapolated_gib"]
    ).all()
