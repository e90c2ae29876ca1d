"""``zoo median detect photo.png ...``."""

import argparse
from pathlib import Path


def add(commands: "argparse._SubParsersAction") -> None:
    """Add ``median`` to the ``zoo`` command; errors raised as ValueError become one line and exit code 2."""
    family = commands.add_parser("median", help="detect median filtering")
    verbs = family.add_subparsers(dest="verb", required=True, metavar="VERB")
    detect = verbs.add_parser("detect", help="score pictures: the higher, the more likely filtered")
    detect.add_argument("images", nargs="+", type=Path, metavar="IMAGE")
    detect.set_defaults(run=_detect)


def _detect(options: argparse.Namespace) -> int:
    from forensics_zoo_median.model import StreakingNet  # only now: the parser is built for every `zoo` command
    from zoo.images import read_photograph

    model = StreakingNet()
    for path in options.images:
        print(f"{float(model.predict_on_batch(read_photograph(path)[None])[0, 0]):.3f}  {path}")
    return 0
