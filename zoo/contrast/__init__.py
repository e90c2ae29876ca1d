"""Detection of contrast adjustment under JPEG (Barni, Costanzo, Nowroozi and Tondi, ICIP 2018)."""

from zoo.contrast.model import ContrastNet, load_authors_h5

__all__ = ["ContrastNet", "load_authors_h5"]
