"""Read the pictures that a command is given, one after the other; those that cannot be read are named, not fatal."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


def readable(paths: Sequence[Path], failed: list[Path]) -> "Iterator[tuple[Path, np.ndarray]]":
    """Yield path and picture, uint8 RGB; for the others a line goes to standard error and the path to ``failed``."""
    from zoo.images import ImageError, read_photograph

    for path in paths:
        try:
            image = read_photograph(path)
        except ImageError as error:
            print(f"zoo: {error}", file=sys.stderr)
            failed.append(path)
            continue
        yield path, image


def check_heatmap(heatmap: Path | None, images: Sequence[Path]) -> None:
    """Refuse ``--heatmap`` for several pictures, a file that is no PNG, or one in a folder that does not exist.

    Raises:
        ValueError: For each of these.
    """
    if heatmap is None:
        return
    if len(images) != 1:
        raise ValueError(f"--heatmap takes one picture. Received: {len(images)}")
    if heatmap.suffix.lower() != ".png":
        raise ValueError(f"--heatmap must end in .png. Received: {heatmap}")
    if not heatmap.parent.is_dir():
        raise ValueError(f"--heatmap must lie in a folder that exists. Received: {heatmap}")
