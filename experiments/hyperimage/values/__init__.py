"""The numbers printed in the paper's tables, transcribed once."""

from importlib.resources import files

import pandas as pd


def paper_values(table: str) -> pd.DataFrame:
    """Return the printed cells of a table: experiment, row, column, value; ``"table_4"`` holds text."""
    with (files(__package__) / f"{table}.csv").open() as file:
        return pd.read_csv(file, dtype={"column": str})


def printed(table: str, experiment: int, row: str, column: str) -> float | None:
    """One printed number, or None where the paper has none."""
    values = paper_values(table)
    found = values[(values["experiment"] == experiment) & (values["row"] == row) & (values["column"] == column)]
    return float(found["value"].iloc[0]) if len(found) else None
