"""Scoring an archive: `zoo score contrast` with one process, and with one and two workers, against a plain loop.

Command: python benchmarks/score_archive.py [--pictures 20000] [--side 64] [--ray]
The pictures are generated scenes, PNG files in a temporary folder. Every way runs in a process of its own. `seconds`
and `processor_seconds` are from the start to the last row, imports and loading included; `loading` is the part before
the first row. `peak_mib` is the largest memory of the process that scores, after the first tenth of the pictures and
after all: it grows with the archive if something is kept of each picture. Processor seconds and memory of workers are
not known. Prints the table and writes benchmarks/score_archive.csv.
"""

import argparse
import csv
import multiprocessing
import os
import platform
import resource
import tempfile
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from zoo.images import atomic


def main() -> None:
    """Make the pictures, and score them in every way."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=20_000)
    parser.add_argument("--side", type=int, default=64, help="in pixels")
    parser.add_argument("--ray", action="store_true", help="on a Ray cluster of this machine, too")
    arguments = parser.parse_args()
    ways = ["plain loop", "zoo score", "zoo score --on local:1", "zoo score --on local:2"]
    ways += ["zoo score --on ray"] * arguments.ray
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder) / "archive"
        make(archive, arguments.pictures, arguments.side)
        measured = []
        for number, way in enumerate(ways):
            with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
                output = Path(folder) / f"{number}.csv"
                measured.append({"way": way, **process.submit(run, way, archive, output).result()})
    frame = pd.DataFrame(measured)
    frame.insert(2, "pictures_a_second", (arguments.pictures / frame["seconds"]).round(1))
    frame["pictures"] = arguments.pictures
    frame["side"] = arguments.side
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    frame["machine"] = f"{platform.machine()}, {cores} cores"
    print(frame.to_string(index=False))
    with atomic(Path(__file__).with_suffix(".csv")) as partial:
        frame.to_csv(partial, index=False)


def make(archive: Path, pictures: int, side: int) -> None:
    """Write ``pictures`` PNG files, crops of a few generated scenes."""
    from zoo.datasets.embedded import generate_scene

    archive.mkdir()
    rng = np.random.default_rng(0)
    scenes = [generate_scene(rng, 4 * side, 4 * side) for _ in range(8)]
    for number in range(pictures):
        top, left = rng.integers(0, 3 * side, 2)
        crop = scenes[number % len(scenes)][top : top + side, left : left + side]
        Image.fromarray(crop).save(archive / f"{number:06}.png", compress_level=1)


def run(way: str, archive: Path, output: Path) -> dict[str, float]:
    """Score the archive in this process, or with workers of its own."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    began, whole = time.perf_counter(), len(os.listdir(archive))
    first, early = np.nan, np.nan

    def mark(done: int) -> None:
        nonlocal first, early
        first = time.perf_counter() - began if np.isnan(first) else first
        early = _peak() if np.isnan(early) and 10 * done >= whole else early

    if way == "plain loop":
        plain(archive, output, mark)
    else:
        command(archive, output, way.split()[2:], mark)
    seconds = time.perf_counter() - began
    used, several = resource.getrusage(resource.RUSAGE_SELF), "--on" in way
    return {
        "seconds": round(seconds, 1),
        "loading": round(first, 1),
        "processor_seconds": np.nan if several else round(used.ru_utime + used.ru_stime, 1),
        "peak_mib_first_tenth": np.nan if several else round(early),
        "peak_mib": np.nan if several else round(used.ru_maxrss / 1024),
    }


def plain(archive: Path, output: Path, mark: Callable[[int], None]) -> None:
    """Score in a loop over the files, as a script would."""
    from zoo.contrast.detector import ContrastDetector
    from zoo.images import read_photograph

    detector = ContrastDetector()
    with open(output, "w", newline="") as file:
        rows = csv.writer(file)
        for number, path in enumerate(sorted(archive.iterdir())):
            rows.writerow((path, detector.score(read_photograph(path))))
            mark(number + 1)


def command(archive: Path, output: Path, on: list[str], mark: Callable[[int], None]) -> None:
    """Run `zoo score`, and call ``mark`` with the number of rows whenever it has grown."""
    from zoo.experiments.cli import main as cli
    from zoo.experiments.cli.score_rows import Row, Rows

    write = Rows.write

    def marking(rows: Rows, more: Iterable[Row]) -> None:
        write(rows, more)
        mark(len(rows.done))

    Rows.write = marking  # type: ignore[method-assign]
    if cli.main(["score", "contrast", str(archive), "-o", str(output), *on]):
        raise SystemExit("zoo score failed")


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
