"""On-the-fly JPEG of 64x64 patches: tf.data against the same loop over Pillow, in one run on the same two threads.

Command: python benchmarks/jpeg_pipeline.py [--patches 20000]
Prints patches a second and ratios, and writes benchmarks/jpeg_pipeline.csv.
"""

import argparse
import os
import platform
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import pandas as pd
import PIL
import tensorflow as tf

from zoo import tiles
from zoo.datasets.embedded import photograph
from zoo.datasets.jpeg import compress, compress_tensor, random_quality
from zoo.images import atomic

THREADS = 2


def main() -> None:
    """Time every way three times, in turns, and keep the best of each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patches", type=int, default=20_000)
    count = parser.parse_args().patches
    image = photograph("astronaut")
    patches = tiles.cut(image, tiles.grid(*image.shape[:2], 64), 64)
    patches = patches[np.arange(count) % len(patches)]
    ways: dict[str, Callable[[], int]] = {
        "tf.data 4:2:0": lambda: _tf_data(patches, "4:2:0"),
        "tf.data 4:4:4": lambda: _tf_data(patches, "4:4:4"),
        "Pillow loop 4:2:0": lambda: _pillow(patches, "4:2:0"),
        "Pillow loop 4:4:4": lambda: _pillow(patches, "4:4:4"),
    }
    best = dict.fromkeys(ways, 0.0)
    for _ in range(3):
        for name, run in ways.items():
            began = time.perf_counter()
            done = run()
            best[name] = max(best[name], done / (time.perf_counter() - began))
    frame = pd.DataFrame({"way": best.keys(), "patches_a_second": [round(v) for v in best.values()]})
    frame["ratio_to_pillow"] = [round(v / best["Pillow loop " + name[-5:]], 2) for name, v in best.items()]
    frame["threads"], frame["machine"] = THREADS, f"{platform.machine()}, {os.cpu_count()} cores"
    frame["versions"] = f"TensorFlow {tf.__version__}, Pillow {PIL.__version__}"
    print(frame.to_string(index=False))
    with atomic(Path(__file__).with_suffix(".csv")) as partial:
        frame.to_csv(partial, index=False)


def _tf_data(patches: np.ndarray, subsampling: str) -> int:
    dataset = tf.data.Dataset.from_tensor_slices(patches).enumerate().batch(256)
    dataset = dataset.map(
        lambda i, batch: compress_tensor(batch, random_quality(0, i), subsampling), num_parallel_calls=THREADS
    )
    options = tf.data.Options()
    options.threading.private_threadpool_size = THREADS
    return sum(len(batch) for batch in dataset.with_options(options).as_numpy_iterator())


def _pillow(patches: np.ndarray, subsampling: str) -> int:
    rng = np.random.default_rng(0)
    qualities = rng.choice([0, *range(90, 101)], len(patches))

    def one(i: int) -> np.ndarray:
        return compress(patches[i], int(qualities[i]), subsampling)

    with ThreadPoolExecutor(THREADS) as pool:
        return sum(1 for _ in pool.map(one, range(len(patches)), chunksize=256))


if __name__ == "__main__":
    main()
