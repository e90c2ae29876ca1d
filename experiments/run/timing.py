"""Time steps of several networks in turns, with a clock that ignores other work on the machine."""

import time
from collections.abc import Callable, Mapping

import numpy as np

from zoo.experiments.run.environment import device


def seconds() -> float:
    """Return the clock: this process's processor time on a CPU, wall-clock time on a GPU."""
    return time.process_time() if device().startswith("CPU") else time.perf_counter()


def take_turns(actions: Mapping[str, Callable[[], object]], turns: int) -> dict[str, np.ndarray]:
    """Return the seconds of each action at each turn, (turns,), without a first run that traces and compiles."""
    for action in actions.values():
        action()
    times: dict[str, list[float]] = {name: [] for name in actions}
    for _ in range(turns):
        for name, action in actions.items():
            began = seconds()
            action()
            times[name].append(seconds() - began)
    return {name: np.array(found) for name, found in times.items()}
