"""Neural imaging pipelines (Korus and Memon 2019): from a RAW file to a picture.

Import Keras before this package to load a saved model of its networks by ``keras.models.load_model``.
"""

import importlib
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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
_HOME = {
    "zoo.imaging.developing": ("pipeline", "raw"),
    "zoo.imaging.developing.model": ("DNet", "INet", "UNet"),
    "zoo.imaging.joint.channel": ("DistributionChannel",),
    "zoo.imaging.joint.fan": ("FAN",),
    "zoo.imaging.joint.manipulations": ("GaussianFilter", "Resample", "Sharpen", "default_manipulations"),
    "zoo.imaging.joint.workflow": ("ImagingWorkflow", "paper_rate"),
}


def __getattr__(name: str) -> Any:
    # Imported when asked for: neither PRNU nor RAW files need Keras.
    for module, names in _HOME.items():
        if name in names:
            if name in ("pipeline", "raw"):
                return importlib.import_module(f"{module}.{name}")
            return getattr(importlib.import_module(module), name)
    raise AttributeError(f"module 'zoo.imaging' has no attribute {name!r}")


if "keras" in sys.modules:  # a saved model is loaded only if its layers are known
    for _module in list(_HOME)[1:]:
        importlib.import_module(_module)
