"""Layers that several families share, and that your own models can use."""

from zoo.layers.constrained import ConstrainedConv2D, ResidualFilter
from zoo.layers.jpeg import DifferentiableJPEG, jpeg
from zoo.layers.jpeg_augmentation import JPEGAugmentation
from zoo.layers.jpeg_random import random_quality
from zoo.layers.jpeg_tables import quantisation_tables
from zoo.layers.local_contrast import LocalContrastNormalization
from zoo.layers.min_pooling import MinPooling2D

__all__ = [
    "ConstrainedConv2D",
    "DifferentiableJPEG",
    "JPEGAugmentation",
    "LocalContrastNormalization",
    "MinPooling2D",
    "ResidualFilter",
    "jpeg",
    "quantisation_tables",
    "random_quality",
]
