"""Note in the package what the tables have measured with its stored weights: ``zoo/measured.csv``.

``python -m zoo.experiments.card PAPER`` writes it with the card, and a test holds it against the CSVs.
"""

import io
from pathlib import Path

import pandas as pd

import zoo.weights

COLUMNS = [
    "weights",
    "table",
    "row",
    "column",
    "metric",
    "value",
    "ci_low",
    "ci_high",
    "dataset",
    "n_sources",
    "commit",
]


def collect(results: Path, packaged: set[str]) -> str:
    """The CSV of all measured cells in ``results`` that the paper has a number for, of ``packaged`` weights."""
    found = []
    for path in sorted(results.glob("*.csv")):
        frame = pd.read_csv(path, dtype={"column": str, "weights": str, "commit": str})
        known = frame["paper_value"].notna() & (frame["status"] == "measured")
        found.append(frame[known & frame["weights"].isin(packaged)])
    whole = pd.concat(found) if found else pd.DataFrame(columns=COLUMNS)
    whole = whole.astype({"n_sources": int}).sort_values("weights", kind="stable")
    buffer = io.StringIO()
    # Six digits are more than any interval leaves.
    whole[COLUMNS].to_csv(buffer, index=False, float_format="%.6g", lineterminator="\n")
    return buffer.getvalue()


def write(results: Path) -> None:
    """Write ``zoo/measured.csv`` anew."""
    from zoo.images import atomic

    with atomic(zoo.weights.MEASURED) as partial:
        partial.write_text(collect(results, packaged()))


def packaged() -> set[str]:
    """Names of the weights in the package."""
    return {name for name in zoo.weights.names() if zoo.weights.provenance(name).folder == zoo.weights.INDEX.parent}
