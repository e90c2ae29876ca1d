"""Handwritten digits from scikit-learn: 1,797 pictures for classification that are available offline.

The pictures are the test part of UCI's "Optical Recognition of Handwritten Digits" (E. Alpaydin, C. Kaynak), 8x8 with
17 levels. scikit-learn keeps their order, in which a writer's digits stand together, so parts are cut out of that
order: writers are hardly shared between them. Who wrote what is not recorded.
"""

import cv2
import numpy as np

from zoo.levels import to_levels

SIDE = 16
PARTS = {"train": (0, 1200), "calibration": (1200, 1400), "test": (1400, 1797)}
"""First and last + 1 of the pictures of each part."""


def digits(part: str) -> tuple[np.ndarray, np.ndarray]:
    """Pictures, uint8 (n, 16, 16, 3), and digits, int32 (n,), of ``"train"``, ``"calibration"`` or ``"test"``.

    Levels 0..16 become 0..255; each picture is enlarged twofold (linear interpolation) and grey in all three channels.

    Raises:
        ValueError: For another part.
    """
    if part not in PARTS:
        raise ValueError(f"part must be one of {', '.join(PARTS)}. Received: {part!r}")
    from sklearn.datasets import load_digits

    data = load_digits()
    first, last = PARTS[part]
    pictures = [
        cv2.resize(image.astype(np.float32) * (255 / 16), (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)
        for image in data.images[first:last]
    ]
    grey = to_levels(np.stack(pictures))
    return np.repeat(grey[..., None], 3, axis=-1), data.target[first:last].astype(np.int32)
