"""What ``weights`` may be where a command or an export knows which networks it needs: NAME, FILE or FOLDER."""

from pathlib import Path

from zoo.weights import names

HELP = "of your own training: a name of `zoo list` or what follows its last dot, a file, or a folder of `zoo pretrain`"


def own_weights(given: str | Path | None, *stored: str) -> tuple[str, ...]:
    """Weights for each of the networks that are stored as ``stored``: theirs, or what the user has given instead.

    Args:
        given: None for the stored weights. A folder holds ``<name>.npz`` for each of ``stored``, as `zoo pretrain`
            leaves it. A file or the full name of stored weights is for one network. What follows the last dot of a
            name, as ``generated-smoke``, stands for the weights of all.
        stored: Names, ``architecture.training``.

    Returns:
        What each network's constructor takes as ``weights``.

    Raises:
        ValueError: For anything else; the message says what is missing.
    """
    if given is None:
        return stored
    path, known = Path(given), names()
    if path.is_dir():
        missing = [name for name in stored if not (path / f"{name}.npz").is_file()]
        if missing:
            raise ValueError(f"A folder of weights must hold {', '.join(missing)} (.npz). Received: {given}")
        return tuple(str(path / f"{name}.npz") for name in stored)
    if len(stored) == 1 and (path.is_file() or str(given) in known):
        return (str(given),)
    trained = tuple(f"{name.rpartition('.')[0]}.{given}" for name in stored)
    if all(name in known for name in trained):
        return trained
    alike = {name.rpartition(".")[0] for name in stored}
    here = sorted(name for name in known if name.rpartition(".")[0] in alike)
    one = (
        "a file, the name of stored weights" if len(stored) == 1 else f"what follows the dot in {' and '.join(stored)}"
    )
    raise ValueError(
        f"weights must be a folder of `zoo pretrain`, {one}; here are {', '.join(here)}. Received: {given}"
    )
