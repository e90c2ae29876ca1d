"""Run tasks as an array of Slurm jobs, by submitit. A job that is preempted or out of time is requeued and goes on."""

import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from zoo.experiments.run.tasks import ATTEMPTS, Outcome, Task, died, pack, perform

MINUTES = 240
"""Time limit of a job without ``--slurm time=``."""
REQUEUED = 100
"""How often a job may run out of time; trainings go on from their last state."""
POLL = 0.5
"""Seconds from one look at the jobs to the next; submitit asks Slurm at most once a minute."""


class Job:
    """Runs a packed task; submitit runs it again where its job was requeued."""

    def __call__(self, packed: bytes) -> tuple[Any, str]:
        """Run the task."""
        return perform(packed)

    def checkpoint(self, packed: bytes) -> Any:
        """Return what submitit runs after the job was requeued: the same task, which goes on from its files."""
        from submitit.helpers import DelayedSubmission

        return DelayedSubmission(self, packed)


def start(
    tasks: Sequence[Task],
    logs: Path,
    count: int | None = None,
    gpus: int = 0,
    options: Mapping[str, int | str] | None = None,
    cluster: str = "slurm",
) -> Iterator[Outcome]:
    """Run tasks as ``Workers.start`` says, with at most ``count`` jobs at a time and ``options`` for ``sbatch``.

    Raises:
        ImportError: Without submitit.
        ValueError: Without Slurm, and for options that submitit does not know.
    """
    try:
        import submitit
    except ImportError:
        raise ImportError(
            "--on slurm needs submitit: pip install 'forensics-zoo[slurm]'. Received: no submitit"
        ) from None
    given: dict[str, Any] = {"slurm_time": MINUTES, "slurm_array_parallelism": count}
    given |= {f"slurm_{name}": value for name, value in (options or {}).items()}
    try:
        executor = submitit.AutoExecutor(logs, cluster, slurm_max_num_timeout=REQUEUED)
        executor.update_parameters(name="zoo", timeout_min=MINUTES, gpus_per_node=gpus or None, **given)
    except (RuntimeError, NameError, AssertionError) as error:
        raise ValueError(f"--on slurm: {str(error).splitlines()[0]}") from None
    return _run(executor, tasks)


def _run(executor: Any, tasks: Sequence[Task]) -> Iterator[Outcome]:
    from submitit.core.utils import FailedJobError, UncompletedJobError

    jobs = executor.map_array(Job(), [pack(task) for task in tasks])
    running = {number: (job, 1) for number, job in enumerate(jobs)}
    try:
        while running:
            for number, (job, attempt) in list(running.items()):
                if not job.done():
                    continue
                del running[number]
                try:
                    outcome = Outcome(tasks[number], *job.result())
                except FailedJobError as error:
                    outcome = Outcome(tasks[number], None, str(error).strip().splitlines()[-1])
                except UncompletedJobError:
                    if attempt < ATTEMPTS:
                        running[number] = executor.submit(Job(), pack(tasks[number])), attempt + 1
                        continue
                    outcome = Outcome(tasks[number], None, f"{died()}; see {job.paths.stderr}", died=True)
                yield outcome
            time.sleep(POLL)
    finally:
        for job, _ in running.values():
            job.cancel()
