"""``zoo score``: score an archive of pictures by any product, a row a picture, in one process or on several workers."""

import argparse
import hashlib
import json
import shutil
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo.experiments.cli.devices import add_device
from zoo.experiments.cli.outputs import add_force, check_outputs
from zoo.experiments.cli.picture_inputs import MOST_FAILURES, PICTURES, add_flatten, closed, expand
from zoo.experiments.cli.score_bucket import Scoring, failed_row, rows_of, score_bucket, size_of
from zoo.experiments.cli.score_pictures import Product, checksums_by_name
from zoo.experiments.cli.score_rows import Row, Rows, check_parquet, text_of
from zoo.experiments.cli.workers import add_workers, workers_of
from zoo.experiments.families import experiments, load
from zoo.experiments.run.progress import progress_bars
from zoo.printing import shown
from zoo.resolve_weights import HELP
from zoo.version import __version__

if TYPE_CHECKING:
    from zoo.experiments.run.workers import Workers

MOST, MOST_BYTES = 32, 64 * 2**20
"""The most pictures in a bucket, and the most bytes of their files. A worker scores a bucket at a time; if it dies, the
rows of the bucket are lost."""
SUFFIXES = (".csv", ".parquet")


def products() -> dict[str, str]:
    """Return where the ``Product`` of each name is, ``module:NAME``."""
    return {name: place for page in experiments() for name, place in page.scores.items()}


def add(commands: "argparse._SubParsersAction") -> None:
    """Add the command to the ``zoo`` parser."""
    parser = commands.add_parser(
        "score", help="score an archive of pictures; writes CSV or Parquet with one row per picture"
    )
    parser.add_argument("product", metavar="PRODUCT", help=", ".join(products()))
    parser.add_argument("images", nargs="+", metavar="PATH", help=PICTURES)
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="OUT.parquet|OUT.csv")
    parser.add_argument("--weights", metavar="NAME|FILE|FOLDER", help=f"{HELP}, a fitted detector or a fingerprint")
    add_flatten(parser)
    add_device(parser)
    add_workers(parser, "pictures")
    add_force(parser)
    parser.set_defaults(run=_run, resumes=True)


def _run(options: argparse.Namespace) -> int:
    places = products()
    if options.product not in places:
        raise ValueError(f"PRODUCT must be one of {', '.join(places)}. Received: {options.product!r}")
    if options.output.suffix.lower() not in SUFFIXES or not options.output.absolute().parent.is_dir():
        raise ValueError(f"-o must end in {' or '.join(SUFFIXES)}, in a folder that exists. Received: {options.output}")
    if options.output.suffix.lower() == ".parquet":
        check_parquet()
    place, workers = places[options.product], workers_of(options)
    if workers is not None and workers.engine == "slurm":
        raise ValueError("zoo score takes --on local:N or --on ray, which keep networks loaded. Received: --on slurm")
    product: Product = load(place)
    weights = product.weights(options.weights)
    paths = [str(path) for path in expand(options.images)]
    check_outputs({"-o": options.output}, [*paths, *weights], options.force)
    about = {"product": options.product, "networks": checksums_by_name(weights), "version": __version__}
    about |= {"flatten": options.flatten} if options.flatten else {}
    about |= {"higher_is": product.scale.higher_is, "range": [product.scale.low, product.scale.high]}
    scoring = Scoring(place, weights, options.flatten)
    with Rows(options.output, hashlib.sha256(json.dumps(about).encode()).hexdigest()[:12], paths) as rows:
        if kept := len(rows.done):
            print(f"zoo: {kept} pictures were scored by an earlier run", file=sys.stderr)
        left = buckets([path for path in paths if text_of(path) not in rows.done])
        with progress_bars() as bar:
            task = bar.add_task(options.product, total=len(paths), completed=kept)
            logs = options.output.with_name(f".{options.output.name}.workers")
            for scored in _scored(scoring, left, workers, logs):
                rows.write(scored)
                bar.update(task, description=f"{options.product}, {rows.failed} failed", advance=len(scored))
        rows.finish(about)
    shutil.rmtree(logs, ignore_errors=True)
    print(f"written: {shown(options.output)} ({len(rows.done)} pictures, {rows.failed} of them failed)")
    if count := sum(bool(closed(path)) for path in paths):
        print(f"zoo: {count} folders cannot be opened; pictures in them have no row", file=sys.stderr)
    return min(count, MOST_FAILURES)


def buckets(paths: Sequence[str]) -> list[list[str]]:
    """Put pictures together whose files are of similar size, the largest first, so that no worker is left with them."""
    sized = sorted(((size_of(path) or 0, path) for path in paths), key=lambda one: (-one[0], one[1]))
    found: list[list[str]] = []
    room = 0
    for size, path in sized:
        if not found or len(found[-1]) == MOST or size > room:
            found.append([])
            room = MOST_BYTES
        found[-1].append(path)
        room -= size
    return found


def _scored(
    scoring: Scoring, left: Sequence[Sequence[str]], workers: "Workers | None", logs: Path
) -> Iterator[list[Row]]:
    """Yield rows as they come.

    Raises:
        ValueError: For what fails for every picture.
    """
    if workers is None or not left:
        yield from ([row] for paths in left for row in rows_of(scoring, paths))
    elif workers.engine == "ray":
        from zoo.experiments.cli.score_ray import score_on_ray

        yield from score_on_ray(scoring, left, workers.address, workers.gpus)
    else:
        yield from _on_workers(scoring, left, workers, logs)


def _on_workers(scoring: Scoring, left: Sequence[Sequence[str]], workers: "Workers", logs: Path) -> Iterator[list[Row]]:
    from zoo.experiments.run.tasks import Task

    def tasks(ones: Sequence[Sequence[str]]) -> dict[Any, Sequence[str]]:
        return {Task(paths[0], partial(score_bucket, scoring, paths)): paths for paths in ones}

    alone: list[Sequence[str]] = []
    for again in (False, True):
        # A picture that kills its worker must not affect other pictures.
        waiting = tasks([[path] for paths in alone for path in paths] if again else left)
        for outcome in workers.start(list(waiting), logs) if waiting else ():
            paths = waiting[outcome.task]
            if not outcome.failure:
                yield outcome.value
            elif not outcome.died:
                raise ValueError(outcome.failure)
            elif not again and len(paths) > 1:
                alone.append(paths)
            else:
                yield [failed_row(path, outcome.failure) for path in paths]
