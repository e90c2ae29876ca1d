"""Argparse types for numbers, sizes and scales; NaN is refused."""

import argparse
import math
import re
from collections.abc import Callable

from zoo.experiments.run.scales import NAMES


def whole(lowest: int, highest: int) -> Callable[[str], int]:
    """An argparse type: an integer from ``lowest`` to ``highest``."""

    def parse(text: str) -> int:
        if not text.lstrip("+-").isdecimal() or not lowest <= int(text) <= highest:
            raise argparse.ArgumentTypeError(f"must be an integer from {lowest} to {highest}. Received: {text!r}")
        return int(text)

    return parse


def real(lowest: float, highest: float) -> Callable[[str], float]:
    """An argparse type: a finite number from ``lowest`` to ``highest``."""

    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not (math.isfinite(value) and lowest <= value <= highest):
            raise argparse.ArgumentTypeError(f"must be a number from {lowest:g} to {highest:g}. Received: {text!r}")
        return value

    return parse


def scale_name(text: str) -> str:
    """An argparse type: a scale. Not every table and training has all of them."""
    if text not in NAMES:
        raise argparse.ArgumentTypeError(f"must be one of {', '.join(NAMES)}. Received: {text!r}")
    return text


def picture_size(text: str) -> tuple[int, int]:
    """An argparse type: height and width of ``640x480``, each from 1 to 99,999."""
    match = re.fullmatch(r"(\d{1,5})x(\d{1,5})", text)
    if not match or min(int(n) for n in match.groups()) < 1:
        raise argparse.ArgumentTypeError(f"must be WIDTHxHEIGHT, as in 640x480. Received: {text!r}")
    return int(match[2]), int(match[1])
