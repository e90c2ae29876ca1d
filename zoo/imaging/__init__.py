"""Neural imaging pipelines (Korus and Memon 2019): from a RAW file to a picture."""

from zoo.imaging import raw

__all__ = ["raw"]
