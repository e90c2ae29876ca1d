"""The options ``--on``, ``--gpus`` and ``--slurm``, which run a command's independent tasks in parallel."""

import argparse
import re
from typing import TYPE_CHECKING

from zoo.experiments.cli.numbers import whole

if TYPE_CHECKING:
    from zoo.experiments.run.workers import Workers

ON = "local:N|slurm[:N]|ray[:ADDRESS]"


def add_workers(parser: argparse.ArgumentParser, what: str) -> None:
    """Add the three options to a command; ``what`` names its independent tasks, in the plural."""
    group = parser.add_argument_group("several workers", f"compute {what} in parallel")
    text = "N local processes, Slurm jobs (at most N at a time), or a Ray cluster"
    group.add_argument("--on", type=_place, metavar=ON, help=text)
    group.add_argument("--gpus", type=whole(0, 64), help="with --on: GPUs per worker (default 0)")
    text = "with --on slurm: parameter for sbatch, such as partition=gpu or time=240 (minutes); may be repeated"
    group.add_argument("--slurm", action="append", type=_pair, metavar="NAME=VALUE", help=text)


def workers_of(options: argparse.Namespace) -> "Workers | None":
    """Return the workers that ``--on`` names; None without it.

    Raises:
        ValueError: For ``--gpus`` and ``--slurm`` without the ``--on`` that they go with.
    """
    if options.on is None:
        if options.gpus is not None or options.slurm is not None:
            raise ValueError("--gpus and --slurm need --on. Received: no --on")
        return None
    from zoo.experiments.run.workers import Workers

    engine, count, address = options.on
    if options.slurm is not None and engine != "slurm":
        raise ValueError(f"--slurm needs --on slurm. Received: --on {engine}")
    return Workers(engine, count, address, options.gpus or 0, dict(options.slurm or ()))


def _place(text: str) -> tuple[str, int | None, str]:
    """Return engine, number of workers and address."""
    match = re.fullmatch(r"(local):([1-9]\d{0,3})|(slurm)(?::([1-9]\d{0,4}))?|(ray)(?::(\S+))?", text)
    if not match:
        raise argparse.ArgumentTypeError(f"must be local:N, slurm, slurm:N, ray or ray:ADDRESS. Received: {text!r}")
    local, processes, slurm, jobs, _, address = match.groups()
    if local:
        return "local", int(processes), ""
    if slurm:
        return "slurm", int(jobs) if jobs else None, ""
    return "ray", None, address or ""


def _pair(text: str) -> tuple[str, int | str]:
    match = re.fullmatch(r"([a-z_]+)=(\S+)", text)
    if not match:
        raise argparse.ArgumentTypeError(f"must be NAME=VALUE, as in partition=gpu. Received: {text!r}")
    name, value = match.groups()
    if name == "time" and not value.isdecimal():
        raise argparse.ArgumentTypeError(f"time must be a number of minutes. Received: {text!r}")
    return name, int(value) if value.isdecimal() else value
