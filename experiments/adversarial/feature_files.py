"""Features of a training set by layer, computed once: in memory for small networks, else in one file per layer.

The files are shared by all tables of a network. A run that was stopped goes on behind the last rows that it finished.
Attacked pictures are kept in the same folder.
"""

import contextlib
import hashlib
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from zoo import store
from zoo.images import atomic

if TYPE_CHECKING:
    import keras

    from zoo.experiments.adversarial.data import Batches

IN_MEMORY = 2**28
"""Bytes of all layers together that are kept in memory and not in files, if the network is small too."""
SMALL = 1_000_000
"""Parameters of a network whose features and attacks take seconds; it is not worth keeping them."""
ROWS = 1024
"""Pictures after which a stopped run goes on; a file's rows are written to the disk that often."""
Extract = Callable[[np.ndarray], Mapping[str, np.ndarray]]
"""Features of pictures by layer, (n, d) each."""


def folder_for(model: "keras.Model", database: "Batches", rows: int, widths: Mapping[str, int]) -> Path | None:
    """Return the folder for a training set's features; None if a small network's features stay in memory.

    Args:
        model: The network. Its weights and the first pictures name the folder.
        database: Yields pictures and classes from the picture of a number on.
        rows: How many pictures there are.
        widths: Length of the features by layer.
    """
    if needed(rows, widths) <= IN_MEMORY and model.count_params() <= SMALL:
        return None
    return store.home() / "features" / f"{model.name}-{fingerprint(model, database)}"


def in_memory(
    database: "Batches", rows: int, widths: Mapping[str, int], extract: Extract
) -> tuple[Mapping[str, np.ndarray], np.ndarray]:
    """Return the features of a training set by layer, float32 (n, d), and its classes, int32 (n,).

    ``extract`` gives the features of pictures; the others are arguments of ``folder_for``.

    Raises:
        ValueError: Where the training set has another number of pictures.
    """
    features = {name: np.empty((rows, width), np.float32) for name, width in widths.items()}
    labels = np.empty(rows, np.int32)
    for _ in _fill(features, labels, 0, database, extract):
        pass
    return features, labels


def needed(rows: int, widths: Mapping[str, int]) -> int:
    """Return the bytes of the features of all layers, and of the classes."""
    return 4 * rows * (sum(widths.values()) + 1)


def fingerprint(model: "keras.Model", database: "Batches") -> str:
    """16 hexadecimal digits that depend on the model's weights and on the first pictures of the training set."""
    found = hashlib.sha256()
    for array in (*model.get_weights(), *next(database(0))):
        found.update(f"{array.dtype} {array.shape}".encode())
        found.update(np.ascontiguousarray(array).data)
    return found.hexdigest()[:16]


def announce(folder: Path, rows: int, widths: Mapping[str, int], copied: bool = False) -> None:
    """Say how much of the disk the files take, before anything that takes long.

    ``copied`` says that one layer at a time is copied there, for an index of its processed rows.

    Raises:
        ValueError: Where there is less.
    """
    done = _finished(folder, rows, widths)
    if done == rows and not copied:
        return
    folder.mkdir(parents=True, exist_ok=True)
    wanted = needed(rows, widths) + (4 * rows * max(widths.values()) if copied else 0)
    free = shutil.disk_usage(folder).free + sum(path.stat().st_blocks * 512 for path in folder.glob("*.npy"))
    if wanted > free:
        raise _no_room(folder, rows, wanted, free)
    print(
        f"zoo: the features of {rows:,} pictures take {_size(wanted)} of disk in {folder}"
        + (f", {done:,} pictures are done" if done else "")
        + "; other tables use them again, and the folder may be removed after the last",
        file=sys.stderr,
    )


