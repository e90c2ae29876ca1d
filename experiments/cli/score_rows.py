"""The rows of ``zoo score``: saved one by one, so that a run is resumable, and written out at the end."""

import csv
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any, NamedTuple, Self

from zoo.images import atomic

SCORED, FAILED = "scored", "failed"
"""A row's status."""


class Row(NamedTuple):
    """A picture and its score."""

    path: str
    """Path of the file as it was given; bytes that are not text are escaped."""
    size: int | None
    """Size of the file in bytes; None where there is no file."""
    sha256: str
    """SHA-256 of the file; empty where it cannot be read."""
    score: float | None
    """Score of the picture; None for ``FAILED``."""
    status: str
    """``SCORED`` or ``FAILED``."""
    reason: str
    """Why the picture failed, or why its score says little; empty for neither."""


def text_of(path: str | Path) -> str:
    """Return ``path`` as a row holds it."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


class Rows:
    """The rows of one output; until ``finish`` they are in a hidden CSV file in the same folder.

    >>> with Rows(Path("scores.parquet"), key, paths) as rows:
    ...     for row in score(path for path in paths if text_of(path) not in rows.done):
    ...         rows.write([row])
    ...     rows.finish({"product": "contrast"})

    Attributes:
        path: The CSV file.
        done: Those of ``paths`` that have a row, including those of an earlier run.
        failed: How many of these rows are ``FAILED``.

    Args:
        output: A file that ends in ``.csv`` or ``.parquet``.
        key: Identifies networks and options; rows of an earlier run are taken over if its key was the same.
        paths: The pictures of this run. Rows of others, of an earlier run, are not written to the output.
    """

    def __init__(self, output: Path, key: str, paths: Iterable[str | Path]) -> None:
        self.output, self.path = output, output.with_name(f".{output.name}.{key}.csv")
        self.done: set[str] = set()
        self.failed = 0
        self._wanted = {text_of(path) for path in paths}
        self._others = False
        self._file: IO[str] | None = None

    def __enter__(self) -> Self:
        """Take over the rows of an earlier run."""
        if self.path.is_file():
            self._rewrite(everything=True)  # the last line may be incomplete
            for row in self._read():
                self._count(row)
        self._file = open(self.path, "a", encoding="utf-8", newline="")
        if self._file.tell() == 0:
            _writer(self._file)
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        """Close the file, which stays unless ``finish`` was called."""
        assert self._file is not None
        self._file.close()

    def write(self, rows: Iterable[Row]) -> None:
        """Keep rows; they are on disk when this returns."""
        assert self._file is not None
        writer = csv.writer(self._file, lineterminator="\n")
        for row in rows:
            writer.writerow(row)
            self._count(row)
        self._file.flush()

    def finish(self, about: Mapping[str, Any]) -> None:
        """Write the output and remove the hidden CSV file; ``about`` goes into Parquet's metadata."""
        assert self._file is not None
        self._file.close()
        if self._others:
            self._rewrite(everything=False)
        if self.output.suffix.lower() == ".csv":
            self.path.replace(self.output)
            return
        _write_parquet(self.path, self.output, about)
        self.path.unlink()

    def _count(self, row: Row) -> None:
        if row.path not in self._wanted:
            self._others = True
            return
        self.done.add(row.path)
        self.failed += row.status == FAILED

    def _rewrite(self, everything: bool) -> None:
        """Write the hidden CSV file anew with its whole rows: all of them, or those of the pictures of this run."""
        with atomic(self.path) as partial, open(partial, "w", encoding="utf-8", newline="") as file:
            _writer(file).writerows(row for row in self._read() if everything or row.path in self._wanted)

    def _read(self) -> Iterator[Row]:
        held: Row | None = None
        with open(self.path, encoding="utf-8", errors="replace", newline="") as file:
            for fields in csv.DictReader(file):
                if held is not None:
                    yield held
                held = _row(fields)
        if held is not None and _ends_with_line(self.path):
            yield held


def _ends_with_line(path: Path) -> bool:
    with open(path, "rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"


def _row(fields: Mapping[str, str]) -> Row | None:
    try:
        size, score = fields["size"], fields["score"]
        row = Row(
            fields["path"],
            int(size) if size else None,
            fields["sha256"],
            float(score) if score else None,
            fields["status"],
            fields["reason"],
        )
    except (KeyError, ValueError, TypeError):
        return None
    return row if row.status in (SCORED, FAILED) and row.reason is not None else None


def _writer(file: IO[str]) -> Any:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(Row._fields)
    return writer


def check_parquet() -> None:
    """Refuse ``.parquet`` before anything is scored.

    Raises:
        ImportError: Without pyarrow.
    """
    try:
        import pyarrow  # noqa: F401
    except ImportError:
        raise ImportError("Parquet needs pyarrow: pip install 'forensics-zoo[parquet]'. Received: no pyarrow") from None


def arrow_types() -> dict[str, Any]:
    """Return pyarrow's types of a row's fields."""
    import pyarrow as pa

    types = {"path": pa.string(), "size": pa.int64(), "sha256": pa.string(), "score": pa.float64()}
    return types | {"status": pa.string(), "reason": pa.string()}


def _write_parquet(source: Path, output: Path, about: Mapping[str, Any]) -> None:
    import pyarrow as pa
    from pyarrow import csv as arrow_csv
    from pyarrow import parquet

    types = arrow_types()
    schema = pa.schema(types.items(), metadata={"forensics_zoo": json.dumps(about)})
    # Block by block: the table of a million pictures is never completely in memory.
    with (
        arrow_csv.open_csv(
            source,
            parse_options=arrow_csv.ParseOptions(newlines_in_values=True),
            convert_options=arrow_csv.ConvertOptions(column_types=types, strings_can_be_null=False),
        ) as blocks,
        atomic(output) as partial,
        parquet.ParquetWriter(partial, schema) as writer,
    ):
        for block in blocks:
            writer.write_batch(block.cast(schema))
