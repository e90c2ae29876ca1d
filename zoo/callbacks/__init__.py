"""Keras callbacks that work in any user's ``fit``."""

from zoo.callbacks.quality_sweep import QualitySweep
from zoo.callbacks.torch_plateau import TorchReduceLROnPlateau

__all__ = ["QualitySweep", "TorchReduceLROnPlateau"]
