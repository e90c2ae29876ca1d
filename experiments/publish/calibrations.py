"""Make the calibration of a product that comes with the package, from the split ``calibration`` of open_photographs.

Command:  python -m zoo.experiments.publish.calibrations contrast --data-dir FOLDER
Expected: zoo/contrast/contrast_calibration.json, for ``--calibration stored``
Time:     30 minutes of one core for contrast, 5 minutes for imaging and for quality

It is `zoo calibrate` with a folder that holds the photographs of that split and no others, as `zoo download
open_photographs --split calibration --output open_photographs_calibration` makes one. A stopped run goes on where it
was. `zoo reproduce contrast calibrated --dataset open_photographs` validates the file on the split ``test``.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from zoo.datasets.open_photographs.listing import ROWS, default_folder, path_of, read
from zoo.experiments.cli import main as cli
from zoo.experiments.cli.calibrate import products
from zoo.experiments.cli.calibrated import calibration_place

FOLDER = "open_photographs_calibration"
"""What the reference is called in the file."""


def link_split(data_dir: Path, folder: Path) -> None:
    """Link the photographs of the split ``calibration`` into an empty folder.

    Raises:
        ValueError: Where one is missing or is not the listed photograph: the file is for all of them.
    """
    wanted = [row for row in ROWS if row.split == "calibration"]
    for row in wanted:
        path = path_of(row, data_dir)
        if path is None:
            raise ValueError(f"--data-dir must hold all {len(wanted)} photographs. Received: {data_dir}, no {row.name}")
        read(row, path)
        (folder / path.name).symlink_to(path.resolve())


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the calibration of the product named on the command line; returns the exit code."""
    parser = argparse.ArgumentParser(description="Make the calibration that comes with the package.")
    parser.add_argument("product", choices=tuple(products()))
    parser.add_argument("--data-dir", type=Path, help="the folder of the open photographs")
    options = parser.parse_args(arguments)
    place = calibration_place(options.product)
    assert place is not None  # every product of a family has one
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary, FOLDER)
        folder.mkdir()
        try:
            link_split(options.data_dir or default_folder(), folder)
        except ValueError as error:
            print(f"calibrations: {' '.join(str(error).split())}", file=sys.stderr)
            return 2
        return cli.main(["calibrate", options.product, "--reference", str(folder), "-o", str(place), "--force"])


if __name__ == "__main__":
    sys.exit(main())
