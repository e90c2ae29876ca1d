"""Pham Van et al. 2019: trainings, tables, figures, commands, data sets and lines of the README."""

from zoo.experiments.family import Alias, Experiments, Headline, Training

EXPERIMENTS = Experiments(
    name="steganography",
    tables={
        "table_1": "zoo.experiments.steganography.tables.table_1:TABLE",
        "table_2": "zoo.experiments.steganography.tables.table_2:TABLE",
        "table_3": "zoo.experiments.steganography.tables.table_3:TABLE",
        "table_4": "zoo.experiments.steganography.tables.table_4:TABLE",
        "figure_4": "zoo.experiments.steganography.tables.figure_4:TABLE",
        "figure_5": "zoo.experiments.steganography.tables.figures_5_and_6:FIGURE_5",
        "figure_6": "zoo.experiments.steganography.tables.figures_5_and_6:FIGURE_6",
        "trade_off": "zoo.experiments.steganography.tables.trade_off:TABLE",
        "detectability": "zoo.experiments.steganography.tables.detectability:TABLE",
        "comparison": "zoo.experiments.steganography.tables.comparison:TABLE",
    },
    commands="zoo.experiments.steganography.commands:add",
    trainings=(Training("zoo.experiments.steganography.commands:pretrain"),),
    data_sets=("clic", "imagenet2012", "raise8k", "holidays"),
    headlines=(
        Headline(
            "table_1",
            "photographs of 64 pixels, lambda 0.75",
            "loss (equation 1)",
            ("photographs, lambda 0.75", "ours"),
            "lowest 4 bits",
            ("photographs, lambda 0.75", "LSB 4"),
            papers=("Imagenet, lambda 0.75", "ours"),
            decimals=5,
        ),
    ),
    aliases=(
        Alias(
            r"(steganography-h-net\.generated)",
            ("steganography-r-net.generated",),
            table="table_1",
        ),
    ),
)
