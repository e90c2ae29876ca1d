"""Pham Van et al. 2019: the paper, its networks, stored weights and products."""

from pathlib import Path

from zoo.family import Family, Network, Product

FAMILY = Family(
    name="steganography",
    cited="Pham Van et al. 2019",
    paper=(
        "Pham Van Toan, Dinh Hoang Thoi, Ta Minh Thanh, Simultaneous convolutional neural network for highly "
        "efficient image steganography, 2019"
    ),
    folder=Path(__file__).parent,
    networks=(
        Network("steganography-h-net", "zoo.steganography.h_net:HNet", "zoo pretrain steganography"),
        Network("steganography-r-net", "zoo.steganography.r_net:RNet", "zoo pretrain steganography"),
    ),
    stored=(
        "steganography-h-net.photographs",
        "steganography-h-net.photographs-jpeg",
        "steganography-r-net.photographs",
        "steganography-r-net.photographs-jpeg",
    ),
    products=(
        Product("steganography-h-net.*", "zoo.steganography.serving:hiding"),
        Product("steganography-r-net.*", "zoo.steganography.serving:revealing"),
    ),
)
