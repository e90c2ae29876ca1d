"""Write ``zoo/measured.csv``: the numbers of the published tables that ``zoo.provenance`` shows.

`make publish` writes it, and a test compares it with the CSVs.

If the paper gives numbers for some of a model's cells, only those are listed, otherwise all. Of each table come the
cells of the README's headlines and the first cell of each row and metric, ``LINES`` at most. Tables on other data sets
than ``embedded`` count only for models that no other table has.
"""

import io
from pathlib import Path

import pandas as pd

import zoo.weights
from zoo.experiments.cli.data_options import EMBEDDED
from zoo.experiments.families import experiments, load

COLUMNS = [
    "weights",
    "table",
    "row",
    "column",
    "metric",
    "unit",
    "value",
    "ci_low",
    "ci_high",
    "dataset",
    "n_sources",
    "commit",
    "note",
]
LINES = 4
"""Cells of one table that are noted for a model, at most."""


def collect(results: Path, packaged: set[str]) -> str:
    """Return the CSV of the cells in ``results`` measured with ``packaged`` weights; see above for the selection."""
    found = [pd.DataFrame(columns=[*COLUMNS, "paper_value", "paper"])]
    for path in (*sorted(results.glob("*.csv")), *sorted(results.glob("*/*.csv"))):
        frame = pd.read_csv(path, dtype={"column": str, "weights": str, "commit": str})
        frame = frame[(frame["status"] == "measured") & frame["weights"].notna()]
        cells = frame.to_dict("records")
        used = [(cell, weights_of(cell["weights"], cell["table"], packaged, cell["dataset"])) for cell in cells]
        lines = [cell | {"weights": name, "note": note} for cell, names in used for name, note in names.items()]
        found.append(pd.DataFrame(lines, columns=found[0].columns))
    whole = pd.concat([frame for frame in found if len(frame)] or found)
    models = [_chosen(cells) for _, cells in whole.groupby("weights")]
    whole = pd.concat(models) if models else whole
    buffer = io.StringIO()
    # Six digits are more than any interval justifies.
    whole = whole[COLUMNS].astype({"n_sources": int})
    whole.to_csv(buffer, index=False, float_format="%.6g", lineterminator="\n")
    return buffer.getvalue()


def weights_of(column: str, table: str, packaged: set[str], dataset: str = EMBEDDED) -> dict[str, str]:
    """Return the ``packaged`` weights that a cell was measured with, by its column ``weights``, and a note on each.

    The column holds names, some after ``stored:``, separated by spaces. ``trained`` and the user's own detector stand
    for no stored weights; the aliases of a family's experiments say which other weights belong to a name.
    """
    found = {}
    for word in column.split():
        name = word.removeprefix("stored:")
        if name in packaged:
            found[name] = ""
        for page in (page for page in experiments() if page.stands_for):
            found |= load(page.stands_for)(dataset).get(word, {})
        for alias in (alias for page in experiments() for alias in page.aliases):
            if (alias.table, alias.named) == (table, word):
                found |= dict.fromkeys(alias.others, f"with {word}")
    return {name: note for name, note in found.items() if name in packaged}


def _chosen(cells: pd.DataFrame) -> pd.DataFrame:
    """Return the cells of one model that are noted, in the order of the tables."""
    usual = cells["dataset"] == EMBEDDED
    cells = cells[usual] if usual.any() else cells
    if cells["paper_value"].notna().any():
        cells = cells[cells["paper_value"].notna()]
    headlines = {(p.name, line.table, *line.ours, line.metric) for p in experiments() for line in p.headlines}
    place = cells[["paper", "table", "row", "column", "metric"]].itertuples(index=False, name=None)
    rank = pd.Series([tuple(map(str, p)) not in headlines for p in place], cells.index)
    cells = cells.reset_index(drop=True).assign(rank=list(rank)).sort_values("rank", kind="stable")
    cells = cells.drop_duplicates(["table", "row", "metric"])
    return cells.groupby("table", sort=False).head(LINES).sort_index()


def write(results: Path) -> None:
    """Write ``zoo/measured.csv`` anew."""
    from zoo.images import atomic

    with atomic(zoo.weights.MEASURED) as partial:
        partial.write_text(collect(results, set(zoo.weights.packaged())))
