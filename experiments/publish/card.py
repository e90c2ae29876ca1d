"""Write the measured numbers into ``docs/results/<paper>.md``, from the CSVs in ``results/laptop``.

Command: python -m zoo.experiments.publish.card contrast                                (in a checkout)
         python -m zoo.experiments.publish.card PAPER PAGE.md results/laptop            (a family of another package)
"""

import sys
from pathlib import Path

import pandas as pd

from zoo.experiments.publish import ROOT, measured, replace_between
from zoo.experiments.run import tables
from zoo.experiments.run.cells import by_metric, places
from zoo.images import atomic

BEGIN = "<!-- numbers: begin, written by python -m zoo.experiments.publish.card -->"
END = "<!-- numbers: end -->"


def numbers(paper: str, results: Path) -> str:
    """Markdown of all tables of ``paper`` that ``results`` holds: ours with the interval, then the paper's number."""
    parts = []
    for family, name, title in tables.overview():
        file = f"{paper}_{name.replace('-', '_')}.csv"
        # Tables on other data sets than the embedded photographs are in one folder per data set.
        for path in (results / file, *sorted(results.glob(f"*/{file}"))):
            if family != paper or not path.is_file():
                continue
            frame = pd.read_csv(path, dtype={"column": str})
            decimals = tables.find(paper, name).decimals
            data = "" if path.parent == results else f", {path.parent.name}"
            command = f"zoo reproduce {paper} {name.replace('_', '-')}{_options(frame['dataset'].iloc[0])}"
            parts.append(f"### {title}{data}\n\n`{command}`. {_provenance(frame)}")
            for metric, caption, part in by_metric(frame):
                parts.append(_table(part, caption, places(decimals, metric)))
    return "\n\n".join(parts)


def filled(text: str, paper: str, results: Path) -> str:
    """``text`` of a page with the numbers between the two marks replaced.

    Raises:
        ValueError: When the marks are missing.
    """
    return replace_between(text, BEGIN, END, numbers(paper, results), f"The page of {paper}")


def _options(dataset: str) -> str:
    if dataset == "embedded":
        return ""
    folder = dataset.removeprefix("folder:")
    return f" --dataset {dataset}" if folder == dataset else f" --data-dir {folder}"


def _provenance(frame: pd.DataFrame) -> str:
    measured = frame[frame["status"] == "measured"]
    if measured.empty:
        return "Nothing of it was measured."
    first = measured.iloc[0]
    # A number without an interval may be a count of other things than these data.
    drawn = measured[measured["ci_low"] < measured["ci_high"]]
    drawn = measured if drawn.empty else drawn
    counts = f"{int(drawn['n_units'].max())} units of {int(drawn['n_sources'].max())} scenes"
    by_column = drawn.groupby("column")["n_units"].max()
    if by_column.min() < by_column.max():
        counts += f" at most (fewest: {by_column.idxmin()}, {int(by_column.min())})"
    return (
        f"Data: {first['dataset']}, {counts}; seed {first['seed']}, {first['device']}, "
        f"{measured['seconds'].sum() / 60:.0f} minutes. A cell is ours, its 95 % interval, and the paper's number."
    )


def _table(part: pd.DataFrame, caption: str, decimals: int) -> str:
    # Not DataFrame.to_markdown, which needs another package, tabulate.
    columns = list(dict.fromkeys(part["column"]))
    numbers = [int(column) for column in columns if column.isdecimal()]
    if numbers not in (sorted(numbers), sorted(numbers, reverse=True)):  # curves of several models, with other epochs
        columns = [*map(str, sorted(numbers)), *(column for column in columns if not column.isdecimal())]
    lines = [f"| {caption} | " + " | ".join(columns) + " |", "|--" * (len(columns) + 1) + "|"]
    for row, cells in part.groupby("row", sort=False):
        by_column = {cell["column"]: _cell(cell, decimals) for _, cell in cells.iterrows()}
        lines.append(f"| {row} | " + " | ".join(by_column.get(column, "") for column in columns) + " |")
    return "\n".join(lines)


def _cell(cell: pd.Series, decimals: int) -> str:
    paper = "" if pd.isna(printed := cell["paper_value"]) else f" / {printed:{'.0f' if printed % 1 == 0 else 'g'}}"
    if pd.isna(cell["value"]):
        return f"{cell['status']}{paper}"
    # A single value has no interval.
    interval = "" if cell["n_units"] == 1 else f" [{cell['ci_low']:.{decimals}f}, {cell['ci_high']:.{decimals}f}]"
    return f"{cell['value']:.{decimals}f}{interval}{paper}"


def fill(paper: str, page: Path | None = None, results: Path | None = None) -> None:
    """Fill a page from the CSVs in ``results``; by default that of a family of this checkout.

    Raises:
        ValueError: When the page lacks the marks.
    """
    page = page or ROOT / "docs" / "results" / f"{paper}.md"
    text = filled(page.read_text(), paper, results or ROOT / "results" / "laptop")
    with atomic(page) as partial:
        partial.write_text(text)


def main() -> None:
    """Fill the page of the paper named on the command line, and note what was measured with stored weights.

    Another package also passes its page, which may be its README, and its results folder.
    """
    if len(sys.argv) not in (2, 4):
        usage = "python -m zoo.experiments.publish.card PAPER [PAGE RESULTS]"
        raise SystemExit(f"usage: {usage}. Received: {sys.argv[1:]}")
    paper, *paths = sys.argv[1:]
    fill(paper, *map(Path, paths))
    if not paths:
        measured.write(ROOT / "results" / "laptop")


if __name__ == "__main__":
    main()
