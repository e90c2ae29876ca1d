"""``zoo reproduce`` and ``zoo merge``: measure tables and print them with the papers' numbers."""

import argparse
import os
import sys
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from zoo.experiments.cli import data_options
from zoo.experiments.cli.devices import add_device
from zoo.experiments.cli.numbers import scale_name
from zoo.experiments.cli.workers import add_workers, workers_of
from zoo.experiments.families import check_table
from zoo.printing import shown

if TYPE_CHECKING:
    import pandas as pd

    from zoo.experiments.run.cells import Settings, Table


def add(commands: "argparse._SubParsersAction") -> None:
    """Add both commands to the ``zoo`` parser."""
    reproduce = commands.add_parser(
        "reproduce", help="measure a table of a paper; writes CSV and plot, prints the table"
    )
    _add_arguments(reproduce, optional=True)
    reproduce.add_argument(
        "--all", action="store_true", help="measure every unfinished table, of all papers or of PAPER"
    )
    reproduce.add_argument("--report", type=Path, metavar="PAGE.html", help="write one page with all results so far")
    reproduce.add_argument(
        "--rows", action="append", default=[], metavar="PATTERN", help="measure only matching rows, such as 'gamma*'"
    )
    add_device(reproduce)
    reproduce.add_argument(
        "--shard",
        default="1/1",
        metavar="I/N",
        help="measure only every N-th cell, starting at the I-th; `zoo merge` merges the shards",
    )
    add_workers(reproduce, "cells of a table")
    reproduce.set_defaults(run=_reproduce, resumes=True)

    merge = commands.add_parser("merge", help="merge the shards of a table into its CSV")
    _add_arguments(merge)
    merge.add_argument(
        "--cells",
        action="append",
        default=[],
        type=Path,
        metavar="DIR",
        help="another folder with measured cells; may be repeated",
    )
    merge.set_defaults(run=_merge)


def _add_arguments(parser: argparse.ArgumentParser, optional: bool = False) -> None:
    count = "?" if optional else None
    parser.add_argument("paper", metavar="PAPER", nargs=count)
    parser.add_argument(
        "table", metavar="TABLE", nargs=count, default="", help="table-1, table-2, text, ...; see `zoo list`"
    )
    parser.add_argument(
        "--scale",
        default="laptop",
        type=scale_name,
        help="smoke, laptop (default) or paper; some tables also have photographs or gpu",
    )
    data_options.add(parser)
    parser.add_argument(
        "--weights",
        type=Path,
        metavar="FOLDER",
        help="measure the networks in this folder of `zoo pretrain` instead of the stored ones",
    )
    parser.add_argument("--detector", metavar="MODULE:FUNCTION|FOLDER", help="your own detector, to compare with ours")
    parser.add_argument(
        "--index",
        metavar="'FACTORY SEARCH'",
        help="FAISS index for the neighbour search, such as 'IVF1024,Flat nprobe=64' (default: exact)",
    )
    parser.add_argument(
        "--output",
        type=Path,
        default=Path("runs") / "tables",
        help="folder for <scale>/<paper>_<table>.csv (default runs/tables)",
    )


def _settings(options: argparse.Namespace) -> "tuple[Table, Settings]":
    check_table(options.paper, options.table)
    dataset = data_options.dataset_of(options)
    from zoo.experiments.run import tables
    from zoo.experiments.run.cells import Settings
    from zoo.experiments.run.published import check_output

    check_output(options.output)
    table = tables.find(options.paper, options.table)
    if options.detector is not None and not table.takes_detector:
        raise ValueError(
            f"--detector works only with {', '.join(tables.with_detector())}. "
            f"Received: {options.paper} {options.table} --detector {options.detector}"
        )
    if options.index is not None and not table.takes_index:
        raise ValueError(
            f"--index works only with {', '.join(tables.with_index())}. "
            f"Received: {options.paper} {options.table} --index {options.index!r}"
        )
    sys.path.insert(0, os.getcwd())  # so that --detector finds a module in the working directory
    own = (options.detector, options.weights, options.index)
    return table, Settings(options.scale, dataset, options.data_dir, options.seed, *own)


