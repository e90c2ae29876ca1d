"""What a table is: a ``Table`` yields ``Cell``s for ``Settings``; ``measure.run`` measures them."""

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Literal, TypeVar

import pandas as pd

from zoo.metrics import Estimate

Row = TypeVar("Row")
Column = TypeVar("Column")
Status = Literal["measured", "quoted", "not-run", "data-unavailable"]


class DataUnavailable(Exception):
    """Raised by a cell whose data or weights are not here; the message says what is missing."""


@dataclasses.dataclass(frozen=True)
class Settings:
    """What a table is run with; ``dataset`` names the data in the CSV.

    Raises:
        ValueError: For weights that are no folder.
    """

    scale: str = "laptop"
    dataset: str = "embedded"
    data_dir: Path | None = None
    seed: int = 0
    detector: str | None = None
    weights: Path | None = None
    """A folder of ``zoo pretrain`` to take networks from instead of the stored ones."""
    index: str | None = None
    """A FAISS index to search neighbours with, and its search parameters behind a space; None for exact search."""

    def __post_init__(self) -> None:
        if self.weights is not None and not self.weights.is_dir():
            raise ValueError(f"--weights must be a folder of `zoo pretrain`. Received: {self.weights}")

    @property
    def named(self) -> str | None:
        """The data set, if it is one that has a name; None for a folder of the user's."""
        return None if self.dataset.startswith("folder:") else self.dataset

    @property
    def test_split(self) -> str:
        """Which photographs to test on: of a user's folder all, as the stored networks have seen nothing of it."""
        return "all" if self.named is None and self.weights is None else "test"


@dataclasses.dataclass(frozen=True)
class Cell:
    """One number of a table, or, without ``measure``, a cell that is quoted or says why it has none.

    Raises:
        ValueError: Where there is neither ``measure`` nor ``why``, and it is not quoted.
    """

    row: str
    column: str
    metric: str
    paper_value: float | None = None
    measure: Callable[[], Estimate] | None = None
    status: Status = "measured"
    comparable: bool = False
    weights: str = ""
    """Names of the networks, separated by spaces; ``trained`` for those that the table itself trains."""
    steps: int = 0
    """Updates of a training that belongs to the cell."""
    why: str = ""
    """Where there is no ``measure``: what is missing, and what would help."""
    needs: str = ""
    """Where there are no weights here: those that the cell would need, as the CSV names them."""

    def __post_init__(self) -> None:
        if self.measure is None and self.status != "quoted" and (self.status == "measured" or not self.why):
            raise ValueError(
                "A cell without measure must be quoted, or not-run or data-unavailable with its reason as why. "
                f"Received: {self.row}, {self.column}, {self.metric}: {self.status}, why={self.why!r}"
            )


def grid(
    rows: Mapping[str, Row],
    columns: Mapping[str, Column],
    metric: str,
    measure: Callable[[Row, Column], Estimate],
    weights: str = "",
) -> Iterator[Cell]:
    """Yield a cell for every row and column, row by row, that measures what stands behind their labels."""
    for row, of_row in rows.items():
        for column, of_column in columns.items():
            yield Cell(row, column, metric, measure=partial(measure, of_row, of_column), weights=weights)


@dataclasses.dataclass(frozen=True)
class Table:
    """A table of a paper: ``name`` is ``table_1``, ``text``, ...; ``decimals`` is how values are printed.

    ``decimals`` may differ by metric; 1 for those not named.
    """

    paper: str
    name: str
    cells: Callable[[Settings], Iterable[Cell]]
    decimals: int | Mapping[str, int] = 1
    plot: Callable[[pd.DataFrame, Settings, str, Path], None] | None = None
    """Draws (table, settings, title, path of the PNG) where one panel a row is not what one wants to see."""
    units: str | Mapping[str, str] = ""
    """Unit of the values, or units by metric, as the CSV has them: ``"%"``, ``"dB"``, ...; none for a plain number."""
    takes_detector: bool = False
    """Whether ``cells`` measures the user's ``Settings.detector``; where not, ``--detector`` is refused."""
    takes_index: bool = False
    """Whether ``cells`` searches with ``Settings.index``; where not, ``--index`` is refused."""
    title: str = ""
    """Filled in by ``tables.find`` from the family's list."""
    plots_pictures: bool = False
    """Whether ``plot`` draws pictures, which needs data and networks, and not the CSV alone."""


def places(decimals: int | Mapping[str, int], metric: str) -> int:
    """Return the number of decimals for ``metric``."""
    return decimals if isinstance(decimals, int) else decimals.get(metric, 1)


def unit_of(units: str | Mapping[str, str], metric: str) -> str:
    """Return the unit of ``metric``, empty for a plain number."""
    return units if isinstance(units, str) else units.get(metric, "")


def captioned(metric: str, unit: str | float) -> str:
    """Return a metric with its unit, ``"AUC [%]"``; ``unit`` is empty or NaN for a plain number."""
    return metric if pd.isna(unit) or not unit else f"{metric} [{unit}]"


def by_metric(frame: pd.DataFrame) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Yield each metric of a table, its caption (see ``captioned``), and its cells."""
    for metric, part in frame.groupby("metric", sort=False):
        unit = part["unit"].iloc[0] if "unit" in part else ""  # CSVs of earlier versions have no units
        yield str(metric), captioned(str(metric), unit), part
