"""Check output paths: never overwrite an input, and overwrite existing files only with ``--force``."""

import argparse
import os
from collections.abc import Iterable, Mapping
from pathlib import Path


def add_force(parser: argparse.ArgumentParser) -> None:
    """Add ``--force``."""
    parser.add_argument("--force", action="store_true", help="overwrite existing files")


def check_outputs(outputs: Mapping[str, Path | None], inputs: Iterable[str | Path | None], force: bool) -> None:
    """Check all output paths before anything is read or computed.

    Args:
        outputs: The option that names each file, and the file; None where it was not given.
        inputs: Files that the command reads; None, and what is no file, do not count.
        force: Whether existing files may be replaced. Inputs may never.

    Raises:
        ValueError: For an output that is an input, also through a link or by another spelling, for one that is given
            twice, is a folder, or exists and may not be replaced.
    """
    read = {_identity(Path(path)) for path in inputs if path is not None and os.path.isfile(path)}
    written: set[object] = set()
    for option, path in outputs.items():
        if path is None:
            continue
        identity = _identity(path)
        if identity in read:
            raise ValueError(f"{option} must not be a file that the command reads. Received: {path}")
        if identity in written:
            raise ValueError(f"{option} must be another file than the command's other outputs. Received: {path}")
        if path.is_dir():
            raise ValueError(f"{option} must be a file. Received: a folder, {path}")
        if os.path.lexists(path) and not force:
            raise ValueError(f"{option} names a file that exists; --force replaces it. Received: {path}")
        written.add(identity)


def _identity(path: Path) -> object:
    """Return the same for all links to a file and spellings of its name."""
    if os.path.exists(path):
        stat = path.stat()
        return stat.st_dev, stat.st_ino
    return os.path.realpath(path)
