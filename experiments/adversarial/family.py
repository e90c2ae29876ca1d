"""Carrara et al. 2018: trainings, tables, figures, commands, data sets and lines of the README."""

from zoo.experiments.family import Experiments, Headline, Training

EXPERIMENTS = Experiments(
    name="adversarial",
    tables={
        "table_1": "zoo.experiments.adversarial.tables.table_1:TABLE",
        "table_2": "zoo.experiments.adversarial.tables.table_2:TABLE",
        "table_3": "zoo.experiments.adversarial.tables.table_3:TABLE",
        "table_4": "zoo.experiments.adversarial.tables.table_4:TABLE",
        "figure_2": "zoo.experiments.adversarial.tables.figures:FIGURE_2",
        "figure_3": "zoo.experiments.adversarial.tables.figures:FIGURE_3",
        "figure_4": "zoo.experiments.adversarial.tables.figures:FIGURE_4",
        "figure_5": "zoo.experiments.adversarial.tables.figures:FIGURE_5",
        "figure_6": "zoo.experiments.adversarial.tables.figures:FIGURE_6",
        "text": "zoo.experiments.adversarial.tables.text:TABLE",
        "adaptive": "zoo.experiments.adversarial.tables.adaptive:TABLE",
    },
    commands="zoo.experiments.adversarial.commands:add",
    trainings=(Training("zoo.experiments.adversarial.commands:pretrain"),),
    data_sets=("cifar10", "imagenette", "imagenet2012", "nips17_dev"),
    headlines=(
        Headline(
            "table_2",
            "L-BFGS, small OverFeat on digits, pool5",
            "EER accuracy",
            ("pool5, PCA+W, DW-kNN", "L-BFGS"),
            "class centroid, fc6",
            ("baseline: class centroid, fc6", "L-BFGS"),
        ),
        Headline(
            "table_4",
            "iterative attack, small InceptionV3 on digits, mixed_6d",
            "EER accuracy",
            ("mixed_6d, DW-kNN", "iter_target_class"),
            "DkNN",
            ("DkNN credibility, all layers", "iter_target_class"),
        ),
    ),
)
