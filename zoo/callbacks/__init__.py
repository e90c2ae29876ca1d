"""Keras callbacks that work in any user's ``fit``."""

from zoo.callbacks.quality_sweep import QualitySweep
from zoo.callbacks.stop_on_plateau import StopOnPlateau

__all__ = ["QualitySweep", "StopOnPlateau"]
