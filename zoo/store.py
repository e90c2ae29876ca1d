"""The local store: weights that are too large for the package, trained by ``zoo pretrain`` on the user's own machine.

A folder with an index, ``weights.json``, like that of a family in the package, and the files that it lists.
"""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path

VARIABLE = "FORENSICS_ZOO_HOME"
"""The environment variable that moves the store."""
INDEX = "weights.json"
"""Name of an index of weights, in the store and in a family's folder."""


def home() -> Path:
    """Return the store's folder, which need not exist: ``$FORENSICS_ZOO_HOME``, else in the user's cache directory."""
    given = os.environ.get(VARIABLE)
    return Path(given).expanduser() if given else user_cache_path("forensics-zoo", appauthor=False, opinion=False)


def read_index(path: Path) -> dict[str, dict[str, Any]]:
    """Return the entries of an index of weights by name; none where the file does not exist.

    Raises:
        ValueError: For a file that is no such index.
    """
    if not path.is_file():
        return {}
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(f"An index of weights must be JSON; remove it or restore it. Received: {path}") from error
    if not isinstance(entries, dict) or not all(isinstance(e, dict) and "file" in e for e in entries.values()):
        raise ValueError(f"An index of weights must name a file for each entry. Received: {path}")
    return entries


def add(folder: Path, file: str, packed: Path, entry: dict[str, Any]) -> Path:
    """Copy a packed file to ``folder/file`` and add it to the index of ``folder``, by the stem of ``file``.

    ``entry`` says where the weights come from (see ``zoo.weights.StoredWeights``), less file, checksum and size, which
    are filled in. Returns the copy's path.
    """
    from zoo.images import atomic

    index, target = folder / INDEX, folder / file
    target.parent.mkdir(parents=True, exist_ok=True)
    with atomic(target) as partial:
        partial.write_bytes(packed.read_bytes())
    entries = read_index(index)
    name = file.rpartition("/")[2].removesuffix(".npz")
    entries[name] = entry | {"file": file, "sha256": sha256(target), "bytes": target.stat().st_size}
    with atomic(index) as partial:
        partial.write_text(json.dumps(entries, indent=1, sort_keys=True) + "\n")
    return target


def sha256(path: Path) -> str:
    """Return the checksum of a file, 64 hexadecimal digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
