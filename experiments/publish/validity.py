"""Find the limits of ``zoo.validity`` on photographs, and say how many pictures of others are refused.

The limits come from the split ``calibration`` alone: each is met by 99.5 % of its photographs and their JPEGs. Those
for noise and for drawings lie midway between them and pictures made here, which are of the same kinds as those that are
counted afterwards, but not the same pictures. With these limits the command counts how many photographs of another
split, and how many pictures made here that are not photographs, are refused. It rounds the limits away from the
photographs; they are copied to ``zoo.validity`` by hand.

The photographs of the split ``test`` were counted twice with earlier rules. Three rules were changed after the first
count; after the second, one was replaced, and the limits of the others became wider. A count on them is therefore not
independent of the rules.

``python -m zoo.experiments.publish.validity --data-dir FOLDER``, the folder of the open photographs.
"""

import argparse
import dataclasses
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from zoo.calibration import exact_rate
from zoo.datasets.jpeg import NO_JPEG, compress
from zoo.datasets.photographs import photographs
from zoo.levels import to_levels
from zoo.validity import LIMITS, Limit, measure

QUALITIES = (NO_JPEG, 95, 75, 50)
BEYOND = 0.005
"""Share of the photographs of the split ``calibration``, JPEGs included, that are beyond each limit; beyond any of the
five are at most 2.5 %."""
FAR = {"likeness": ("noise",), "outlines": ("drawing", "cartoon", "screenshot", "page", "chart")}
"""Limits that lie midway between the photographs and the nearest picture of these kinds."""
STEPS = {"texture": 0.005, "outlines": 0.005, "levels": 1.0, "likeness": 0.01, "period": 0.1}
"""What the limits are rounded to."""
DESIGN, SEED = 0, 1
"""Seeds of the pictures that are not photographs: those that the rules are worked on with, counted with the split
``validation``, and those that are counted with ``test``."""
EACH = 6
"""Pictures of each kind that are not photographs."""
SIZE = (416, 480)
"""Their height and width, those of the photographs."""


def drawing(rng: np.random.Generator) -> np.ndarray:
    """Polygons and lines of one colour each: uint8 RGB (416, 480, 3)."""
    image = np.full((*SIZE, 3), rng.integers(0, 256, 3), np.uint8)
    for _ in range(25):
        corners = rng.integers(0, SIZE[1], (int(rng.integers(3, 7)), 2))
        cv2.fillPoly(image, [corners.astype(np.int32)], rng.integers(0, 256, 3).tolist(), cv2.LINE_AA)
        cv2.polylines(image, [corners.astype(np.int32)], True, (0, 0, 0), 2, cv2.LINE_AA)
    return image


def cartoon(rng: np.random.Generator) -> np.ndarray:
    """Evenly shaded discs with outlines on a shaded background: uint8 RGB (416, 480, 3)."""
    image = gradient(rng)
    for _ in range(20):
        mask = np.zeros(SIZE, np.uint8)
        centre, radius = rng.integers(0, SIZE[1], 2).tolist(), int(rng.integers(20, 90))
        cv2.circle(mask, centre, radius, 255, -1)
        image = np.where(mask[..., None] > 0, gradient(rng), image)
        cv2.circle(image, centre, radius, (0, 0, 0), 2, cv2.LINE_AA)
    return image


def screenshot(rng: np.random.Generator) -> np.ndarray:
    """Windows with title bars, buttons and words: uint8 RGB (416, 480, 3)."""
    image = np.full((*SIZE, 3), rng.integers(180, 256, 3), np.uint8)
    for _ in range(4):
        (x, y), (w, h) = rng.integers(0, 280, 2).tolist(), rng.integers(120, 240, 2).tolist()
        cv2.rectangle(image, (x, y), (x + w, y + h), (250, 250, 250), -1)
        cv2.rectangle(image, (x, y), (x + w, y + 18), rng.integers(0, 200, 3).tolist(), -1)
        for line in range(y + 36, y + h, 16):
            cv2.putText(
                image, _words(rng, 4), (x + 6, line), cv2.FONT_HERSHEY_SIMPLEX, 0.35, (20, 20, 20), 1, cv2.LINE_AA
            )
        cv2.rectangle(image, (x + w - 60, y + h - 24), (x + w - 8, y + h - 6), (70, 120, 220), -1)
    return image


