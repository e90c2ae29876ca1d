"""Chandakkar and Li 2017: trainings, tables, figures, commands, data sets and lines of the README."""

from zoo.experiments.family import Alias, Experiments, Headline, Listed, Training

EXPERIMENTS = Experiments(
    name="hyperimage",
    tables={
        "table_1": Listed(
            "Hyper-images, synthetic task, Table 1", "zoo.experiments.hyperimage.synthetic.tables.table_1:TABLE"
        ),
        "table_2": Listed(
            "Hyper-images, no-reference quality, Table 2", "zoo.experiments.hyperimage.quality.tables.table_2:TABLE"
        ),
        "table_3": Listed("Hyper-images, forgery, Table 3", "zoo.experiments.hyperimage.forgery.tables.table_3:TABLE"),
        "table_4": Listed("Hyper-images, networks, Table 4", "zoo.experiments.hyperimage.tables.networks:TABLE_4"),
        "table_5": Listed(
            "Hyper-images, first stage for quality, Table 5", "zoo.experiments.hyperimage.tables.networks:TABLE_5"
        ),
        "seeds": Listed(
            "Hyper-images, synthetic task: three trainings",
            "zoo.experiments.hyperimage.synthetic.tables.seeds:TABLE",
        ),
        "sweep": Listed(
            "Hyper-images, synthetic task: choices the paper leaves open",
            "zoo.experiments.hyperimage.synthetic.tables.sweep:TABLE",
        ),
        "scorer": Listed(
            "Hyper-images, quality of photographs: what the scorer is worth",
            "zoo.experiments.hyperimage.quality.tables.scorer:TABLE",
        ),
        "calibrated": Listed(
            "Hyper-images, quality: the calibration of the package on other photographs",
            "zoo.experiments.hyperimage.quality.tables.calibrated:TABLE",
        ),
        "calibrated_forgery": Listed(
            "Hyper-images, forgery: a calibration on other photographs",
            "zoo.experiments.hyperimage.forgery.tables.calibrated:TABLE",
        ),
        "epochs": Listed(
            "Hyper-images, quality: seconds of an epoch", "zoo.experiments.hyperimage.quality.tables.epochs:TABLE"
        ),
        "localisation": Listed(
            "Hyper-images, splices of photographs: which, and where",
            "zoo.experiments.hyperimage.forgery.tables.localisation:TABLE",
        ),
        "fusion": Listed(
            "Hyper-images of ContrastNet instead of its mean", "zoo.experiments.hyperimage.tables.fusion:TABLE"
        ),
    },
    plan="zoo.experiments.hyperimage.plan:plan",
    commands="zoo.experiments.hyperimage.commands:add",
    calibrations={
        "quality": "zoo.experiments.hyperimage.commands:QUALITY",
        "forgery": "zoo.experiments.hyperimage.commands:FORGERY",
    },
    scores={
        "quality": "zoo.experiments.hyperimage.commands:QUALITY_PRODUCT",
        "forgery": "zoo.experiments.hyperimage.commands:FORGERY_PRODUCT",
    },
    trainings=(
        Training(
            "zoo.experiments.hyperimage.commands:pretrain",
            help="all three tasks",
            parts="zoo.experiments.hyperimage.commands:parts",
            stored=(),
        ),
        *(
            Training("zoo.experiments.hyperimage.commands:pretrain", name, text, stored=((scale, dataset),))
            for name, text, scale, dataset in (
                ("synthetic", "the networks of Table 1, on generated images", "laptop", "embedded"),
                ("quality", "the quality scorer", "photographs", "open_photographs"),
                ("forgery", "the splice detector", "photographs", "open_photographs"),
            )
        ),
    ),
    data_sets=("open_photographs", "clic", "imagenet2012", "raise8k", "holidays", "live_iqa", "tid2013", "casia2"),
    headlines=(
        Headline(
            "scorer",
            "quality of distorted photographs, SROCC",
            "agreement with MDSI",
            ("Proposed", "SROCC"),
            "patch averaging, all patches",
            ("CNN", "SROCC"),
            decimals=3,
            dataset="open_photographs",
        ),
        Headline(
            "table_1",
            "synthetic task",
            "agreement",
            ("Experiment 1: Proposed", "SROCC"),
            "location-weighted sum",
            ("Experiment 1: baseline: location-weighted sum", "SROCC"),
            decimals=3,
        ),
    ),
    aliases=tuple(
        Alias(table, "hyperimage-forgery-stage-two.photographs", ("hyperimage-forgery-channel.photographs",))
        for table in ("table_3", "localisation")
    ),
)
