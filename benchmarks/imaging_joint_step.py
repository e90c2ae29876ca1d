"""Seconds of CPU and peak memory of a training step of camera network and FAN together, by network, mode and batch.

Command:  python benchmarks/imaging_joint_step.py
Expected: benchmarks/imaging_joint_step.csv
Time:     some five minutes on two free cores

Each row is a process of its own, so that the peak is its own: TensorFlow, weights, optimiser and activations. CPU
seconds add up all threads and do not depend on what else the machine does; the first step, which traces, is not
counted.
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
ROWS = (
    ("unet", "F+N", 20, 128, "float32"),
    ("unet", "F+N", 20, 128, "mixed_bfloat16"),
    ("unet", "F", 20, 128, "mixed_bfloat16"),
    ("unet", "F+N", 8, 64, "mixed_bfloat16"),
    ("unet", "F", 8, 64, "mixed_bfloat16"),
    ("dnet", "F+N", 8, 64, "mixed_bfloat16"),
    ("dnet", "F", 8, 64, "mixed_bfloat16"),
    ("unet", "F+N", 8, 64, "float32", 16),
)
"""Network, mode, RAW patches a batch, their side in planes, dtype policy, margin. The paper's batch is 20 of 128."""


def measure(steps: int, network: str, mode: str, batch: int, patch: int, policy: str, margin: int = 0) -> dict:
    """Time ``steps`` steps in this process."""
    from zoo.experiments.imaging.developing.training import NETWORKS
    from zoo.experiments.imaging.joint.scales import JointRun
    from zoo.experiments.imaging.joint.training import build
    from zoo.experiments.train.precision import precision

    with precision(policy):
        nip = NETWORKS[network](clip=False)
    workflow = build(JointRun(network, 0.1 if mode == "F+N" else None, margin=margin), nip, policy, 0)
    rng, side = np.random.default_rng(0), patch + 2 * margin
    planes = rng.random((batch, side, side, 4), np.float32)
    target = rng.random((batch, 2 * side, 2 * side, 3), np.float32)
    workflow.train_on_batch(planes, target)
    cpu, wall = time.process_time(), time.perf_counter()
    for _ in range(steps):
        workflow.train_on_batch(planes, target)
    return {
        **{"network": network, "mode": mode, "batch": batch, "patch": patch, "precision": policy},
        "margin": margin,
        "cpu_seconds": round((time.process_time() - cpu) / steps, 2),
        "wall_seconds": round((time.perf_counter() - wall) / steps, 2),
        "peak_gib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 2),
    }


def main() -> None:
    """Measure all rows, each in a process, and write the CSV."""
    parser = argparse.ArgumentParser(description="Cost of a joint training step.")
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--row", type=int, help="measure this row alone, in this process")
    options = parser.parse_args()
    if options.row is not None:
        print(json.dumps(measure(options.steps, *ROWS[options.row])))
        return
    found = []
    for row in range(len(ROWS)):
        command = [sys.executable, __file__, "--row", str(row), "--steps", str(options.steps)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        found.append(json.loads(done.stdout.splitlines()[-1]))
        print(*found[-1].values(), flush=True)
    pd.DataFrame(found).to_csv(TARGET, index=False)


if __name__ == "__main__":
    main()
