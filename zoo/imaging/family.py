"""Korus and Memon 2019: the paper, its networks, stored weights and products."""

from pathlib import Path

from zoo.family import Family, Network, Product

DEVELOPING, JOINT = "zoo.imaging.developing.model", "zoo pretrain imaging joint"
FAMILY = Family(
    name="imaging",
    cited="Korus, Memon 2019",
    paper=("P. Korus, N. Memon, Neural imaging pipelines - the scourge or hope of forensics?, arXiv:1902.10707, 2019"),
    folder=Path(__file__).parent,
    networks=(
        Network("fan-*", "zoo.imaging.joint.fan:FAN", JOINT, {"input_shape": (None, None, 3)}),
        Network("*-low-light", f"{DEVELOPING}:UNet", "zoo pretrain imaging low-light"),
        Network("inet-joint-*", f"{DEVELOPING}:INet", JOINT),
        Network("unet-joint-*", f"{DEVELOPING}:UNet", JOINT),
        Network("dnet-joint-*", f"{DEVELOPING}:DNet", JOINT),
        Network("inet-*", f"{DEVELOPING}:INet", "zoo pretrain imaging"),
        Network("unet-*", f"{DEVELOPING}:UNet", "zoo pretrain imaging"),
        Network("dnet-*", f"{DEVELOPING}:DNet", "zoo pretrain imaging"),
    ),
    stored=(
        "dnet-birch.photographs",
        "fan-unet-0.1-margin16-birch.photographs",
        "inet-birch.photographs",
        "unet-birch.photographs",
        "unet-joint-0.1-margin16-birch.photographs",
    ),
    products=(
        Product("fan-*.*", "zoo.imaging.serving:manipulation"),
        Product("inet-*.*", "zoo.imaging.serving:development", phased=True),
        Product("unet-*.*", "zoo.imaging.serving:development", phased=True),
        Product("dnet-*.*", "zoo.imaging.serving:development", phased=True),
    ),
)
