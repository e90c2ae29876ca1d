"""Describes the family. Every `zoo` command imports it, so that it imports nothing of what it names."""

from pathlib import Path

from zoo.experiments.family import Experiments, Listed
from zoo.family import Family, Network, Product

FAMILY = Family(
    name="median",
    cited="Kirchner, Fridrich 2010",
    paper=(
        "M. Kirchner, J. Fridrich, On detection of median filtering in digital images, "
        "SPIE Media Forensics and Security, 2010"
    ),
    folder=Path(__file__).parent,  # weights.json, the index of trained weights, would lie here
    networks=(Network("median-streaking", "forensics_zoo_median.model:StreakingNet", "nothing is trained"),),
    products=(Product("median-streaking.*", "forensics_zoo_median.serving:score"),),
    weightless=("median-streaking.untrained",),
)
EXPERIMENTS = Experiments(
    name="median",
    tables={"table_1": Listed("Median filtering by streaking, Table 1", "forensics_zoo_median.table_1:TABLE")},
    commands="forensics_zoo_median.command:add",
)
