"""What maintainers run in a checkout to publish results; not part of the installed package."""

from pathlib import Path

import zoo

ROOT = Path(zoo.__file__).parent.parent
"""The checkout."""


def replace_between(text: str, begin: str, end: str, new: str, page: str) -> str:
    """Return ``text`` with ``new`` as the lines between two marks.

    Raises:
        ValueError: When a mark is missing; ``page`` says in which text.
    """
    before, first, rest = text.partition(begin)
    _, last, after = rest.partition(end)
    if not first or not last:
        raise ValueError(f"{page} must hold the marks {begin} and {end}. Received: {text[:40]!r}...")
    return f"{before}{begin}\n{new}\n{end}{after}"
