"""Chandakkar and Li 2017: the paper, its networks, stored weights and products."""

from pathlib import Path

from zoo.family import Family, Network, Product

MODEL, COMMAND = "zoo.hyperimage.model", "zoo pretrain hyperimage"
QUALITY = f"{COMMAND} quality --scale photographs --dataset open_photographs"
FORGERY = f"{COMMAND} forgery --scale photographs --dataset open_photographs"
FAMILY = Family(
    name="hyperimage",
    cited="Chandakkar, Li 2017",
    paper=(
        "P. S. Chandakkar, B. Li, Capturing localized image artifacts through a CNN-based hyper-image "
        "representation, arXiv:1711.04945, 2017"
    ),
    folder=Path(__file__).parent,
    networks=(
        Network("hyperimage-quality-stage-two", f"{MODEL}:TIDStageTwo", QUALITY),
        Network("hyperimage-quality-*", f"{MODEL}:CNNIQA", QUALITY),
        Network("hyperimage-forgery-channel", f"{MODEL}:ForgeryChannel", FORGERY),
        Network("hyperimage-forgery-stage-two", f"{MODEL}:ForgeryStageTwo", FORGERY),
        Network("hyperimage-forgery-end-to-end", f"{MODEL}:ForgeryEndToEnd", FORGERY),
        Network("hyperimage-synthetic-patches", f"{MODEL}:SyntheticPatchNet", COMMAND),
        Network("hyperimage-synthetic-*", f"{MODEL}:SyntheticStageTwo", COMMAND),
    ),
    stored=(
        "hyperimage-forgery-channel.photographs",
        "hyperimage-forgery-stage-two.photographs",
        "hyperimage-quality-patches.photographs",
        "hyperimage-quality-stage-two.photographs",
        "hyperimage-synthetic-patches.generated",
        "hyperimage-synthetic-stage-two.generated",
    ),
    products=(
        Product(
            "hyperimage-quality.*",
            "zoo.hyperimage.serving:quality",
            ("hyperimage-quality-patches", "hyperimage-quality-stage-two"),
        ),
        Product(
            "hyperimage-forgery.*",
            "zoo.hyperimage.serving:forgery",
            ("hyperimage-forgery-channel", "hyperimage-forgery-stage-two"),
        ),
    ),
)
