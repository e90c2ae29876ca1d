"""Layers that serve more than one family of models, or a model of one's own."""

from zoo.layers.jpeg import DifferentiableJPEG, jpeg
from zoo.layers.jpeg_tables import quantisation_tables, random_quality

__all__ = ["DifferentiableJPEG", "jpeg", "quantisation_tables", "random_quality"]
