"""Matplotlib without a screen; PNG files are written whole or not at all."""

from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from zoo.images import atomic

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def pyplot() -> ModuleType:
    """``matplotlib.pyplot``, imported when something is to be drawn, for files alone."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot

    return matplotlib.pyplot


def save(figure: "Figure", path: Path, dpi: int = 110) -> None:
    """Write ``figure`` as PNG, the same bytes for the same figure, and close it."""
    with atomic(path) as partial:
        figure.savefig(partial, dpi=dpi, metadata={"Software": None})
    pyplot().close(figure)
