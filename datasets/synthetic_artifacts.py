"""The synthetic task of Chandakkar and Li 2017 (page 3): grey images with patches of noise, and their score.

An image is a constant background with one to five 16 x 16 patches of a dark and a bright shade, pixels shuffled. Its
score is ``5 - sqrt(sum alpha_i^2)``, where alpha_i grows with a patch's difference from the background and with its
nearness to the image's centre (equation 3). Everything is a pure function of (seed, index).
"""

import dataclasses

import numpy as np

from zoo.datasets import keyed

SIDE, PATCH, MOST = 128, 16, 5
FARTHEST = np.sqrt(2) * (SIDE - PATCH) / 2
"""Distance of a corner patch's centre from the image's, in pixels: the paper's dist_N."""


@dataclasses.dataclass(frozen=True)
class Artifacts:
    """One image and what is known of it."""

    image: np.ndarray
    """Float32 (128, 128), in [0, 1]."""
    corners: np.ndarray
    """Top left corners (y, x) of the patches, int (n, 2)."""
    alphas: np.ndarray
    """Equation 3 for each patch, (n,), each in [0, 2]."""
    score: float


def make(seed: int, index: int, overlap: bool = False) -> Artifacts:
    """Image ``index`` of experiment 1. The number of patches is uniform in 1..5.

    Whether patches may overlap is not in the paper; here they do not, unless ``overlap``, and then later ones hide
    parts of earlier ones, whose alpha still counts whole.
    """
    rng = keyed.generator(seed, 1, index)
    contents = [_patch(rng) for _ in range(int(rng.integers(1, MOST + 1)))]
    return compose(np.float32(rng.random()), contents, _corners(rng, len(contents), overlap))


def make_moved(seed: int, patches: int, index: int, overlap: bool = False) -> Artifacts:
    """Image ``index`` of experiment 2: background and contents depend on (seed, patches) alone, positions on all."""
    fixed = keyed.generator(seed, 2, patches)
    contents = [_patch(fixed) for _ in range(patches)]
    background = np.float32(fixed.random())
    return compose(background, contents, _corners(keyed.generator(seed, 3, patches, index), patches, overlap))


def compose(background: float | np.float32, contents: list[np.ndarray], corners: np.ndarray) -> Artifacts:
    """Lay patches, float (16, 16) in [0, 1], on a background and compute the score."""
    image = np.full((SIDE, SIDE), background, np.float32)
    for content, (y, x) in zip(contents, corners, strict=True):
        image[y : y + PATCH, x : x + PATCH] = content
    difference = np.array([np.abs(background - content).mean() for content in contents])
    alphas = difference + nearness(corners)
    return Artifacts(image, corners, alphas, float(MOST - np.sqrt((alphas**2).sum())))


def nearness(corners: np.ndarray) -> np.ndarray:
    """Equation 3's second term: 1 for a patch in the centre, 0 in a corner; (n,)."""
    return 1 - np.linalg.norm(corners + PATCH / 2 - SIDE / 2, axis=1) / FARTHEST


def _patch(rng: np.random.Generator) -> np.ndarray:
    dark, bright = rng.uniform(0, 0.5), rng.uniform(0.5, 1)
    pixels = np.full(PATCH * PATCH, dark, np.float32)
    pixels[: int(rng.integers(0, PATCH * PATCH + 1))] = bright
    return rng.permutation(pixels).reshape(PATCH, PATCH)


def _corners(rng: np.random.Generator, count: int, overlap: bool) -> np.ndarray:
    placed: list[np.ndarray] = []
    while len(placed) < count:
        corner = rng.integers(0, SIDE - PATCH + 1, 2)
        if overlap or all(np.abs(corner - other).max() >= PATCH for other in placed):
            placed.append(corner)
    return np.array(placed)
