"""Copy a measured table into ``results``; at `laptop` also update its page of numbers, README and ``zoo/measured.csv``.

Command: python -m zoo.experiments.publish.results contrast table-1     (or: make publish PAPER=contrast TABLE=table-1)

A cell or curve without new values keeps the published ones, and so does a cell that was not asked for. Rows and columns
that the table no longer has are dropped. Numbers measured with uncommitted changes are refused.
"""

import argparse
import shutil
import sys
from pathlib import Path

import pandas as pd

from zoo.experiments.cli.data_options import EMBEDDED
from zoo.experiments.cli.quiet import quiet_import
from zoo.experiments.publish import ROOT, card, headlines, measured
from zoo.experiments.run import tables
from zoo.experiments.run.cells import Table
from zoo.experiments.run.measure import csv_path
from zoo.experiments.run.published import ANY_COLUMN, MEASURED, published_csv
from zoo.experiments.run.reasons import UNASKED, cell_key, read_reasons, write_reasons
from zoo.images import atomic

CARDS_SCALE = "laptop"
"""The scale that cards and README show."""


def publish(table: Table, scale: str, measured_in: Path, results: Path) -> Path:
    """Write the CSV of a table that was measured in a folder into ``results``; returns it.

    Raises:
        ValueError: Where the table was not measured there, was measured with a changed tree or with a detector,
            networks or an index of your own, or on other data or with another seed than what is published.
    """
    source = csv_path(table, scale, measured_in)
    if not source.is_file():
        command = f"zoo reproduce {table.paper} {table.name.replace('_', '-')}"
        raise ValueError(f"A table is measured before it is published: {command} --scale {scale}. Received: {source}")
    new, reasons = _read(source), read_reasons(source)
    target = published_csv(table, scale, new["dataset"].iloc[0], results)
    own = sorted({word for weights in new["weights"] for word in weights.split() if not _may_be_published(word, scale)})
    if own:
        raise ValueError(
            f"{source} must be measured with stored networks or those that it trains. Received: {', '.join(own)}"
        )
    changed = sorted({commit for commit in new.loc[new["value"] != "", "commit"] if commit.endswith("+")})
    if changed:
        raise ValueError(f"{source} must be measured without uncommitted changes. Received: {', '.join(changed)}")
    if target.is_file():
        old, old_reasons = _read(target), read_reasons(target)
        for field in ("dataset", "seed"):
            if set(new[field]) != set(old[field]):
                wanted, given = (", ".join(sorted(set(frame[field]))) for frame in (old, new))
                raise ValueError(f"{target} is of {field} {wanted}; remove it to publish others. Received: {given}")
        published, cells = old.to_dict("records"), list[dict]()
        for cell in new.to_dict("records"):
            kept = _kept(cell, published, reasons.get(_key(cell)) == UNASKED)
            cells += kept or [cell]
            if kept:
                reasons.pop(_key(cell), None)
                reasons |= {key: old_reasons[key] for key in map(_key, kept) if key in old_reasons}
        new = pd.DataFrame(cells, columns=new.columns)
    target.parent.mkdir(parents=True, exist_ok=True)
    with atomic(target) as partial:
        new.to_csv(partial, index=False)
    write_reasons(target, reasons)
    picture = source.with_suffix(".png")
    # Pictures of other data sets must not be published.
    if table.plots_pictures and picture.is_file() and new["dataset"].iloc[0] == EMBEDDED:
        shutil.copyfile(picture, ROOT / "docs" / "assets" / picture.name)
    return target


def _read(path: Path) -> pd.DataFrame:
    # Read as text, so that no digit changes.
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def _may_be_published(word: str, scale: str) -> bool:
    """Return whether a word of the column ``weights`` is no detector or index of the user's, and no network.

    At `paper` networks of a folder are right: nothing is stored at that scale.
    """
    word = word.removeprefix("stored:").removeprefix("trained:")
    return ":" not in word and ("/" not in word or scale == "paper")


def _kept(cell: dict, published: list[dict], unasked: bool) -> list[dict]:
    """Return the ``published`` cells that stay in the place of a new ``cell``; none where the new one counts."""
    if cell["value"] != "":
        return []
    return [
        known
        for known in published
        if (known["row"], known["metric"]) == (cell["row"], cell["metric"])
        and cell["column"] in (known["column"], ANY_COLUMN)
        and (known["value"] != "" or unasked)
    ]


def _key(cell: dict) -> str:
    return cell_key(cell["row"], cell["column"], cell["metric"])


def main() -> None:
    """Publish the table named on the command line."""
    parser = argparse.ArgumentParser(description="Publish a table that was measured with a clean tree.")
    parser.add_argument("paper")
    parser.add_argument("table")
    parser.add_argument("--scale", default=CARDS_SCALE)
    parser.add_argument(
        "--measured", type=Path, default=MEASURED, help=f"folder with the measured table (default {MEASURED})"
    )
    options = parser.parse_args()
    quiet_import()
    try:
        table = tables.find(options.paper, options.table)
        print(f"published: {publish(table, options.scale, options.measured, ROOT / 'results')}")
        if options.scale == CARDS_SCALE:
            card.fill(options.paper)
            headlines.main()
            measured.write(ROOT / "results" / CARDS_SCALE)
    except (ValueError, OSError) as error:
        print(f"publish: {' '.join(str(error).split())}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
