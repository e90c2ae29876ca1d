"""Rows on disk: features of a training set larger than memory, written once and read in blocks."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import numpy as np

NUMBERS = 2**24
"""Numbers of a block, 64 MiB as float32: what is computed of a block takes a few times as much."""


class Spool:
    """A growing file of float32 rows, written in blocks; a context manager that removes the file at the end.

    Args:
        folder: Where the file is made; None for the system's temporary folder. It takes 4 n d bytes: 5.3 GB for the
            1,281,167 images of ILSVRC2012 and features of length 1024.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.file = tempfile.NamedTemporaryFile(dir=folder, prefix="features-", suffix=".f32")  # noqa: SIM115
        self.width = self.count = 0

    def __enter__(self) -> "Spool":
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.file.close()

    def append(self, rows: np.ndarray) -> None:
        """Write rows, (n, d)."""
        self.width = rows.shape[1]
        # Not np.lib.format.open_memmap, which must know the number of rows before the first one is written.
        np.ascontiguousarray(rows, np.float32).tofile(self.file)
        self.count += len(rows)

    def rows(self) -> np.ndarray:
        """Return all rows as a read-only memory map, float32 (n, d)."""
        self.file.flush()
        return np.memmap(self.file.name, np.float32, "r", shape=(self.count, self.width))


def blocks(rows: np.ndarray, size: int | None = None) -> Iterator[np.ndarray]:
    """Return the rows, (n, d), in blocks of at most ``size`` rows, by default of about ``NUMBERS`` numbers."""
    size = size or max(1, NUMBERS // rows.shape[1])
    return (rows[first : first + size] for first in range(0, len(rows), size))
