"""Neural imaging pipelines (Korus and Memon 2019): from a RAW file to a picture."""

from zoo.imaging import pipeline, raw
from zoo.imaging.channel import DistributionChannel
from zoo.imaging.fan import FAN
from zoo.imaging.manipulations import GaussianFilter, Resample, Sharpen, default_manipulations
from zoo.imaging.model import DNet, INet, UNet
from zoo.imaging.workflow import ImagingWorkflow, paper_rate

__all__ = [
    "FAN",
    "DNet",
    "DistributionChannel",
    "GaussianFilter",
    "INet",
    "ImagingWorkflow",
    "Resample",
    "Sharpen",
    "UNet",
    "default_manipulations",
    "paper_rate",
    "pipeline",
    "raw",
]