def page(rng: np.random.Generator) -> np.ndarray:
    """Return a page of text: uint8 RGB (416, 480, 3)."""
    image = np.full((*SIZE, 3), 255, np.uint8)
    size = float(rng.uniform(0.35, 0.6))
    for line in range(30, SIZE[0] - 10, int(36 * size) + 4):
        _write(image, _words(rng, 9), (20, line), size)
    return image


def chart(rng: np.random.Generator) -> np.ndarray:
    """Bars, a curve, axes and a grid: uint8 RGB (416, 480, 3)."""
    image = np.full((*SIZE, 3), 255, np.uint8)
    for y in range(40, 380, 40):
        cv2.line(image, (40, y), (460, y), (220, 220, 220), 1)
        cv2.putText(
            image, str(int(rng.integers(0, 999))), (6, y), cv2.FONT_HERSHEY_SIMPLEX, 0.35, (0, 0, 0), 1, cv2.LINE_AA
        )
    for x in range(50, 450, 36):
        top = int(rng.integers(60, 370))
        cv2.rectangle(image, (x, top), (x + 22, 380), rng.integers(0, 256, 3).tolist(), -1)
    curve = np.stack([np.arange(40, 460, 12), rng.integers(60, 370, 35)], 1).astype(np.int32)
    cv2.polylines(image, [curve], False, (200, 30, 30), 2, cv2.LINE_AA)
    cv2.rectangle(image, (40, 40), (460, 380), (0, 0, 0), 1)
    return image


def gradient(rng: np.random.Generator) -> np.ndarray:
    """One colour that runs into another: uint8 RGB (416, 480, 3)."""
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]]
    angle, one, other = rng.uniform(0, 2 * np.pi), *rng.integers(0, 256, (2, 3))
    along = np.cos(angle) * rows + np.sin(angle) * columns
    along = (along - along.min()) / np.ptp(along)
    return np.rint(one + along[..., None] * (other - one)).astype(np.uint8)


def noise(rng: np.random.Generator) -> np.ndarray:
    """Independent numbers, in colour or grey, of a drawn strength: uint8 RGB (416, 480, 3)."""
    values = 128 + rng.uniform(10, 80) * rng.standard_normal((*SIZE, 3 if rng.random() < 0.5 else 1))
    return np.broadcast_to(to_levels(values), (*SIZE, 3)).copy()


def stripes(rng: np.random.Generator) -> np.ndarray:
    """Stripes, or a chequered pattern, of two colours: uint8 RGB (416, 480, 3)."""
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]] // int(rng.integers(2, 24))
    pattern = (rows + columns) % 2 if rng.random() < 0.5 else columns % 2
    return rng.integers(0, 256, (2, 3), np.uint8)[pattern]


def code(rng: np.random.Generator) -> np.ndarray:
    """Black and white squares at random, as of a two-dimensional bar code: uint8 RGB (416, 480, 3)."""
    squares = rng.integers(0, 2, (52, 60), np.uint8) * 255
    return np.repeat(np.repeat(squares, 8, 0), 8, 1)[..., None].repeat(3, 2)


def plain(rng: np.random.Generator) -> np.ndarray:
    """One colour with a little noise, or none: uint8 RGB (416, 480, 3)."""
    deviation = max(rng.uniform(-0.5, 1.0), 0)
    values = rng.integers(5, 250, 3) + deviation * rng.standard_normal((*SIZE, 3))
    return to_levels(values)


KINDS = (drawing, cartoon, screenshot, page, chart, gradient, noise, stripes, code, plain)
ENLARGED = {"nearest": cv2.INTER_NEAREST, "bilinear": cv2.INTER_LINEAR, "bicubic": cv2.INTER_CUBIC}


