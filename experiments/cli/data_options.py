"""``--dataset``, ``--data-dir`` and ``--seed``: what a table is measured on and what a network is trained on."""

import argparse
from pathlib import Path

from zoo import extensions
from zoo.datasets.catalogue import DATA_SETS
from zoo.experiments.cli.numbers import whole
from zoo.experiments.families import experiments

EMBEDDED = "embedded"
"""The default: what comes with the packages, or is generated."""


def downloaded(paper: str | None = None) -> list[str]:
    """Data sets of one paper, or of all, that TensorFlow Datasets downloads."""
    return [one.name for one in DATA_SETS if one.name in _taken(paper) and one.downloaded]


def by_hand(paper: str | None = None) -> list[str]:
    """Data sets of one paper, or of all, that are downloaded by hand: --data-dir says where they lie."""
    return [one.name for one in DATA_SETS if one.name in _taken(paper) and not one.downloaded]


def _taken(paper: str | None) -> set[str]:
    return {name for page in experiments() if paper in (None, page.name) for name in page.data_sets}


def add(parser: argparse.ArgumentParser, paper: str | None = None) -> None:
    """Add the three options to a parser; its help names the data sets of ``paper``, or of all."""
    parser.add_argument(
        "--dataset",
        default=EMBEDDED,
        help=f"{', '.join([EMBEDDED, *downloaded(paper)])}; together with --data-dir: "
        f"{', '.join(by_hand(paper)) or 'none'}; or a data set of an installed package (default {EMBEDDED})",
    )
    parser.add_argument(
        "--data-dir",
        type=Path,
        help="the data set's folder or, without --dataset, a folder of lossless or RAW photographs",
    )
    parser.add_argument("--seed", type=whole(0, 2**31 - 1), default=0, help="random seed (default 0)")


def check_known(dataset: str) -> None:
    """Refuse a data set that no family and no package knows, before anything large is imported.

    Raises:
        ValueError: For such a name.
    """
    known = (EMBEDDED, *downloaded(), *by_hand(), *extensions.names("datasets"))
    if dataset not in known:
        raise ValueError(f"--dataset must be one of {', '.join(known)}. Received: {dataset!r}")


def dataset_of(options: argparse.Namespace) -> str:
    """Return the name of the data in the CSV; a folder's name without its path, which may be private.

    Raises:
        ValueError: For an unknown data set, and for a folder with a data set that is not read from one.
    """
    if options.data_dir is None:
        check_known(options.dataset)
        return options.dataset
    options.data_dir = options.data_dir.expanduser()
    if options.dataset == EMBEDDED:
        return f"folder:{folder_name(options)}"
    named = (*by_hand(), *extensions.names("datasets"))
    if options.dataset not in named:
        raise ValueError(
            f"--data-dir needs no --dataset (for any folder of photographs) or one of {', '.join(named)}. "
            f"Received: --dataset {options.dataset}"
        )
    return options.dataset


def folder_name(options: argparse.Namespace) -> str:
    """Return the name of the folder of ``--data-dir``, without the path to it."""
    return options.data_dir.expanduser().resolve().name
