"""The ``zoo`` command."""

import argparse
import os
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path

from zoo import extensions
from zoo.experiments.adversarial import commands as adversarial
from zoo.experiments.cli import data_options, doctor, export, pretrain
from zoo.experiments.cli.quiet import quiet_import
from zoo.experiments.contrast import commands as contrast
from zoo.experiments.hyperimage import commands as hyperimage
from zoo.experiments.imaging import commands as imaging
from zoo.experiments.steganography import commands as steganography
from zoo.version import __version__


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns 0, or 2 for bad input (one line on standard error), or 130 for Ctrl-C."""
    # TensorFlow announces which GPUs it did not find; a user who has none knows.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    quiet_import()
    options = _parser().parse_args(arguments)
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _say
            code = options.run(options)
            sys.stdout.flush()
            return code
    except BrokenPipeError:  # as of `zoo list | head`: whoever reads has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 0
    except (ValueError, OSError, ImportError) as error:
        print(f"zoo: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("zoo: interrupted; the same command goes on from what is finished", file=sys.stderr)
        return 130


def _say(message: Warning | str, category: type[Warning], filename: str, line: int, *_: object) -> None:
    """Our own warnings are for whoever types the command: one line, no source code."""
    if issubclass(category, UserWarning):
        print(f"zoo: {' '.join(str(message).split())}", file=sys.stderr)
    else:
        sys.stderr.write(warnings.formatwarning(message, category, filename, line))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="zoo", description="Five image-forensics papers as Keras models.")
    parser.add_argument("--version", action="version", version=f"forensics-zoo {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    listing = commands.add_parser("list", help="list tables and stored weights")
    listing.set_defaults(run=_list)

    reproduce = commands.add_parser("reproduce", help="rebuild a table of a paper: CSV, plot, printed table")
    _add_table_arguments(reproduce, optional=True)
    reproduce.add_argument("--all", action="store_true", help="every table of every paper; finished ones are kept")
    reproduce.add_argument("--report", type=Path, metavar="PAGE.html", help="one page of all that was measured so far")
    reproduce.add_argument("--rows", action="append", default=[], metavar="PATTERN", help="only rows like 'gamma*'")
    reproduce.add_argument("--shard", default="1/1", metavar="I/N", help="measure every N-th cell, for `zoo merge`")
    reproduce.set_defaults(run=_reproduce)

    merge = commands.add_parser("merge", help="make the CSV of a table from cells measured in shards")
    _add_table_arguments(merge)
    merge.add_argument("--cells", action="append", default=[], type=Path, metavar="DIR", help="cell folders elsewhere")
    merge.set_defaults(run=_merge)

    pretrain.add(commands)

    for module in (contrast, adversarial, imaging, hyperimage, steganography, export, doctor):
        module.add(commands)
    for name in extensions.names("commands"):
        try:
            extensions.load("commands", name)(commands)
        except (ImportError, ValueError) as error:  # another package's fault, which must not take the rest along
            print(f"zoo: {' '.join(str(error).split())}", file=sys.stderr)
    return parser


def _add_table_arguments(parser: argparse.ArgumentParser, optional: bool = False) -> None:
    count = "?" if optional else None
    parser.add_argument("paper", metavar="PAPER", nargs=count)
    parser.add_argument("table", metavar="TABLE", nargs=count, help="table-1, table-2, text, ...; see `zoo list`")
    parser.add_argument("--scale", default="laptop", help="smoke, laptop (default) or paper")
    data_options.add(parser)
    parser.add_argument("--weights", type=Path, metavar="FOLDER", help="networks of `zoo pretrain` instead of ours")
    parser.add_argument("--detector", metavar="MODULE:FUNCTION|FOLDER", help="a detector of yours, beside ours")
    parser.add_argument("--output", type=Path, default=Path("results"), help="where results/<scale>/ goes")


def _list(options: argparse.Namespace) -> int:
    from zoo.experiments.run import tables
    from zoo.products import exportable
    from zoo.store import VARIABLE, home
    from zoo.weights import names, provenance

    print("tables (zoo reproduce PAPER TABLE):")
    for paper, name, title in tables.overview():
        print(f"  {f'{paper} {name}':28} {title}")
    print("stored weights:")
    for name in names():
        entry = provenance(name)
        print(f"  {name:44} {entry.bytes / 2**20:4.1f} MiB  {entry.data}")
    print("products (zoo export NAME DIR):")
    for name in exportable():
        print(f"  {name}")
    print(f"weights that you train are kept in {home()}; {VARIABLE} moves it")
    added = {kind: extensions.names(kind) for kind in extensions.KINDS}
    if any(added.values()):
        print("added by other packages:")
        for kind in filter(added.get, added):
            print(f"  {kind:32} {', '.join(added[kind])}")
    return 0


def _settings(options: argparse.Namespace) -> "tuple":
    from zoo.experiments.run import tables
    from zoo.experiments.run.cells import Settings

    table = tables.find(options.paper, options.table)
    if options.detector is not None and not table.takes_detector:
        raise ValueError(
            f"--detector is measured by {', '.join(tables.with_detector())}. "
            f"Received: {options.paper} {options.table} --detector {options.detector}"
        )
    dataset = data_options.dataset_of(options)
    sys.path.insert(0, os.getcwd())  # so that --detector finds a module beside the user
    return table, Settings(options.scale, dataset, options.data_dir, options.seed, options.detector, options.weights)


def _reproduce(options: argparse.Namespace) -> int:
    if options.report is not None and options.report.suffix.lower() not in (".html", ".htm"):
        raise ValueError(f"--report is a page, .html. Received: {options.report}")
    failed: dict[tuple[str, str], str] = {}
    if options.all:
        from zoo.experiments.cli.all_tables import run_all

        failed = run_all(options, _settings, _reproduce_one)
        code = 2 if failed else 0
    elif options.paper is None and options.report is not None:
        code = 0
    elif options.table is None:
        raise ValueError(f"PAPER and TABLE are needed, or --all, or --report alone. Received: {options.paper}")
    else:
        code = _reproduce_one(options)
    if options.report is not None:
        from zoo.experiments.run.page import write_page

        write_page(options.report, options.output, options.scale, failed)
        print(f"written: {options.report}")
    return code


def _reproduce_one(options: argparse.Namespace) -> int:
    from zoo.experiments.run import cells as runner

    table, settings = _settings(options)
    shard = runner.parse_shard(options.shard)
    frame = runner.run(table, settings, options.output, tuple(options.rows), shard, sys.stderr.isatty())
    if frame is None:
        print(f"shard {options.shard} is measured; when all are: zoo merge {options.paper} {options.table}")
        return 0
    return _show(table, settings, options.output, frame)


def _merge(options: argparse.Namespace) -> int:
    from zoo.experiments.run import cells as runner

    table, settings = _settings(options)
    return _show(table, settings, options.output, runner.merge(table, settings, options.output, options.cells))


def _show(table: "object", settings: "object", output: Path, frame: "object") -> int:
    from zoo.experiments.run.cells import csv_path
    from zoo.experiments.run.report import missing, plot_table, print_table

    path = csv_path(table, settings.scale, output)
    title = f"{table.title} ({settings.scale}, {settings.dataset})"
    print_table(frame, title, table.decimals)
    for why, count in missing(path).items():
        print(f"zoo: {count} cells without a value: {why}", file=sys.stderr)
    if table.plot is None:
        plot_table(frame, title, path.with_suffix(".png"))
    else:
        table.plot(frame, settings, title, path.with_suffix(".png"))
    print(f"written: {path} and {path.with_suffix('.png').name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
