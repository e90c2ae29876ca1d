"""Barni et al. 2018: trainings, tables, figures, commands, data sets and lines of the README."""

from pathlib import Path

from zoo.experiments.family import Experiments, Headline, Listed, Option, Training

EXPERIMENTS = Experiments(
    name="contrast",
    tables={
        "table_1": Listed(
            "Contrast adjustment under JPEG, Table I", "zoo.experiments.contrast.tables.tables_1_and_2:TABLE_1"
        ),
        "table_2": Listed(
            "Contrast adjustment under JPEG, Table II (emulated operators)",
            "zoo.experiments.contrast.tables.tables_1_and_2:TABLE_2",
        ),
        "text": Listed(
            "Contrast adjustment under JPEG, numbers of section III-B", "zoo.experiments.contrast.tables.text:TABLE"
        ),
        "pictures": Listed(
            "Contrast adjustment: whole pictures, thresholds and false alarms",
            "zoo.experiments.contrast.tables.pictures:TABLE",
        ),
        "gamma": Listed(
            "Contrast adjustment, footnote 3: trained with gamma 1.5 alone",
            "zoo.experiments.contrast.tables.gamma:TABLE",
        ),
        "localisation": Listed(
            "Contrast adjustment: where a picture was adjusted", "zoo.experiments.contrast.tables.localisation:TABLE"
        ),
        "calibrated": Listed(
            "Contrast adjustment: the calibration of the package on other photographs",
            "zoo.experiments.contrast.tables.calibrated:TABLE",
        ),
    },
    plan="zoo.experiments.contrast.plan:plan",
    commands="zoo.experiments.contrast.commands:add",
    calibrations={"contrast": "zoo.experiments.contrast.commands:QUESTION"},
    scores={"contrast": "zoo.experiments.contrast.commands:PRODUCT"},
    trainings=(
        Training(
            "zoo.experiments.contrast.commands:pretrain",
            help="the unaware, the aware and the control network",
            stored=(("photographs", "open_photographs"),),
        ),
    ),
    workers=True,
    options=(
        Option(
            "--start", "start from trained weights, and only train the JPEG-aware step", parse=Path, metavar="NAME|FILE"
        ),
    ),
    data_sets=("open_photographs", "clic", "imagenet2012", "raise8k", "holidays"),
    headlines=(
        Headline(
            "table_1",
            "CLAHE, JPEG 95",
            "AUC",
            ("CLAHE 0.005", "95"),
            "histogram statistic",
            ("baseline: histogram, CLAHE 0.005", "95"),
            dataset="open_photographs",
        ),
        Headline(
            "table_1",
            "histogram stretching, JPEG 95",
            "AUC",
            ("HS 5", "95"),
            "histogram statistic",
            ("baseline: histogram, HS 5", "95"),
            dataset="open_photographs",
        ),
        Headline(
            "table_1",
            "gamma 1.5, JPEG 95",
            "AUC",
            ("gamma 1.5", "95"),
            "histogram statistic",
            ("baseline: histogram, gamma 1.5", "95"),
            dataset="open_photographs",
        ),
    ),
)
