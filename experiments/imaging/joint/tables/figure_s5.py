"""Figure S5 of Korus and Memon 2019 (supplement, Figure 5): spectra of the distortions that the UNet learns.

Command:  zoo reproduce imaging figure-s5 --weights runs/imaging-laptop-0       after `zoo pretrain imaging --joint`
Expected: results/laptop/imaging_figure_s5.csv and .png
Time:     4 minutes on one core
"""

from functools import partial

from zoo.experiments.imaging.joint.tables.distortions import cells, draw
from zoo.experiments.run.cells import Table

TABLE = Table(
    "imaging",
    "figure_s5",
    "Distortions of UNet, Figure S5",
    partial(cells, "unet"),
    {"accuracy": 3},
    partial(draw, "unet"),
)
