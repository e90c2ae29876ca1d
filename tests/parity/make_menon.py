"""Make ``menon.npz``: mosaics of all four phases and what colour-demosaicing makes of them.

The package is needed here only: it is 104 MB with what it needs, and warns when imported with a recent SciPy.

    pip install --target DIR colour-demosaicing==0.2.7
    PYTHONPATH=DIR python tests/parity/make_menon.py
"""

from pathlib import Path

import numpy as np
from colour_demosaicing import demosaicing_CFA_Bayer_Menon2007

from zoo.imaging.developing.bayer import SITES

if __name__ == "__main__":
    rng = np.random.default_rng(0)
    tensors = {}
    for cfa in SITES:
        # Sums of steps of 2^-12 are exact in float32 too: both decide alike where two directions are near.
        rows, columns = np.mgrid[:34, :38]
        smooth = 1500 + 900 * np.sin(rows / 5) * np.cos(columns / 7) + 700 * (rows + columns > 40)
        codes = np.clip(smooth + rng.normal(0, 150, smooth.shape), 0, 4095).astype(np.uint16)
        tensors[f"{cfa}_codes"] = codes
        tensors[f"{cfa}_rgb"] = demosaicing_CFA_Bayer_Menon2007(codes / 4096, cfa).astype(np.float32)
    np.savez_compressed(Path(__file__).with_name("menon.npz"), **tensors)
