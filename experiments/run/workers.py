"""Run independent tasks on workers: processes of this machine, Slurm jobs by submitit, or tasks of Ray."""

import dataclasses
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from zoo.experiments.run.progress import progress_bars
from zoo.experiments.run.tasks import Outcome, Task


@dataclasses.dataclass(frozen=True)
class Workers:
    """Where tasks run.

    Attributes:
        engine: ``local``, ``slurm`` or ``ray``.
        count: Number of processes (``local``) or jobs (``slurm``) at the same time; None leaves the number of jobs to
            Slurm. Ray starts as many tasks as its resources allow.
        address: Address of a Ray cluster. Empty for the cluster that ``ray start`` or ``RAY_ADDRESS`` names; without
            one, a cluster is started on this machine.
        gpus: Number of GPUs of each worker.
        slurm: Options of ``sbatch`` by name, for example ``partition``.
        cluster: What submitit calls the cluster: ``slurm``, or ``local`` to run the jobs on this machine.
    """

    engine: str
    count: int | None = None
    address: str = ""
    gpus: int = 0
    slurm: Mapping[str, int | str] = dataclasses.field(default_factory=dict)
    cluster: str = "slurm"

    def start(self, tasks: Sequence[Task], logs: Path) -> Iterator[Outcome]:
        """Yield the outcome of each task as it comes; end all workers when the iterator is closed.

        A task whose worker dies is started again, up to ``ATTEMPTS`` times in all. What workers print goes to files in
        ``logs``; Ray keeps it in its own log files.

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
    """Run ``tasks``; yield each that succeeds with its value, and print a line on standard error for each that fails.

    Args:
        tasks: The tasks, in the order in which they start.
        workers: Where the tasks run.
        logs: As for ``Workers.start``.
        name: What the tasks are together, for the progress bar and messages.
        progress: Whether to show a progress bar.

    Raises:
        ValueError: At the end, if tasks failed; as ``Workers.start``.
        ImportError: As ``Workers.start``.
    """
    failed = 0
    with progress_bars(progress) as bar:
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
        raise ValueError(f"{failed} of {len(tasks)} tasks of {name} failed; run the same command again to repeat them")
