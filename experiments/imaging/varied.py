"""Scenes to train on: photographs made linear in another light, mixed with generated scenes.

UNet and DNet that were trained on generated scenes alone were below INet on photographs (docs/results/imaging.md).
"""

import sys
from collections.abc import Sequence

import numpy as np
from rich.progress import track

from zoo.datasets import keyed
from zoo.datasets.camera import CAMERAS, Body, as_raw, expose, linearise
from zoo.datasets.developed import Developed, develop_pair
from zoo.datasets.embedded import generate_linear_scene
from zoo.datasets.photographs import Photograph
from zoo.imaging.developing.model import CFA

GENERATED = 4
"""One scene in so many is generated."""
SIDE = 384
"""Pixels of a generated scene's sides; of a photograph's, at most."""
CHROMA = (1.0, 1.5)
"""Range of ``generate_linear_scene(chroma=)`` for generated scenes; 1 gives its usual palettes."""
_ROLES = {"train": 0, "validation": 1}
_KEY = 0xC0107
"""Apart from the keys of other scenes."""


def varied_scenes(role: str, count: int, camera: str, pictures: Sequence[Photograph], seed: int = 0) -> list[Developed]:
    """``count`` scenes as a synthetic camera photographs them, developed; three in four are photographs.

    Where there are fewer photographs than that, they come again, each time in another light and cut elsewhere.

    Raises:
        ValueError: For a role other than train and validation, or no photographs.
    """
    if role not in _ROLES or not pictures:
        raise ValueError(f"Photographs to train on or validate are needed. Received: {len(pictures)}, {role!r}")
    body = Body(CAMERAS[camera], serial=1)

    def shoot(number: int) -> Developed:
        rng = keyed.generator(seed, _KEY, _ROLES[role], number)
        turn, place = divmod(number, GENERATED)
        if place == 0:
            source, scene = "generated", generate_linear_scene(rng, SIDE, SIDE, rng.uniform(*CHROMA))
        else:
            picture = pictures[keyed.in_turn((GENERATED - 1) * turn + place - 1, len(pictures), seed)]
            source, scene = picture.name, relit(_cut(picture.load(), rng), rng)
        return develop_pair(as_raw(expose(scene, body, rng), body), f"{role}-{number}-{source}", CFA)

    numbers = range(count)
    return [shoot(n) for n in (track(numbers, f"{count} {role} scenes") if sys.stderr.isatty() else numbers)]


def relit(rgb: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return a photograph, uint8 RGB, as linear light, float32, under a drawn tone curve, exposure and white balance.

    The power of the tone curve is .82 to 1.49, because cameras put one of their own on sRGB's; the exposure -1.5 to +.5
    stops, so that highlights may lie above 1; the channels' factors spread by 15 %.
    """
    power, stops = np.exp(rng.uniform(-0.2, 0.4)), rng.uniform(-1.5, 0.5)
    gains = 2**stops * np.exp(rng.normal(0, 0.15, 3))
    return linearise(rgb) ** np.float32(power) * gains.astype(np.float32)


def _cut(rgb: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return a part with even sides, ``SIDE`` pixels at most, mirrored in half of the draws."""
    height, width = (min(n // 2 * 2, SIDE) for n in rgb.shape[:2])
    top, left = (int(rng.integers(n - m + 1)) for n, m in zip(rgb.shape[:2], (height, width), strict=True))
    part = rgb[top : top + height, left : left + width]
    return part[:, ::-1] if rng.random() < 0.5 else part
