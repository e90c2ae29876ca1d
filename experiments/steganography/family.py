"""Pham Van et al. 2019: trainings, tables, figures, commands, data sets and lines of the README."""

from pathlib import Path

from zoo.experiments.cli.numbers import whole
from zoo.experiments.family import Alias, Experiments, Headline, Listed, Option, Training

EXPERIMENTS = Experiments(
    name="steganography",
    tables={
        "table_1": Listed("Steganography, Table I", "zoo.experiments.steganography.tables.table_1:TABLE"),
        "table_2": Listed("Steganography, Table II", "zoo.experiments.steganography.tables.table_2:TABLE"),
        "table_3": Listed("Steganography, Table III", "zoo.experiments.steganography.tables.table_3:TABLE"),
        "table_4": Listed("Steganography, Table IV", "zoo.experiments.steganography.tables.table_4:TABLE"),
        "figure_4": Listed(
            "Steganography, Figure 4: loss over the epochs", "zoo.experiments.steganography.tables.figure_4:TABLE"
        ),
        "figure_5": Listed(
            "Steganography, Figure 5: ours", "zoo.experiments.steganography.tables.figures_5_and_6:FIGURE_5"
        ),
        "figure_6": Listed(
            "Steganography, Figure 6: Baluja's networks",
            "zoo.experiments.steganography.tables.figures_5_and_6:FIGURE_6",
        ),
        "trade_off": Listed(
            "Steganography, cover against secret and harm", "zoo.experiments.steganography.tables.trade_off:TABLE"
        ),
        "through_jpeg": Listed(
            "Steganography, containers saved as JPEG", "zoo.experiments.steganography.tables.through_jpeg:TABLE"
        ),
        "sizes": Listed("Steganography, sizes of image", "zoo.experiments.steganography.tables.sizes:TABLE"),
        "detectability": Listed(
            "Steganography, error of a steganalyser", "zoo.experiments.steganography.tables.detectability:TABLE"
        ),
        "recognition": Listed(
            "Steganography, containers told apart", "zoo.experiments.steganography.tables.recognition:TABLE"
        ),
        "packing": Listed("Steganography, fewer bits", "zoo.experiments.steganography.tables.packing:TABLE"),
        "comparison": Listed("Steganography, trained alike", "zoo.experiments.steganography.tables.comparison:TABLE"),
    },
    plan="zoo.experiments.steganography.plan:plan",
    commands="zoo.experiments.steganography.commands:add",
    trainings=(
        Training(
            "zoo.experiments.steganography.commands:pretrain",
            help="H-net and R-net",
            parts="zoo.experiments.steganography.commands:parts",
            stored=(("photographs", "open_photographs"),),
        ),
    ),
    workers=True,
    options=(
        Option(
            "--recipe",
            "relative: as in the public implementation; short, narrow: ours (default: the scale's)",
            ("relative", "short", "narrow"),
        ),
        Option(
            "--initialiser",
            "initial weights of H-net and R-net (default: the recipe's)",
            ("relative", "pytorch", "haar", "chroma"),
        ),
        Option("--epochs", "number of epochs (default: the scale's)", parse=whole(1, 10**6), metavar="N"),
        Option(
            "--size",
            "side of the training images, a multiple of 32 pixels (default: the scale's)",
            parse=whole(32, 1024),
            metavar="PIXELS",
        ),
        Option("--network", "networks to train (default: the scale's)", ("ours", "baluja", "all")),
        Option("--lambda", "weight of the secret image's loss (default: the scale's)", ("0.5", "0.75", "1", "all")),
        Option(
            "--jpeg-from",
            "only fine-tune these networks with JPEG between the two",
            parse=Path,
            metavar="NAME|FOLDER|FILE.keras",
            for_stored=True,
        ),
        Option("--holidays", "validate on INRIA Holidays, as in the paper", parse=Path, metavar="FOLDER"),
    ),
    data_sets=("open_photographs", "clic", "imagenet2012", "raise8k", "holidays"),
    headlines=(
        Headline(
            "table_1",
            "photographs of 64 pixels, lambda 0.75",
            "loss (equation 1)",
            ("photographs, lambda 0.75", "ours"),
            "lowest 4 bits",
            ("photographs, lambda 0.75", "LSB 4"),
            papers=("Imagenet, training, lambda 0.75", "ours"),
            decimals=5,
            dataset="open_photographs",
        ),
    ),
    aliases=(
        Alias("table_1", "steganography-h-net.photographs", ("steganography-r-net.photographs",)),
        Alias("trade_off", "steganography-h-net.photographs-jpeg", ("steganography-r-net.photographs-jpeg",)),
    ),
)
