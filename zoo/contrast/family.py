"""Barni et al. 2018: the paper, its networks, stored weights and products."""

from pathlib import Path

from zoo.family import Family, Network, Product

FAMILY = Family(
    name="contrast",
    cited="Barni et al. 2018",
    paper=(
        "M. Barni, A. Costanzo, E. Nowroozi, B. Tondi, CNN-based detection of generic contrast adjustment "
        "with JPEG post-processing, IEEE International Conference on Image Processing, 2018"
    ),
    folder=Path(__file__).parent,
    networks=(Network("contrast-*", "zoo.contrast.model:ContrastNet", "zoo pretrain contrast"),),
    stored=(
        "contrast-aware.photographs",
        "contrast-round-trip.photographs",
        "contrast-unaware.photographs",
    ),
    products=(Product("contrast-*.*", "zoo.contrast.serving:adjustment"),),
)
