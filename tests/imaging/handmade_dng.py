"""DNG files made by hand from the specification, apart from the camera's writer."""

from pathlib import Path

import numpy as np
import tifffile

COLOURS = {"R": 0, "G": 1, "B": 2}
MATRIX_XYZ = np.array([[0.9, -0.3, -0.1], [-0.5, 1.3, 0.2], [-0.1, 0.2, 0.7]])


def write(path: Path, image: np.ndarray, cfa="RGGB", **tags) -> Path:
    """A DNG by the specification; ``tags`` replaces by name, ``None`` leaves out."""
    pattern = [COLOURS[letter] for letter in cfa] if isinstance(cfa, str) else list(cfa)
    side = int(len(pattern) ** 0.5)
    values = {
        "make": (271, "s", "maker"),
        "model": (272, "s", "model"),
        "pattern_size": (33421, "H", (side, side)),
        "pattern": (33422, "B", pattern),
        "version": (50706, "B", (1, 4, 0, 0)),
        "camera": (50708, "s", "maker model"),
        "black": (50714, "H", (100,)),
        "white": (50717, "H", (4000,)),
        "matrix": (50721, "2i", [n for v in MATRIX_XYZ.ravel() for n in (round(v * 10**6), 10**6)]),
        "neutral": (50728, "2I", (1, 2, 1, 1, 2, 3)),
        "illuminant": (50778, "H", (21,)),
    } | tags
    extra = [
        (code, kind, 0 if kind == "s" else len(value) // (2 if kind[0] == "2" else 1), value, True)
        for code, kind, value in filter(None, values.values())
    ]
    tifffile.imwrite(path, image, photometric="cfa", software=False, metadata=None, extratags=extra, bigtiff=False)
    return path
