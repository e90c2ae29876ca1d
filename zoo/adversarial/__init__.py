"""Detection of adversarial images by neighbours in deep features (Carrara, Falchi, Caldelli, Amato, Becarelli 2018)."""

from zoo.adversarial.detector import KNNDetector
from zoo.adversarial.efficientnet import EfficientNetLite0
from zoo.adversarial.inception import InceptionV3, load_slim_checkpoint
from zoo.adversarial.overfeat import OverFeatFast, load_net_weight
from zoo.adversarial.small import SmallInception, SmallOverFeat

__all__ = [
    "EfficientNetLite0",
    "InceptionV3",
    "KNNDetector",
    "OverFeatFast",
    "SmallInception",
    "SmallOverFeat",
    "load_net_weight",
    "load_slim_checkpoint",
]
