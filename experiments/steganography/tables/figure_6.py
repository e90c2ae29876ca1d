"""Figure 6 of Pham Van et al. 2019: Baluja's networks on the pairs of Figure 5; see ``figure_5``.

Command:  zoo reproduce steganography figure-6 --weights FOLDER    (a folder of `zoo pretrain` that holds them)
Expected: results/<scale>/steganography_figure_6.png; ``not-run`` without that folder
Time:     as Figure 5
"""

from zoo.experiments.steganography.tables.figure_5 import make

TABLE = make("figure_6", "baluja", "Steganography, Figure 6: Baluja's networks")
