"""Independent tasks, and what becomes of them in another process."""

import os
import pickle
import sys
import traceback
from collections.abc import Callable
from typing import Any, NamedTuple

ATTEMPTS = 3
"""How often a task is begun whose worker dies."""


class Task(NamedTuple):
    """A piece of work that depends on no other."""

    label: str
    """For people."""
    call: Callable[[], Any]
    """Can be pickled, as what it returns: a function of a module, or a ``functools.partial`` of one."""


class Outcome(NamedTuple):
    """What became of a task."""

    task: Task
    value: Any
    failure: str
    """Why there is no value, in one line; empty where there is one."""
    died: bool = False
    """Whether there is none because every worker died that began it."""


def pack(task: Task) -> bytes:
    """What ``perform`` takes in another process."""
    return pickle.dumps((os.getcwd(), sys.path, pickle.dumps(task.call)))


def perform(packed: bytes) -> tuple[Any, str]:
    """Run a task in the folder, and with the import path, of who packed it: its value, and why there is none."""
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
    """Why a task has no value whose workers died."""
    return f"its worker died {ATTEMPTS} times, as it does where memory runs out"
