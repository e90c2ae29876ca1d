"""Look up the settings of a scale."""

from collections.abc import Mapping
from typing import TypeVar

Scale = TypeVar("Scale")
NAMES = ("smoke", "laptop", "photographs", "gpu", "paper")
"""All scales. Not every table and training has all of them."""


def scale_of(scales: Mapping[str, Scale], name: str) -> Scale:
    """Return the entry of ``scales`` called ``name``.

    Raises:
        ValueError: For an unknown one.
    """
    if name not in scales:
        raise ValueError(f"scale must be one of {sorted(scales)}. Received: {name!r}")
    return scales[name]
