"""forensics-zoo: five image-forensics papers as Keras 3 model families."""

from zoo.version import __version__

__all__ = ["__version__"]
