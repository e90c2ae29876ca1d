"""Keras callbacks that work in any user's ``fit``."""

from zoo.callbacks.quality_sweep import QualitySweep

__all__ = ["QualitySweep"]
