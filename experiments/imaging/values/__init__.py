"""The numbers printed in the paper's tables, transcribed once.

``table_1``: training times in minutes. ``table_2``: megapixels; the paper prints ">1k" where 1000 stands. ``table_4``:
percent, "<3" where the paper prints a star and nothing where it prints nothing. ``table_s1``: F is its "-".
"""

from importlib.resources import files

import pandas as pd


def paper_values(table: str) -> pd.DataFrame:
    """The printed values of ``"table_1"`` (rows by network), ``"table_2"`` (rows by camera), ``"table_4"``, ..."""
    with (files(__package__) / f"{table}.csv").open() as file:
        return pd.read_csv(file, index_col="row")
