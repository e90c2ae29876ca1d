"""Additions of other packages, found by the entry points in their metadata.

A package that lists an object in the group ``forensics_zoo.<kind>`` has it found by name here. Nothing of it is
imported until its name is asked for, and nothing has to be called at import. What the zoo itself has under a name comes
first: a package can add, not replace.
"""

import dataclasses
import functools
import sys
import warnings
from collections.abc import Hashable
from importlib.metadata import EntryPoint, entry_points
from typing import Any, TypeVar, cast

Page = TypeVar("Page")
KINDS = {
    "families": "NAME: a zoo.family.Family, its networks, stored weights and products",
    "experiments": "NAME: a zoo.experiments.family.Experiments, its tables, commands and trainings",
    "datasets": "photographs(data_dir, split, seed): a list of zoo.datasets.photographs.Photograph",
    "operators": "operator(image): uint8 RGB to uint8 RGB; a row of contrast Table I",
    "attacks": "attack(model, images, eps): float32 images on the model's scale",
    "distortions": "distortion(image, level, generator): uint8 RGB, level 1..5; a row of hyperimage Table 2",
}
"""Kind of addition -> what an entry point of ``forensics_zoo.<kind>`` names."""


@dataclasses.dataclass(frozen=True)
class Origin:
    """Where a model of another package comes from, as far as that package's metadata tell."""

    name: str
    package: str
    version: str
    licence: str

    def __str__(self) -> str:
        return "\n".join(f"{field}: {value}" for field, value in dataclasses.asdict(self).items())


def names(kind: str) -> list[str]:
    """Return the names that installed packages add to a kind, sorted.

    Raises:
        ValueError: For a kind that is not in ``KINDS``.
    """
    return sorted({point.name for point in _points(kind)})


def load(kind: str, name: str) -> Any:
    """Import and return the object that a package adds under ``name``.

    Raises:
        ValueError: For an unknown kind or name, or a name that two packages use.
        ImportError: When the package's object cannot be imported; the message names package and object.
    """
    point = _point(kind, name)
    try:
        return point.load()
    except Exception as error:  # whatever a stranger's module raises at import
        raise ImportError(
            f"{_package(point)} names {point.value} as {name!r} of {kind}, which must be there to import. "
            f"Received: {type(error).__name__}: {error}"
        ) from error


def loaded(kind: str, page: type[Page]) -> list[Page]:
    """Return the objects that packages add to ``kind``; a failed import causes one warning and is skipped.

    Raises:
        ValueError: For an unknown kind.
    """
    key = cast(Hashable, page)  # classes are, but mypy takes the hash of their instances for theirs
    found = (_loaded(kind, name, key, tuple(sys.path)) for name in names(kind))
    return [one for one in found if one is not None]


def origin(kind: str, name: str, model: str) -> Origin:
    """Return the package that adds ``model`` by its entry point ``name`` of a kind, without importing it.

    Raises:
        ValueError: For a name that no package adds, or that two do.
    """
    dist = _point(kind, name).dist
    if dist is None:
        return Origin(model, "not given", "not given", "not given")
    classifiers = [c for c in dist.metadata.get_all("Classifier", []) if c.startswith("License ::")]
    given = [text for field in ("License-Expression", "License") for text in dist.metadata.get_all(field, [])]
    licences = [*filter(None, given), *(c.rpartition(" :: ")[2] for c in classifiers), "not given"]
    return Origin(model, dist.name, dist.version, licences[0])


@functools.cache
def _loaded(kind: str, name: str, page: type[Page], path: tuple[str, ...]) -> Page | None:
    del path  # what can be found depends on it
    try:
        found = load(kind, name)
    except (ImportError, ValueError) as error:
        warnings.warn(str(error), stacklevel=1)
        return None
    if not isinstance(found, page):
        package, wanted = _package(_point(kind, name)), f"{page.__module__}.{page.__name__}"
        warnings.warn(f"{package} must give a {wanted} as {name!r} of {kind}. Received: {found!r}", stacklevel=1)
        return None
    return found


def _point(kind: str, name: str) -> EntryPoint:
    found = [point for point in _points(kind) if point.name == name]
    if not found:
        known = ", ".join(names(kind)) or "none"
        raise ValueError(f"Other packages add these {kind}: {known}. Received: {name!r}")
    if len({point.value for point in found}) > 1:
        packages = ", ".join(sorted(_package(point) for point in found))
        raise ValueError(f"{packages} both add {name!r} to {kind}: uninstall one. Received: {name!r}")
    return found[0]


def _points(kind: str) -> list[EntryPoint]:
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}. Received: {kind!r}")
    return _entry_points(f"forensics_zoo.{kind}", tuple(sys.path))


@functools.cache
def _entry_points(group: str, path: tuple[str, ...]) -> list[EntryPoint]:
    del path  # what is installed depends on it; names are asked for often, and the search takes milliseconds
    return list(entry_points(group=group))


def _package(point: EntryPoint) -> str:
    return point.dist.name if point.dist is not None else "A package"
