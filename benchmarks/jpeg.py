"""Speed, memory and agreement of zoo.layers.DifferentiableJPEG next to kornia, Diff-JPEG and Pillow, all in one run.

    pip install -e ".[benchmark]"
    pip install "git+https://github.com/necla-ml/Diff-JPEG"    # optional: without it, it is left out
    python benchmarks/jpeg.py

Every measurement is a process of its own with two threads: 4:2:0 at quality 75, float images for the differentiable
codecs, bytes for Pillow (save and open, one thread). "forward + backward" is the gradient of the mean square of the
decoded image with respect to the image. Rounds alternate between the contestants, and the fastest median of a
contestant counts, so that another load on the machine bends the ratios less. Peak memory is what the process holds at
most while it measures, over what it held before its first call. "first_seconds" is the first call, compilation
included; "psnr_db" and "identical_pixels" compare what a contestant decodes with what Pillow decodes. Writes
``jpeg.csv`` and ``jpeg.png`` to ``benchmarks/`` and the table in ``zoo/layers/README.md``.
"""

import argparse
import importlib.util
import io
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

QUALITY = 75
THREADS = 2
SIZES = {
    "16 x 128 x 128": (16, 128, 128),
    "1 x 128 x 4000": (1, 128, 4000),  # a strip of the next: its planes stay in a processor's cache
    "1 x 3008 x 4000": (1, 3008, 4000),  # Diff-JPEG takes multiples of 16
}
PASSES = ("forward", "forward + backward")
CONTESTANTS = {
    "Pillow": ("pillow", ""),
    "kornia": ("kornia", ""),
    "kornia, compiled": ("kornia compiled", ""),
    "Diff-JPEG": ("diff-jpeg", ""),
    "zoo libjpeg, TensorFlow XLA": ("tensorflow", "libjpeg"),
    "zoo cubic, TensorFlow XLA": ("tensorflow", "cubic"),
    "zoo sinusoidal, TensorFlow XLA": ("tensorflow", "sinusoidal"),
    "zoo libjpeg, TensorFlow graph": ("graph", "libjpeg"),
    "zoo cubic, TensorFlow graph": ("graph", "cubic"),
    "zoo libjpeg, TensorFlow eager": ("eager", "libjpeg"),
    "zoo cubic, TensorFlow eager": ("eager", "cubic"),
    "zoo libjpeg, JAX": ("jax", "libjpeg"),
    "zoo cubic, JAX": ("jax", "cubic"),
    "zoo libjpeg, JAX eager": ("jax eager", "libjpeg"),
    "zoo libjpeg, PyTorch eager": ("torch", "libjpeg"),
    "zoo cubic, PyTorch eager": ("torch", "cubic"),
}
README = Path(__file__).parents[1] / "zoo" / "layers" / "README.md"
START, END = "<!-- speed: begin, written by benchmarks/jpeg.py -->", "<!-- speed: end -->"
PACKAGES = ("tensorflow", "keras", "numpy", "pillow", "torch", "kornia", "jax")


def photographs(batch: int, height: int, width: int) -> np.ndarray:
    """Return uint8 (batch, height, width, 3) of natural detail: the embedded photographs, mirrored side by side."""
    from zoo.datasets.embedded import photograph

    tiles = []
    for index in range(batch):
        image = photograph(("astronaut", "chelsea", "coffee")[index % 3])
        rows, columns = image.shape[:2]
        pad = ((0, max(0, height - rows)), (0, max(0, width - columns)), (0, 0))
        tiles.append(np.pad(image, pad, mode="symmetric")[:height, :width])
    return np.stack(tiles)


def pillow_run(images: np.ndarray) -> Callable[[], np.ndarray]:
    """Return a function that saves and opens every image."""
    from PIL import Image

    def forward() -> np.ndarray:
        found = []
        for image in images:
            buffer = io.BytesIO()
            Image.fromarray(image).save(buffer, "JPEG", quality=QUALITY, subsampling="4:2:0")
            found.append(np.asarray(Image.open(buffer)))
        return np.stack(found)

    return forward


def torch_run(images: np.ndarray, backward: bool, how: str, rounding: str) -> Callable[[], object]:
    """Return a codec on PyTorch: kornia's, eager or compiled, Diff-JPEG, or this package's layer, eager."""
    import torch

    torch.set_num_threads(THREADS)
    values = torch.from_numpy(images / np.float32(255))
    qualities = torch.full((len(values),), float(QUALITY))
    if how != "torch":
        values = values.permute(0, 3, 1, 2).contiguous()
    if how == "diff-jpeg":
        from diff_jpeg import diff_jpeg_coding

        values = values * 255

        def code(x: "torch.Tensor") -> "torch.Tensor":
            return diff_jpeg_coding(x, qualities)

    elif how.startswith("kornia"):
        from kornia.enhance import jpeg_codec_differentiable

        codec = torch.compile(jpeg_codec_differentiable) if how.endswith("compiled") else jpeg_codec_differentiable

        def code(x: "torch.Tensor") -> "torch.Tensor":
            return codec(x, qualities)

    else:
        from zoo.layers import DifferentiableJPEG

        code = DifferentiableJPEG(QUALITY, rounding=rounding)
    values.requires_grad_(backward)

    def run() -> object:
        if not backward:
            with torch.no_grad():
                return code(values)
        values.grad = None
        code(values).square().mean().backward()
        return values.grad

    return run


