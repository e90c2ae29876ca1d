"""Find and read the pictures named on the command line, and report those that cannot be read."""

import argparse
import glob
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from zoo.printing import shown

if TYPE_CHECKING:
    import numpy as np

PICTURES = (
    "files, folders (searched recursively), quoted patterns (*, **), or @FILE with one of these per line (@-: stdin)"
)
MOST_FAILURES = 100
"""Exit codes above 125 mean other things to a shell."""
BACKGROUNDS = {"white": 255, "black": 0}
"""Grey levels of ``--flatten``."""


def add_flatten(parser: argparse.ArgumentParser) -> None:
    """Add ``--flatten``."""
    text = "background colour for transparent pixels (default: transparent pictures are refused)"
    parser.add_argument("--flatten", choices=BACKGROUNDS, help=text)


def expand(given: Sequence[str]) -> list[Path]:
    """Return the pictures that arguments stand for, each once: files, those in folders, and matches of patterns.

    A missing file, a folder without pictures or that cannot be opened, and a pattern without matches stay in the list
    as they are, so that they are reported like any other bad picture. A pattern that ends in ``**`` or ``**/*`` is for
    the pictures among its matches, any other also for other files.

    Args:
        given: Files, folders, patterns of ``glob``, where ``**`` stands for any number of folders, and ``@FILE``: a
            text file that names one of these on each line, ``@-`` standard input.

    Raises:
        ValueError: For a list that cannot be read, or is empty.
    """
    texts = [line for text in given for line in (_lines(text) if text.startswith("@") else [text])]
    found: list[Path] = []
    for text in texts:
        path = Path(text)
        if os.path.isdir(path):
            found += _in_folder(path)
        elif not os.path.lexists(path) and glob.has_magic(text):
            found += _matches(text) or [path]
        else:
            found.append(path)
    return list(dict.fromkeys(found))


def _in_folder(path: Path) -> list[Path]:
    from zoo.datasets.folder import picture_files
    from zoo.images import ImageError

    try:
        return picture_files(path) or [path]
    except ImageError:  # it cannot be opened
        return [path]


def _matches(pattern: str) -> list[Path]:
    """Return what a pattern matches, with the pictures in matched folders, and folders that it cannot search."""
    from zoo.datasets.folder import may_be_image

    parts = Path(pattern).parts
    searched = [os.path.join(*parts[:end], "") for end in range(1, len(parts)) if glob.has_magic(parts[end])]
    found = [path for one in searched for path in _glob(one) if closed(path)]
    if parts[-1] == "**" or parts[-2:] == ("**", "*"):
        # All that is in the folders is matched as well; so are files that nobody would call pictures.
        matches = _glob(os.path.join(*parts))
        return found + [p for p in matches if closed(p) or (not os.path.isdir(p) and may_be_image(p, p.parent))]
    for path in _glob(pattern):
        found += _in_folder(path) if os.path.isdir(path) else [path]
    return found


def _glob(pattern: str) -> list[Path]:
    return sorted(Path(match) for match in glob.glob(pattern, recursive=True))


def closed(path: str | Path) -> str:
    """Return why a folder cannot be opened; empty for one that can be, and for anything else."""
    if not os.path.isdir(path):
        return ""
    try:
        os.listdir(path)
    except OSError as error:
        return f"is a folder that cannot be opened ({error.strerror})"
    return ""


def _refuse_folder(path: Path) -> None:
    from zoo.images import ImageError

    if wrong := closed(path):
        raise ImageError(path, wrong, "a readable folder is needed")
    if os.path.isdir(path):
        raise ImageError(path, "is a folder without a picture", "an image file, or a folder of them, is needed")


def _lines(text: str) -> list[str]:
    """Return the lines of a list that are not empty."""
    path = Path(text[1:])
    try:
        if str(path) != "-" and not path.is_file():  # reading from a pipe might never end
            raise FileNotFoundError(path)
        whole = sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"@FILE must be a text file in UTF-8 with one picture per line. Received: {text}") from error
    lines = [line for line in whole.splitlines() if line.strip()]
    if not lines:
        raise ValueError(f"@FILE must name at least one picture. Received: {text}, which is empty")
    return lines


def readable(paths: Iterable[Path], failed: list[Path], sensor: bool = False) -> "Iterator[tuple[Path, np.ndarray]]":
    """Yield path and picture, uint8 RGB; for the others a line goes to standard error and the path to ``failed``.

    ``sensor`` is that of ``read_photograph``.
    """
    from zoo.images import ImageError, read_photograph

    for path in paths:
        try:
            _refuse_folder(path)
            image = read_photograph(path, sensor=sensor)
        except (ImageError, MemoryError) as error:
            say_failed(path, error)
            failed.append(path)
            continue
        yield path, image


def reason_of(error: Exception) -> str:
    """Return why a picture failed, on one line; Python's own MemoryError says nothing."""
    return " ".join(str(error).split()) or "does not fit into memory"


def say_failed(path: Path, error: Exception) -> str:
    """Name a picture that failed on standard error, on one line; returns the reason."""
    reason = reason_of(error)
    print(f"zoo: {reason if reason.startswith(shown(path)) else f'{shown(path)}: {reason}'}", file=sys.stderr)
    return reason


def name_missing(paths: Sequence[Path]) -> int:
    """Name the pictures on standard error if none of them is a file; returns how many were named.

    That is before anything large is imported, for commands that write something else than scores.
    """
    if any(os.path.isfile(path) for path in paths):
        return 0
    for _ in readable(paths, []):
        pass
    return min(len(paths), MOST_FAILURES)


def read_picture(path: Path, flatten: str | None = None, sensor: bool = False) -> "np.ndarray":
    """Read a picture, uint8 RGB, for a command with ``--flatten``.

    Args:
        path: An image file.
        flatten: What shows through transparent pixels, one of ``BACKGROUNDS``; None refuses such pictures.
        sensor: As for ``read_photograph``.

    Raises:
        ImageError: For anything else than an image file, such as a folder.
    """
    from zoo.images import TRANSPARENT, ImageError, read_photograph

    _refuse_folder(path)
    try:
        return read_photograph(path, background=BACKGROUNDS[flatten] if flatten else None, sensor=sensor)
    except ImageError as error:
        if error.reason != TRANSPARENT:
            raise
        right = "an opaque image is needed, or --flatten white or black"
        raise ImageError(path, TRANSPARENT, right, error.received) from None
