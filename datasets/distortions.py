"""Distortions of TID2013 that can be generated, at five levels each, for trying quality networks without the database.

Numbers and names are TID2013's (Ponomarenko et al. 2015, Table 1). The strengths are ours: what the database's authors
used is published as PSNR targets only, so no score obtained with these is one of TID2013's. Not here: 12, 13
(transmission errors), 20 (comfort noise), 24 (sparse sampling), which need the authors' codecs.

Other packages may add distortions by name, see ``zoo.extensions``.

An operator takes uint8 RGB (height, width, 3), a level 1..5 (1 weakest) and a generator, and returns uint8 RGB.
"""

import io
from collections.abc import Callable

import cv2
import numpy as np
from PIL import Image

from zoo import extensions
from zoo.checks import check_rgb
from zoo.levels import to_levels

Distortion = Callable[[np.ndarray, int, np.random.Generator], np.ndarray]
LEVELS = (1, 2, 3, 4, 5)


def distort(image: np.ndarray, number: int | str, level: int, rng: np.random.Generator) -> np.ndarray:
    """Apply TID2013's distortion ``number``, or one that another package adds under a name, at ``level``.

    Args:
        image: uint8 RGB (height, width, 3).
        number: A key of ``DISTORTIONS``, or a name.
        level: 1 (weakest) to 5.
        rng: What noise is drawn from.

    Returns:
        uint8 RGB of the same shape.

    Raises:
        ValueError: For an unknown number or name, a level outside 1..5 or an image that is not uint8 RGB.
    """
    known = [*DISTORTIONS, *extensions.names("distortions")]
    if number not in known or level not in LEVELS:
        raise ValueError(f"number must be one of {known}, level 1..5. Received: {number!r}, {level}")
    operator = extensions.load("distortions", number) if isinstance(number, str) else DISTORTIONS[number][1]
    return operator(check_rgb(image), level, rng)


def _noise(rng: np.random.Generator, shape: tuple[int, ...], deviation: float) -> np.ndarray:
    return rng.standard_normal(shape, np.float32) * np.float32(deviation)


def additive_noise(image: np.ndarray, level: int, rng: np.random.Generator) -> np.ndarray:
    """1: white Gaussian noise, the same strength in every channel."""
    return to_levels(image + _noise(rng, image.shape, (4, 8, 13, 20, 32)[level - 1]))


def colour_noise(image: np.ndarray, level: int, rng: np.random.Generator) -> np.ndarray:
    """2: noise that is stronger in the colour components than in luma."""
    ycc = cv2.cvtColor(image, cv2.COLOR_RGB2YCrCb).astype(np.float32)
    ycc += _noise(rng, image.shape, (4, 8, 13, 20, 32)[level - 1]) * np.array([0.4, 1.4, 1.4], np.float32)
    return cv2.cvtColor(to_levels(ycc), cv2.COLOR_YCrCb2RGB)


def correlated_noise(image: np.ndarray, level: int, rng: np.random.Generator) -> np.ndarray:
    """3: noise smoothed over its neighbours."""
    smooth = cv2.GaussianBlur(_noise(rng, image.shape, 1), (0, 0), 1.2)
    return to_levels(image + smooth / smooth.std() * (4, 7, 11, 17, 26)[level - 1])


