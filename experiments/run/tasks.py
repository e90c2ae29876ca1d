"""Independent tasks, and how another process runs them."""

import os
import pickle
import sys
import traceback
from collections.abc import Callable
from typing import Any, NamedTuple

ATTEMPTS = 3
"""How often a task is started if its worker dies."""


class Task(NamedTuple):
    """A function call that does not depend on other tasks."""

    label: str
    """Name of the task in messages."""
    call: Callable[[], Any]
    """A function of a module, or a ``functools.partial`` of one. It and what it returns can be pickled."""


class Outcome(NamedTuple):
    """The result of a task."""

    task: Task
    value: Any
    """What the task returned; None if it failed."""
    failure: str
    """Why the task failed, in one line; empty if it did not."""
    died: bool = False
    """Whether it failed because each of its workers died."""


def pack(task: Task) -> bytes:
    """Return a task as bytes, which ``perform`` takes in another process."""
    return pickle.dumps((os.getcwd(), sys.path, pickle.dumps(task.call)))


def perform(packed: bytes) -> tuple[Any, str]:
    """Run a packed task; return its value, and in one line why it failed, or "".

    The current folder and the import path are those of the process that packed the task.
    """
    try:
        folder, path, call = pickle.loads(packed)
        os.chdir(folder)
        sys.path += [place for place in path if place not in sys.path]
        return pickle.loads(call)(), ""
    except Exception as error:
        traceback.print_exc()
        kind = "" if isinstance(error, (ValueError, OSError, ImportError)) else f"{type(error).__name__}: "
        return None, kind + (" ".join(str(error).split()) or "no reason given")


def died() -> str:
    """Return why a task failed whose workers died."""
    return f"its worker died {ATTEMPTS} times, perhaps because it was out of memory"
