"""Validate the stored calibration on held-out photographs: errors and Cllr.

Command:  zoo reproduce imaging calibrated --dataset open_photographs
Expected: runs/tables/laptop/imaging_calibrated.csv
Time:     5 minutes of one core

``python -m zoo.experiments.publish.calibrations imaging`` made the file, from the split ``calibration``. Intervals of
rates are exact (Clopper and Pearson); those of Cllr resample the photographs. The paper has no such numbers.
"""

from zoo.experiments.cli.calibrated_table import calibrated_table

TABLE = calibrated_table("imaging", "imaging", "zoo.experiments.imaging.joint.commands:QUESTION")