def masked_noise(image: np.ndarray, level: int, rng: np.random.Generator) -> np.ndarray:
    """4: noise that is strong where the image is busy, and so hidden by it."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    busy = np.sqrt(np.maximum(cv2.blur(grey**2, (7, 7)) - cv2.blur(grey, (7, 7)) ** 2, 0))[..., None]
    return to_levels(image + _noise(rng, image.shape, 1) * busy * (0.15, 0.3, 0.5, 0.75, 1.1)[level - 1])


def high_frequency_noise(image: np.ndarray, level: int, rng: np.random.Generator) -> np.ndarray:
    """5: noise without its low frequencies."""
    noise = _noise(rng, image.shape, 1)
    noise -= cv2.GaussianBlur(noise, (0, 0), 1.0)
    return to_levels(image + noise / noise.std() * (5, 10, 16, 25, 40)[level - 1])


def impulse_noise(image: np.ndarray, level: int, rng: np.random.Generator) -> np.ndarray:
    """6: black and white samples."""
    share = (0.003, 0.008, 0.02, 0.05, 0.12)[level - 1]
    drawn = rng.random(image.shape)
    return np.where(drawn < share / 2, 0, np.where(drawn < share, 255, image)).astype(np.uint8)


def quantization_noise(image: np.ndarray, level: int, rng: np.random.Generator) -> np.ndarray:
    """7: fewer grey levels, evenly spaced."""
    step = (14, 24, 38, 56, 80)[level - 1]
    return to_levels(np.floor(image / step) * step + step / 2)


def gaussian_blur(image: np.ndarray, level: int, rng: np.random.Generator) -> np.ndarray:
    """8: Gaussian blur."""
    return cv2.GaussianBlur(image, (0, 0), (0.6, 1.0, 1.6, 2.6, 4.2)[level - 1])


def denoising(image: np.ndarray, level: int, rng: np.random.Generator) -> np.ndarray:
    """9: noise, and a bilateral filter that removes it with the detail."""
    deviation = (6, 11, 17, 25, 38)[level - 1]
    return cv2.bilateralFilter(additive_noise(image, level, rng), 7, 4.0 * deviation, 2.5)


def jpeg(image: np.ndarray, level: int, rng: np.random.Generator) -> np.ndarray:
    """10: JPEG at a low quality."""
    return _code(image, "JPEG", quality=(60, 35, 20, 11, 6)[level - 1])


def jpeg_2000(image: np.ndarray, level: int, rng: np.random.Generator) -> np.ndarray:
    """11: JPEG 2000 at a high compression rate."""
    return _code(image, "JPEG2000", quality_layers=[(15, 30, 55, 100, 180)[level - 1]], irreversible=True)


def pattern_noise(image: np.ndarray, level: int, rng: np.random.Generator) -> np.ndarray:
    """14: non-eccentricity pattern noise: small blocks replaced by a neighbour from a few pixels away."""
    side, out = 15, image.copy()
    height, width = image.shape[:2]
    for _ in range((10, 22, 45, 90, 180)[level - 1]):
        y, x = rng.integers(0, max(1, height - side)), rng.integers(0, max(1, width - side))
        dy, dx = rng.integers(-8, 9, 2)
        from_y, from_x = np.clip(y + dy, 0, max(0, height - side)), np.clip(x + dx, 0, max(0, width - side))
        block = image[from_y : from_y + side, from_x : from_x + side]
        out[y : y + side, x : x + side] = block[: height - y, : width - x]
    return out


def local_blocks(image: np.ndarray, level: int, rng: np.random.Generator) -> np.ndarray:
    """15: local block-wise distortions: squares shifted in brightness, fewer and stronger at high levels."""
    side, out = 32, image.copy()
    count, contrast = ((32, 16, 8, 4, 2)[level - 1], (14, 24, 40, 66, 110)[level - 1])
    for _ in range(count):
        y, x = (int(rng.integers(0, max(1, n - side))) for n in image.shape[:2])
        block = out[y : y + side, x : x + side].astype(np.float32)
        out[y : y + side, x : x + side] = to_levels(block + rng.choice([-1, 1]) * contrast)
    return out


def mean_shift(image: np.ndarray, level: int, rng: np.random.Generator) -> np.ndarray:
    """16: brighter or darker as a whole."""
    return to_levels(image + float(rng.choice([-1, 1])) * (8, 15, 24, 36, 52)[level - 1])


def contrast_change(image: np.ndarray, level: int, rng: np.random.Generator) -> np.ndarray:
    """17: contrast, less or more."""
    factor = (0.88, 1.15, 0.7, 1.45, 0.5)[level - 1]
    mean = image.mean((0, 1))
    return to_levels((image - mean) * factor + mean)


def saturation_change(image: np.ndarray, level: int, rng: np.random.Generator) -> np.ndarray:
    """18: colours nearer to grey."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)[..., None]
    return to_levels(grey + (0.75, 0.55, 0.35, 0.18, 0.0)[level - 1] * (image - grey.astype(np.float32)))


def multiplicative_noise(image: np.ndarray, level: int, rng: np.random.Generator) -> np.ndarray:
    """19: noise in proportion to the signal."""
    return to_levels(image * (1 + _noise(rng, image.shape, (0.04, 0.08, 0.13, 0.2, 0.32)[level - 1])))


def compressed_noise(image: np.ndarray, level: int, rng: np.random.Generator) -> np.ndarray:
    """21: lossy compression of a noisy image."""
    return jpeg(additive_noise(image, level, rng), level, rng)


def dithered_palette(image: np.ndarray, level: int, rng: np.random.Generator) -> np.ndarray:
    """22: a palette of few colours with dither."""
    colours = (64, 32, 16, 8, 5)[level - 1]
    return np.asarray(Image.fromarray(image).quantize(colours, dither=Image.Dither.FLOYDSTEINBERG).convert("RGB"))


def chromatic_aberration(image: np.ndarray, level: int, rng: np.random.Generator) -> np.ndarray:
    """23: red and blue shifted apart and blurred."""
    out, shift = image.copy(), (1, 2, 3, 5, 8)[level - 1]
    for channel, offset in ((0, shift), (2, -shift)):
        moved = np.roll(image[..., channel], offset, axis=1)
        out[..., channel] = cv2.GaussianBlur(moved, (0, 0), 0.4 * shift)
    return out


def _code(image: np.ndarray, kind: str, **options: object) -> np.ndarray:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, kind, **options)
    return np.asarray(Image.open(buffer).convert("RGB"))


DISTORTIONS: dict[int, tuple[str, Distortion]] = {
    1: ("additive Gaussian noise", additive_noise),
    2: ("noise in colour components", colour_noise),
    3: ("spatially correlated noise", correlated_noise),
    4: ("masked noise", masked_noise),
    5: ("high frequency noise", high_frequency_noise),
    6: ("impulse noise", impulse_noise),
    7: ("quantization noise", quantization_noise),
    8: ("Gaussian blur", gaussian_blur),
    9: ("image denoising", denoising),
    10: ("JPEG compression", jpeg),
    11: ("JPEG 2000 compression", jpeg_2000),
    14: ("non-eccentricity pattern noise", pattern_noise),
    15: ("local block-wise distortions", local_blocks),
    16: ("mean shift", mean_shift),
    17: ("contrast change", contrast_change),
    18: ("change of colour saturation", saturation_change),
    19: ("multiplicative Gaussian noise", multiplicative_noise),
    21: ("lossy compression of noisy images", compressed_noise),
    22: ("image colour quantization with dither", dithered_palette),
    23: ("chromatic aberrations", chromatic_aberration),
}
"""TID2013's number of a distortion -> its name and the operator."""
SHARED_WITH_LIVE = (1, 8, 10, 11)
"""Experiment 3's four distortions, all uniform."""
LEAST_UNIFORM = (14, 15)
"""The two that experiment 3 adds."""
