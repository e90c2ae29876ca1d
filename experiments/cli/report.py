"""``zoo report``: a report on a picture, as a page for people who are not experts or as JSON."""

import argparse
import json
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from zoo.experiments.cli.calibrated import (
    STORED,
    Calibration,
    Question,
    check_networks,
    has_stored,
    read_calibration,
    stored_calibration,
)
from zoo.experiments.cli.devices import add_device
from zoo.experiments.cli.outputs import add_force, check_outputs
from zoo.experiments.cli.picture_inputs import MOST_FAILURES, PICTURES, add_flatten, expand, say_failed
from zoo.experiments.cli.report_contents import Asked, make_report, products
from zoo.experiments.cli.score_pictures import checksums_by_name
from zoo.experiments.families import load
from zoo.printing import shown
from zoo.resolve_weights import HELP, resolve_weights

INDEX, TABLE = "index.html", "pictures.csv"
"""Names of the index and the table in a folder of several reports."""


def add(commands: "argparse._SubParsersAction") -> None:
    """Add the command to the ``zoo`` parser."""
    parser = commands.add_parser("report", help="write a report on pictures for people who are not experts")
    parser.add_argument("images", nargs="+", metavar="PICTURE", help=PICTURES)
    text = "an HTML file for a single picture; a folder for several (one page each, an index and a CSV)"
    parser.add_argument("-o", "--output", type=Path, metavar="REPORT.html|FOLDER", help=text)
    parser.add_argument("--json", action="store_true", help="print one JSON object per line; -o is then optional")
    text = (
        "file written by `zoo calibrate`; repeat it for each product. A product without one gets no likelihood ratio. "
        f"`{STORED}`: use the calibrations of the package for all other products"
    )
    parser.add_argument("--calibration", type=Path, action="append", default=[], metavar=f"FILE|{STORED}", help=text)
    text = "PEM certificates of the authorities trusted to sign Content Credentials (default: none)"
    parser.add_argument("--authorities", type=Path, metavar="FILE.pem", help=text)
    add_flatten(parser)
    parser.add_argument("--weights", metavar="NAME|FILE|FOLDER", help=HELP)
    add_device(parser)
    add_force(parser)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from zoo.experiments.cli.report_page import small, table_writer, write_index, write_page

    paths = expand(options.images)
    pages = _pages(paths, options)
    outputs = {f"-o for {path.name}" if len(paths) > 1 else "-o": page for path, page in pages.items()}
    index, table = None, None
    if len(paths) > 1 and options.output is not None:
        index, table = options.output / INDEX, options.output / TABLE
        outputs |= {"-o, the index": index, "-o, the table": table}
    check_outputs(outputs, [*paths, *options.calibration, options.weights, options.authorities], options.force)
    asked = _asked(options)
    command, failures = _command(options), 0
    for page in pages.values():
        page.parent.mkdir(exist_ok=True)
    rows: list[tuple[Mapping[str, Any], str | None, str | None]] = []
    with table_writer(table, [one.product for one in asked]) as write_row:
        for path in paths:
            try:
                report = make_report(path, asked, command, options.flatten, options.authorities)
                if options.output is not None:
                    write_page(pages[path], report, {one.product: one.question for one in asked})
            except (ValueError, MemoryError) as error:
                failures += 1
                failed = {"picture": str(path), "error": say_failed(path, error)}
                write_row(failed, "")
                rows.append((failed, None, None))
                continue
            if options.json:
                print(json.dumps(report.found, allow_nan=False), flush=True)
            if index is not None:
                write_row(report.found, pages[path].name)
                rows.append((report.found, pages[path].name, small(report.image)))
    if index is not None and table is not None:
        write_index(index, table, rows)
        print(f"written: {shown(index)}", file=sys.stderr)
    elif options.output is not None and not failures:
        print(f"written: {shown(options.output)}", file=sys.stderr)
    if failures and len(paths) > 1:
        print(f"zoo: {failures} of {len(paths)} pictures failed", file=sys.stderr)
    return min(failures, MOST_FAILURES)


def _asked(options: argparse.Namespace) -> list[Asked]:
    """Return the products of the calibrations that were given; ``stored`` gives those of the package of all others.

    Raises:
        ValueError: For a file that is none, a product that is given twice, and networks that are not those used.
    """
    places = products()
    found: dict[str, Asked] = {}
    for path in options.calibration:
        if str(path) == STORED:
            continue
        calibration = read_calibration(path)
        product = str(calibration.contents.get("product"))
        if product not in places:
            raise ValueError(f"--calibration must be for one of {', '.join(places)}. Received: {path}, for {product}")
        if product in found:
            raise ValueError(f"--calibration must be given at most once per product. Received: {path}, {product} again")
        found[product] = _ask(product, calibration, options.weights)
    if any(str(path) == STORED for path in options.calibration):
        there = [product for product in places if has_stored(product)]
        if not there:
            wanted = "--calibration must be a file of `zoo calibrate`: none comes with the package"
            raise ValueError(f"{wanted}. Received: {STORED}")
        for product in there:
            if product not in found:
                found[product] = _ask(product, read_calibration(stored_calibration(product), product), options.weights)
    return list(found.values())


def _ask(product: str, calibration: Calibration, given: str | None) -> Asked:
    question: Question = load(products()[product])
    weights = resolve_weights(given, *question.weights)
    networks = checksums_by_name(weights)
    check_networks(calibration, networks)
    return Asked(product, question, calibration, weights, networks)


def _pages(paths: Sequence[Path], options: argparse.Namespace) -> dict[Path, Path]:
    """Return the output path of each picture's page; none without ``-o``.

    Raises:
        ValueError: For no output at all, and one that does not fit the number of pictures.
    """
    output = options.output
    if output is None:
        if not options.json:
            raise ValueError("Either -o REPORT.html or --json is required. Received: neither")
        return {}
    if not output.absolute().parent.is_dir():
        raise ValueError(f"-o must lie in a folder that exists. Received: {output}")
    if len(paths) == 1 and not output.is_dir():
        if output.suffix.lower() != ".html":
            raise ValueError(f"-o must end in .html for a single picture. Received: {output}")
        return {paths[0]: output}
    if output.suffix.lower() == ".html" or output.is_file():
        raise ValueError(f"-o must be a folder for several pictures. Received: {output}")
    digits = len(str(len(paths)))
    return {path: output / f"{number:0{digits}}-{path.name}.html" for number, path in enumerate(paths, 1)}


def _command(options: argparse.Namespace) -> str:
    """Return the command that repeats the report in the folder of its files, without paths, which may be private."""
    parts = ["zoo", "report", *(Path(text).name or text for text in options.images)]
    for path in options.calibration:
        parts += ["--calibration", path.name]
    if options.weights:
        parts += ["--weights", Path(options.weights).name]
    if options.flatten:
        parts += ["--flatten", options.flatten]
    if options.authorities:
        parts += ["--authorities", options.authorities.name]
    if options.output is not None:
        parts += ["-o", options.output.name]
    return shlex.join(parts) + (" --json" if options.json else "")
