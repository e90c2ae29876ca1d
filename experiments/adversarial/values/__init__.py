"""The numbers printed in the paper's tables, transcribed once."""

from importlib.resources import files

import pandas as pd


def paper_values(table: str) -> pd.DataFrame:
    """The printed values of ``"table_2"`` or ``"table_4"``: EER accuracies in percent, by row and column label."""
    with (files(__package__) / f"{table}.csv").open() as file:
        return pd.read_csv(file, index_col="row")
