"""Keras callbacks that work in any user's ``fit``."""

from zoo.callbacks.contact_sheet import ContactSheet
from zoo.callbacks.quality_sweep import QualitySweep
from zoo.callbacks.stop_on_plateau import StopOnPlateau
from zoo.callbacks.torch_plateau import TorchReduceLROnPlateau

__all__ = ["ContactSheet", "QualitySweep", "StopOnPlateau", "TorchReduceLROnPlateau"]
