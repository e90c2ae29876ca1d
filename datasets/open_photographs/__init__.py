"""Real photographs under open licences, from public repositories."""

from zoo.datasets.open_photographs.listing import ROWS, SPLITS, Row, open_photographs

__all__ = ["ROWS", "SPLITS", "Row", "open_photographs"]
