"""Measure a table cell by cell. Each result is saved at once, so a stopped run can resume; then the CSV is written."""

import dataclasses
import hashlib
import json
import re
import time
from fnmatch import fnmatchcase
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from zoo.experiments.run.cells import Cell, DataUnavailable, Settings, Table, unit_of
from zoo.experiments.run.environment import commit, device
from zoo.experiments.run.progress import progress_bars
from zoo.experiments.run.reasons import UNASKED, cell_key, read_reasons, write_reasons
from zoo.images import atomic
from zoo.metrics import Estimate

SCHEMA = tuple(
    "paper table row column metric unit paper_value value ci_low ci_high comparable difference status "  # noqa: SIM905
    "n_sources n_units seed scale dataset weights steps seconds commit tensorflow keras device".split()
)
COUNTS = {"n_sources": "Int64", "n_units": "Int64"}
"""Columns of whole numbers, empty where nothing was measured."""


def run(
    table: Table,
    settings: Settings,
    output: Path,
    rows: tuple[str, ...] = (),
    shard: tuple[int, int] = (1, 1),
    progress: bool = True,
) -> pd.DataFrame | None:
    """Measure the cells of ``table`` that are not there yet and write ``output/<scale>/<paper>_<name>.csv``.

    ``rows`` are shell patterns of row labels; other rows stay as an earlier CSV of the same data and seed has them, or
    are listed as ``not-run``. With ``shard = (i, n)`` and n above 1 only every n-th cell is measured and nothing
    assembled: see ``merge``. A killed run goes on where it stood when the same command is given again, as long as code,
    data, seed and scale are the same; after the CSV is written the cells' own files are removed, so that the next run
    measures anew.

    Raises:
        ValueError: For a shard outside 1..n, a row pattern that fits no row, or rows without the user's detector.
    """
    cells, mine = choose(table, settings, rows, shard)
    folder = cell_folder(table, settings, output)
    with progress_bars(progress) as bar:
        task = bar.add_task(f"{table.paper} {table.name}", total=len(mine))
        for cell in mine:
            bar.update(task, description=f"{table.paper} {table.name}: {cell.row}, {cell.column}")
            measure_cell(table, settings, cell, folder)
            bar.advance(task)
    return assemble(table, settings, output, cells, [folder]) if shard[1] == 1 else None


def choose(
    table: Table, settings: Settings, rows: tuple[str, ...] = (), shard: tuple[int, int] = (1, 1)
) -> tuple[list[Cell], list[Cell]]:
    """Return all cells of ``table``, and those that ``run`` measures.

    Raises:
        ValueError: As ``run``.
    """
    index, count = shard
    if not 1 <= index <= count:
        raise ValueError(f"A shard is i/N with 1 <= i <= N. Received: {index}/{count}")
    cells = list(table.cells(settings))
    for pattern in rows:
        if not any(fnmatchcase(cell.row, pattern) for cell in cells):
            labels = ", ".join(dict.fromkeys(repr(cell.row) for cell in cells))  # some names contain a comma
            raise ValueError(f"--rows must match a row ({labels}). Received: {pattern!r}")
    wanted = [c for c in cells if not rows or any(fnmatchcase(c.row, pattern) for pattern in rows)]
    if settings.detector and not any(cell.weights == settings.detector for cell in wanted):
        raise ValueError(
            f"--rows must match a row of the detector; these begin with {settings.detector!r}, as in "
            f"'{settings.detector}*'. Received: {', '.join(rows)}"
        )
    return cells, wanted[index - 1 :: count]


def merge(table: Table, settings: Settings, output: Path, folders: list[Path]) -> pd.DataFrame:
    """Make the CSV from cells that shards have written, here or in copies of their cell ``folders``.

    Raises:
        ValueError: When a folder is missing, or none holds a cell of this table, code, data, seed and scale.
    """
    own = cell_folder(table, settings, output)
    folders = [*folders, *([own] if own.is_dir() else [])]
    missing = [str(f) for f in folders if not f.is_dir()]
    if missing or not folders:
        raise ValueError(f"merge needs folders of cells, as shards write them. Received: {missing or own}")
    cells = list(table.cells(settings))
    shown = ", ".join(str(folder) for folder in folders)
    if not any(stored_cell(table, settings, cell, folder) for folder in folders for cell in cells):
        raise ValueError(
            f"merge needs cells of {table.paper} {table.name} that commit {commit()} measured at {settings.scale} with "
            f"the same options, seed {settings.seed} and the same --data-dir. Received: none in {shown}"
        )
    return assemble(table, settings, output, cells, folders)


