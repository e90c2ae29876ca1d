"""Commit and device for the columns of every CSV."""

import functools
import os
import subprocess
from importlib.metadata import version
from pathlib import Path


@functools.cache
def commit() -> str:
    """Return the commit of the code, with ``+`` if files have changed since; outside a checkout, the version.

    Changed files in ``results`` do not count: publishing one table must not mark the next.
    """
    try:
        # zoo/experiments is a symbolic link: git knows the file by its real path.
        _git("ls-files", "--error-unmatch", str(Path(__file__).resolve()))
        changed = _git("status", "--porcelain", "--untracked-files=no", "--", ":/", ":(top,exclude)results")
        return _git("rev-parse", "--short=12", "HEAD") + "+" * bool(changed)
    except (OSError, subprocess.CalledProcessError):
        return f"v{version('forensics-zoo')}"


def _git(*arguments: str) -> str:
    command = ["git", "-C", str(Path(__file__).parent), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@functools.cache
def device() -> str:
    """Return the GPU's name, or ``CPU x2`` with the number of cores this process may use."""
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        return str(tf.config.experimental.get_device_details(gpus[0]).get("device_name", "GPU"))
    return f"CPU x{len(os.sched_getaffinity(0))}" if hasattr(os, "sched_getaffinity") else f"CPU x{os.cpu_count()}"
