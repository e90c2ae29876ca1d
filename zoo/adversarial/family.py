"""Carrara et al. 2018: the paper, its networks, stored weights and products."""

from pathlib import Path

from zoo.family import Family, Network, Product

FAMILY = Family(
    name="adversarial",
    cited="Carrara et al. 2018",
    paper=(
        "F. Carrara, F. Falchi, R. Caldelli, G. Amato, R. Becarelli, Adversarial image detection in deep "
        "neural networks, Multimedia Tools and Applications, 2018"
    ),
    folder=Path(__file__).parent,
    networks=(
        Network("adversarial-overfeat", "zoo.adversarial.small:SmallOverFeat", "zoo pretrain adversarial"),
        Network("adversarial-inception", "zoo.adversarial.small:SmallInception", "zoo pretrain adversarial"),
        Network(
            "adversarial-efficientnet",
            "zoo.adversarial.efficientnet:EfficientNetLite0",
            "zoo pretrain adversarial --dataset clothing --data-dir FOLDER --imagenet FILE",
        ),
    ),
    stored=(
        "adversarial-efficientnet.clothing",
        "adversarial-inception.digits",
        "adversarial-overfeat.digits",
    ),
    products=(
        Product("adversarial-*.digits*", "zoo.adversarial.serving:detection_on_digits"),
        Product("adversarial-*.*", "zoo.adversarial.serving:classification"),
    ),
)
