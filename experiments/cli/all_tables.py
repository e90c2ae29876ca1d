"""``zoo reproduce --all``: every table of every paper, one after the other, going on after one that cannot be run."""

import argparse
import sys
from collections.abc import Callable
from typing import Any

from zoo.experiments.run import cells as runner
from zoo.experiments.run import tables


def run_all(
    options: argparse.Namespace, settings_of: Callable[..., tuple], one: Callable[..., Any]
) -> dict[tuple[str, str], str]:
    """Run the tables that are not finished; returns why some could not be, by paper and name.

    Args:
        options: Of the command line; PAPER and TABLE are filled in for each table.
        settings_of: Gives the table and its settings.
        one: Runs it.

    Raises:
        ValueError: For options that belong to one table.
    """
    given = options.paper or options.rows or (options.shard if options.shard != "1/1" else None) or options.detector
    if given:
        raise ValueError(f"--all takes no PAPER, --rows, --shard or --detector. Received: {given}")
    failed = {}
    for paper, name, _ in tables.overview():
        options.paper, options.table = paper, name
        table, settings = settings_of(options)
        if runner.is_finished(table, settings, options.output):
            print(f"kept: {runner.csv_path(table, settings.scale, options.output)}, of this commit, data and seed")
            continue
        try:
            one(options)
        except (ValueError, OSError, ImportError, runner.DataUnavailable) as error:
            failed[paper, name] = " ".join(str(error).split())
            print(f"zoo: {paper} {name}: {failed[paper, name]}", file=sys.stderr)
    return failed
