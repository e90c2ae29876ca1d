"""The numbers printed in the papers' tables, transcribed once: ``experiments/<paper>/values/<table>.csv``."""

from importlib.resources import files

import pandas as pd


def paper_values(paper: str, table: str) -> pd.DataFrame:
    """Return the printed values of ``"table_1"``, ... of a paper, with its row and column labels."""
    with (files(f"zoo.experiments.{paper}.values") / f"{table}.csv").open() as file:
        return pd.read_csv(file, index_col="row")
