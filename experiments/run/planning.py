"""Requirements of a table for ``zoo plan``: data, trainings, disk, memory. ``step_cost`` estimates the time."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

from zoo.experiments.run.step_cost import UPDATE

Count = Callable[[Path | None], int]
"""How many pictures a folder holds, None for where TFDS keeps its own; raises ValueError or OSError without any."""


def pictures_of(dataset: str, split: str = "all") -> Count:
    """Count the photographs of a data set of ``zoo.datasets.photographs``."""

    def count(folder: Path | None) -> int:
        from zoo.datasets.photographs import photographs

        return len(photographs(dataset, folder, split))

    return count


@dataclasses.dataclass(frozen=True)
class Needed:
    """A data set that a table needs."""

    name: str
    """As ``--dataset`` takes it, or words for what it does not."""
    what: str
    """How much of it, and what for."""
    gigabytes: float
    """On disk, as its owners offer it; rounded."""
    count: Count | None = None
    """None for what nobody but its owners has."""


@dataclasses.dataclass(frozen=True)
class Work:
    """Trainings of one kind, or the scoring of a table's pictures, or attacks on them."""

    what: str
    count: int
    """How many of them."""
    steps: int
    """Updates of each, or batches to score or attack; at most, where a rule may stop them earlier."""
    batch: int
    step: str
    """``module:function``; ``function(batch)`` is a ``zoo.experiments.run.step_cost.Step`` of random pictures."""
    passes: int = UPDATE
    """What a step costs, in forward passes: 3 of an update, 2 of a gradient by the pictures alone, 1 of scoring."""
    at_most: bool = False
    saved: bool = True
    """Whether each training keeps its state, weights and Adam's two moments, on disk."""

    @property
    def examples(self) -> int:
        """Examples of all of them together."""
        return self.count * self.steps * self.batch


@dataclasses.dataclass(frozen=True)
class Plan:
    """All that a table needs at a scale."""

    needed: tuple[Needed, ...] = ()
    works: tuple[Work, ...] = ()
    disk: tuple[tuple[str, float], ...] = ()
    """What else is written, and how many gigabytes; with the reason for the number."""
    memory: tuple[tuple[str, float], ...] = ()
    """Data held in memory in addition to a step, and their size in gigabytes."""
    trained_by: str = ""
    """The command that trains what the table takes by ``--weights``; empty where the table trains itself."""
    left_out: str = ""
    """What the hours do not count."""


def of_calibration(minutes: int) -> Plan:
    """Return the plan of a table that validates a stored calibration; it is the same at every scale."""
    return Plan(
        needed=(
            Needed("open_photographs", "100 photographs to test on", 0.1, pictures_of("open_photographs", "test")),
        ),
        left_out=f"all of it: nothing is trained, and {minutes} minutes of one core are enough, as at laptop",
    )


def counted_alone(what: str) -> Plan:
    """Return the plan of a table without data and trainings; ``what`` says what it does instead."""
    return Plan(left_out=f"all of it: no data, no training; {what}")
