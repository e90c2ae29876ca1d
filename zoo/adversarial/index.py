"""Nearest-neighbour search with FAISS: exact by default, any of its indexes by factory string."""

import re
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import faiss
import numpy as np

from zoo.adversarial.spool import blocks

RECALL_WARNING = 0.95
APPROXIMATE = ("IVF1024,Flat", "nprobe=64")
"""An index for a million rows of 256 PCA components, and its search parameters. Whitened rows need exact search: see
``benchmarks/knn_approximate.py``."""
_TRAINING_ROWS = 100_000
"""Rows that an index with clusters or codes is trained on; FAISS samples fewer where it needs fewer."""


class InPlace:
    """Exact search in rows that stay where they are, in an array or a memory-mapped file, and are read block by block.

    Has of a FAISS index what the detectors use. Memory holds a block of rows, however many there are.

    Args:
        rows: float32 (n, d).
        processing: Applied to each block as it is read, as to the queries by whoever searches; None for nothing.
        block: Rows of a block; None for about 64 MiB.
    """

    def __init__(
        self, rows: np.ndarray, processing: Callable[[np.ndarray], np.ndarray] | None = None, block: int | None = None
    ) -> None:
        self.rows, self.processing, self.block = rows, processing, block
        self.ntotal = len(rows)

    def search(self, queries: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Return squared distances, float32, and row numbers of each query's ``k`` nearest, (n, k), nearest first."""
        squared = np.full((len(queries), k), np.inf, np.float32)
        found = np.full((len(queries), k), -1, np.int64)
        first = 0
        for part in blocks(self.rows, self.block):
            near, which = faiss.knn(queries, self._processed(part), min(k, len(part)))
            squared = np.concatenate([squared, near], 1)
            found = np.concatenate([found, which + first], 1)
            order = np.argsort(squared, 1, kind="stable")[:, :k]
            squared, found = np.take_along_axis(squared, order, 1), np.take_along_axis(found, order, 1)
            first += len(part)
        return squared, found

    def vectors(self, ids: np.ndarray) -> np.ndarray:
        """Return the processed rows by number, float32 (n, d)."""
        return self._processed(self.rows[ids])

    def _processed(self, rows: np.ndarray) -> np.ndarray:
        rows = np.asarray(rows, np.float32)
        return np.ascontiguousarray(rows if self.processing is None else self.processing(rows), np.float32)


def build(rows: np.ndarray, factory: str = "Flat", block: int = 65_536) -> faiss.Index:
    """Return an index of ``rows``, float32 (n, d), a memory map perhaps: squared Euclidean distance.

    ``factory`` is a FAISS factory string: ``"Flat"`` is exact, ``"IVF1024,Flat"``, ``"HNSW32"``, ``"IVF1024,SQ8"`` and
    so on are approximate.

    Raises:
        ValueError: For a string that FAISS does not know or that needs more rows.
    """
    try:
        index = faiss.index_factory(rows.shape[1], factory)
        if not index.is_trained:
            chosen = np.linspace(0, len(rows) - 1, min(len(rows), _TRAINING_ROWS)).astype(np.int64)
            index.train(np.ascontiguousarray(rows[chosen], np.float32))
    except RuntimeError as error:
        reason = " ".join(str(error).split())[-200:]
        if needed := re.search(r"should be at least as large as number of clusters \((\d+)\)", reason):
            raise ValueError(
                f"index must be one that {len(rows)} rows can train, such as 'Flat'; {factory!r} needs at least "
                f"{needed[1]}. Received: {len(rows)} rows"
            ) from error
        raise ValueError(
            f"index must be a FAISS factory string for {len(rows)} rows, as in 'Flat' or 'IVF256,Flat'. "
            f"Received: {factory!r} ({reason})"
        ) from error
    for first in range(0, len(rows), block):
        index.add(np.ascontiguousarray(rows[first : first + block], np.float32))
    return index


def set_search(index: faiss.Index, parameters: str) -> None:
    """Set search parameters, as in ``"nprobe=64"`` or ``"efSearch=256"``; an empty string changes nothing.

    Raises:
        ValueError: For a parameter that the index does not have.
    """
    if not parameters:
        return
    try:
        faiss.ParameterSpace().set_index_parameters(index, parameters)  # type: ignore[arg-type]  # stub without @overload
    except RuntimeError as error:
        raise ValueError(
            f"search must be parameters of the index, as in 'nprobe=64'. Received: {parameters!r}"
        ) from error


def measured_recall(index: faiss.Index, rows: np.ndarray, k: int, queries: int = 64) -> float:
    """Share, 0..1, of the true ``k`` nearest that ``index`` finds; queries are spread through ``rows``, (n, d).

    Below ``RECALL_WARNING`` a warning says so: with many neighbours, as the paper's 1,000, an index that looks into few
    clusters returns fewer or farther ones, and every score is biased.
    """
    chosen = np.unique(np.linspace(0, len(rows) - 1, queries).astype(np.int64))
    wanted = np.ascontiguousarray(rows[chosen], np.float32)
    exact, found = InPlace(rows).search(wanted, k)[1], index.search(wanted, k)[1]
    recall = float(np.mean([np.isin(e, f).mean() for e, f in zip(exact, found, strict=True)]))
    if recall < RECALL_WARNING:
        warnings.warn(
            f"The index finds {recall:.1%} of the {k} nearest neighbours: scores are biased. Search more of it "
            "(search='nprobe=...' or 'efSearch=...'), or take index='Flat'.",
            stacklevel=2,
        )
    return recall


def read(path: Path) -> faiss.Index:
    """Read an index memory-mapped: pages are loaded when they are searched.

    Raises:
        ValueError: When it cannot be read.
    """
    try:
        return faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)
    except RuntimeError as error:
        raise ValueError(f"Not a FAISS index. Received: {path}") from error


def nearest_of(index: Any, query: np.ndarray, ids: Iterable[int], k: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the squared distances and row numbers, (k,), of the nearest rows of ``query``, (d,), among ``ids``.

    Compares with each of these rows, as the index has it, so that none is missed by an approximate index either.
    """
    rows = np.asarray(ids, np.int64)
    squared, found = faiss.knn(query[None], vectors(index, rows), k)
    return squared[0], rows[found[0]]


def vectors(index: Any, ids: Iterable[int]) -> np.ndarray:
    """Return the rows by number, float32 (n, d), as the index has them: some indexes keep them in short codes."""
    rows = np.asarray(ids, np.int64)
    if isinstance(index, InPlace):
        return index.vectors(rows)
    inner = faiss.downcast_index(index)
    while isinstance(inner, faiss.IndexPreTransform):
        inner = faiss.downcast_index(inner.index)
    if isinstance(inner, faiss.IndexIVF) and inner.direct_map.no():
        inner.make_direct_map()
    return index.reconstruct_batch(rows)
