"""How trained networks are packed and stored: small files, what packing costs, and where they are found by name.

`zoo.saved_training` keeps what a training leaves; a family's ``pretrained.py`` says which networks of it are stored.
"""

import dataclasses
import re
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

import keras

import zoo.store
import zoo.weights
from zoo.experiments.run.environment import device

T = TypeVar("T")

GENERATED = "generated"
"""How a name calls the training data that every machine can make."""


@dataclasses.dataclass(frozen=True)
class Trained:
    """A trained network that is to be stored."""

    name: str
    """Of its weights in the package."""
    model: keras.Model
    """As its constructor builds it; when it is stored, it has the packed weights."""
    history: list[dict]
    """The epochs that led to it, as ``zoo.saved_training`` logs them."""
    bits: Mapping[str, int] | int = 8
    """For ``zoo.weights.pack``."""
    described: str = ""
    """The bits in words, where these are not to name each layer."""
    arguments: dict[str, Any] | None = None
    """What its constructor was called with, where that is not the default."""
    file: str = ""
    """Stem of the packed file, where that is not the name."""


def store(
    paper: str,
    folder: Path,
    networks: Sequence[Trained],
    measure: Callable[[], T],
    said: Callable[[T, T], str],
    command: str,
    data: str,
    local: str | None = None,
) -> None:
    """Pack networks that are measured together into ``folder``, print what that costs, and install them.

    ``folder`` is that of the training: ``zoo reproduce --weights`` finds the packed files there. ``measure`` returns
    what the networks are worth as they are then; it is called while they are whole and when they have the packed
    weights, and ``said`` says what packing costs from both. The rest is as for ``install``.
    """
    before, paths = measure(), [folder / f"{network.file or network.name}.npz" for network in networks]
    for network, path in zip(networks, paths, strict=True):
        zoo.weights.pack(network.model, path, network.bits)
        zoo.weights.unpack(network.model, path)
    print(f"written: {', '.join(map(str, paths))} ({said(before, measure())})")
    for network, path in zip(networks, paths, strict=True):
        bits = network.described or in_words(network.bits)
        install(paper, path, network.history, bits, command, data, local, network.arguments, network.name)


def in_words(bits: Mapping[str, int] | int) -> str:
    """Bits as the index of stored weights has them, such as ``"8, fc 6"``."""
    return str(bits) if isinstance(bits, int) else ", ".join(["8", *(f"{name} {n}" for name, n in bits.items())])


def training_tag(scale: str, dataset: str = GENERATED) -> str:
    """Return the training part of a name in the local store: the data, and the scale where it is not ``laptop``."""
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
    name: str = "",
) -> None:
    """Copy a packed file to the package or the local store, and list it in the index there.

    What a family does not list for the package goes to the local store, under its own name, even where it should be
    installed in the package.

    Args:
        paper: The family.
        packed: What ``zoo.weights.pack`` wrote.
        history: The epochs that led to it, as ``zoo.saved_training`` logs them: their seconds are added up.
        bits: How it is packed.
        command: How to train it again.
        data: What it was trained on.
        local: None for the package, under its name; else the training part of its name in the local store, see
            ``training_tag``. What the package holds under that name stays: nothing is written then.
        arguments: What its constructor was called with, where that is not the default.
        name: Of the weights in the package; by default the file's stem.
    """
    name = name or packed.stem
    page = next(page for page in zoo.weights.families() if page.name == paper)
    if local is None and name not in page.stored:
        local = name.rpartition(".")[2]
    if local is not None:
        name = f"{name.rpartition('.')[0]}.{local}"
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
        zoo.store.add(page.folder, f"weights/{name}.npz", packed, entry)
    else:
        path = zoo.store.add(zoo.store.home(), f"{paper}/weights/{name}.npz", packed, entry)
        print(f"stored: {name} in {path}")