def in_files(
    folder: Path, database: "Batches", rows: int, widths: Mapping[str, int], extract: Extract
) -> tuple[Mapping[str, np.ndarray], np.ndarray]:
    """As ``in_memory``, as memory maps of files: one per layer, the classes, and how many rows are finished.

    Raises:
        ValueError: Where the files have no room, or the training set has another number of pictures.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder):
        done = _finished(folder, rows, widths)
        if done is None:
            _make(folder, rows, widths)
            done = 0
        if done < rows:
            features = {name: np.load(folder / f"{name}.npy", mmap_mode="r+") for name in widths}
            labels = np.load(folder / "labels.npy", mmap_mode="r+")
            for count in _fill(features, labels, done, database, extract):
                for array in (*features.values(), labels):
                    array.flush()
                _write_progress(folder, count)
    found = {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in widths}
    return found, np.load(folder / "labels.npy")


def kept(folder: Path, name: str, make: Callable[[], np.ndarray]) -> np.ndarray:
    """Return the array of ``folder/<name>.npy``, made and written first if it is not there."""
    path = folder / f"{name}.npy"
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        with atomic(path) as partial:
            np.save(partial, make())
    return np.load(path)


def _fill(
    features: Mapping[str, np.ndarray], labels: np.ndarray, done: int, database: "Batches", extract: Extract
) -> Iterator[int]:
    """Write the rows behind ``done``; yields how many are there every ``ROWS`` and at the end."""
    reported = done
    for images, classes in database(done) if done < len(labels) else ():
        if done + len(images) > len(labels):
            raise ValueError(f"The training set must have {len(labels)} pictures. Received: more")
        for name, part in extract(images).items():
            features[name][done : done + len(images)] = part
        labels[done : done + len(images)] = classes
        done += len(images)
        if done - reported >= ROWS or done == len(labels):
            reported = done
            yield done
    if done != len(labels):
        raise ValueError(f"The training set must have {len(labels)} pictures. Received: {done}")


def _make(folder: Path, rows: int, widths: Mapping[str, int]) -> None:
    (folder / "progress.json").unlink(missing_ok=True)
    for name, width in widths.items():
        np.lib.format.open_memmap(folder / f"{name}.npy", "w+", np.float32, (rows, width))
    np.lib.format.open_memmap(folder / "labels.npy", "w+", np.int32, (rows,))
    if hasattr(os, "posix_fallocate"):
        try:
            for path in folder.glob("*.npy"):
                with path.open("r+b") as file:
                    # On a full disk, writing to a memory-mapped file would kill the process.
                    os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
        except OSError as error:
            raise _no_room(folder, rows, needed(rows, widths), shutil.disk_usage(folder).free) from error
    _write_progress(folder, 0)


def _no_room(folder: Path, rows: int, wanted: int, free: int) -> ValueError:
    return ValueError(
        f"The features of {rows:,} pictures need {_size(wanted)} of disk in {folder}; {store.VARIABLE} names another "
        f"place. Received: {_size(free)} free"
    )


def _finished(folder: Path, rows: int, widths: Mapping[str, int]) -> int | None:
    """Return the number of finished rows; None without files of this training set."""
    try:
        done = int(json.loads((folder / "progress.json").read_text())["rows"])
        shapes = {name: np.load(folder / f"{name}.npy", mmap_mode="r").shape for name in (*widths, "labels")}
    except (OSError, ValueError, KeyError, TypeError):
        return None
    same = shapes == {name: (rows, width) for name, width in widths.items()} | {"labels": (rows,)}
    return done if same and 0 <= done <= rows else None


def _write_progress(folder: Path, rows: int) -> None:
    with atomic(folder / "progress.json") as partial:
        partial.write_text(json.dumps({"rows": rows}))


def _size(count: float) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e8 else f"{count / 1e6:.1f} MB"


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Wait until no other process fills the folder. A killed process holds no lock."""
    try:
        import fcntl
    except ImportError:  # Windows has no such lock
        yield
        return
    with (folder / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"zoo: waiting for another process that is writing {folder}", file=sys.stderr)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
