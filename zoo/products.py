"""What can be exported, by name: which function makes a product of which networks. Nothing here imports Keras."""

import dataclasses
from fnmatch import fnmatchcase

from zoo import extensions
from zoo.weights import names


@dataclasses.dataclass(frozen=True)
class Product:
    """What becomes a SavedModel: names of a pattern, and the function that makes a ``Serving`` of the networks."""

    pattern: str
    """Shell pattern of a name."""
    serving: str
    """``module:function`` of the networks in ``parts``."""
    parts: tuple[str, ...] = ()
    """Architectures whose weights it needs, where the name is not one itself."""
    phased: bool = False
    """Whether ``serving`` takes the phase of a mosaic, ``cfa``."""


_ADVERSARIAL, _IMAGING, _HYPER = "zoo.adversarial.serving", "zoo.imaging.serving", "zoo.hyperimage.serving"
PRODUCTS = (
    Product("contrast-*.*", "zoo.contrast.serving:adjustment"),
    Product("adversarial-*.digits*", f"{_ADVERSARIAL}:detection_on_digits"),
    Product("adversarial-*.*", f"{_ADVERSARIAL}:classification"),
    Product("steganography-h-net.*", "zoo.steganography.serving:hiding"),
    Product("steganography-r-net.*", "zoo.steganography.serving:revealing"),
    Product("fan-*.*", f"{_IMAGING}:manipulation"),
    *(Product(f"{name}-*.*", f"{_IMAGING}:development", phased=True) for name in ("inet", "unet", "dnet")),
    Product(
        "hyperimage-quality.*", f"{_HYPER}:quality", ("hyperimage-quality-patches", "hyperimage-quality-stage-two")
    ),
    Product(
        "hyperimage-forgery.*", f"{_HYPER}:forgery", ("hyperimage-forgery-channel", "hyperimage-forgery-stage-two")
    ),
)
"""The first whose pattern fits is taken."""


def exportable() -> list[str]:
    """Names that ``zoo.export.serving`` takes, given the weights that are here."""
    here = set(names())
    single = [name for name in here if any(fnmatchcase(name, product.pattern) for product in PRODUCTS)]
    whole = [
        f"{product.pattern.removesuffix('*')}{training}"
        for product in PRODUCTS
        if product.parts
        for training in {name.rpartition(".")[2] for name in here}
        if all(f"{part}.{training}" in here for part in product.parts)
    ]
    return sorted({*single, *whole, *extensions.names("servings")})


def parts_of(name: str) -> list[str]:
    """Names of the weights that a product is made of.

    Raises:
        ValueError: For a name that is no product.
    """
    if name in extensions.names("servings"):
        return [name]
    training = name.rpartition(".")[2]
    return [f"{part}.{training}" for part in product_of(name).parts] or [name]


def product_of(name: str) -> Product:
    """The product that a name stands for.

    Raises:
        ValueError: For a name that is none; the message lists what can be exported.
    """
    for product in PRODUCTS:
        if fnmatchcase(name, product.pattern):
            return product
    whole = ", ".join(product.pattern for product in PRODUCTS)
    raise ValueError(
        f"What can be exported is {whole}; with the weights that are here: {', '.join(exportable()) or 'none'}. "
        f"Received: {name!r}"
    )
