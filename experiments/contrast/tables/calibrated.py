"""Validate the stored calibration on held-out photographs: errors and Cllr.

Command:  zoo reproduce contrast calibrated --dataset open_photographs
Expected: runs/tables/laptop/contrast_calibrated.csv
Time:     30 minutes of one core

``python -m zoo.experiments.publish.calibrations contrast`` made the file, from the split ``calibration``. Intervals of
rates are exact (Clopper and Pearson); those of Cllr resample the photographs. The paper has no such numbers.
"""

from zoo.experiments.cli.calibrated_table import calibrated_table

TABLE = calibrated_table("contrast", "contrast", "zoo.experiments.contrast.commands:QUESTION")
