"""Validate a calibration of the splice detector on held-out photographs: error rates and Cllr.

Command:  zoo reproduce hyperimage calibrated-forgery --dataset open_photographs
Expected: runs/tables/laptop/hyperimage_calibrated_forgery.csv
Time:     6 minutes of one core

The package has no such calibration, because its threshold does not hold (zoo/hyperimage/README.md).
``python -m zoo.experiments.publish.calibrations forgery`` makes it, from the split ``calibration``. Intervals of
rates are exact (Clopper and Pearson); those of Cllr resample the photographs. The paper has no such numbers.
"""

from zoo.experiments.cli.calibrated_table import calibrated_table

TABLE = calibrated_table(
    "hyperimage", "forgery", "zoo.experiments.hyperimage.commands:FORGERY", name="calibrated_forgery"
)
