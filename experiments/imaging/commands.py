"""The ``zoo imaging`` commands: develop RAW photographs, find manipulations, tell cameras by their noise."""

import argparse

from zoo.experiments.imaging.developing.commands import add_develop
from zoo.experiments.imaging.joint.commands import add_detect
from zoo.experiments.imaging.prnu.commands import add_prnu


def add(commands: "argparse._SubParsersAction") -> None:
    """Add ``imaging`` with its verbs to the ``zoo`` command."""
    imaging = commands.add_parser(
        "imaging", help="develop RAW photographs, detect manipulations, identify cameras by PRNU"
    )
    verbs = imaging.add_subparsers(dest="verb", required=True, metavar="VERB")
    add_develop(verbs)
    add_detect(verbs)
    add_prnu(verbs)
