"""SavedModels by name: exported once from stored weights, cached in the local store, verified by checksum."""

import json
from pathlib import Path

from zoo import store
from zoo.products import ABOUT, exportable, parts_of
from zoo.version import __version__
from zoo.weights import packaged, stored_provenance

FOLDER = "savedmodels"
"""Folder of the SavedModels in the local store."""


def saved_model(name: str) -> Path:
    """Return the folder of a SavedModel of stored weights; the first call makes it, which takes seconds.

    >>> model = tf.saved_model.load(zoo.saved_model("contrast-aware"))

    The folder works without the zoo; ``zoo.export.export`` describes its endpoints. It is in the local store
    (``zoo.store.home()``). It is exported again if the weights or the zoo's version have changed.

    Args:
        name: A product with its training, as ``"contrast-aware.photographs"`` (``zoo.products.exportable()``), or
            without, as ``"contrast-aware"``: that of the package, or the only one that is here.

    Raises:
        ValueError: For an unknown or ambiguous name, and for a changed folder.
    """
    full = _full_name(name)
    folder = store.home() / FOLDER / full
    about = _about(folder)
    if about is None or about["made_by"] != f"forensics-zoo {__version__}" or _weights(about) != _stored(full):
        from zoo.export import export, serving  # TensorFlow is needed for this alone

        return export(serving(full), folder)
    for file, expected in about["files"].items():
        found = store.sha256(folder / file) if (folder / file).is_file() else "no file"
        if found != expected:
            raise ValueError(
                f"{folder / file} is changed or damaged; delete {folder} to export it again: sha256 must be "
                f"{expected}. Received: {found}"
            )
    return folder


def _full_name(name: str) -> str:
    here = exportable()
    if name in here:
        return name
    found = [full for full in here if full.rpartition(".")[0] == name]
    own = set(packaged())
    chosen = [full for full in found if own.issuperset(parts_of(full))] or found
    if len(chosen) != 1:
        listed = ", ".join(found or here) or "none"
        raise ValueError(f"A SavedModel is named product.training; available are {listed}. Received: {name!r}")
    return chosen[0]


def _about(folder: Path) -> dict | None:
    """Return the description of an export; None if it is missing or unreadable for this version."""
    try:
        about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return about if isinstance(about, dict) and {"made_by", "files", "weights"} <= about.keys() else None


def _weights(about: dict) -> list[str]:
    return [weights.get("sha256", "") for weights in about["weights"]]


def _stored(name: str) -> list[str]:
    return [stored_provenance(part).sha256 for part in parts_of(name)]
