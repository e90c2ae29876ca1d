"""What the quality databases share: images with an opinion score each, and splits that keep a reference together."""

import dataclasses
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from zoo.datasets import keyed
from zoo.datasets.prepared import Prepared

FRACTIONS = (0.6, 0.2, 0.2)
"""Training, validation and test (Chandakkar and Li 2017, page 4)."""


@dataclasses.dataclass(frozen=True)
class Rated:
    """One distorted image of a database."""

    name: str
    reference: str
    """Name of its reference, the same for all images that are made from it."""
    load: Callable[[], np.ndarray]
    """Reads the image, uint8 RGB (height, width, 3)."""
    load_reference: Callable[[], np.ndarray]
    """Reads the reference, of the same shape."""
    scene: str
    """The same word for the same scene in every database here."""
    distortion: str
    level: int
    """1..5, or 0 where the database has no levels."""
    score: float


def from_prepared(there: Prepared, opinion: str) -> list[Rated]:
    """Return the images of a database that TensorFlow Datasets prepared, by name; ``opinion`` is the score's feature.

    Raises:
        ValueError: For a version without the references' names.
    """
    if "reference_name" not in there.features:
        raise ValueError(f"{there.directory} must be prepared again, as version 1.1.0. Received: an older one")
    return sorted(
        (
            Rated(
                example["name"],
                example["reference_name"],
                partial(there.image, "images", index),
                partial(there.image, "images", index, "reference"),
                example["scene"],
                example["distortion"],
                int(example.get("level", 0)),
                float(example[opinion]),
            )
            for index, example in enumerate(there.examples("images"))
        ),
        key=lambda image: image.name,
    )


def split_scenes(scenes: Sequence[str], seed: int, index: int = 0) -> dict[str, list[str]]:
    """Divide scenes 60/20/20 into ``train``, ``validation`` and ``test``; split ``index`` of as many as one likes.

    A scene is any word that images of one reference share: the reference's name inside one database (TID2013's 25
    become 15, 5 and 5, LIVE's 29 become 17, 6 and 6), ``Rated.scene`` where several are mixed.

    Raises:
        ValueError: For fewer than five different scenes.
    """
    names = sorted(set(scenes))
    if len(names) < 5:
        raise ValueError(f"A split by scene needs five scenes or more. Received: {names}")
    order = [names[i] for i in keyed.permutation(len(names), seed, index)]
    held_out = round(FRACTIONS[1] * len(names))
    train = len(names) - 2 * held_out
    return {"train": order[:train], "validation": order[train : train + held_out], "test": order[train + held_out :]}


# Kodak's photographs behind TID2013's references (by number) and LIVE's (by name). Where it is not certain which of a
# few a LIVE name is, all of these count as one scene: too careful costs little, a shared scene would cost the result.
_LIVE_TO_KODAK = {
    "bikes": 5, "buildings": 8, "caps": 3, "lighthouse": 19, "lighthouse2": 21, "ocean": 16, "paintedhouse": 24,
    "parrots": 23, "plane": 20, "rapids": 14, "statue": 17, "stream": 13, "womanhat": 4,
}  # fmt: skip
_UNCERTAIN = {
    "sailing": ({6, 9, 10, 11}, {"sailing1", "sailing2", "sailing3", "sailing4"}),
    "woman": ({15, 18}, {"woman"}),
    "house": ({1, 22}, {"house"}),
}


def kodak_scene(number: int) -> str:
    """Return the scene of Kodak's photograph (and TID2013's reference) ``number``."""
    for name, (numbers, _) in _UNCERTAIN.items():
        if number in numbers:
            return f"kodak-{name}"
    return f"kodak-{number:02d}"


def live_scene(name: str) -> str:
    """Return the scene of LIVE's reference ``name``, without suffix."""
    name = name.lower()
    for group, (_, names) in _UNCERTAIN.items():
        if name in names:
            return f"kodak-{group}"
    return kodak_scene(_LIVE_TO_KODAK[name]) if name in _LIVE_TO_KODAK else f"live-{name}"


def find_file(folder: Path, name: str) -> Path:
    """Return the file ``name`` in ``folder`` whatever its case, since the databases' lists and files disagree in it.

    Raises:
        ValueError: Where there is none.
    """
    exact = folder / name
    if exact.is_file():
        return exact
    for path in _lower_names(folder).get(name.lower(), []):
        return path
    received = f"{len(list(folder.glob('*')))} other files" if folder.is_dir() else "no such folder"
    raise ValueError(f"{folder} must hold {name}. Received: {received}")


def _lower_names(folder: Path) -> dict[str, list[Path]]:
    names: dict[str, list[Path]] = {}
    for path in sorted(folder.glob("*")):
        names.setdefault(path.name.lower(), []).append(path)
    return names
