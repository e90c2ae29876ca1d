"""Measure the cells of a table on several workers; the CSV is that of ``measure.run``."""

import functools
import shutil
from functools import partial
from pathlib import Path

import pandas as pd

from zoo.experiments.families import load
from zoo.experiments.run.cells import Cell, Settings, Table
from zoo.experiments.run.measure import assemble, cell_folder, choose, keep_cell, measure_cell, stored_cell
from zoo.experiments.run.tasks import Task
from zoo.experiments.run.workers import Workers, follow


def run(
    place: str,
    settings: Settings,
    output: Path,
    workers: Workers,
    rows: tuple[str, ...] = (),
    shard: tuple[int, int] = (1, 1),
    progress: bool = True,
) -> pd.DataFrame | None:
    """Measure a table as ``measure.run`` does, on ``workers``, with a task for each cell.

    For each cell that fails a line goes to standard error, and all others are measured. The CSV is written if no cell
    failed.

    Args:
        place: Where the table is, ``module:TABLE``.
        settings: As for ``measure.run``; paths in it are the same for all workers.
        output: As for ``measure.run``.
        workers: Where cells are measured.
        rows: As for ``measure.run``.
        shard: As for ``measure.run``.
        progress: As for ``measure.run``.

    Raises:
        ValueError: As ``measure.run`` and ``workers.follow``.
        ImportError: As ``workers.follow``.
    """
    table: Table = load(place)
    cells, mine = choose(table, settings, rows, shard)
    folder, logs = cell_folder(table, settings, output), _logs(table, settings, output)
    tasks: dict[Task, Cell] = {}
    chosen = {id(cell) for cell in mine}
    for number, cell in enumerate(cells):
        if id(cell) not in chosen:
            continue
        if cell.measure is None:
            measure_cell(table, settings, cell, folder)
        elif stored_cell(table, settings, cell, folder) is None:
            call = partial(_measure, place, settings, number, _name(cell), folder)
            tasks[Task(f"{cell.row}, {cell.column}", call)] = cell
    for task, stored in follow(list(tasks), workers, logs, f"{table.paper} {table.name}", progress):
        # Workers on other machines may have written to another folder.
        if stored_cell(table, settings, tasks[task], folder) is None:
            keep_cell(stored, tasks[task], folder)
    shutil.rmtree(logs, ignore_errors=True)
    return assemble(table, settings, output, cells, [folder]) if shard[1] == 1 else None


def _measure(place: str, settings: Settings, number: int, name: tuple[str, ...], folder: Path) -> dict:
    """Measure cell ``number`` of the table at ``place``, in a worker."""
    table, cells = _cells(place, settings)
    if _name(cells[number]) != name:
        raise ValueError(
            f"A worker must have the same code, data and weights as the command that started it: cell {number} must be "
            f"{', '.join(name)}. Received: {', '.join(_name(cells[number]))}"
        )
    return measure_cell(table, settings, cells[number], folder)


@functools.lru_cache(1)
def _cells(place: str, settings: Settings) -> tuple[Table, list[Cell]]:
    """Return the table and its cells, once a process: cells share what they compute, as in ``measure.run``."""
    table: Table = load(place)
    return table, list(table.cells(settings))


def _name(cell: Cell) -> tuple[str, ...]:
    return cell.row, cell.column, cell.metric, cell.weights


def _logs(table: Table, settings: Settings, output: Path) -> Path:
    return output / settings.scale / f".{table.paper}_{table.name}.workers"
