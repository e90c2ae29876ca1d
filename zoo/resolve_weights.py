"""Resolve ``--weights``, a NAME, FILE or FOLDER, to the networks that a command or an export needs."""

from fnmatch import fnmatchcase
from pathlib import Path

from zoo.families import families, network_of
from zoo.weights import SUFFIXES, names

HELP = (
    "networks that you trained: a name of `zoo list`, the part of the name after its last dot, a folder of "
    "`zoo pretrain` or, if one network is needed, a file"
)


def resolve_weights(given: str | Path | None, *stored: str) -> tuple[str, ...]:
    """Return weights for each of the networks ``stored``: the stored ones, or those given by the user.

    Args:
        given: None for the stored weights. A folder holds ``<name>.npz`` for each of ``stored``, as `zoo pretrain`
            leaves it. What follows the last dot of a name, as ``generated-smoke``, stands for the weights of that
            training. Of a single network it may be a file, or the full name of any weights that fit it; of several the
            full name of one of them, or of the product that they make, stands for all.
        stored: Names, ``architecture.training``.

    Returns:
        What each network's constructor takes as ``weights``.

    Raises:
        ValueError: For anything else; the message says what is missing.
    """
    if given is None:
        return stored
    path, known, text = Path(given), names(), str(given)
    if text and path.is_dir():
        missing = [name for name in stored if not (path / f"{name}.npz").is_file()]
        if missing:
            raise ValueError(f"A folder of weights must hold {', '.join(missing)} (.npz). Received: {given}")
        return tuple(str(path / f"{name}.npz") for name in stored)
    if len(stored) == 1 and (path.is_file() or text in known):
        return (text,)
    stems = [name.rpartition(".")[0] for name in stored]
    stem, _, training = text.rpartition(".")
    trained = tuple(f"{own}.{training}" for own in stems)
    ours = stem == "" or stem in stems or (len(stems) > 1 and all(own.startswith(stem) for own in stems))
    if ours and all(name in known for name in trained):
        return trained
    raise ValueError(f"{_wanted(path, stored)}; here are {', '.join(_here(stored))}. Received: {text!r}")


def _wanted(path: Path, stored: tuple[str, ...]) -> str:
    if len(stored) > 1:
        held = "is for one network, and several are needed" if path.is_file() else "does not exist"
        wrong = f"This file {held}: " if path.suffix in SUFFIXES else ""
        return f"{wrong}weights must be a folder of `zoo pretrain`, or what follows the dot of {' and '.join(stored)}"
    wrong = "This file does not exist: " if path.suffix in SUFFIXES else ""
    return f"{wrong}weights must be a folder of `zoo pretrain`, a file, or the name of stored weights"


def _here(stored: tuple[str, ...]) -> list[str]:
    """Return the names that would be taken: of the same kind of network, or trainings that have them all."""
    known = names()
    if len(stored) == 1:
        network = network_of(stored[0])
        alike = [
            other.pattern
            for family in families()
            for other in family.networks
            if network is not None and other.constructor == network.constructor
        ]
        return [name for name in known if any(fnmatchcase(name.rpartition(".")[0], pattern) for pattern in alike)]
    trainings = {name.rpartition(".")[2] for name in known}
    return sorted(t for t in trainings if all(f"{name.rpartition('.')[0]}.{t}" in known for name in stored)) or ["none"]