def tensorflow_run(images: np.ndarray, backward: bool, rounding: str, how: str) -> Callable[[], object]:
    """Return the layer on TensorFlow: compiled by XLA as ``fit`` does it, as a plain graph, or eagerly."""
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(THREADS)
    tf.config.threading.set_inter_op_parallelism_threads(THREADS)
    from zoo.layers import DifferentiableJPEG

    values = tf.constant(images / np.float32(255))
    layer = DifferentiableJPEG(QUALITY, rounding=rounding)

    def gradient(x: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(x)
            loss = tf.reduce_mean(tf.square(layer(x)))
        return tape.gradient(loss, x)

    function = gradient if backward else layer
    if how != "eager":
        function = tf.function(function, jit_compile=how == "tensorflow")
    return lambda: function(values).numpy()


def jax_run(images: np.ndarray, backward: bool, rounding: str, how: str) -> Callable[[], object]:
    """Return the layer on JAX, under jit or eagerly."""
    import jax

    from zoo.layers import DifferentiableJPEG

    values = jax.numpy.asarray(images / np.float32(255))
    layer = DifferentiableJPEG(QUALITY, rounding=rounding)
    function = jax.grad(lambda x: (layer(x) ** 2).mean()) if backward else layer
    function = function if how.endswith("eager") else jax.jit(function)
    return lambda: function(values).block_until_ready()


def resident(key: str) -> float:
    """Return VmRSS or VmHWM of this process in MiB."""
    status = Path("/proc/self/status").read_text()
    return int(status.split(f"{key}:")[1].split()[0]) / 1024


def agreement(how: str, images: np.ndarray, coded: object) -> dict[str, float]:
    """PSNR of what ``how`` decoded to what Pillow decodes, in 8 bits, and the share of equal pixels."""
    levels = np.asarray(coded, np.float32)
    if how.startswith("kornia") or how == "diff-jpeg":
        levels = levels.transpose(0, 2, 3, 1)
    if how not in ("pillow", "diff-jpeg"):
        levels = levels * 255
    levels, exact = np.rint(levels).clip(0, 255), pillow_run(images)().astype(np.float32)
    mean_square = float(np.mean((levels - exact) ** 2))
    return {
        "psnr_db": 10 * np.log10(255**2 / mean_square) if mean_square else np.inf,
        "identical_pixels": float((levels == exact).all(-1).mean()),
    }


def measure(contestant: str, size: str, direction: str, seconds: float) -> dict | None:
    """Measure one case in this process; None where there is nothing to measure."""
    how, rounding = CONTESTANTS[contestant]
    images, backward = photographs(*SIZES[size]), direction == PASSES[1]
    if how == "pillow":
        if backward:
            return None
        run = pillow_run(images)
    elif how in ("torch", "diff-jpeg") or how.startswith("kornia"):
        run = torch_run(images, backward, how, rounding)
    elif how.startswith("jax"):
        run = jax_run(images, backward, rounding, how)
    else:
        run = tensorflow_run(images, backward, rounding, how)
    before, start = resident("VmRSS"), time.perf_counter()
    coded = run()
    first = time.perf_counter() - start
    found = {} if backward else agreement(how, images, coded)
    del coded
    run()
    Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here: compilation is over
    times = []
    while len(times) < 3 or sum(times) < seconds:
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    found |= {"milliseconds": float(np.median(times)) * 1e3, "peak_mib": resident("VmHWM") - before}
    return found | {"first_seconds": first}


def environment(contestant: str) -> dict[str, str]:
    """Two threads for everyone; XLA and JAX take the number of processors they may run on."""
    how = CONTESTANTS[contestant][0]
    backend = next((name for name in ("torch", "jax") if how.startswith(name)), "tensorflow")
    return os.environ | {
        "KERAS_BACKEND": backend,
        "OMP_NUM_THREADS": str(THREADS),
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "JAX_PLATFORMS": "cpu",
        "CUDA_VISIBLE_DEVICES": "",
    }


def two_processors() -> None:
    """Pin a child to two processors, where there are more."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:THREADS])


def run_all(rounds: int, seconds: float, only: str) -> list[dict]:
    """Measure every case in ``rounds`` processes."""
    rows: dict[tuple[str, str, str], dict] = {}
    asked = [c for c in CONTESTANTS if c in ("Pillow", "kornia") or any(part in c for part in only.split("|"))]
    if importlib.util.find_spec("diff_jpeg") is None and "Diff-JPEG" in asked:
        asked.remove("Diff-JPEG")
        print("left out: Diff-JPEG is not installed")
    for _ in range(rounds):
        for size in SIZES:
            for direction in PASSES:
                for contestant in asked:
                    command = [sys.executable, __file__, "--case", contestant, size, direction, str(seconds)]
                    done = subprocess.run(
                        command,
                        env=environment(contestant),
                        stdout=subprocess.PIPE,
                        text=True,
                        check=True,
                        preexec_fn=two_processors,
                    )
                    found = json.loads(done.stdout.splitlines()[-1])
                    if found is None:
                        continue
                    key = (contestant, size, direction)
                    if key not in rows or found["milliseconds"] < rows[key]["milliseconds"]:
                        rows[key] = found
                    print(f"{contestant:32} {size:16} {direction:19} {found['milliseconds']:9.1f} ms", flush=True)
    return [finish(key, found, rows) for key, found in rows.items()]


def finish(key: tuple[str, str, str], found: dict, rows: dict) -> dict:
    """Describe one row of the CSV."""
    contestant, size, direction = key
    kornia = rows["kornia", size, direction]["milliseconds"]
    return {
        "contestant": contestant,
        "size": size,
        "pass": direction,
        "milliseconds": round(found["milliseconds"], 2),
        "megapixels_per_second": round(np.prod(SIZES[size]) / 1e3 / found["milliseconds"], 1),
        "times_kornia": round(kornia / found["milliseconds"], 2),
        "first_seconds": round(found["first_seconds"], 2),
        "peak_mib": round(found["peak_mib"]),
        "psnr_db": round(found["psnr_db"], 1) if "psnr_db" in found else None,
        "identical_pixels": round(found["identical_pixels"], 4) if "identical_pixels" in found else None,
    }


def processor() -> str:
    """Return the processor's name."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def save(rows: list[dict], folder: Path) -> None:
    """Write the CSV and the plot."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    import pandas as pd

    table = pd.DataFrame(rows)
    note = f"{processor()}, {THREADS} threads, Python {platform.python_version()}"
    note += "".join(f", {name} {version(name)}" for name in PACKAGES)
    with (folder / "jpeg.csv").open("w") as file:
        file.write(f"# {note}\n")
        table.to_csv(file, index=False)
    figure, axes = plt.subplots(len(SIZES), len(PASSES), figsize=(13, 13), layout="constrained", sharey=True)
    for row, size in zip(axes, SIZES, strict=True):
        for axis, direction in zip(row, PASSES, strict=True):
            part = table[(table["size"] == size) & (table["pass"] == direction)].set_index("contestant")
            part = part.reindex([c for c in CONTESTANTS if c in set(table["contestant"])][::-1])
            colours = ["tab:blue" if name.startswith("zoo") else "tab:grey" for name in part.index]
            bars = axis.barh(part.index, part["megapixels_per_second"].fillna(0), color=colours)
            axis.bar_label(bars, ["" if np.isnan(v) else f" {v:g}" for v in part["megapixels_per_second"]])
            axis.margins(x=0.15)
            axis.set(title=f"{size}, {direction}", xlabel="megapixels per second")
    figure.suptitle(f"JPEG, 4:2:0, quality {QUALITY}\n{note}", fontsize=9)
    figure.savefig(folder / "jpeg.png", dpi=120)
    write_readme(table, note)


def write_readme(table: "pd.DataFrame", note: str) -> None:
    """Replace the table between the two markers in the layers' README."""
    columns = [(size, direction) for size in SIZES for direction in PASSES]
    lines = [
        f"Measured on {note}.",
        "",
        "| | " + " | ".join(f"{s}, {d}" for s, d in columns) + " |",
        "|--" * (len(columns) + 1) + "|",
    ]
    for contestant, rows in table.groupby("contestant", sort=False):
        rows = rows.set_index(["size", "pass"])
        cells = []
        for key in columns:
            if key not in rows.index:
                cells.append("–")
                continue
            row = rows.loc[key]
            cells.append(f"{row.megapixels_per_second:.1f} MP/s, {row.times_kornia:.1f}x, {row.peak_mib:.0f} MiB")
        lines.append(f"| {contestant} | " + " | ".join(cells) + " |")
    before, _, rest = README.read_text().partition(START)
    after = rest.partition(END)[2]
    README.write_text(before + START + "\n" + "\n".join(lines) + "\n" + END + after)


def main() -> None:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=2, help="processes a case")
    parser.add_argument("--seconds", type=float, default=1.5, help="of measurement a process")
    parser.add_argument("--only", default="", help="contestants whose names hold this (or this|that)")
    parser.add_argument("--folder", type=Path, default=Path(__file__).parent)
    parser.add_argument("--case", nargs=4, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.case:
        contestant, size, direction, seconds = arguments.case
        print(json.dumps(measure(contestant, size, direction, float(seconds))))
        return
    save(run_all(arguments.rounds, arguments.seconds, arguments.only), arguments.folder)


if __name__ == "__main__":
    main()
