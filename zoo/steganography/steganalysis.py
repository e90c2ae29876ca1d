"""Features of a steganalyser: second-order SPAM (Pevny, Bas and Fridrich, IEEE TIFS 2010), 686 of them for an image.

SPAM is an early feature set. The rich models (SRM) extend it and usually find more.
"""

import numpy as np

from zoo.checks import check_rgb

T = 3
"""Differences are cut off at plus and minus it."""


def spam(image: np.ndarray, colour_differences: bool = False) -> np.ndarray:
    """SPAM features of uint8 RGB (height, width, 3), sides of at least 8 pixels: float32 (686,).

    Differences of neighbouring pixels in eight directions are taken for Markov chains of second order; the features are
    the mean transition probabilities along rows and columns, and along diagonals. The three channels are counted
    together. With ``colour_differences``, R - G and B - G take the place of the channels.

    Raises:
        ValueError: For other images.
    """
    if min(check_rgb(image).shape[:2]) < 8:
        raise ValueError(f"An image must have sides from 8 pixels on. Received: {image.shape}")
    pixels = image.astype(np.int16)
    if colour_differences:
        pixels = pixels[..., ::2] - pixels[..., 1:2]
    straight = [_transitions(p) for p in (pixels, pixels[:, ::-1], _turned(pixels), _turned(pixels)[:, ::-1])]
    diagonal = [_transitions(p, 1) for p in (pixels, pixels[:, ::-1], pixels[::-1], pixels[::-1, ::-1])]
    return np.concatenate([np.mean(straight, 0), np.mean(diagonal, 0)]).astype(np.float32)


def _turned(pixels: np.ndarray) -> np.ndarray:
    return pixels.transpose(1, 0, 2)


def _transitions(pixels: np.ndarray, down: int = 0) -> np.ndarray:
    """Transition probabilities of the differences to the next pixel on the right, or right and ``down``, (343,)."""
    height = pixels.shape[0] - 3 * down
    steps = [pixels[i * down : i * down + height, i : pixels.shape[1] - 3 + i] for i in range(4)]
    first, second, third = (np.clip(steps[i] - steps[i + 1], -T, T) + T for i in range(3))
    base = 2 * T + 1
    counts = np.bincount(((first * base + second) * base + third).ravel(), minlength=base**3).reshape(-1, base)
    return (counts / np.maximum(counts.sum(1, keepdims=True), 1)).ravel()
