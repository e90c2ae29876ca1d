"""The list of the photographs, and the way to them in a folder."""

import csv
import dataclasses
import hashlib
import sys
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from zoo import store
from zoo.datasets.catalogue import OPEN_PHOTOGRAPHS_SPLITS
from zoo.images import ImageError, read_image

SPLITS = OPEN_PHOTOGRAPHS_SPLITS
"""``test``: nothing is fitted on it. ``calibration``: thresholds alone. ``validation``: when to stop a training."""
SUFFIXES = (".webp", ".png")
"""Suffixes of the lossless files in a folder, in the order in which they are tried."""
CLOSE = 0.05
"""Grey levels by which a channel's mean may differ where the pixels are not equal: another version of the JPEG decoder
differs by one level in a few pixels of a thousand."""


@dataclasses.dataclass(frozen=True)
class Row:
    """One photograph of ``photographs.tsv``."""

    name: str
    """The first 16 digits of the original file's SHA-256; the photograph's file is called so."""
    split: str
    """One of ``SPLITS``."""
    source: str
    """Short name of the collection that it comes from."""
    origin: str
    """``github:owner/repository@commit:path``."""
    original_sha256: str
    original_width: int
    original_height: int
    averaged: int
    """Side in pixels of the squares that were averaged to make the photograph smaller."""
    top: int
    left: int
    height: int
    width: int
    """The part that is used, in pixels of the smaller photograph."""
    pixels_sha256: str
    """SHA-256 of the uint8 RGB array (height, width, 3) of that part."""
    red: float
    green: float
    blue: float
    """Mean of each channel, 0..255."""
    licence: str
    note: str
    """The author and address, where the licence asks for them."""


def read_list(path: Path) -> tuple[Row, ...]:
    """Read a list of photographs, tab-separated with the fields of ``Row`` as columns."""
    kinds: dict[str, Any] = {field.name: field.type for field in dataclasses.fields(Row)}
    with path.open(encoding="utf-8", newline="") as file:
        listed = csv.DictReader(file, delimiter="\t")
        return tuple(Row(**{name: kinds[name](value) for name, value in row.items()}) for row in listed)


ROWS = read_list(Path(__file__).with_name("photographs.tsv"))
"""All photographs, in the order of the list."""


def default_folder() -> Path:
    """Return the default folder of `zoo download open_photographs`."""
    return store.home() / "open_photographs"


def check_pixels(pixels: np.ndarray, row: Row) -> bool:
    """Return whether a photograph has exactly the listed pixels; False where it is only close to them.

    Args:
        pixels: uint8 RGB (height, width, 3).
        row: What it should be.

    Raises:
        ValueError: For another size, or channels whose means differ by more than ``CLOSE``.
    """
    if hashlib.sha256(np.ascontiguousarray(pixels).tobytes()).hexdigest() == row.pixels_sha256:
        return True
    means = np.array([row.red, row.green, row.blue])
    if pixels.shape != (row.height, row.width, 3) or np.abs(pixels.mean((0, 1)) - means).max() > CLOSE:
        raise ValueError(
            f"{row.name} must be {row.width}x{row.height} with means {means}. "
            f"Received: {pixels.shape[1]}x{pixels.shape[0]} with means {np.round(pixels.mean((0, 1)), 3)}"
        )
    return False


def path_of(row: Row, folder: Path) -> Path | None:
    """Return the photograph's file in ``folder`` or its sub-folder ``photos``; None where there is none."""
    places = (folder / part / f"{row.name}{suffix}" for part in ("", "photos") for suffix in SUFFIXES)
    return next((path for path in places if path.is_file()), None)


def part_of(pixels: np.ndarray, row: Row) -> np.ndarray:
    """Return the part of a whole photograph that is used; uint8 RGB (height, width, 3), both."""
    return np.ascontiguousarray(pixels[row.top : row.top + row.height, row.left : row.left + row.width])


def read(row: Row, path: Path, whole: bool = False) -> np.ndarray:
    """Read a photograph and compare it, or the part of a whole one, with the list: uint8 RGB (height, width, 3).

    Raises:
        ImageError: For a file that cannot be read, or holds another picture.
    """
    pixels = read_image(path)
    try:
        check_pixels(part_of(pixels, row) if whole else pixels, row)
    except ValueError as error:
        raise ImageError(
            path, "is not the listed photograph", "`zoo download` downloads it again", str(error)
        ) from error
    return pixels


def open_photographs(data_dir: Path | None, split: str) -> dict[str, Callable[[], np.ndarray]]:
    """Return the photographs of a split that are in a folder, in the order of the list; each is a scene of its own.

    A name stands for a function that reads the photograph: uint8 RGB (height, width, 3). How many of the list are there
    is printed to standard error once for each folder and split.

    Args:
        data_dir: A folder that `zoo download open_photographs` filled; None for its usual place.
        split: One of ``SPLITS``, or ``"all"``.

    Raises:
        ValueError: For another split, or where none of the photographs is there.
    """
    if split not in (*SPLITS, "all"):
        raise ValueError(f"split must be one of {', '.join(SPLITS)}, or all. Received: {split!r}")
    folder = default_folder() if data_dir is None else Path(data_dir)
    wanted = [row for row in ROWS if split in (row.split, "all")]
    found = {row.name: (row, path) for row in wanted if (path := path_of(row, folder)) is not None}
    if not found:
        raise ValueError(
            f"None of the {len(wanted)} photographs is available: run `zoo download open_photographs`, or pass "
            f"--data-dir with a folder that has them. Received: {folder}"
        )
    _say_once(str(folder), split, len(found), len(wanted))
    return {name: partial(read, row, path) for name, (row, path) in found.items()}


@cache
def _say_once(folder: str, split: str, here: int, listed: int) -> None:
    print(f"open_photographs: {here} of {listed} photographs of {split} are in {folder}", file=sys.stderr)
