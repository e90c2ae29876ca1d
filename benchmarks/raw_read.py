"""Reading a 12-megapixel RAW file: zoo.imaging.developing.raw.read beside rawpy alone, in one run.

Command: python benchmarks/raw_read.py [--file photo.nef] [--rounds 15]
The file is an uncompressed DNG by the synthetic camera (3000 x 4000), the fastest kind for LibRaw and so the hardest to
keep up with; --file takes another. Contestants take turns, and the fastest of all rounds counts, in time on the clock
and of the processor, which another load on the machine bends less. Prints both and writes benchmarks/raw_read.csv.
"""

import argparse
import os
import platform
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import rawpy

from zoo.datasets.camera import CAMERAS, Body, shoot, write_dng
from zoo.images import atomic
from zoo.imaging.developing.raw import read

HEIGHT, WIDTH = 3000, 4000


def main() -> None:
    """Time every way in turns and keep the best of each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--file", type=Path)
    parser.add_argument("--rounds", type=int, default=15)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = arguments.file or _photograph(Path(folder) / "photo.dng")
        frame = measure(path, arguments.rounds)
    print(frame.to_string(index=False))
    if arguments.file is None:
        with atomic(Path(__file__).with_suffix(".csv")) as partial:
            frame.to_csv(partial, index=False)


def measure(path: Path, rounds: int) -> pd.DataFrame:
    """One row a way, with its ratio to rawpy's raw_image_visible."""

    def view() -> tuple[int, ...]:
        with rawpy.imread(str(path)) as raw:
            return raw.raw_image_visible.shape

    def copy() -> np.ndarray:  # what one can keep once the file is closed
        with rawpy.imread(str(path)) as raw:
            return raw.raw_image_visible.copy()

    ways: dict[str, Callable[[], object]] = {
        "rawpy, raw_image_visible": view,
        "rawpy, raw_image_visible copied": copy,
        "zoo.imaging.developing.raw.read": lambda: read(path),
        "zoo.imaging.developing.raw.read, and planes": lambda: read(path).planes,
    }
    wall, processor = dict.fromkeys(ways, np.inf), dict.fromkeys(ways, np.inf)
    for _ in range(rounds):
        for name, run in ways.items():
            began, began_processor = time.perf_counter(), time.process_time()
            run()
            processor[name] = min(processor[name], time.process_time() - began_processor)
            wall[name] = min(wall[name], time.perf_counter() - began)
    first = next(iter(ways))
    frame = pd.DataFrame({"way": ways.keys()})
    frame["milliseconds"] = [round(1000 * wall[name], 1) for name in ways]
    frame["ratio"] = [round(wall[name] / wall[first], 2) for name in ways]
    frame["processor_milliseconds"] = [round(1000 * processor[name], 1) for name in ways]
    frame["processor_ratio"] = [round(processor[name] / processor[first], 2) for name in ways]
    frame["megapixels"] = round(np.prod(read(path).shape) / 1e6, 1)
    frame["machine"] = f"{platform.machine()}, {os.cpu_count()} cores"
    frame["versions"] = f"rawpy {rawpy.__version__}, NumPy {np.__version__}, OpenCV {cv2.__version__}"
    return frame


def _photograph(path: Path) -> Path:
    """One photograph, side by side with itself until the size is reached."""
    body = Body(CAMERAS["cedar"], 0)
    part = shoot(body, 0, 0, 750, 1000)
    write_dng(path, np.tile(part, (HEIGHT // 750, WIDTH // 1000)), body)
    return path


if __name__ == "__main__":
    main()
