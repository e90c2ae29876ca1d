"""List photographs of different splits that look alike.

python -m zoo.datasets.open_photographs.check_splits FOLDER

For whoever changes the list. Skies and walls look alike to the comparison, so each pair is to be looked at.
"""

import argparse
from pathlib import Path

from zoo.datasets.near_duplicates import alike, thumbnail
from zoo.datasets.open_photographs.listing import ROWS, Row, path_of, read


def across_splits(folder: Path) -> list[tuple[Row, Row]]:
    """Pairs of photographs in ``folder`` that look alike, one in test or calibration and the other in another split."""
    here = [(row, path) for row in ROWS if (path := path_of(row, folder)) is not None]
    thumbnails = [thumbnail(read(row, path)) for row, path in here]
    found = {(min(pair), max(pair)) for pair in alike(thumbnails)}
    pairs = [(here[i][0], here[j][0]) for i, j in sorted(found) if i != j]
    held_out = ("test", "calibration")
    return [(a, b) for a, b in pairs if a.split != b.split and (a.split in held_out or b.split in held_out)]


def main() -> None:
    """Print a pair a line."""
    parser = argparse.ArgumentParser(description="List photographs of different splits that look alike.")
    parser.add_argument("folder", type=Path)
    pairs = across_splits(parser.parse_args().folder)
    for one, other in pairs:
        print(f"{one.split:12} {one.name}  {other.split:12} {other.name}")
    print(f"{len(pairs)} pairs")


if __name__ == "__main__":
    main()