def assemble(table: Table, settings: Settings, output: Path, cells: list[Cell], folders: list[Path]) -> pd.DataFrame:
    """Write the CSV of all cells and remove the cells' own files, not those of other code or data; returns the table.

    A cell that is in none of ``folders`` is as the CSV that is there has it, of the same data and seed; else it is
    ``not-run``.
    """
    entries, reasons = [], {}
    path = csv_path(table, settings.scale, output)
    earlier = _earlier(path, settings)
    for cell in cells:
        name = _name(cell)
        found = [stored for folder in folders if (stored := stored_cell(table, settings, cell, folder)) is not None]
        if not found and name in earlier and earlier[name]["entry"]["weights"] in ("", _weights(settings, cell)):
            found = [earlier[name]]
        entries.append(found[0]["entry"] if found else _entry(table, settings, cell, None, "not-run", 0.0))
        if reason := (found[0].get("reason") if found else UNASKED):
            reasons[cell_key(*name)] = reason
    frame = pd.DataFrame(entries)[list(SCHEMA)].astype(COUNTS)
    write_reasons(path, reasons)
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic(path) as partial:
        frame.to_csv(partial, index=False)
    own = cell_folder(table, settings, output)
    for cell in cells:
        if stored_cell(table, settings, cell, own) is not None:
            (own / _file_name(cell)).unlink()
    if own.is_dir() and not any(own.iterdir()):
        own.rmdir()
    return frame


def _name(cell: Cell) -> tuple[str, str, str]:
    return cell.row, cell.column, cell.metric


def _earlier(csv: Path, settings: Settings) -> dict[tuple[str, str, str], dict]:
    """Return the cells of the CSV that is there, with their reasons, where it is of the same data and seed."""
    if not csv.is_file():
        return {}
    frame = read_csv(csv).fillna({"weights": ""})
    if not set(SCHEMA) <= set(frame.columns):
        return {}
    reasons = read_reasons(csv)
    same = frame[(frame["dataset"] == settings.dataset) & (frame["seed"] == settings.seed)]
    found = {}
    for entry in same.to_dict("records"):
        name = (entry["row"], entry["column"], entry["metric"])
        found[name] = {"entry": entry, "reason": reasons.get(cell_key(*name))}
    return found


def read_csv(path: Path) -> pd.DataFrame:
    """Return the CSV of a table, its labels as text."""
    return pd.read_csv(path, dtype={"row": str, "column": str, "metric": str, "unit": str, "weights": str})


def csv_path(table: Table, scale: str, output: Path) -> Path:
    """Return the path of a table's CSV."""
    return output / scale / f"{table.paper}_{table.name}.csv"


def is_finished(table: Table, settings: Settings, output: Path) -> bool:
    """Return whether this commit wrote the whole CSV of ``table`` with this data and seed and stored networks only.

    A commit with changed files is no commit: nothing is finished then.
    """
    path = csv_path(table, settings.scale, output)
    if not path.is_file() or commit().endswith("+") or settings.weights or settings.detector or settings.index:
        return False
    wanted = {"commit": commit(), "dataset": settings.dataset, "seed": str(settings.seed)}
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    if frame.empty or not all((frame[name] == value).all() for name, value in wanted.items()):
        return False
    usual = {_name(cell): cell.weights for cell in table.cells(settings)}
    names = zip(frame["row"], frame["column"], frame["metric"], frame["weights"], strict=True)
    own = any(weights != usual.get(tuple(name), weights) for *name, weights in names)
    return not own and UNASKED not in read_reasons(path).values()


def parse_shard(text: str) -> tuple[int, int]:
    """Parse ``"2/16"``.

    Raises:
        ValueError: For anything else.
    """
    match = re.fullmatch(r"(\d+)/(\d+)", text)
    if not match or not 1 <= int(match[1]) <= int(match[2]):
        raise ValueError(f"A shard is i/N with 1 <= i <= N, as in 2/16. Received: {text!r}")
    return int(match[1]), int(match[2])


