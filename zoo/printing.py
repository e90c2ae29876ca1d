"""File names in lines of output."""

from pathlib import Path


def shown(path: str | Path) -> str:
    """Return ``path`` for a line of output; quoted if it has control characters, line ends or undecodable bytes.

    A file's name could else colour the terminal, or write lines of its own.
    """
    text = str(path)
    return text if text.isprintable() else repr(text)
