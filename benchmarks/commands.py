"""Seconds and peak memory of every command that takes one large picture, and of the networks alone.

Command: python benchmarks/commands.py [--megapixels 12] [--large 48] [--only 'contrast*']
Prints a table and writes benchmarks/commands.csv. Each command runs in a process of its own, so its seconds include the
start of Python and TensorFlow (the row "zoo doctor" shows how much that is). "Times the network" divides the seconds of
a score or a heatmap by those of the family's network on the picture's patches without overlap, in a plain loop over
`predict_on_batch`: the least that a score can cost. Contrast's heatmap is also made for the same picture, repeated to
about `--large` megapixels: its memory should not grow with the number of patches. Nothing is measured twice; expect a
tenth of noise.
"""

import argparse
import fnmatch
import json
import multiprocessing
import os
import platform
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from zoo.datasets import keyed
from zoo.datasets.camera import CAMERAS, Body, shoot, write_dng
from zoo.datasets.embedded import generate_scene
from zoo.images import atomic, read_photograph, write_png

ZOO = (sys.executable, "-m", "zoo.experiments.cli.main")
ALONE = """
import json, sys, time
import numpy as np
from zoo import tiles
from zoo.images import read_photograph
from {module} import {detector}
network, side = {detector}().{network}, {side}
image = read_photograph(sys.argv[1])
corners = tiles.grid(image.shape[0], image.shape[1], side)
batch = lambda first: np.float32(tiles.cut(image, corners[first : first + 64], side)) / 255
starts = range(0, len(corners), 64)
for first in (starts[0], starts[-1]):  # compiled for both shapes before the clock starts
    network.predict_on_batch(batch(first))
began = time.perf_counter()
for first in starts:
    network.predict_on_batch(batch(first))
print(json.dumps(time.perf_counter() - began))
"""


LARGE = "contrast detect --heatmap"


class Network(NamedTuple):
    """Where a family's network is, and the side of its patches in pixels."""

    module: str
    detector: str
    network: str
    side: int


NETWORKS = {
    "contrast": Network("zoo.contrast.detector", "ContrastDetector", "model", 64),
    "imaging": Network("zoo.imaging.joint.detector", "ManipulationDetector", "model", 64),
}


def main() -> None:
    """Measure all commands, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megapixels", type=int, default=12)
    parser.add_argument("--large", type=int, default=48, help="megapixels of the second picture; 0: none")
    parser.add_argument("--only", default="*")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # Linux counts the memory of the process that starts another as the other's: what makes pictures is a third.
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as apart:
            every = apart.submit(commands, folder, options.megapixels).result()
        ways = {k: v for k, v in every.items() if fnmatch.fnmatch(k, options.only)}
        alone = {
            family: json.loads(_run([sys.executable, "-c", ALONE.format(**network._asdict()), folder / "photo.png"])[2])
            for family, network in NETWORKS.items()
            if any(way.startswith(family) for way in ways)
        }
        found = [(way, arguments, alone, options.megapixels) for way, arguments in ways.items()]
        if options.large and LARGE in ways:
            large = folder / "large.png"
            times = round((options.large / options.megapixels) ** 0.5)
            with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as apart:
                apart.submit(_repeat, folder / "photo.png", large, times).result()
            again = [large if one == folder / "photo.png" else one for one in ways[LARGE]]
            found.append((LARGE, again, {}, options.megapixels * times**2))
        rows: list[dict[str, object]] = []
        for way, arguments, networks, megapixels in found:
            rows.append(_row(way, arguments, networks) | {"megapixels": megapixels})
            _write(rows)
    print(pd.DataFrame(rows).to_string(index=False))


def _repeat(photo: Path, large: Path, times: int) -> None:
    write_png(large, np.tile(read_photograph(photo), (times, times, 1)))


def _write(rows: list[dict[str, object]]) -> None:
    """Write what there is: a later command that fails loses nothing."""
    frame = pd.DataFrame(rows)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    frame["machine"] = f"{platform.machine()}, {cores} cores"
    frame["versions"] = f"TensorFlow {version('tensorflow')}, Keras {version('keras')}"
    with atomic(Path(__file__).with_suffix(".csv")) as partial:
        frame.to_csv(partial, index=False)


def commands(folder: Path, megapixels: int) -> dict[str, list[object]]:
    """The commands by name; their pictures, of 4:3, are written into ``folder``."""
    height = int((megapixels * 1e6 * 3 / 4) ** 0.5) // 32 * 32
    width = height * 4 // 3 // 32 * 32
    photo, secret, raw = folder / "photo.png", folder / "secret.png", folder / "photo.dng"
    write_png(photo, generate_scene(keyed.generator(1), height, width))
    write_png(secret, generate_scene(keyed.generator(2), height, width))
    body = Body(CAMERAS["birch"], serial=1)
    write_dng(raw, shoot(body, 0, 0, height, width), body)
    camera, container = folder / "camera.npz", folder / "container.png"
    flat = np.full((height, width, 3), 200, np.int16)
    for number in range(2):
        noise = keyed.generator(3, number).integers(-8, 9, flat.shape)
        write_png(folder / f"flat{number}.png", (flat + noise).astype(np.uint8))
    maps = folder / "maps.png"
    return {
        "doctor": ["doctor"],
        "contrast detect": ["contrast", "detect", photo],
        "contrast detect --heatmap": ["contrast", "detect", photo, "--heatmap", maps, "--force"],
        "hyperimage quality": ["hyperimage", "quality", photo],
        "hyperimage forgery": ["hyperimage", "forgery", photo],
        "hyperimage forgery --heatmap": ["hyperimage", "forgery", photo, "--heatmap", maps, "--force"],
        "imaging detect": ["imaging", "detect", photo],
        "imaging detect --heatmap": ["imaging", "detect", photo, "--heatmap", maps, "--force"],
        "imaging develop": ["imaging", "develop", raw, "-o", folder / "classical.png"],
        "imaging develop --pipeline unet": [
            "imaging", "develop", raw, "-o", folder / "unet.png", "--pipeline", "unet",
        ],
        "imaging prnu fingerprint": [
            "imaging", "prnu", "fingerprint", folder / "flat0.png", folder / "flat1.png", "-o", camera,
        ],
        "imaging prnu match": ["imaging", "prnu", "match", camera, photo],
        "steganography hide": ["steganography", "hide", photo, secret, "-o", container],
        "steganography reveal": ["steganography", "reveal", container, "-o", folder / "revealed.png"],
    }  # fmt: skip


def _row(way: str, arguments: list[object], alone: dict[str, float]) -> dict[str, object]:
    seconds, gibibytes, _ = _run([*ZOO, *arguments])
    network = alone.get(way.split(maxsplit=1)[0]) if "detect" in way else None
    print(f"{way}: {seconds:.1f} s", flush=True)
    return {
        "command": f"zoo {way}",
        "seconds": round(seconds, 1),
        "peak_gib": round(gibibytes, 2),
        "network_seconds": network and round(network, 1),
        "times_the_network": network and round(seconds / network, 2),
    }


def _run(arguments: list[object]) -> tuple[float, float, str]:
    """Seconds, peak memory in GiB and standard output of a process.

    Raises:
        RuntimeError: When it fails.
    """
    began = time.perf_counter()
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen([str(a) for a in arguments], stdout=out, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - began
        for file in (out, errors):
            file.seek(0)
        if status:
            raise RuntimeError(f"{' '.join(str(a) for a in arguments)} must succeed. Received: {errors.read()[-500:]}")
        return seconds, usage.ru_maxrss / 2**20, out.read()


if __name__ == "__main__":
    main()
