"""Carrara et al. 2018: trainings, tables, figures, commands, data sets and lines of the README."""

from pathlib import Path

from zoo.experiments.family import Experiments, Headline, Listed, Option, Training

EXPERIMENTS = Experiments(
    name="adversarial",
    tables={
        "table_1": Listed(
            "Weights of the kNN classifiers, Table 1", "zoo.experiments.adversarial.tables.table_1:TABLE"
        ),
        "table_2": Listed(
            "Adversarial images on OverFeat, Table 2", "zoo.experiments.adversarial.tables.table_2:TABLE"
        ),
        "table_3": Listed("Detections and failures, Table 3", "zoo.experiments.adversarial.tables.table_3:TABLE"),
        "table_4": Listed(
            "Adversarial images on InceptionV3, Table 4", "zoo.experiments.adversarial.tables.table_4:TABLE"
        ),
        "figure_2": Listed(
            "ROC of DW-kNN on OverFeat, Figure 2", "zoo.experiments.adversarial.tables.figures:FIGURE_2"
        ),
        "figure_3": Listed(
            "Rates by threshold on OverFeat, Figure 3", "zoo.experiments.adversarial.tables.figures:FIGURE_3"
        ),
        "figure_4": Listed(
            "Score densities on OverFeat, Figure 4", "zoo.experiments.adversarial.tables.figures:FIGURE_4"
        ),
        "figure_5": Listed(
            "Rates by threshold on InceptionV3, Figure 5", "zoo.experiments.adversarial.tables.figures:FIGURE_5"
        ),
        "figure_6": Listed(
            "EER accuracy by layer of InceptionV3, Figure 6", "zoo.experiments.adversarial.tables.figures:FIGURE_6"
        ),
        "text": Listed("Adversarial images, numbers of the text", "zoo.experiments.adversarial.tables.text:TABLE"),
        "adaptive": Listed("Attacks that know the detector", "zoo.experiments.adversarial.tables.adaptive:TABLE"),
    },
    plan="zoo.experiments.adversarial.plan:plan",
    commands="zoo.experiments.adversarial.commands:add",
    calibrations={"adversarial": "zoo.experiments.adversarial.commands:QUESTION"},
    not_calibrated={
        "adversarial score": "it judges what your classifier says of a picture, not where the picture is from; "
        "`zoo adversarial score --calibration` gives a likelihood ratio"
    },
    scores={"adversarial": "zoo.experiments.adversarial.commands:PRODUCT"},
    trainings=(
        Training(
            "zoo.experiments.adversarial.commands:pretrain",
            help="small OverFeat and InceptionV3, or EfficientNet-Lite0",
            stored=(("laptop", "embedded"), ("laptop", "clothing")),
            parts="zoo.experiments.adversarial.commands:parts",
        ),
    ),
    workers=True,
    options=(
        Option(
            "--imagenet",
            "efficientnet-lite0-*.pth, what the training on clothing starts from",
            parse=Path,
            metavar="FILE",
            for_stored=True,
        ),
    ),
    data_sets=("cifar10", "imagenette", "clothing", "imagenet2012", "nips17_dev"),
    headlines=(
        Headline(
            "table_2",
            "L-BFGS, photographs of clothes, EfficientNet-Lite0",
            "AUC",
            ("pool5, none, DW-kNN", "L-BFGS"),
            "shrunk Mahalanobis",
            ("Mahalanobis shrunk, fc6", "L-BFGS"),
            dataset="clothing",
        ),
        Headline(
            "table_4",
            "iterative attack, photographs of clothes, EfficientNet-Lite0",
            "AUC",
            ("mixed_6d, DW-kNN", "iter_target_class"),
            "class centroid",
            ("baseline: class centroid, mixed_6d", "iter_target_class"),
            dataset="clothing",
        ),
    ),
)
