"""What maintainers run in a checkout to publish results; not part of the installed package."""

from pathlib import Path

import zoo

ROOT = Path(zoo.__file__).parent.parent
"""The checkout."""
