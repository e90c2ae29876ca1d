"""The outline of a tampered region, and the patches along it (Chandakkar and Li 2017, page 6, "Data generation")."""

import cv2
import numpy as np

POINTS, PATCH = 15, 64
"""Patches a contour, and their side in pixels."""


def tampered_region(
    authentic: np.ndarray, tampered: np.ndarray, threshold: int = 24, least: int = 64, radius: int = 2
) -> np.ndarray:
    """Return where two versions of an image differ, bool (height, width): subtraction, threshold, opening, closing.

    The paper says "basic morphological operations". A threshold is needed because both files may be JPEGs whose noise
    differs everywhere; what is left after opening and below ``least`` pixels is dropped. Inputs are uint8 RGB of one
    size.

    Raises:
        ValueError: For images of two sizes or types, as some pairs of CASIA-2 are (turned by 90 degrees or resized).
    """
    if authentic.shape != tampered.shape or authentic.dtype != np.uint8 or tampered.dtype != np.uint8:
        raise ValueError(
            "Both versions must be uint8 and of one size. "
            f"Received: {authentic.dtype} {authentic.shape}, {tampered.dtype} {tampered.shape}"
        )
    # A median takes the ringing of single pixels away before the largest channel counts.
    difference = cv2.medianBlur(cv2.absdiff(authentic, tampered).max(-1), 3)
    mask = (difference > threshold).astype(np.uint8)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    closing = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (6 * radius + 1, 6 * radius + 1))
    mask = cv2.morphologyEx(cv2.morphologyEx(mask, cv2.MORPH_OPEN, kernel), cv2.MORPH_CLOSE, closing)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask)
    kept = [i for i in range(1, count) if stats[i, cv2.CC_STAT_AREA] >= least]
    return np.isin(labels, kept)


def contour_points(region: np.ndarray, count: int = POINTS) -> np.ndarray:
    """``count`` points (y, x), int, evenly spaced along the outline(s) of ``region``, bool (height, width).

    Stretches of the outline on the image's own border are no edge of a splice and are left out, unless nothing else is
    left. An empty array for an empty region.
    """
    found, _ = cv2.findContours(region.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not found:
        return np.zeros((0, 2), int)
    points = np.concatenate([outline[:, 0, ::-1] for outline in found])
    inside = ((points > 0) & (points < np.array(region.shape) - 1)).all(1)
    points = points[inside] if inside.any() else points
    return points[np.arange(count) * len(points) // count]


def patches_at(image: np.ndarray, points: np.ndarray, side: int = PATCH) -> np.ndarray:
    """Cut patches centred at ``points``, moved inside the image where they would leave it: (n, side, side, 3).

    Raises:
        ValueError: For an image smaller than a patch.
    """
    height, width = image.shape[:2]
    if min(height, width) < side:
        raise ValueError(f"The image must hold a patch of {side} x {side}. Received: {height} x {width}")
    corners = np.clip(np.asarray(points) - side // 2, 0, (height - side, width - side))
    return np.stack([image[y : y + side, x : x + side] for y, x in corners])
