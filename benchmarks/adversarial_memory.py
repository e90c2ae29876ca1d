"""Peak memory of the adversarial tables' detectors on features of ImageNet's size, which stay in files.

Command: python benchmarks/adversarial_memory.py [--rows 100000] [--width 4096] [--steps STEP ...]
Prints, for every step, its seconds of the processor and its peak memory, and writes benchmarks/adversarial_memory.csv.

Features are drawn at random: rectified, 1,000 classes, by default as wide as OverFeat's fc7. They are written as
`zoo reproduce` writes those of a training set, each detector is fitted to them and scores 64 others, and the files are
removed. "peak" is all resident memory, with pages of the files that the system may take back at any time; "anonymous"
is without these, sampled every 20 ms. TensorFlow itself takes part of both.
"""

import argparse
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

import keras
import numpy as np
import pandas as pd

from zoo.adversarial import KNNDetector
from zoo.adversarial.baselines import CentroidDistance
from zoo.adversarial.deep_knn import DkNN
from zoo.adversarial.index import APPROXIMATE
from zoo.adversarial.lid import LID
from zoo.adversarial.mahalanobis import Mahalanobis
from zoo.experiments.adversarial import feature_files
from zoo.images import atomic

CLASSES, K, BATCH, QUERIES, LAYER = 1000, 1000, 1024, 64, "wide"
STEPS = ("write", "kNN", "kNN, l2", "kNN, pca-whiten", "kNN, index", "centroid", "Mahalanobis", "LID", "DkNN")


def main() -> None:
    """Measure the steps one after the other."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--width", type=int, default=4096)
    parser.add_argument("--steps", nargs="+", default=list(STEPS), choices=STEPS)
    parser.add_argument("--folder", type=Path, help="where there is room (default: the system's temporary folder)")
    parser.add_argument("--append", action="store_true", help="keep what the CSV has")
    options = parser.parse_args()
    rows, width = options.rows, options.width
    folder = Path(tempfile.mkdtemp(dir=options.folder))
    found = []
    try:
        feature_files.announce(folder, rows, {LAYER: width})
        # The files are there for every step; "write" says whether that is measured.
        stored, entry = _measured(
            partial(feature_files.in_files, folder, _numbers(rows), rows, {LAYER: width}, _drawn(width))
        )
        entries = {"write": entry}
        features, labels = stored
        queries = {LAYER: _drawn(width)(np.arange(rows, rows + QUERIES)[:, None])[LAYER]}
        for step in options.steps:
            if step != "write":
                scores, entries[step] = _measured(partial(_scores, step, features, labels, queries, folder))
                assert np.isfinite(scores).all()
            found.append({"rows": rows, "width": width, "step": step} | entries[step])
            print(found[-1], flush=True)
    finally:
        shutil.rmtree(folder)
    frame, path = pd.DataFrame(found), Path(__file__).with_suffix(".csv")
    frame["file_gb"] = round(feature_files.needed(rows, {LAYER: width}) / 1e9, 2)
    if options.append and path.is_file():
        frame = pd.concat([pd.read_csv(path), frame])
    with atomic(path) as partial_path:
        frame.to_csv(partial_path, index=False)


def _numbers(rows: int) -> Callable[[int], Iterator[tuple[np.ndarray, np.ndarray]]]:
    """Instead of pictures, their numbers."""

    def database(start: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for first in range(start, rows, BATCH):
            numbers = np.arange(first, min(first + BATCH, rows))
            yield numbers[:, None], (numbers % CLASSES).astype(np.int32)

    return database


def _drawn(width: int) -> Callable[[np.ndarray], Mapping[str, np.ndarray]]:
    centres = np.random.default_rng(0).standard_normal((CLASSES, width), np.float32)

    def extract(numbers: np.ndarray) -> Mapping[str, np.ndarray]:
        rng = np.random.default_rng(int(numbers[0, 0]) + 1)
        noise = rng.standard_normal((len(numbers), width), np.float32)
        return {LAYER: np.maximum(centres[numbers[:, 0] % CLASSES] + noise, 0)}

    return extract


def _scores(
    step: str, features: Mapping[str, np.ndarray], labels: np.ndarray, queries: dict[str, np.ndarray], folder: Path
) -> np.ndarray:
    width = features[LAYER].shape[1]
    inputs = keras.Input((1,))
    output = keras.layers.Dense(CLASSES, activation="softmax")(keras.layers.Dense(width, name=LAYER)(inputs))
    model, predicted = keras.Model(inputs, output), np.arange(QUERIES) % CLASSES
    if step.startswith("kNN"):
        processing = {"kNN": "none", "kNN, index": "pca"}.get(step) or step.partition(", ")[2]
        factory, search = APPROXIMATE if step == "kNN, index" else ("Flat", "")
        detector = KNNDetector(model, LAYER, K, processing=processing, index=factory, search=search)
        detector.fit_features(features[LAYER], labels, folder, copy=factory != "Flat")
        return detector.score_features(queries[LAYER], predicted)
    other = {
        "centroid": partial(CentroidDistance, model, LAYER),
        "Mahalanobis": partial(Mahalanobis, model, LAYER, shrunk=True),
        "LID": partial(LID, model, LAYER),
        "DkNN": partial(DkNN, model, [LAYER]),
    }[step]()
    if isinstance(other, DkNN):
        return other.fit_features(dict(features), labels, queries, predicted).score_features(queries, predicted)
    return other.fit_features(dict(features), labels).score_features(queries, predicted)


def _measured(work: Callable) -> tuple:
    """What the work returns, and its time and memory."""
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
    ended, anonymous = threading.Event(), [0.0]

    def sample() -> None:
        while not ended.wait(0.02):
            anonymous[0] = max(anonymous[0], _status("RssAnon"))

    watcher = threading.Thread(target=sample)
    watcher.start()
    began = time.process_time()
    try:
        result = work()
    finally:
        ended.set()
        watcher.join()
    seconds = time.process_time() - began
    peak = {"peak_gib": round(_status("VmHWM"), 2), "anonymous_gib": round(anonymous[0], 2)}
    return result, {"seconds": round(seconds, 1)} | peak


def _status(name: str) -> float:
    """An entry of the process's status, in GiB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) / 2**20
    raise OSError(f"/proc/self/status must say {name}: Linux 4.5 or newer is needed. Received: none")


if __name__ == "__main__":
    main()
