"""Run tasks on a Ray cluster. Each runs in its own process, so that its GPU memory is free afterwards."""

import logging
import os
from collections.abc import Iterator, Sequence
from typing import Any

from zoo.experiments.run.tasks import ATTEMPTS, Outcome, Task, died, pack, perform

PASSED_ON = ("KERAS_BACKEND", "KERAS_HOME", "FORENSICS_ZOO_HOME", "TF_CPP_MIN_LOG_LEVEL", "TFDS_DATA_DIR")
"""Environment variables that decide what a task computes, or where it finds its data."""


def connect(address: str = "") -> bool:
    """Connect to a cluster, or start one on this machine; return whether there was no connection before.

    Raises:
        ImportError: Without Ray.
        ValueError: Where there is no cluster at ``address``.
    """
    # Ray reports its use over the network unless this is set.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
    except ImportError:
        raise ImportError("--on ray needs Ray: pip install 'forensics-zoo[ray]'. Received: no ray") from None
    if ray.is_initialized():
        return False
    try:
        ray.init(address or None, log_to_driver=False, logging_level=logging.ERROR)
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise ValueError(f"--on ray: {' '.join(str(error).split())}. Received: {address or 'no address'}") from None
    return True


def environment() -> dict[str, str]:
    """Return environment variables for workers: without them Ray would let each compute with one thread."""
    threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    found = {"OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", str(threads))}
    return found | {name: os.environ[name] for name in PASSED_ON if name in os.environ}


def start(tasks: Sequence[Task], address: str = "", gpus: int = 0) -> Iterator[Outcome]:
    """Run tasks as ``Workers.start`` says. A task takes a CPU and ``gpus`` GPUs of the cluster.

    Raises:
        ImportError: As ``connect``.
        ValueError: As ``connect``, and where no machine of the cluster has so many GPUs.
    """
    connected = connect(address)
    import ray

    if gpus > max(node["Resources"].get("GPU", 0) for node in ray.nodes()):
        raise ValueError(f"--gpus must not exceed the GPUs of one machine of the Ray cluster. Received: {gpus}")
    return _run(tasks, gpus, connected)


def _run(tasks: Sequence[Task], gpus: int, connected: bool) -> Iterator[Outcome]:
    import ray
    from ray.exceptions import RayError

    # A process that ends frees its GPU memory; otherwise TensorFlow would keep it.
    remote: Any = ray.remote(
        num_cpus=1,
        num_gpus=gpus,
        max_calls=1,
        max_retries=ATTEMPTS - 1,
        runtime_env={"env_vars": environment()},
    )(perform)
    running = {remote.remote(pack(task)): task for task in tasks}
    try:
        while running:
            for reference in ray.wait(list(running))[0]:
                task = running.pop(reference)
                try:
                    outcome = Outcome(task, *ray.get(reference))
                except RayError as error:
                    outcome = Outcome(task, None, f"{died()} ({type(error).__name__})", died=True)
                yield outcome
    finally:
        for reference in running:
            ray.cancel(reference, force=True)
        if connected:
            ray.shutdown()
