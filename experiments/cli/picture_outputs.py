"""Files that commands write when they score pictures: a CSV of all and a heatmap of each."""

import argparse
import contextlib
import csv
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from zoo.experiments.cli.outputs import check_outputs
from zoo.printing import shown

_PICTURE_COLUMNS = ("image", "sha256", "height", "width")
_FILE_COLUMNS = (
    "higher_is",
    "lowest",
    "highest",
    "damage",
    "frames",
    "filled_up",
    "networks",
    "heatmap",
    "note",
    "error",
)


def _flat(record: Mapping) -> dict[str, object]:
    """Return a record as a row of CSV: every value on one line, nothing nested."""
    low, high = record.get("range", (None, None))
    checked = record.get("file", {})
    return {
        **record,
        "lowest": low,
        "highest": high,
        "damage": "; ".join(checked.get("damage", ())),
        "frames": checked.get("frames"),
        "networks": " ".join(f"{name}:{digest}" for name, digest in record.get("networks", {}).items()),
    }


@contextlib.contextmanager
def csv_writer(path: Path | None, columns: Sequence[str]) -> Iterator[Callable[[Mapping], None]]:
    """Yield what writes a record into the CSV file, if there is one. A row is there as soon as its picture is done."""
    if path is None:
        yield lambda record: None
        return
    # A file name may contain bytes that are not UTF-8; they are written unchanged.
    with open(path, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        rows = csv.DictWriter(
            file, (*_PICTURE_COLUMNS, *columns, *_FILE_COLUMNS), extrasaction="ignore", lineterminator="\n"
        )
        rows.writeheader()

        def write(record: Mapping) -> None:
            rows.writerow(_flat(record))
            file.flush()

        yield write
    print(f"written: {shown(path)}", file=sys.stderr)


def heatmap_files(paths: Sequence[Path], heatmap: Path | None) -> dict[Path, Path]:
    """Return each picture's heatmap path: the given file, or a file in the folder named after the picture.

    Raises:
        ValueError: For a file where there are several pictures, or one that is not a PNG, and for a missing folder.
    """
    if heatmap is None:
        return {}
    if heatmap.suffix.lower() == ".png":
        if len(paths) != 1:
            raise ValueError(f"--heatmap must be a folder for several pictures. Received: {heatmap}")
        if not heatmap.absolute().parent.is_dir():
            raise ValueError(f"--heatmap must lie in a folder that exists. Received: {heatmap}")
        return {paths[0]: heatmap}
    if heatmap.suffix and not heatmap.is_dir():
        raise ValueError(f"--heatmap must end in .png, or be a folder. Received: {heatmap}")
    alike = Counter(path.name for path in paths)
    numbers: Counter[str] = Counter()
    found = {}
    for path in paths:
        numbers[path.name] += 1
        number = f"-{numbers[path.name]}" if alike[path.name] > 1 else ""
        found[path] = heatmap / f"{path.name}{number}.heatmap.png"
    return found


def check_files(
    options: argparse.Namespace, heatmaps: Mapping[Path, Path], inputs: Iterable[str | Path | None]
) -> None:
    """Refuse outputs before anything is read or computed.

    Raises:
        ValueError: For ``--csv`` and ``--heatmap`` that cannot or must not be written; see ``check_outputs``.
    """
    outputs: dict[str, Path | None] = {}
    if options.csv is not None:
        if options.csv.suffix.lower() != ".csv" or not options.csv.absolute().parent.is_dir():
            raise ValueError(f"--csv must end in .csv, in a folder that exists. Received: {options.csv}")
        outputs["--csv"] = options.csv
    for path, heatmap in heatmaps.items():
        option = "--heatmap" if heatmap == options.heatmap else f"--heatmap for {path.name}"
        # Of pictures with the same name, all but the first are named by their path: no heatmap may replace another.
        outputs[option if option not in outputs else f"--heatmap for {path}"] = heatmap
    check_outputs(outputs, inputs, options.force)
