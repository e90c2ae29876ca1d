"""The numbers printed in the paper's tables and read from its text, transcribed once."""

from importlib.resources import files

import pandas as pd


def paper_values(name: str) -> pd.DataFrame:
    """The printed values of ``"table_3"``, ``"figure_5"``, ...: rows and columns as the paper labels them."""
    with (files(__package__) / f"{name}.csv").open() as file:
        return pd.read_csv(file, index_col="row")
