"""Cost of a training step of H-net and R-net: CPU and wall seconds and peak memory, by precision.

Command:  python benchmarks/steganography_step.py
Expected: benchmarks/steganography_step.csv
Time:     some two minutes on a free core, as its CPU seconds add up

16 pairs of 128 pixels, containers rounded to 8 bits, two Adams: the step of the scale `gpu`. Each precision is
measured in a process of its own, so that the peak is its own. CPU seconds add up all threads; other work on the machine
makes them longer too, as far as it takes caches and memory. The first step, which traces, is not counted.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

TARGET = Path(__file__).with_suffix(".csv")
SIZE, BATCH = 128, 16
POLICIES = ("float32", "mixed_bfloat16")


def measure(policy: str, steps: int) -> dict:
    """Time ``steps`` steps in this process."""
    import dataclasses

    from zoo.experiments.steganography.training import SCALES, build

    model = build(dataclasses.replace(SCALES["gpu"], precision=policy))
    rng = np.random.default_rng(0)
    batch = {part: rng.random((BATCH, SIZE, SIZE, 3), np.float32) for part in ("cover", "secret")}
    model.train_on_batch(batch)
    cpu, wall = time.process_time(), time.perf_counter()
    for _ in range(steps):
        model.train_on_batch(batch)
    cpu, wall = (time.process_time() - cpu) / steps, (time.perf_counter() - wall) / steps
    return {
        "precision": policy,
        "cpu_seconds": round(cpu, 2),
        "wall_seconds": round(wall, 2),
        "updates_a_core_hour": round(3600 / cpu),
        "peak_gib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 2),
    }


def main() -> None:
    """Measure all rows, each in a process, and write the CSV."""
    parser = argparse.ArgumentParser(description="Cost of a step of hiding and revealing networks.")
    parser.add_argument("--steps", type=int, default=2)
    parser.add_argument("--policy", choices=POLICIES, help="measure this one alone, in this process")
    options = parser.parse_args()
    if options.policy is not None:
        print(json.dumps(measure(options.policy, options.steps)))
        return
    found = []
    for policy in POLICIES:
        command = [sys.executable, __file__, "--policy", policy, "--steps", str(options.steps)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        found.append(json.loads(done.stdout.splitlines()[-1]))
        print(*found[-1].values(), flush=True)
    pd.DataFrame(found).to_csv(TARGET, index=False)


if __name__ == "__main__":
    main()
