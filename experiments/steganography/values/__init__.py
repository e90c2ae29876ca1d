"""The numbers printed in the paper's tables, transcribed once."""

from importlib.resources import files

import pandas as pd


def paper_values(table: str) -> pd.DataFrame:
    """The printed values of ``"table_1"`` to ``"table_4"``, with the paper's row and column labels."""
    with (files(__package__) / f"{table}.csv").open() as file:
        return pd.read_csv(file, index_col="row")
