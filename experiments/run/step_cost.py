"""Cost of a training step: measured here in a separate process, and for a GPU from stored measurements.

python -m zoo.experiments.run.step_cost MODULE:FUNCTION 1 2    (a step of one example, then of two; JSON)
"""

import csv
import dataclasses
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

STORED = Path(__file__).parent / "h100.csv"
"""Measurements on an H100, with their date and conditions, which ``zoo plan`` prints with its estimates."""
BATCHES = (1, 2, 8)
"""Examples of the steps that are measured; a larger batch is extrapolated from the largest."""
LONGEST = 2.0
"""Seconds of a step after which no larger one is measured; two are measured in any case, for memory's sake."""
UPDATE = 3
"""Passes that an update costs, in forward passes: forward, and the gradients of activations and of weights."""


@dataclasses.dataclass(frozen=True)
class Step:
    """One step of a training on examples that are in memory."""

    run: Callable[[], Any]
    networks: Mapping[str, tuple[Any, tuple[int, ...], int]]
    """By name: a functional Keras model, the shape of one example, and how often it runs for each example."""


@dataclasses.dataclass(frozen=True)
class Cost:
    """What was measured of a step."""

    seconds: dict[int, float]
    """Wall clock by examples, the first step, which compiles, left out."""
    peak_gigabytes: dict[int, float]
    """Largest memory of the process so far, by examples."""
    parameters: int
    multiply_adds: float
    """Of one example's forward pass through convolutions and dense layers."""
    cores: float
    """How many cores the process had while it was timed; other work on the machine takes some away."""

    def step_seconds(self, batch: int) -> float:
        """Return a step of ``batch`` examples: as many times the larger measured one."""
        largest = max(self.seconds)
        return self.seconds[largest] * batch / largest

    def peak(self, batch: int) -> float:
        """Memory of a step of ``batch`` examples in gigabytes, on a line through the measured ones."""
        few, many = min(self.peak_gigabytes), max(self.peak_gigabytes)
        slope = (self.peak_gigabytes[many] - self.peak_gigabytes[few]) / max(1, many - few)
        return self.peak_gigabytes[many] + slope * max(0, batch - many)


@dataclasses.dataclass(frozen=True)
class OnGpu:
    """A stored measurement on a GPU."""

    step: str
    network: str
    milliseconds: float
    batch: int
    multiply_adds: float
    """Of one example's forward pass, in millions."""
    how: str

    @property
    def rate(self) -> float:
        """Multiply-adds a second of a whole update."""
        return UPDATE * self.multiply_adds * 1e6 * self.batch / (self.milliseconds / 1000)


def stored() -> list[OnGpu]:
    """Return the stored measurements."""
    with STORED.open(newline="") as file:
        return [
            OnGpu(
                line["step"],
                line["network"],
                float(line["milliseconds"]),
                int(line["batch"]),
                float(line["multiply_adds_millions"]),
                line["how"],
            )
            for line in csv.DictReader(file)
        ]


def on_gpu(step: str, cost: Cost, batch: int) -> tuple[float, str]:
    """Return the seconds of an update of ``batch`` examples on an H100, and how they were found.

    By the rate at which this very training did its multiply-adds there, where that was measured, else by the lowest
    rate of all.
    """
    measured = stored()
    same = [one for one in measured if one.step == step]
    chosen = min(same or measured, key=lambda one: one.rate)
    seconds = UPDATE * cost.multiply_adds * batch / chosen.rate
    if same and abs(cost.multiply_adds / 1e6 / chosen.multiply_adds - 1) < 0.01:
        return seconds, f"measured for batches of {chosen.batch}, {chosen.how}"
    return seconds, f"extrapolated by multiply-adds from {chosen.network}, {chosen.how}"


def multiply_adds(model: Any, shape: tuple[int, ...]) -> float:
    """Of one example's forward pass through the convolutions and dense layers of a functional model.

    ``shape`` is that of each input, without the batch, and of each input of models inside. Layers of other kinds cost
    little and are not counted.
    """
    import keras
    import numpy as np

    counted = (keras.layers.Conv2D, keras.layers.Conv2DTranspose, keras.layers.Dense)
    layers = [layer for layer in model.layers if isinstance(layer, counted)]
    inputs = [np.zeros((1, *shape), np.float32) for _ in model.inputs]
    outputs = keras.Model(model.inputs, [layer.output for layer in layers])(inputs)
    total = sum(multiply_adds(layer, shape) for layer in model.layers if isinstance(layer, keras.Model))
    for layer, made in zip(layers, outputs, strict=True):
        places = np.prod(made.shape[1:-1]) if isinstance(layer, keras.layers.Conv2D) else 1
        if isinstance(layer, keras.layers.Conv2DTranspose):  # its kernel is applied once for each input pixel
            places = np.prod(made.shape[1:-1]) / np.prod(layer.strides)
        total += float(places * np.prod(layer.kernel.shape))
    return total


def measure(step: str, batches: tuple[int, ...] = BATCHES) -> Cost:
    """Measure a step in a separate process, so that its memory is that of the step alone.

    Raises:
        ValueError: Where the process fails; with its last line.
    """
    command = [sys.executable, "-m", "zoo.experiments.run.step_cost", step, *map(str, batches)]
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no word"])[-1]
        raise ValueError(f"A step of {step} cannot be measured. Received: {last}")
    found = json.loads(done.stdout.strip().splitlines()[-1])
    seconds, peaks = ({int(n): float(v) for n, v in found[name].items()} for name in ("seconds", "peak_gigabytes"))
    return Cost(seconds, peaks, found["parameters"], found["multiply_adds"], found["cores"])


def cost_here(step: str, batches: tuple[int, ...]) -> Cost:
    """Return the same in this process; larger batches are left out once a step has taken ``LONGEST``."""
    from zoo.experiments.families import load

    seconds: dict[int, float] = {}
    peaks, parameters, total, processor = {}, 0, 0.0, 0.0
    for batch in sorted(batches):
        if len(seconds) > 1 and max(seconds.values()) > LONGEST:
            break
        one = cast(Step, load(step)(batch))
        one.run()
        used, began = time.process_time(), time.perf_counter()
        one.run()
        seconds[batch] = time.perf_counter() - began
        processor += time.process_time() - used
        # Kilobytes on Linux.
        peaks[batch] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
        if not parameters:
            parameters = sum(model.count_params() for model, _, _ in one.networks.values())
            total = sum(times * multiply_adds(model, shape) for model, shape, times in one.networks.values())
    return Cost(seconds, peaks, parameters, total, processor / sum(seconds.values()))


def main() -> None:
    """Print the cost of a step as a line of JSON."""
    step, *batches = sys.argv[1:]
    print(json.dumps(dataclasses.asdict(cost_here(step, tuple(int(n) for n in batches)))))


if __name__ == "__main__":
    main()
