"""Tie a worker process to the process that started it. Nothing is imported here that takes time."""

import multiprocessing
import os
import signal
import threading


def follow_parent() -> None:
    """Ignore Ctrl-C, which the parent process handles, and exit when the parent process ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_leave_with_parent, daemon=True).start()


def _leave_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
