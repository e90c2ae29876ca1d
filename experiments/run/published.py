"""Published results: the CSVs of ``results/<scale>``, and of ``results/<scale>/<data set>``, in a checkout.

Users measure into a folder of their own.

A cell that cannot be measured here, or was not asked for, is shown with its published value, marked, where that was
measured with the same data set, scale, seed and weights. The user's CSV never gets a published value.
"""

from pathlib import Path

import pandas as pd

import zoo
from zoo.experiments.run.cells import Settings, Table
from zoo.experiments.run.measure import COUNTS, csv_path, read_csv

PUBLISHED = "published"
"""The status of a shown cell whose value was published and not measured here."""
WITHOUT_VALUE = ("not-run", "data-unavailable")
ANY_COLUMN = "last"
"""The column of a cell that stands for a curve whose points are known when it was measured."""
MEASURED = Path("runs") / "tables"
"""Where users' tables go by default; git ignores it."""


def published_folder() -> Path | None:
    """``results`` of this checkout; None where the package is installed without one."""
    folder = Path(zoo.__file__).parent.parent / "results"
    return folder if folder.is_dir() else None


def published_csv(table: Table, scale: str, dataset: str, folder: Path) -> Path:
    """Return a table's path in ``folder``; data sets other than the embedded one have their own sub-folders.

    It is called as the data set, or as the user's own folder.
    """
    return csv_path(table, scale if dataset == "embedded" else f"{scale}/{dataset.removeprefix('folder:')}", folder)


def check_output(output: Path) -> None:
    """Refuse the folder of the published results.

    Raises:
        ValueError: For that folder, also by another spelling.
    """
    folder = published_folder()
    if folder is not None and output.resolve() == folder.resolve():
        raise ValueError(
            "The published results change by `make publish` alone; tables are measured into another folder. "
            f"Received: --output {output}"
        )


def with_published(frame: pd.DataFrame, table: Table, settings: Settings, folder: Path | None) -> pd.DataFrame:
    """``frame`` with published values where it has none, their status ``PUBLISHED``; see above where they are shown.

    Args:
        frame: Of ``measure.run``.
        table: What was measured.
        settings: What it was measured with.
        folder: Of the published results; None for none.
    """
    lacking = frame["value"].isna() & frame["status"].isin(WITHOUT_VALUE)
    path = None if folder is None else published_csv(table, settings.scale, settings.dataset, folder)
    own = settings.weights or settings.detector or settings.index
    if path is None or not path.is_file() or not lacking.any() or own:
        return frame
    there = read_csv(path)
    there = there[(there["dataset"] == settings.dataset) & (there["seed"] == settings.seed) & there["value"].notna()]
    there = there.assign(weights=there["weights"].fillna(""), status=PUBLISHED)
    wanted = {(c.row, c.column, c.metric): c.weights or c.needs for c in table.cells(settings)}
    shown = []
    for cell in frame.to_dict("records"):
        name = (cell["row"], cell["column"], cell["metric"])
        alike = there[(there["row"] == cell["row"]) & (there["metric"] == cell["metric"])]
        alike = alike[alike["weights"] == wanted.get(name)]
        same = alike[alike["column"] == cell["column"]]
        if not (pd.isna(cell["value"]) and cell["status"] in WITHOUT_VALUE) or alike.empty:
            shown.append(cell)
        elif len(same):
            shown += same.to_dict("records")
        elif cell["column"] == ANY_COLUMN:
            shown += alike.to_dict("records")
        else:
            shown.append(cell)
    return pd.DataFrame(shown, columns=frame.columns).astype(COUNTS)
