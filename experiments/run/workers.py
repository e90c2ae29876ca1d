"""Run independent tasks on workers: processes of this machine, Slurm jobs by submitit, or tasks of Ray."""

import dataclasses
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from zoo.experiments.run.tasks import Outcome, Task

ENGINES = ("local", "slurm", "ray")


@dataclasses.dataclass(frozen=True)
class Workers:
    """Where tasks run.

    Attributes:
        engine: One of ``ENGINES``.
        count: Workers at the same time: for ``local`` processes, for ``slurm`` jobs, where None leaves it to Slurm;
            Ray starts as many as its resources allow.
        address: Of a Ray cluster; empty for the one that ``ray start`` or ``RAY_ADDRESS`` names, else a new one of this
            machine.
        gpus: For each worker.
        slurm: Options of ``sbatch`` by name, as ``partition``.
        cluster: Of submitit: ``slurm``, or ``local`` to run the jobs on this machine.
    """

    engine: str
    count: int | None = None
    address: str = ""
    gpus: int = 0
    slurm: Mapping[str, int | str] = dataclasses.field(default_factory=dict)
    cluster: str = "slurm"

    def start(self, tasks: Sequence[Task], logs: Path) -> Iterator[Outcome]:
        """Yield the outcome of each task as it comes; ends all workers when the iterator is closed.

        A task whose worker dies is begun anew, up to ``ATTEMPTS`` times in all. What workers print goes to files in
        ``logs``, or to Ray's own.

        Raises:
            ImportError: Where the package of the engine is missing.
            ValueError: Where the engine cannot be used as the options say.
        """
        if self.engine == "local":
            from zoo.experiments.run import workers_local

            return workers_local.start(tasks, logs, self.count or 1, self.gpus)
        if self.engine == "slurm":
            from zoo.experiments.run import workers_slurm

            return workers_slurm.start(tasks, logs, self.count, self.gpus, self.slurm, self.cluster)
        from zoo.experiments.run import workers_ray

        return workers_ray.start(tasks, self.address, self.gpus)


def follow(
    tasks: Sequence[Task], workers: Workers, logs: Path, name: str, progress: bool = True
) -> Iterator[tuple[Task, Any]]:
    """Run ``tasks``; yield those that succeed with their values, and tell the others in a line on standard error.

    Args:
        tasks: In the order in which they begin.
        workers: Where they run.
        logs: As for ``Workers.start``.
        name: Of the whole, for the progress bar.
        progress: Whether there is one.

    Raises:
        ValueError: At the end, where tasks failed; as ``Workers.start``.
        ImportError: As ``Workers.start``.
    """
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    failed = 0
    with Progress(*columns, console=Console(stderr=True), disable=not progress) as bar:
        shown = bar.add_task(name, total=len(tasks))
        outcomes = workers.start(tasks, logs) if tasks else iter(())
        try:
            for outcome in outcomes:
                if outcome.failure:
                    failed += 1
                    print(f"zoo: {name}: {outcome.task.label}: {outcome.failure}", file=sys.stderr)
                else:
                    yield outcome.task, outcome.value
                bar.update(shown, description=f"{name}: {outcome.task.label}" + f", {failed} failed" * bool(failed))
                bar.advance(shown)
        finally:
            if hasattr(outcomes, "close"):
                outcomes.close()
    if failed:
        raise ValueError(f"{failed} of {len(tasks)} tasks of {name} failed; the same command begins these again")
