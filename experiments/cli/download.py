"""``zoo download``: get the photographs of a data set."""

import argparse
import sys
from pathlib import Path

from zoo.datasets.catalogue import OPEN_PHOTOGRAPHS_SPLITS
from zoo.experiments.cli.numbers import whole
from zoo.printing import shown


def add(commands: "argparse._SubParsersAction") -> None:
    """Add the command to the ``zoo`` parser."""
    parser = commands.add_parser("download", help="download the open photographs, for --dataset open_photographs")
    parser.add_argument("dataset", choices=("open_photographs",), metavar="open_photographs")
    parser.add_argument("--output", type=Path, metavar="FOLDER", help="output folder (default: in the local store)")
    parser.add_argument(
        "--split", action="append", choices=OPEN_PHOTOGRAPHS_SPLITS, help="download only this split; may be repeated"
    )
    parser.add_argument(
        "--whole", action="store_true", help="store whole photographs instead of only the parts that are used"
    )
    parser.add_argument("--workers", type=whole(1, 64), default=8, help="parallel downloads (default 8)")
    parser.set_defaults(run=_run, resumes=True)


def _run(options: argparse.Namespace) -> int:
    from zoo.datasets.open_photographs.download import download
    from zoo.datasets.open_photographs.listing import ROWS, default_folder

    if options.whole and options.output is None:
        raise ValueError(
            "--whole needs --output: whole photographs must not replace the parts in the local store. Received: none"
        )
    folder = default_folder() if options.output is None else options.output
    rows = [row for row in ROWS if options.split is None or row.split in options.split]
    found = download(rows, folder, options.whole, workers=options.workers, progress=sys.stderr.isatty())
    print(f"{shown(folder)}: {found}")
    return 1 if found.failed else 0
