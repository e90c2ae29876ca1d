"""Figure 6 of Korus and Memon, "Neural Imaging Pipelines - the Scourge or Hope of Forensics?" (CVPR 2019).

    python benchmarks/jpeg_figure_6.py

(a) the approximations of rounding; (b) to (d) PSNR between original and compressed photograph against quality, for
libjpeg and for ``DifferentiableJPEG.korus2019`` with true, harmonic and sinusoidal rounding; (e) to (h) a patch and
what libjpeg and the two approximations make of it at quality 50. The paper reads from (d) that the sinusoidal model at
quality 50 does what libjpeg does at about 80; the script prints the same figure for its photographs. Both codecs keep
chroma at full size. Writes ``jpeg_figure_6.png`` and ``.csv`` beside itself.
"""

import io
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
from keras import ops
from PIL import Image

from zoo.datasets.embedded import photograph
from zoo.layers import DifferentiableJPEG
from zoo.layers.jpeg_rounding import round_smoothly

matplotlib.use("Agg")
import matplotlib.pyplot as plt

PHOTOGRAPHS = ("astronaut", "chelsea", "coffee", "motorcycle")
SIDE = 256
QUALITIES = tuple(range(10, 100, 5))
PANELS = {"b": ("round", "standard rounding"), "c": ("harmonic", "harmonic"), "d": ("sinusoidal", "sinusoidal")}


def originals() -> np.ndarray:
    """Return the central square of each photograph, uint8 (4, 256, 256, 3)."""
    squares = []
    for name in PHOTOGRAPHS:
        image = photograph(name)
        top, left = ((n - SIDE) // 2 for n in image.shape[:2])
        squares.append(image[top : top + SIDE, left : left + SIDE])
    return np.stack(squares)


def libjpeg(images: np.ndarray, quality: int) -> np.ndarray:
    """Save and open each image with chroma at full size, as floats 0..1."""
    found = []
    for image in images:
        buffer = io.BytesIO()
        Image.fromarray(image).save(buffer, "JPEG", quality=quality, subsampling="4:4:4")
        found.append(np.asarray(Image.open(buffer)))
    return np.stack(found) / np.float32(255)


def psnr(found: np.ndarray, original: np.ndarray) -> float:
    """Return the mean over images of the PSNR in dB."""
    errors = np.mean((found.astype(np.float64) - original) ** 2, axis=(1, 2, 3))
    return float(np.mean(-10 * np.log10(errors)))


def measure(images: np.ndarray) -> pd.DataFrame:
    """Return PSNR by quality, a column for libjpeg and each rounding."""
    original = images / np.float32(255)
    table = {"libjpeg": [psnr(libjpeg(images, q), original) for q in QUALITIES]}
    for rounding, _ in PANELS.values():
        layer = DifferentiableJPEG.korus2019(None, rounding)
        table[rounding] = [psnr(ops.convert_to_numpy(layer(original, quality=q)), original) for q in QUALITIES]
    return pd.DataFrame(table, index=pd.Index(QUALITIES, name="quality")).round(3)


def draw(table: pd.DataFrame, images: np.ndarray) -> plt.Figure:
    """Draw the eight panels."""
    figure, axes = plt.subplots(2, 4, figsize=(15, 7.5), layout="constrained")
    x = np.linspace(-1.6, 1.6, 801).astype(np.float32)
    axis = axes[0, 0]
    for mode, label in (("round", "rounding"), ("harmonic", "harmonic, 4 terms"), ("sinusoidal", "sinusoidal")):
        axis.plot(x, ops.convert_to_numpy(round_smoothly(ops.convert_to_tensor(x), mode, 4)), label=label)
    axis.set(title="(a) rounding", xlabel="x")
    axis.legend()
    for axis, (letter, (rounding, label)) in zip(axes[0, 1:], PANELS.items(), strict=True):
        axis.plot(table.index, table["libjpeg"], "k--", label="libjpeg")
        axis.plot(table.index, table[rounding], label="dJPEG")
        axis.set(title=f"({letter}) {label}", xlabel="quality", ylabel="PSNR [dB]", ylim=(25, 50))
        axis.legend()
    patch = images[1:2, 80:176, 80:176]
    values = patch / np.float32(255)
    shown = {"(e) original": values, "(f) libjpeg, 50": libjpeg(patch, 50)}
    for letter, rounding in (("g", "harmonic"), ("h", "sinusoidal")):
        coded = DifferentiableJPEG.korus2019(50, rounding)(values)
        shown[f"({letter}) {rounding}, 50"] = ops.convert_to_numpy(coded)
    for axis, (title, image) in zip(axes[1], shown.items(), strict=True):
        axis.imshow(image[0])
        axis.set_axis_off()
        axis.set_title(title if image is values else f"{title}: {psnr(image, values):.1f} dB")
    return figure


def main() -> None:
    """Measure, draw and print."""
    images = originals()
    table = measure(images)
    path = Path(__file__)
    table.to_csv(path.with_suffix(".csv"))
    draw(table, images).savefig(path.with_suffix(".png"), dpi=120)
    print(table)
    for rounding in ("harmonic", "sinusoidal"):
        equal = np.interp(table.loc[50, rounding], table["libjpeg"], table.index)
        print(f"{rounding} at quality 50 has the PSNR of libjpeg at quality {equal:.0f}")


if __name__ == "__main__":
    main()
