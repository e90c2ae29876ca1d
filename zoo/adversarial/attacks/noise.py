"""The two harmless changes of the NIPS 2017 development kit: ``noop`` and ``random_noise``."""

import numpy as np

from zoo.adversarial.attacks.checks import Clip, checked_images, units
from zoo.fidelity import Fidelity, check_fidelity


def noop(images: np.ndarray, clip: Clip = (0, 255)) -> np.ndarray:
    """Return the images unchanged, float32 (n, height, width, channels), section 5.2.

    Raises:
        ValueError: For images outside ``clip``.
    """
    return checked_images(images, clip).copy()


def random_noise(
    images: np.ndarray,
    eps: float = 16,
    clip: Clip = (0, 255),
    fidelity: Fidelity = "original",
    seed: int = 0,
) -> np.ndarray:
    """Add noise of at most ``eps`` grey levels to every sample and clip (section 5.2).

    ``"original"``, what the authors ran, adds +eps or -eps, each with probability one half. ``"paper"`` is the text's
    "gaussian noise in the interval [-16, +16]": its deviation is not printed, here it is eps / 2, cut at the interval.

    Args:
        images: Float (n, height, width, channels) on the scale ``clip``.
        eps: Strength in grey levels of 0..255.
        clip: Lowest and highest value of the scale.
        fidelity: See above.
        seed: Of the noise.

    Returns:
        float32, as ``images`` in shape and scale.

    Raises:
        ValueError: For images outside ``clip``, an ``eps`` not above 0 or an unknown fidelity.
    """
    check_fidelity(fidelity)
    images, strength = checked_images(images, clip), units(eps, clip)
    noise = np.random.default_rng(seed).standard_normal(images.shape, np.float32)
    noise = np.sign(noise) if fidelity == "original" else np.clip(noise / 2, -1, 1)
    return np.clip(images + strength * noise, *clip).astype(np.float32)
