"""The offline default: photographs inside scikit-image and scikit-learn, and generated scenes."""

from zoo.datasets.embedded.photographs import SCENES, photograph
from zoo.datasets.embedded.scenes import generate_linear_scene, generate_scene

__all__ = ["SCENES", "generate_linear_scene", "generate_scene", "photograph"]