def measure_cell(table: Table, settings: Settings, cell: Cell, folder: Path) -> dict:
    """Measure a cell that is not in ``folder`` yet, and keep it there; return what its file holds."""
    if (stored := stored_cell(table, settings, cell, folder)) is not None:
        return stored
    began, estimate, status, reason = time.perf_counter(), None, cell.status, cell.why
    if cell.measure is not None:
        try:
            estimate = cell.measure()
        except DataUnavailable as error:
            status, reason = "data-unavailable", f"needs {' '.join(str(error).split())}"
    entry = _entry(table, settings, cell, estimate, status, time.perf_counter() - began)
    stored = {"key": _key(table, settings, cell), "entry": entry, "reason": reason}
    keep_cell(stored, cell, folder)
    return stored


def keep_cell(stored: dict, cell: Cell, folder: Path) -> None:
    """Write what ``measure_cell`` returned, here or on another machine."""
    folder.mkdir(parents=True, exist_ok=True)
    with atomic(folder / _file_name(cell)) as partial:
        partial.write_text(json.dumps(stored))


def stored_cell(table: Table, settings: Settings, cell: Cell, folder: Path) -> dict | None:
    """Return what ``measure_cell`` has kept of a cell; None without a cell of the same code, data, seed and scale."""
    return _read(folder / _file_name(cell), _key(table, settings, cell))


def _entry(
    table: Table, settings: Settings, cell: Cell, estimate: Estimate | None, status: str, seconds: float
) -> dict:
    difference, comparable = None, False
    numbers: dict[str, Any] = dict.fromkeys(field.name for field in dataclasses.fields(Estimate))
    if estimate is not None:
        numbers, comparable = dataclasses.asdict(estimate), cell.comparable
        if comparable and cell.paper_value is not None:
            difference = estimate.value - cell.paper_value
    return {
        **{"paper": table.paper, "table": table.name, "row": cell.row, "column": cell.column},
        **{"metric": cell.metric, "unit": unit_of(table.units, cell.metric)},
        **{"paper_value": cell.paper_value, **numbers},
        **{"comparable": "yes" if comparable else "no", "difference": difference, "status": status},
        **{"seed": settings.seed, "scale": settings.scale, "dataset": settings.dataset},
        **{"weights": _weights(settings, cell)},
        **{"steps": cell.steps, "seconds": round(seconds, 2), "commit": commit()},
        **{"tensorflow": version("tensorflow"), "keras": version("keras"), "device": device()},
    }


def _weights(settings: Settings, cell: Cell) -> str:
    """Return a cell's networks as the CSV names them: the user's by folder and name, with the user's index."""
    words = cell.weights.split() if cell.weights != settings.detector else []
    if not words:
        return cell.weights
    if settings.weights is not None:
        words = [w if w == "trained" or ":" in w else f"{settings.weights.name}/{w}" for w in words]
    return " ".join(words + ([f"index:{settings.index}"] if settings.index else []))


def _key(table: Table, settings: Settings, cell: Cell) -> list[str]:
    """Return the key that a stored cell must match to be reused."""
    parts = (table.paper, table.name, cell.row, cell.column, cell.metric, cell.weights)
    return [str(p) for p in (*parts, *dataclasses.astuple(settings), commit())]


def _read(path: Path, key: list[str]) -> dict | None:
    if not path.is_file():
        return None
    try:
        stored = json.loads(path.read_text())
        return stored if stored["key"] == key and "entry" in stored else None
    except (OSError, ValueError, KeyError, TypeError):
        return None  # missing or incomplete: measure it again


def _file_name(cell: Cell) -> str:
    label = cell_key(*_name(cell))
    readable = re.sub(r"[^A-Za-z0-9.+-]+", "_", label).strip("_")
    return f"{readable[:80]}-{hashlib.sha256(label.encode()).hexdigest()[:8]}.json"


def cell_folder(table: Table, settings: Settings, output: Path) -> Path:
    """Return the folder in which the cells of a table are kept until its CSV is written."""
    return output / settings.scale / f".{table.paper}_{table.name}.cells"
