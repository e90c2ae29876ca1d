"""All families: the built-in ones, then those of other packages. ``zoo.load``, ``zoo list`` and others use them."""

import functools
from fnmatch import fnmatchcase
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from zoo import extensions
from zoo.family import Family, Network, Product

BUILT_IN = ("contrast", "adversarial", "steganography", "imaging", "hyperimage")
"""Names of the families inside the zoo; ``docs/extending.md`` lists what else a family needs."""


def families() -> tuple[Family, ...]:
    """Return all families; a package's family that cannot be loaded causes a warning and is skipped."""
    return (*(_page(name) for name in BUILT_IN), *extensions.loaded("families", Family))


def citation(family: str) -> str:
    """Return the paper of a family; empty for an unknown one."""
    return next((page.paper for page in families() if page.name == family), "")


def network_of(name: str) -> Network | None:
    """Return the network for a name, ``network.training``; None if there is none."""
    stem, _, training = name.rpartition(".")
    networks = (network for page in families() for network in page.networks)
    return next((network for network in networks if training and fnmatchcase(stem, network.pattern)), None)


def products() -> tuple[Product, ...]:
    """Return the products of all families that can be exported as a SavedModel."""
    return tuple(product for page in families() for product in page.products)


@functools.cache
def _page(name: str) -> Family:
    # By its file, since importing it as a module imports the family's package first, and that imports Keras.
    path = Path(__file__).parent / name / "family.py"
    spec = spec_from_file_location(f"zoo.{name}.family", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"A family of the zoo must have a family.py. Received: {path}")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    page = module.FAMILY
    if not isinstance(page, Family):
        raise ImportError(f"FAMILY of {path} must be a zoo.family.Family. Received: {page!r}")
    return page
