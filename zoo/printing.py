"""File names in lines of output."""

from pathlib import Path


def shown(path: str | Path) -> str:
    """``path`` for a line of output; quoted where it holds control characters, line ends or bytes that are no text.

    A file's name could else colour the terminal, or write lines of its own.
    """
    text = str(path)
    return text if text.isprintable() else repr(text)
