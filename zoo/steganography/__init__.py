"""An image in an image: H-net and R-net (Pham Van, Dinh and Thanh 2019), and Baluja's networks (NeurIPS 2017)."""

from zoo.steganography.baluja import BalujaNet
from zoo.steganography.h_net import HNet
from zoo.steganography.r_net import RNet
from zoo.steganography.steganographer import Steganographer, separate_optimizers

__all__ = ["BalujaNet", "HNet", "RNet", "Steganographer", "separate_optimizers"]
