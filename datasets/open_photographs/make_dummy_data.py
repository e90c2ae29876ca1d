"""Make ``dummy_data/``: seven generated scenes, their list, and the files that they would be downloaded from.

python -m zoo.datasets.open_photographs.make_dummy_data
"""

import csv
import dataclasses
import hashlib
from pathlib import Path

import cv2
import numpy as np

from zoo.datasets import keyed
from zoo.datasets.embedded import generate_scene
from zoo.datasets.open_photographs.download import make_small
from zoo.datasets.open_photographs.listing import Row
from zoo.images import atomic, write_png

KINDS = (("train", 2), ("train", 1), ("train", 4), ("validation", 2), ("calibration", 3), ("test", 2), ("test", 3))
"""Split, and side of the squares that are averaged, of each scene."""
COMMIT = "0" * 40


def main(folder: Path = Path(__file__).parent / "dummy_data") -> None:
    """Write originals as ``originals/<number>.png``, parts as ``photos/<name>.png`` and ``photographs.tsv``."""
    (folder / "originals").mkdir(parents=True, exist_ok=True)
    (folder / "photos").mkdir(exist_ok=True)
    rows = []
    for number, (split, side) in enumerate(KINDS):
        # Few pixels enlarged: PNG files of some hundred bytes.
        scene = generate_scene(keyed.generator(19, number), 16, 16).repeat(8 * side, 0).repeat(8 * side, 1)
        original = scene[: 92 * side + side // 2, : 117 * side]
        path = folder / "originals" / f"{number}.png"
        write_png(path, original)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        part = original[: 92 * side].reshape(92, side, 117, side, 3).astype(np.float64).mean((1, 3)).round()
        pixels = np.ascontiguousarray(part[3:83, 5:101].astype(np.uint8))
        red, green, blue = pixels.mean((0, 1)).round(3).tolist()
        rows.append(
            Row(
                name=digest[:16],
                split=split,
                source="dummy",
                origin=f"github:owner/name@{COMMIT}:a folder/{number}.png",
                original_sha256=digest,
                original_width=original.shape[1],
                original_height=original.shape[0],
                averaged=side,
                top=3,
                left=5,
                height=80,
                width=96,
                pixels_sha256=hashlib.sha256(pixels.tobytes()).hexdigest(),
                red=red,
                green=green,
                blue=blue,
                licence="CC0-1.0",
                note="generated",
            )
        )
        write_png(folder / "photos" / f"{digest[:16]}.png", pixels)
        assert make_small(path.read_bytes(), rows[-1])[1], cv2.__version__
    with atomic(folder / "photographs.tsv") as partial, partial.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [f.name for f in dataclasses.fields(Row)], delimiter="\t", lineterminator="\n")
        writer.writeheader()
        writer.writerows(dataclasses.asdict(row) for row in rows)


if __name__ == "__main__":
    main()
