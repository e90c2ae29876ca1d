"""Run tasks on processes of this machine."""

import multiprocessing
import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

from zoo.experiments.run.tasks import ATTEMPTS, Outcome, Task, died, pack, perform
from zoo.worker_process import follow_parent


def start(tasks: Sequence[Task], logs: Path, count: int, gpus: int = 0) -> Iterator[Outcome]:
    """Run tasks as ``Workers.start`` says, on ``count`` processes.

    A process runs one task after the other. With ``gpus`` each process sees GPUs that no other process sees.

    Raises:
        ValueError: For fewer GPUs in ``CUDA_VISIBLE_DEVICES`` than the processes need.
    """
    shown = os.environ.get("CUDA_VISIBLE_DEVICES")
    names = [str(n) for n in range(count * gpus)] if shown is None else [n for n in shown.split(",") if n.strip()]
    if gpus and len(names) < count * gpus:
        raise ValueError(
            f"--gpus needs {count} x {gpus} GPUs in CUDA_VISIBLE_DEVICES. Received: CUDA_VISIBLE_DEVICES={shown!r}"
        )
    logs.mkdir(parents=True, exist_ok=True)
    return _run(tasks, logs, min(count, len(tasks)), [names[n * gpus : (n + 1) * gpus] for n in range(count)])


def _run(tasks: Sequence[Task], logs: Path, count: int, gpus: Sequence[Sequence[str]]) -> Iterator[Outcome]:
    def process(slot: int) -> ProcessPoolExecutor:
        # One process per task: if one dies, the tasks of the others are not lost.
        begin = logs / f"worker-{slot + 1}.log", ",".join(gpus[slot])
        return ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), _begin, begin)

    processes = [process(slot) for slot in range(count)]
    waiting, free = deque((task, 1) for task in tasks), deque(range(count))
    running: dict[Future[Any], tuple[int, Task, int]] = {}

    def renew(slot: int) -> None:
        _end(processes[slot])
        processes[slot] = process(slot)

    def submit(slot: int, task: Task) -> Future[Any]:
        try:
            return processes[slot].submit(perform, pack(task))
        except BrokenProcessPool:  # it died after its last task; this one was not started
            renew(slot)
            return processes[slot].submit(perform, pack(task))

    try:
        while waiting or running:
            while waiting and free:
                slot, (task, attempt) = free.popleft(), waiting.popleft()
                running[submit(slot, task)] = slot, task, attempt
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                slot, task, attempt = running.pop(future)
                free.append(slot)
                try:
                    outcome = Outcome(task, *future.result())
                except BrokenProcessPool:
                    renew(slot)
                    if attempt < ATTEMPTS:
                        waiting.appendleft((task, attempt + 1))
                        continue
                    outcome = Outcome(task, None, died(), died=True)
                yield outcome
    finally:
        for one in processes:
            _end(one)


def _end(pool: ProcessPoolExecutor) -> None:
    """End a process at once, whatever it is doing."""
    processes = list((pool._processes or {}).values())
    pool.shutdown(wait=False, cancel_futures=True)
    for process in processes:
        process.terminate()


def _begin(log: Path, gpus: str) -> None:
    follow_parent()
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(file, 1)
    os.dup2(file, 2)
    if gpus:
        os.environ["CUDA_VISIBLE_DEVICES"] = gpus
