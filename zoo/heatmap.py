"""Draw a heatmap over a picture."""

from pathlib import Path

import cv2
import numpy as np

from zoo.images import write_png


def write_heatmap(path: Path, image: np.ndarray, heat: np.ndarray) -> None:
    """Write picture and heatmap side by side as a PNG: blue 0, red 1.

    ``image`` is uint8 RGB (height, width, 3), ``heat`` float (height, width) in 0..1.

    Raises:
        ValueError: When the two differ in size.
    """
    if image.shape[:2] != heat.shape:
        raise ValueError(f"Picture and heatmap must have one size. Received: {image.shape[:2]} and {heat.shape}")
    levels = np.rint(np.clip(heat, 0, 1) * 255).astype(np.uint8)
    colours = cv2.cvtColor(cv2.applyColorMap(levels, cv2.COLORMAP_TURBO), cv2.COLOR_BGR2RGB)
    overlay = (image.astype(np.uint16) * 2 + colours.astype(np.uint16) * 3) // 5
    write_png(path, np.concatenate([image, overlay.astype(np.uint8)], axis=1))
