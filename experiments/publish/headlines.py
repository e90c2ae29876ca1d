"""Write the papers' headline numbers into the README, from the CSVs in ``results/laptop``.

Command: python -m zoo.experiments.publish.headlines   (in a checkout)

A line whose table was not measured yet is left out; a number that its table says is ``not-run`` says so.
"""

from pathlib import Path

import pandas as pd

from zoo.experiments.families import experiments
from zoo.experiments.family import Headline
from zoo.experiments.publish import ROOT, replace_between
from zoo.experiments.run import tables
from zoo.experiments.run.cells import captioned, places
from zoo.families import families
from zoo.images import atomic

BEGIN = "<!-- headlines: begin, written by python -m zoo.experiments.publish.headlines -->"
END = "<!-- headlines: end -->"


def headlines(results: Path) -> str:
    """Return the table in Markdown, of what ``results`` holds: ours with its interval, the baseline's, the paper's."""
    lines = ["| paper | what | ours, small scale | baseline | paper |", "|--|--|--|--|--|"]
    for page in experiments():
        for line in page.headlines:
            folder = results if line.dataset == "embedded" else results / line.dataset
            path = folder / f"{page.name}_{line.table}.csv"
            if path.is_file():
                lines.append(_line(page.name, line, pd.read_csv(path, dtype={"column": str})))
    return "\n".join(lines)


def filled(text: str, results: Path) -> str:
    """``text`` of the README with the table between the two marks replaced.

    Raises:
        ValueError: When the marks are missing, or a CSV lacks a cell of a headline.
    """
    return replace_between(text, BEGIN, END, headlines(results), "The README")


def _line(paper: str, line: Headline, frame: pd.DataFrame) -> str:
    cited = next(family.cited for family in families() if family.name == paper)
    decimals = line.decimals
    if decimals is None:
        decimals = places(tables.find(paper, line.table).decimals, line.metric)
    ours = _cell(line, frame, line.ours)
    papers = _cell(line, frame, line.papers or line.ours)["paper_value"]
    baseline = f"{_value(_cell(line, frame, line.baseline), decimals)} ({line.beside})"
    interval = "" if pd.isna(ours["value"]) else f" [{ours['ci_low']:.{decimals}f}, {ours['ci_high']:.{decimals}f}]"
    found = (
        f"[{cited}](zoo/{paper}/README.md)",
        f"{line.what}: {captioned(line.metric, ours.get('unit', ''))}",
        f"{_value(ours, decimals)}{interval}",
        baseline,
        "" if pd.isna(papers) else f"{papers:g}",
    )
    return "| " + " | ".join(found) + " |"


def _cell(line: Headline, frame: pd.DataFrame, place: tuple[str, str]) -> pd.Series:
    at = (frame["row"] == place[0]) & (frame["column"] == place[1]) & (frame["metric"] == line.metric)
    if at.sum() != 1:
        raise ValueError(f"{line.table} must hold one cell {place}, {line.metric}. Received: {at.sum()}")
    return frame[at].iloc[0]


def _value(cell: pd.Series, decimals: int) -> str:
    return str(cell["status"]) if pd.isna(cell["value"]) else f"{cell['value']:.{decimals}f}"


def main() -> None:
    """Fill the README of this checkout."""
    root = ROOT
    text = filled((root / "README.md").read_text(), root / "results" / "laptop")
    with atomic(root / "README.md") as partial:
        partial.write_text(text)


if __name__ == "__main__":
    main()
