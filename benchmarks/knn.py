"""Exact and approximate neighbour search as the detector uses it: 256 dimensions, k = 1,000.

Command: python benchmarks/knn.py [--rows 100000 1281167] [--queries 64]
Prints queries a second, seconds to build, peak memory and recall, and writes benchmarks/knn.csv.

Every way runs in a process of its own (memory is that process's peak) on the same rows and queries, on two threads:
FAISS exact, FAISS with 1,024 clusters of which 64 are searched, scikit-learn's brute force, and a plain NumPy matrix
product block by block. Rows are drawn around 1,000 centres, like features of as many classes. The NumPy product reads
them from disk as it goes; the others hold them, so 1,281,167 rows take them 1.31 GB at least.
"""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

DIMENSIONS, K, THREADS, CLUSTERS, PROBES = 256, 1000, 2, 1024, 64
WAYS = ("FAISS exact", "FAISS IVF", "scikit-learn brute", "NumPy product")
BLOCK = 65_536
Search = Callable[[np.ndarray], np.ndarray]


def main() -> None:
    """Measure every way in a child process, or one way where the parent asks for it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_281_167])
    parser.add_argument("--queries", type=int, default=64)
    parser.add_argument("--child", nargs=2, metavar=("WAY", "FOLDER"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child is not None:
        print(json.dumps(_measure(options.child[0], Path(options.child[1]))))
        return
    import faiss
    import pandas as pd
    import sklearn

    from zoo.images import atomic

    found = []
    for count in options.rows:
        with tempfile.TemporaryDirectory() as folder:
            _write(Path(folder), count, options.queries)
            answers: list[np.ndarray] = []
            for way in WAYS:
                command = [sys.executable, __file__, "--child", way, folder]
                environment = os.environ | {"OMP_NUM_THREADS": str(THREADS), "OPENBLAS_NUM_THREADS": str(THREADS)}
                done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
                entry = {"rows": count, "way": way} | json.loads(done.stdout.splitlines()[-1])
                # Every way left its answer beside the rows; the first one's is exact.
                answers.append(np.load(Path(folder) / "found.npy"))
                shares = [np.isin(e, n).mean() for e, n in zip(answers[0], answers[-1], strict=True)]
                entry["recall"] = round(float(np.mean(shares)), 4)
                found.append(entry)
                print(entry, flush=True)
    frame = pd.DataFrame(found)
    frame["k"], frame["dimensions"], frame["queries"], frame["threads"] = K, DIMENSIONS, options.queries, THREADS
    frame["machine"] = f"{platform.machine()}, {os.cpu_count()} cores"
    frame["versions"] = f"faiss {faiss.__version__}, scikit-learn {sklearn.__version__}, NumPy {np.__version__}"
    with atomic(Path(__file__).with_suffix(".csv")) as partial:
        frame.to_csv(partial, index=False)


def _write(folder: Path, count: int, queries: int) -> None:
    """Rows and queries around the same centres, written block by block."""
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((1000, DIMENSIONS), np.float32)
    rows = np.lib.format.open_memmap(folder / "rows.npy", "w+", np.float32, (count, DIMENSIONS))
    for first in range(0, count, BLOCK):
        part = rows[first : first + BLOCK]
        part[:] = centres[rng.integers(1000, size=len(part))] + rng.standard_normal(part.shape, np.float32)
    rows.flush()
    noise = rng.standard_normal((queries, DIMENSIONS), np.float32)
    np.save(folder / "queries.npy", centres[rng.integers(1000, size=queries)] + noise)


def _measure(way: str, folder: Path) -> dict[str, float]:
    rows, queries = np.load(folder / "rows.npy", mmap_mode="r"), np.load(folder / "queries.npy")
    builders = dict(zip(WAYS, (_faiss_exact, _faiss_ivf, _scikit_learn, _product), strict=True))
    began = time.perf_counter()
    search = builders[way](rows)
    built = time.perf_counter() - began
    search(queries[:2])
    began = time.perf_counter()
    found = search(queries)
    took = time.perf_counter() - began
    np.save(folder / "found.npy", found)
    # ru_maxrss counts pages of the memory-mapped rows, too, as long as they are resident.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return {
        "queries_a_second": round(len(queries) / took, 2),
        "build_seconds": round(built, 1),
        "peak_gib": round(peak, 2),
    }


def _faiss_exact(rows: np.ndarray) -> Search:
    from zoo.adversarial import index

    built = index.build(rows, "Flat")
    return lambda queries: built.search(queries, K)[1]


def _faiss_ivf(rows: np.ndarray) -> Search:
    from zoo.adversarial import index

    built = index.build(rows, f"IVF{CLUSTERS},Flat")
    index.set_search(built, f"nprobe={PROBES}")
    return lambda queries: built.search(queries, K)[1]


def _scikit_learn(rows: np.ndarray) -> Search:
    from sklearn.neighbors import NearestNeighbors

    built = NearestNeighbors(n_neighbors=K, algorithm="brute").fit(np.array(rows))
    return lambda queries: built.kneighbors(queries, return_distance=False)


def _product(rows: np.ndarray) -> Search:
    def search(queries: np.ndarray) -> np.ndarray:
        distances = np.empty((len(queries), 0), np.float32)
        found = np.empty((len(queries), 0), np.int64)
        for first in range(0, len(rows), BLOCK):
            part = np.asarray(rows[first : first + BLOCK])
            near = (part * part).sum(1) - 2 * queries @ part.T
            kept = np.argpartition(near, min(K, near.shape[1] - 1), axis=1)[:, :K]
            distances = np.concatenate([distances, np.take_along_axis(near, kept, 1)], 1)
            found = np.concatenate([found, kept + first], 1)
            order = np.argsort(distances, axis=1)[:, :K]
            distances, found = np.take_along_axis(distances, order, 1), np.take_along_axis(found, order, 1)
        return found

    return search


if __name__ == "__main__":
    main()
