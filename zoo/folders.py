"""Write a folder atomically: complete or not at all."""

import contextlib
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def replacing(folder: Path, mark: str, what: str) -> Iterator[Path]:
    """Yield a new folder next to ``folder``, which takes its place when the block ends without an error.

    Args:
        folder: Does not exist, is empty, or holds a file called ``mark``: what was written there before.
        mark: A file that the block writes.
        what: What is written, a noun for the message.

    Raises:
        ValueError: For a folder that holds something else, or a file.
    """
    check_replaceable(folder, mark, what)
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial, old = (folder.with_name(f".{secrets.token_hex(4)}.{folder.name}") for _ in range(2))
    partial.mkdir()
    try:
        yield partial
        if folder.exists():
            folder.rename(old)
        partial.rename(folder)
    finally:
        if old.exists() and not folder.exists():
            old.rename(folder)
        for left in (partial, old):
            shutil.rmtree(left, ignore_errors=True)


def check_replaceable(folder: Path, mark: str, what: str) -> None:
    """Raise ``ValueError`` where ``replacing`` would, before what is to be written there is made."""
    if folder.exists() and not (folder / mark).is_file() and (not folder.is_dir() or any(folder.iterdir())):
        raise ValueError(f"The {what} must go to a new folder or over another {what}. Received: {folder}")
