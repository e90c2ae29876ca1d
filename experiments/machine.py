"""Which code and which device measured: what every CSV says of itself."""

import functools
import os
import subprocess
from importlib.metadata import version
from pathlib import Path


@functools.cache
def commit() -> str:
    """The commit of the code, with ``+`` behind it when files were changed since; the version outside a checkout."""
    here = Path(__file__).parent
    try:
        command = ["git", "-C", str(here), "describe", "--always", "--abbrev=12", "--exclude=*", "--dirty=+"]
        known = ["git", "-C", str(here), "ls-files", "--error-unmatch", __file__]
        tracked = subprocess.run(known, capture_output=True, check=False)
        if tracked.returncode == 0:
            return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        pass
    return f"v{version('forensics-zoo')}"


@functools.cache
def device() -> str:
    """The GPU's name, or ``CPU x2`` with the number of cores this process may use."""
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        return str(tf.config.experimental.get_device_details(gpus[0]).get("device_name", "GPU"))
    return f"CPU x{len(os.sched_getaffinity(0))}" if hasattr(os, "sched_getaffinity") else f"CPU x{os.cpu_count()}"