def _reproduce(options: argparse.Namespace) -> int:
    if options.report is not None:
        _check_report(options.report)
    failed: dict[tuple[str, str], str] = {}
    if options.all:
        failed = _all(options)
        code = 2 if failed else 0
    elif options.paper is None and options.report is not None:
        code = 0
    elif options.paper is None:
        raise ValueError("PAPER and TABLE (see `zoo list`), --all or --report are required. Received: none of them")
    else:
        code = _one(options)
    if options.report is not None:
        from zoo.experiments.run.page import write_page

        write_page(options.report, options.output, options.scale, failed)
        print(f"written: {shown(options.report)}")
    return code


def _check_report(path: Path) -> None:
    if path.suffix.lower() not in (".html", ".htm"):
        raise ValueError(f"--report must end in .html. Received: {path}")
    if path.exists():
        from zoo.experiments.run.page import is_page

        if not is_page(path):
            raise ValueError(f"--report must be a new file or an existing report. Received: {path}")


def _all(options: argparse.Namespace) -> dict[tuple[str, str], str]:
    """Run the tables that are not finished, of PAPER or of all; returns why some could not be, by paper and name."""
    from zoo.experiments.run import measure, tables
    from zoo.experiments.run.cells import DataUnavailable

    shard = options.shard if options.shard != "1/1" else None
    given = options.table or options.rows or shard or options.detector or options.index
    if given:
        raise ValueError(f"--all takes no TABLE, --rows, --shard, --detector or --index. Received: {given}")
    listed = [(paper, name) for paper, name, _ in tables.overview() if options.paper in (None, paper)]
    if not listed:
        papers = ", ".join(sorted({paper for paper, _, _ in tables.overview()}))
        raise ValueError(f"PAPER must be one of {papers}. Received: {options.paper}")
    failed = {}
    for paper, name in listed:
        options.paper, options.table = paper, name
        try:
            table, settings = _settings(options)
            if measure.is_finished(table, settings, options.output):
                print(f"kept: {measure.csv_path(table, settings.scale, options.output)}, of this commit, data and seed")
                continue
            _one(options)
        except (ValueError, OSError, ImportError, DataUnavailable) as error:
            failed[paper, name] = " ".join(str(error).split())
            print(f"zoo: {paper} {name}: {failed[paper, name]}", file=sys.stderr)
    return failed


def _one(options: argparse.Namespace) -> int:
    workers = workers_of(options)
    table, settings = _settings(options)
    from zoo.experiments.run import measure

    what = tuple(options.rows), measure.parse_shard(options.shard), sys.stderr.isatty()
    if workers is None:
        frame = measure.run(table, settings, options.output, *what)
    else:
        from zoo.experiments.run import spread

        place = check_table(options.paper, options.table).place
        frame = spread.run(place, settings, options.output, workers, *what)
    if frame is None:
        print(f"shard {options.shard} is measured; when all are: zoo merge {options.paper} {options.table}")
        return 0
    return _show(table, settings, options.output, frame, options.rows)


def _merge(options: argparse.Namespace) -> int:
    table, settings = _settings(options)
    from zoo.experiments.run import measure

    return _show(table, settings, options.output, measure.merge(table, settings, options.output, options.cells))


def _show(table: "Table", settings: "Settings", output: Path, frame: "pd.DataFrame", rows: Sequence[str] = ()) -> int:
    """Print the table, or only the rows that match one of ``rows``, and draw its plot."""
    from zoo.experiments.run.measure import csv_path
    from zoo.experiments.run.plots import plot
    from zoo.experiments.run.published import published_folder, with_published
    from zoo.experiments.run.report import missing, print_table

    path = csv_path(table, settings.scale, output)
    shown = with_published(frame, table, settings, published_folder())
    if rows:
        shown = shown[[any(fnmatchcase(row, pattern) for pattern in rows) for row in shown["row"]]]
    print_table(shown, f"{table.title} ({settings.scale}, {settings.dataset})", table.decimals)
    for why, count in missing(path).items():
        print(f"zoo: {count} cells were not measured: {why}", file=sys.stderr)
    picture = path.with_suffix(".png")
    picture.unlink(missing_ok=True)  # an earlier one shows other numbers, and there may be nothing to draw now
    plot(table, frame, settings, picture)
    print(f"written: {path}{f' and {picture.name}' if picture.is_file() else ''}")
    return 0
