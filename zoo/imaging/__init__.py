"""Neural imaging pipelines (Korus and Memon 2019): from a RAW file to a picture."""

from zoo.imaging.developing import pipeline, raw
from zoo.imaging.developing.model import DNet, INet, UNet
from zoo.imaging.joint.channel import DistributionChannel
from zoo.imaging.joint.fan import FAN
from zoo.imaging.joint.manipulations import GaussianFilter, Resample, Sharpen, default_manipulations
from zoo.imaging.joint.workflow import ImagingWorkflow, paper_rate

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
