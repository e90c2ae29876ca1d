"""Contact sheets: cover, container, difference times ten, secret and revealed image, a row a pair (Figures 5 and 6)."""

import numpy as np

GAP = 4
WHITE = 255


def contact_sheet(rows: list[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]], gain: int = 10) -> np.ndarray:
    """Put pictures side by side, uint8 RGB.

    Args:
        rows: (cover, container, secret, revealed) of each pair, uint8 RGB, all of one size.
        gain: The container minus the cover is multiplied by it and shown around middle grey.

    Raises:
        ValueError: For no rows, or images that differ in size.
    """
    shapes = {image.shape for row in rows for image in row}
    if len(shapes) != 1:
        raise ValueError(f"A contact sheet takes images of one size, at least one row. Received: {sorted(shapes)}")
    height, width, channels = shapes.pop()
    sheet = np.full((GAP + len(rows) * (height + GAP), GAP + 5 * (width + GAP), channels), WHITE, np.uint8)
    for i, (cover, container, secret, revealed) in enumerate(rows):
        difference = np.clip(128 + gain * (container.astype(np.int16) - cover), 0, 255).astype(np.uint8)
        for j, image in enumerate((cover, container, difference, secret, revealed)):
            y, x = GAP + i * (height + GAP), GAP + j * (width + GAP)
            sheet[y : y + height, x : x + width] = image
    return sheet
