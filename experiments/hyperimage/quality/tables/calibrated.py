"""Validate the stored calibration of the quality scorer on held-out photographs: errors and Cllr.

Command:  zoo reproduce hyperimage calibrated --dataset open_photographs
Expected: runs/tables/laptop/hyperimage_calibrated.csv
Time:     5 minutes of one core

``python -m zoo.experiments.publish.calibrations quality`` made the file, from the split ``calibration``. Intervals of
rates are exact (Clopper and Pearson); those of Cllr resample the photographs. The paper has no such numbers.
"""

from zoo.experiments.cli.calibrated_table import calibrated_table

TABLE = calibrated_table("hyperimage", "quality", "zoo.experiments.hyperimage.commands:QUALITY")
