"""How far every mode of zoo.layers.DifferentiableJPEG is from libjpeg-turbo: PSNR and share of identical pixels.

    python benchmarks/jpeg_accuracy.py

Over the photographs embedded in scikit-image and scikit-learn, 4:2:0 (the modes of Korus and Memon: 4:4:4), against
Pillow's save and open. A pixel is identical if all three channels are, after rounding to 8 bits. The PSNR is that of
the mean square error over all photographs, on the values as the layer returns them. Takes a minute; writes
``jpeg_accuracy.csv`` beside itself and prints the table as Markdown.
"""

import io
from pathlib import Path

import numpy as np
import pandas as pd
from keras import ops
from PIL import Image, features

from zoo.datasets.embedded import SCENES, photograph
from zoo.layers import DifferentiableJPEG

QUALITIES = (10, 30, 50, 80, 95)
MODES = {
    "libjpeg": DifferentiableJPEG(None),
    "round": DifferentiableJPEG(None, rounding="round"),
    "cubic": DifferentiableJPEG(None, rounding="cubic"),
    "harmonic, 5 terms": DifferentiableJPEG(None, rounding="harmonic"),
    "sinusoidal": DifferentiableJPEG(None, rounding="sinusoidal"),
    "korus2019 round": DifferentiableJPEG.korus2019(None, "round"),
    "korus2019 harmonic, 4 terms": DifferentiableJPEG.korus2019(None, "harmonic"),
    "korus2019 sinusoidal": DifferentiableJPEG.korus2019(None, "sinusoidal"),
}


def pillow(image: np.ndarray, quality: int, subsampling: str) -> np.ndarray:
    """Save and open a uint8 image."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=quality, subsampling=subsampling)
    return np.asarray(Image.open(buffer))


def compare(layer: DifferentiableJPEG, quality: int) -> tuple[float, float]:
    """Return the PSNR in dB (infinite if equal) and the share of identical pixels over all photographs."""
    squares = same = pixels = 0
    for name in SCENES:
        image = photograph(name)
        expected = pillow(image, quality, layer.subsampling)
        found = 255 * ops.convert_to_numpy(layer(image[None] / np.float32(255), quality=quality))[0].astype(np.float64)
        # The exact mode returns levels over 255 in float32: bring these back to the integers they are.
        found = np.where(np.abs(found - np.round(found)) < 1e-4, np.round(found), found)
        squares += np.sum((found - expected) ** 2)
        same += np.sum(np.all(np.round(found) == expected, axis=-1))
        pixels += image.shape[0] * image.shape[1]
    error = squares / pixels / 3
    return (np.inf if error == 0 else 10 * np.log10(255**2 / error)), same / pixels


def main() -> None:
    """Measure and write."""
    rows = []
    for mode, layer in MODES.items():
        for quality in QUALITIES:
            psnr, same = compare(layer, quality)
            rows.append(
                {
                    "mode": mode,
                    "subsampling": layer.subsampling,
                    "quality": quality,
                    "psnr_db": round(psnr, 2),
                    "identical_pixels": round(same, 5),
                }
            )
    table = pd.DataFrame(rows)
    note = f"libjpeg-turbo {features.version('libjpeg_turbo')}, {len(SCENES)} photographs"
    with Path(__file__).with_suffix(".csv").open("w") as file:
        file.write(f"# {note}\n")
        table.to_csv(file, index=False)
    print(note + "\n")
    print("| mode | chroma | " + " | ".join(f"q {q}" for q in QUALITIES) + " |\n|--|--|" + "--|" * len(QUALITIES))
    for (mode, subsampling), part in table.groupby(["mode", "subsampling"], sort=False):
        cells = [
            ("equal" if np.isinf(row.psnr_db) else f"{row.psnr_db:.1f} dB") + f", {100 * row.identical_pixels:.0f} %"
            for row in part.itertuples()
        ]
        print(f"| {mode} | {subsampling} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
