"""Put packed weights where they are found by name: into the package, or into the local store."""

import re
from importlib.metadata import version
from pathlib import Path
from typing import Any

import zoo.weights
from zoo import store
from zoo.experiments.run.environment import device

GENERATED = "generated"
"""How a name calls the training data that every machine can make."""


def training_tag(scale: str, dataset: str = GENERATED) -> str:
    """The training part of a name in the local store: the data, and the scale where it is not ``laptop``."""
    data = GENERATED if dataset == "embedded" else dataset.removeprefix("folder:")
    data = re.sub(r"[^A-Za-z0-9-]+", "-", data).strip("-") or "own"
    return data if scale == "laptop" else f"{data}-{scale}"


def install(
    paper: str,
    packed: Path,
    history: list[dict],
    bits: str,
    command: str,
    data: str,
    local: str | None = None,
    arguments: dict[str, Any] | None = None,
) -> None:
    """Copy a packed file to the package or the local store, and list it in the index there.

    Args:
        paper: The family.
        packed: What ``zoo.weights.pack`` wrote.
        history: The epochs that led to it, as ``fitting.SavedState`` logs them: their seconds are added up.
        bits: How it is packed.
        command: How to train it again.
        data: What it was trained on.
        local: None for the package, under the file's stem; else the training part of its name in the local store, see
            ``training_tag``. What the package holds under that name stays: nothing is written then.
        arguments: What its constructor was called with, where that is not the default.
    """
    name = packed.stem
    if local is not None:
        name = f"{packed.stem.rpartition('.')[0]}.{local}"
        if name in zoo.weights.packaged():
            print(f"kept out of the local store: the package holds a {name}; this one is {packed}")
            return
    entry: dict[str, Any] = {
        "bits": bits,
        "command": command,
        "data": data,
        "commit": history[-1]["commit"],
        "seconds": int(sum(entry["seconds"] for entry in history)),
        "device": history[-1].get("device", device()),
        "licence": f"Apache-2.0, forensics-zoo {version('forensics-zoo')}",
    }
    entry |= {"arguments": arguments} if arguments else {}
    if local is None:
        store.add(zoo.weights.folder_of(paper), f"weights/{name}.npz", packed, entry)
    else:
        path = store.add(store.home(), f"{paper}/weights/{name}.npz", packed, entry)
        print(f"stored: {name} in {path}")
