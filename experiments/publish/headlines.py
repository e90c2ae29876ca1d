"""Write the five papers' headline numbers into the README, from the CSVs in ``results/laptop``.

Command: python -m zoo.experiments.publish.headlines   (in a checkout)

A line whose table was not measured yet is left out; a number that its table says is ``not-run`` says so.
"""

import dataclasses
from pathlib import Path

import pandas as pd

from zoo.experiments.run import tables
from zoo.experiments.run.cells import places
from zoo.images import atomic

BEGIN = "<!-- headlines: begin, written by python -m zoo.experiments.publish.headlines -->"
END = "<!-- headlines: end -->"
CITED = {
    "contrast": "Barni et al. 2018",
    "adversarial": "Carrara et al. 2018",
    "steganography": "Pham Van et al. 2019",
    "imaging": "Korus, Memon 2019",
    "hyperimage": "Chandakkar, Li 2017",
}


@dataclasses.dataclass(frozen=True)
class Headline:
    """A line of the README: where ours, the paper's and another method's number stand, as (row, column)."""

    paper: str
    table: str
    what: str
    metric: str
    ours: tuple[str, str]
    beside: str
    """The best of the simpler or untrained methods in the table; where there is none, what it is to be held against."""
    baseline: tuple[str, str]
    papers: tuple[str, str] | None = None
    """Where it is not the cell of ours, since the paper's data are not to be had."""
    decimals: int | None = None


HEADLINES = (
    Headline(
        "contrast",
        "table_1",
        "CLAHE, JPEG 95",
        "AUC",
        ("CLAHE 0.005", "95"),
        "histogram statistic",
        ("baseline: histogram, CLAHE 0.005", "95"),
    ),
    Headline(
        "contrast",
        "table_1",
        "histogram stretching, JPEG 95",
        "AUC",
        ("HS 5", "95"),
        "histogram statistic",
        ("baseline: histogram, HS 5", "95"),
    ),
    Headline(
        "contrast",
        "table_1",
        "gamma 1.5, JPEG 95",
        "AUC",
        ("gamma 1.5", "95"),
        "histogram statistic",
        ("baseline: histogram, gamma 1.5", "95"),
    ),
    Headline(
        "adversarial",
        "table_2",
        "L-BFGS, small OverFeat on digits, pool5",
        "EER accuracy",
        ("pool5, PCA+W, DW-kNN", "L-BFGS"),
        "class centroid, fc6",
        ("baseline: class centroid, fc6", "L-BFGS"),
    ),
    Headline(
        "adversarial",
        "table_4",
        "iterative attack, small InceptionV3 on digits, mixed_6d",
        "EER accuracy",
        ("mixed_6d, DW-kNN", "iter_target_class"),
        "DkNN",
        ("DkNN credibility, all layers", "iter_target_class"),
    ),
    Headline(
        "steganography",
        "table_1",
        "photographs of 64 pixels, lambda 0.75",
        "loss (equation 1)",
        ("photographs, lambda 0.75", "ours"),
        "lowest 4 bits",
        ("photographs, lambda 0.75", "LSB 4"),
        ("Imagenet, lambda 0.75", "ours"),
        decimals=5,
    ),
    Headline(
        "imaging",
        "table_1",
        "UNet, photographs through the synthetic camera",
        "PSNR",
        ("UNet", "photographs"),
        "INet",
        ("INet", "photographs"),
    ),
    Headline(
        "imaging",
        "table_4",
        "plain synthetic camera",
        "accuracy [%]",
        ("a F", "as trained"),
        "band energies",
        ("baseline: band energies, a F", "as trained"),
    ),
    Headline(
        "imaging",
        "table_4",
        "synthetic camera trained along, lambda 0.1, patch by patch",
        "accuracy [%]",
        ("c 0.1", "as trained"),
        "band energies",
        ("baseline: band energies, c 0.1", "as trained"),
    ),
    Headline(
        "imaging",
        "inside",
        "the same inside a picture, trained with a margin",
        "accuracy [%]",
        ("unet, lambda 0.1, margin 16", "inside a picture"),
        "FAN trained alone",
        ("unet, F", "inside a picture"),
    ),
    Headline(
        "imaging",
        "figure_5",
        "PRNU tampering, synthetic camera, best pair",
        "F1",
        ("highest", "all that ran"),
        "all tampered",
        ("baseline: everything tampered", "Menon"),
        decimals=2,
    ),
    Headline(
        "hyperimage",
        "table_1",
        "synthetic task",
        "agreement",
        ("Experiment 1: Proposed", "SROCC"),
        "location-weighted sum",
        ("Experiment 1: baseline: location-weighted sum", "SROCC"),
        decimals=3,
    ),
)


def headlines(results: Path) -> str:
    """The table in Markdown, of what ``results`` holds: ours with its interval, the baseline's, the paper's."""
    lines = ["| paper | what | ours, small scale | beside it | paper |", "|--|--|--|--|--|"]
    for line in HEADLINES:
        path = results / f"{line.paper}_{line.table}.csv"
        if path.is_file():
            lines.append(_line(line, pd.read_csv(path, dtype={"column": str})))
    return "\n".join(lines)


def filled(text: str, results: Path) -> str:
    """``text`` of the README with the table between the two marks replaced.

    Raises:
        ValueError: When the marks are missing, or a CSV lacks a cell of ``HEADLINES``.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"The README must hold the marks {BEGIN} and {END}. Received: {text[:40]!r}...")
    return f"{before}{BEGIN}\n{headlines(results)}\n{END}{after}"


def _line(line: Headline, frame: pd.DataFrame) -> str:
    decimals = line.decimals
    if decimals is None:
        decimals = places(tables.find(line.paper, line.table).decimals, line.metric)
    ours = _cell(line, frame, line.ours)
    papers = _cell(line, frame, line.papers or line.ours)["paper_value"]
    baseline = f"{_value(_cell(line, frame, line.baseline), decimals)} ({line.beside})"
    interval = "" if pd.isna(ours["value"]) else f" [{ours['ci_low']:.{decimals}f}, {ours['ci_high']:.{decimals}f}]"
    found = (
        f"[{CITED[line.paper]}](zoo/{line.paper}/README.md)",
        f"{line.what}: {line.metric}",
        f"{_value(ours, decimals)}{interval}",
        baseline,
        "" if pd.isna(papers) else f"{papers:g}",
    )
    return "| " + " | ".join(found) + " |"


def _cell(line: Headline, frame: pd.DataFrame, place: tuple[str, str]) -> pd.Series:
    at = (frame["row"] == place[0]) & (frame["column"] == place[1]) & (frame["metric"] == line.metric)
    if at.sum() != 1:
        raise ValueError(f"{line.paper} {line.table} must hold one cell {place}, {line.metric}. Received: {at.sum()}")
    return frame[at].iloc[0]


def _value(cell: pd.Series, decimals: int) -> str:
    return str(cell["status"]) if pd.isna(cell["value"]) else f"{cell['value']:.{decimals}f}"


def main() -> None:
    """Fill the README of this checkout."""
    root = Path(__file__).parent.parent
    text = filled((root / "README.md").read_text(), root / "results" / "laptop")
    with atomic(root / "README.md") as partial:
        partial.write_text(text)


if __name__ == "__main__":
    main()
