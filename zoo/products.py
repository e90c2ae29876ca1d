"""Products for export by name: their networks and the function that builds them. Nothing here imports Keras."""

from fnmatch import fnmatchcase

from zoo.families import products
from zoo.family import Product
from zoo.weights import all_names

ABOUT = "forensics_zoo.json"
"""Beside an exported SavedModel: endpoints, what goes in and comes out, where the weights come from, checksums."""


def exportable() -> list[str]:
    """Return the names that ``zoo.export.serving`` takes, given the weights that are here."""
    here, known = set(all_names()), products()
    single = [name for name in here if any(fnmatchcase(name, product.pattern) for product in known)]
    whole = [
        f"{product.pattern.removesuffix('*')}{training}"
        for product in known
        if product.parts
        for training in {name.rpartition(".")[2] for name in here}
        if all(f"{part}.{training}" in here for part in product.parts)
    ]
    return sorted({*single, *whole})


def parts_of(name: str) -> list[str]:
    """Return the names of the weights that a product is made of.

    Raises:
        ValueError: For a name that is no product.
    """
    training = name.rpartition(".")[2]
    return [f"{part}.{training}" for part in product_of(name).parts] or [name]


def product_of(name: str) -> Product:
    """Return the product that a name stands for.

    Raises:
        ValueError: For a name that is none; the message lists what can be exported.
    """
    for product in products():
        if fnmatchcase(name, product.pattern):
            return product
    whole = ", ".join(product.pattern for product in products())
    raise ValueError(
        f"name must be one of {whole}; available with stored weights: {', '.join(exportable()) or 'none'}. "
        f"Received: {name!r}"
    )
