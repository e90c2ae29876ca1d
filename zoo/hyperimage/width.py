"""How wide a forgery network is whose weights are at hand, from the shapes in their file alone."""

import zipfile
from pathlib import Path

WIDEST = 256
"""Filters of the widest convolution at width 1, the same in all three forgery networks of Table 4."""


def width_of(weights: str | Path) -> float:
    """Share of the paper's filters that a forgery network's weights have: 1 the paper's, .25 the stored ones'.

    Args:
        weights: Stored weights by name, or a file (``.npz`` of ``zoo.weights.pack``, ``.weights.h5``, ``.keras``).

    Raises:
        ValueError: For an unknown name, a missing or damaged file, or one that cannot be of a forgery network.
    """
    from zoo.weights import find

    path = find(weights)
    try:
        shapes = _shapes(path)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise ValueError(f"Not a readable weights file. Received: {path} ({error})") from error
    widest = max((shape[-1] for shape in shapes if len(shape) == 4), default=0)
    if widest == 0 or widest % 4:
        raise ValueError(
            f"The widest convolution of a forgery network must have {WIDEST} filters times its width, a multiple of 4. "
            f"Received: {widest or 'no convolution'} in {path}"
        )
    return widest / WIDEST


def chosen(width: float | None, weights: str | Path | None) -> float:
    """``width``; where it is None that of ``weights``, and 1 without weights."""
    if width is not None:
        return width
    return 1.0 if weights is None else width_of(weights)


def _shapes(path: Path) -> list[tuple[int, ...]]:
    import numpy as np

    if path.suffix == ".npz":
        with np.load(path, allow_pickle=False) as file:
            return [file[name].shape for name in file.files]
    import h5py

    found: list[tuple[int, ...]] = []

    def note(_: str, item: h5py.HLObject) -> None:
        if isinstance(item, h5py.Dataset):
            found.append(item.shape)

    if path.suffix == ".keras":
        with zipfile.ZipFile(path) as archive, archive.open("model.weights.h5") as inner, h5py.File(inner) as file:
            file.visititems(note)
    else:
        with h5py.File(path) as file:
            file.visititems(note)
    return found
