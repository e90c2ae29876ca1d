"""How fast approximate indexes search at ImageNet's size, and whether the detector's scores stay the same.

Command: python benchmarks/knn_approximate.py [--rows 1281167] [--queries 200] [--index "FACTORY SEARCH" ...]
Prints, for every index, queries a second, how many times as fast as exact search that is, and how well its scores
agree with the exact ones; writes benchmarks/knn_approximate.csv.

256 numbers a row, k = 1,000, 1,000 classes, one thread. Rows are drawn like features behind PCA: the variance of a
component falls as 1 / i, and the classes' centres hold a part of it that falls too ("pca"), or each component is
divided by its deviation ("pca-whiten"). Every other query asks for the class that most of its neighbours of other
classes have, as an attacked picture might. The agreement is the rank correlation of the queries' DW-kNN scores with the
exact ones, since decisions at a threshold depend on the scores' order. "within" is the share of queries whose score,
0..1, differs by at most .01. Times are of the processor. Memory is the index's alone.
"""

import argparse
import os
import platform
import tempfile
import time
from pathlib import Path

import faiss
import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from zoo.adversarial import index as neighbours_index
from zoo.adversarial.index import APPROXIMATE
from zoo.adversarial.scoring import knn_score
from zoo.adversarial.spool import blocks
from zoo.images import atomic

DIMENSIONS, K, CLASSES, TOLERANCE = 256, 1000, 1000, 0.01
PROCESSINGS = ("pca", "pca-whiten")


def main() -> None:
    """Measure every index on rows of both kinds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_281_167)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--index", nargs="+", default=[" ".join(APPROXIMATE)], metavar="'FACTORY SEARCH'")
    parser.add_argument("--processing", nargs="+", default=list(PROCESSINGS), choices=PROCESSINGS)
    parser.add_argument("--append", action="store_true", help="keep what the CSV has")
    options = parser.parse_args()
    faiss.omp_set_num_threads(1)
    found = []
    for processing in options.processing:
        with tempfile.TemporaryDirectory() as folder:
            rows, labels, queries, own = _features(Path(folder), options.rows, options.queries, processing)
            exact = neighbours_index.build(rows)
            squared, near, seconds = _searched(exact, queries)
            del exact
            classes = np.where(np.arange(len(own)) % 2, _others(own, labels[near]), own)
            scores = knn_score(squared, labels[near], classes)
            spread = np.quantile(scores, (0, 0.25, 0.5, 0.75, 1)).round(3)
            print(f"{processing}: exact {len(queries) / seconds:.1f} queries a second, scores {spread}", flush=True)
            for spelled in options.index:
                factory, _, search = spelled.partition(" ")
                began = time.perf_counter()
                index = neighbours_index.build(rows, factory)
                built = time.perf_counter() - began
                for parameters in search.split("|"):
                    neighbours_index.set_search(index, parameters)
                    near_squared, which, took = _searched(index, queries)
                    known = np.where(which >= 0, labels[which], -1)
                    others = knn_score(np.maximum(near_squared, 0), known, classes)
                    recall = np.mean([np.isin(e, f).mean() for e, f in zip(near, which, strict=True)])
                    found.append(
                        {
                            "processing": processing,
                            "rows": options.rows,
                            "index": factory,
                            "search": parameters,
                            "exact_queries_a_second": round(len(queries) / seconds, 1),
                            "queries_a_second": round(len(queries) / took, 1),
                            "times_as_fast": round(seconds / took, 1),
                            "agreement": round(float(spearmanr(others, scores)[0]), 4),
                            "within": round(float((np.abs(others - scores) <= TOLERANCE).mean()), 4),
                            "largest_difference": round(float(np.abs(others - scores).max()), 4),
                            "recall": round(float(recall), 4),
                            "build_seconds": round(built, 1),
                            "gigabytes": round(_bytes(index) / 1e9, 2),
                        }
                    )
                    print(found[-1], flush=True)
    frame = pd.DataFrame(found)
    frame["k"], frame["dimensions"], frame["queries"], frame["threads"] = K, DIMENSIONS, options.queries, 1
    frame["machine"], frame["faiss"] = f"{platform.machine()}, {os.cpu_count()} cores", faiss.__version__
    path = Path(__file__).with_suffix(".csv")
    if options.append and path.is_file():
        frame = pd.concat([pd.read_csv(path), frame])
    with atomic(path) as partial:
        frame.to_csv(partial, index=False)


def _features(folder: Path, count: int, queries: int, processing: str) -> tuple[np.ndarray, ...]:
    """Rows in a file, their classes, queries, and theirs."""
    rng = np.random.default_rng(0)
    component = np.arange(DIMENSIONS)
    deviation = (1 + component) ** -0.5 if processing == "pca" else np.ones(DIMENSIONS)
    between = np.sqrt(0.8 / (1 + component / 32)).astype(np.float32)  # of the classes' centres
    within = np.sqrt(1 - between**2)
    centres = between * rng.standard_normal((CLASSES, DIMENSIONS), np.float32)

    def drawn(classes: np.ndarray) -> np.ndarray:
        noise = within * rng.standard_normal((len(classes), DIMENSIONS), np.float32)
        return ((centres[classes] + noise) * deviation).astype(np.float32)

    labels = rng.integers(CLASSES, size=count).astype(np.int32)
    rows = np.lib.format.open_memmap(folder / "rows.npy", "w+", np.float32, (count, DIMENSIONS))
    first = 0
    for block in blocks(rows):
        block[:] = drawn(labels[first : first + len(block)])
        first += len(block)
    own = rng.integers(CLASSES, size=queries)
    return rows, labels, drawn(own), own


def _others(own: np.ndarray, near: np.ndarray) -> np.ndarray:
    """The most frequent class except the own one among the neighbours' classes, (n, k)."""
    counts = np.stack([np.bincount(classes, minlength=CLASSES) for classes in near])
    counts[np.arange(len(own)), own] = 0
    return counts.argmax(1)


def _searched(index: faiss.Index, queries: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    index.search(queries[:4], K)
    began = time.process_time()  # other programs on the machine do not count
    squared, found = index.search(queries, K)
    return squared, found, time.process_time() - began


def _bytes(index: faiss.Index) -> int:
    writer = faiss.VectorIOWriter()
    faiss.write_index(index, writer)
    return writer.data.size()


if __name__ == "__main__":
    main()
