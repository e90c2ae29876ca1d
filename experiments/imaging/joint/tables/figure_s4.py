"""Figure S4 of Korus and Memon 2019 (supplement, Figure 4): spectra of the distortions that the DNet learns.

Command:  zoo reproduce imaging figure-s4 --weights runs/imaging-laptop-0       after `zoo pretrain imaging --joint`
Expected: results/laptop/imaging_figure_s4.csv and .png
Time:     6 minutes on one core
"""

from functools import partial

from zoo.experiments.imaging.joint.tables.distortions import cells, draw
from zoo.experiments.run.cells import Table

TABLE = Table(
    "imaging",
    "figure_s4",
    "Distortions of DNet, Figure S4",
    partial(cells, "dnet"),
    {"accuracy": 3},
    partial(draw, "dnet"),
)
