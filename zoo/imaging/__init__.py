"""Neural imaging pipelines (Korus and Memon 2019): from a RAW file to a picture."""

from zoo.imaging import pipeline, raw
from zoo.imaging.model import DNet, INet, UNet

__all__ = ["DNet", "INet", "UNet", "pipeline", "raw"]
