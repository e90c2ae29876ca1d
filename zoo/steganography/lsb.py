"""Least-significant-bit hiding: the untrained baseline."""

import numpy as np


def hide(cover: np.ndarray, secret: np.ndarray, bits: int = 4, adjust: bool = True) -> np.ndarray:
    """Replace the lowest ``bits`` bits of the cover by the highest of the secret image.

    Both are uint8 of one shape; so is the container. With ``adjust`` the bits above are then moved by one where that
    brings the pixel nearer to the cover's (optimal pixel adjustment, Chan and Cheng, "Hiding data in images by simple
    LSB substitution", Pattern Recognition 2004): errors lie within half of 2^bits instead of the whole, and what is
    revealed is the same.

    Raises:
        ValueError: For other dtypes, shapes that differ, or bits outside 1..7.
    """
    _check(bits, cover, secret)
    step = 1 << bits
    hidden = secret.astype(np.int16) >> (8 - bits)
    container = (cover.astype(np.int16) & -step) | hidden
    if adjust:
        error = container - cover
        container = np.where((error > step // 2) & (container >= step), container - step, container)
        container = np.where((error < -(step // 2)) & (container <= 255 - step), container + step, container)
    return container.astype(np.uint8)


def reveal(container: np.ndarray, bits: int = 4) -> np.ndarray:
    """Return the secret image, uint8 of the container's shape: its highest ``bits`` bits, the others at their middle.

    Raises:
        ValueError: For a container that is not uint8, or bits outside 1..7.
    """
    _check(bits, container)
    lost = 8 - bits
    return ((container & ((1 << bits) - 1)) << lost) + np.uint8(1 << lost >> 1)


def _check(bits: int, *images: np.ndarray) -> None:
    if not 1 <= bits <= 7:
        raise ValueError(f"bits must be from 1 to 7. Received: {bits}")
    if any(image.dtype != np.uint8 or image.shape != images[0].shape for image in images):
        found = ", ".join(f"{image.dtype} {image.shape}" for image in images)
        raise ValueError(f"Images must be uint8 of one shape. Received: {found}")
