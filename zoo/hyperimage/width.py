"""Find the width of a forgery network from the shapes in its weights file."""

from pathlib import Path

from zoo.weight_files import NOT_READABLE, shapes_of

WIDEST = 256
"""Filters of the widest convolution at width 1, the same in all three forgery networks of Table 4."""


def width_of(weights: str | Path) -> float:
    """Return a forgery network's fraction of the paper's filters: 1 for the paper, .25 for the stored weights.

    Args:
        weights: Stored weights by name, or a file (``.npz`` of ``zoo.weights.pack``, ``.weights.h5``, ``.keras``).

    Raises:
        ValueError: For an unknown name, a missing or damaged file, or one that cannot be of a forgery network.
    """
    from zoo.weights import find

    path = find(weights)
    try:
        shapes = shapes_of(path).values()
    except NOT_READABLE as error:
        raise ValueError(f"Not a readable weights file. Received: {path} ({error})") from error
    widest = max((shape[-1] for shape in shapes if len(shape) == 4), default=0)
    if widest == 0 or widest % 4:
        raise ValueError(
            f"The widest convolution of a forgery network must have {WIDEST} filters times its width, a multiple of 4. "
            f"Received: {widest or 'no convolution'} in {path}"
        )
    return widest / WIDEST


def chosen(width: float | None, weights: str | Path | None) -> float:
    """Return ``width`` or, if it is None, that of ``weights`` (1 without weights)."""
    if width is not None:
        return width
    return 1.0 if weights is None else width_of(weights)
