"""forensics-zoo: five image-forensics papers as Keras 3 model families."""

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo.version import __version__

if TYPE_CHECKING:
    from zoo.models import list_models, load
    from zoo.saved_models import saved_model
    from zoo.weights import provenance

__all__ = ["__version__", "list_models", "load", "provenance", "saved_model"]
_HOME = {
    "list_models": "zoo.models",
    "load": "zoo.models",
    "provenance": "zoo.weights",
    "saved_model": "zoo.saved_models",
}


for _link in ("datasets", "experiments"):
    _place = Path(__file__).parent / _link
    if not _place.is_dir():
        raise ImportError(
            f"{_place} must be a symbolic link to the folder {_link} next to zoo, as it is committed; git needs "
            "core.symlinks true to check it out. Received: a file, or nothing"
        )


def __getattr__(name: str) -> Any:
    # Imported when asked for, so that `import zoo` costs nothing.
    if name in _HOME:
        return getattr(importlib.import_module(_HOME[name]), name)
    raise AttributeError(f"module 'zoo' has no attribute {name!r}")