def no_photographs(seed: int = SEED) -> dict[str, list[np.ndarray]]:
    """Sixty pictures that are no photographs, six of each kind, uint8 RGB (416, 480, 3), by the kind's name."""
    return {
        kind.__name__: [kind(np.random.default_rng([seed, i, n])) for n in range(EACH)] for i, kind in enumerate(KINDS)
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the limits and how many pictures are refused by them; returns the exit code."""
    parser = argparse.ArgumentParser(description="Find the limits of zoo.validity.")
    parser.add_argument("--data-dir", type=Path, help="the folder of the open photographs")
    text = "photographs to count: test only to report, validation while rules are worked on (default test)"
    parser.add_argument("--split", choices=("test", "validation"), default="test", help=text)
    options = parser.parse_args(arguments)
    limits = _limits([measure(image) for image in _versions(_photographs(options.data_dir, "calibration"))])
    for name, limit in limits.items():
        print(f"{name:10} {'at most' if limit.highest else 'at least'} {limit.value:g} (now {LIMITS[name].value:g})")
    tested = list(_photographs(options.data_dir, options.split))
    for quality in QUALITIES:
        _report(f"{options.split} photographs, {_named(quality)}", limits, _versions(tested, (quality,)))
    for name, method in ENLARGED.items():
        larger = [cv2.resize(image, None, fx=2, fy=2, interpolation=method) for image in tested[::4]]
        for quality in (NO_JPEG, 95, 75):
            _report(
                f"{options.split} photographs, enlarged ({name}), {_named(quality)}",
                limits,
                _versions(larger, (quality,)),
            )
    made = no_photographs(SEED if options.split == "test" else DESIGN)
    together = [image for pictures in made.values() for image in pictures]
    for quality in QUALITIES:
        for kind, pictures in made.items():
            _report(f"{kind}, {_named(quality)}", limits, _versions(pictures, (quality,)))
        _report(f"no photographs, {_named(quality)}", limits, _versions(together, (quality,)))
    return 0


def _photographs(folder: Path | None, split: str) -> Iterator[np.ndarray]:
    for one in photographs("open_photographs", folder, split):
        yield one.load()


def _versions(images: Iterable[np.ndarray], qualities: Sequence[int] = QUALITIES) -> Iterator[np.ndarray]:
    for image in images:
        for quality in qualities:
            yield compress(image, quality)


def _limits(found: Sequence[dict[str, float]]) -> dict[str, Limit]:
    """Return the limits of ``zoo.validity`` with values by the quantiles of these measurements."""
    limits, made = {}, no_photographs(DESIGN)
    for name, limit in LIMITS.items():
        value = np.quantile([one[name] for one in found], 1 - BEYOND if limit.highest else BEYOND)
        if name in FAR:
            others = [measure(image)[name] for kind in FAR[name] for image in _versions(made[kind])]
            value = (value + (min if limit.highest else max)(others)) / 2
        step, rounded = STEPS[name], np.ceil if limit.highest else np.floor
        limits[name] = dataclasses.replace(limit, value=round(float(rounded(value / step) * step), 6))
    return limits


def _report(title: str, limits: dict[str, Limit], images: Iterable[np.ndarray]) -> None:
    """Print how many pictures are refused, and by which limits."""
    measured = [measure(image) for image in images]
    beyond = [[name for name, limit in limits.items() if not limit.allows(one[name])] for one in measured]
    rate = exact_rate(sum(map(bool, beyond)), len(beyond))
    by = ", ".join(f"{name} {n}" for name, n in Counter(name for one in beyond for name in one).most_common())
    print(f"{title}: {rate.events} of {rate.trials} refused [{rate.low:.1%}, {rate.high:.1%}]  {by}", flush=True)


def _named(quality: int) -> str:
    return "lossless" if quality == NO_JPEG else f"JPEG {quality}"


def _write(image: np.ndarray, text: str, place: tuple[int, int], size: float) -> None:
    cv2.putText(image, text, place, cv2.FONT_HERSHEY_SIMPLEX, size, (0, 0, 0), 1, cv2.LINE_AA)


def _words(rng: np.random.Generator, count: int) -> str:
    letters = rng.integers(ord("a"), ord("z") + 1, (count, int(rng.integers(3, 8))))
    return " ".join("".join(map(chr, word)) for word in letters)


if __name__ == "__main__":
    sys.exit(main())
