"""``zoo plan``: estimate what a table needs at the paper's scale, and how long it would take."""

import argparse
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from zoo.experiments.cli.numbers import scale_name
from zoo.experiments.families import check_table, experiments, load
from zoo.printing import shown

if TYPE_CHECKING:
    from zoo.experiments.run.planning import Needed, Plan, Work
    from zoo.experiments.run.step_cost import Cost

FOLDERS = ("camera", "cameras")
"""Data that are a folder, and no data set by name: RAW files of one camera, or cameras that TFDS prepared."""
LARGEST = 16
"""Gigabytes of memory that a command may take."""


def add(commands: "argparse._SubParsersAction") -> None:
    """Add the command to the ``zoo`` parser."""
    parser = commands.add_parser(
        "plan", help="estimate data, trainings, disk and hours for a table at the paper's scale"
    )
    parser.add_argument("paper", metavar="PAPER")
    parser.add_argument("table", metavar="TABLE", help="table-1, table-2, ...; see `zoo list`")
    parser.add_argument("--scale", default="paper", type=scale_name, help="paper (default); other scales have no plan")
    parser.add_argument(
        "--data",
        action="append",
        default=[],
        metavar="NAME=FOLDER",
        help="folder of a data set, as for --data-dir; camera=FOLDER for RAW files of one camera, cameras=FOLDER for a "
        "folder of cameras; may be repeated",
    )
    parser.add_argument(
        "--no-measure",
        action="store_true",
        help="do not time training steps on this machine; the plan then has no hours",
    )
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    listed = check_table(options.paper, options.table)
    if options.scale != "paper":
        raise ValueError(f"--scale must be paper; smaller scales have no plan. Received: {options.scale}")
    place = next(page.plan for page in experiments() if page.name == options.paper)
    if not place:
        papers = ", ".join(page.name for page in experiments() if page.plan)
        raise ValueError(f"PAPER must be one of those with a plan: {papers}. Received: {options.paper}")
    folders = dict(_folder(text) for text in options.data)
    name = options.table.replace("-", "_")
    plan: Plan = load(place)(name, options.scale)
    known = [needed.name for needed in plan.needed]
    if unknown := [given for given in folders if given not in known]:
        raise ValueError(f"--data must name one of {', '.join(known)}. Received: {unknown[0]}")
    print(f"{listed.title}, scale {options.scale}: nothing is run but a few steps to time")
    _print_data(plan, folders)
    _print_cells(options.paper, name, options.scale, plan, folders)
    costs = {} if options.no_measure else _costs(plan)
    _print_works(plan, costs)
    _print_disk_and_memory(plan, costs)
    return 0


def _folder(text: str) -> tuple[str, Path]:
    name, separator, folder = text.partition("=")
    if not (name and separator and folder):
        raise ValueError(f"--data must be NAME=FOLDER. Received: {text!r}")
    return name, Path(folder).expanduser()


def _print_data(plan: "Plan", folders: dict[str, Path]) -> None:
    print("data")
    for needed in plan.needed:
        print(f"  {needed.name}: {needed.what}; {needed.gigabytes:g} GB. {_there(needed, folders.get(needed.name))}")


def _there(needed: "Needed", folder: Path | None) -> str:
    if needed.count is None:
        return "Cannot be looked for"
    try:
        count = needed.count(folder)
    except (ValueError, OSError) as error:
        hint = f"--data {needed.name}=FOLDER" if folder is None else " ".join(str(error).split())
        return f"Not here: {hint}"
    return f"Here: {count}" + (f" in {shown(folder)}" if folder is not None else "")


def _print_cells(paper: str, name: str, scale: str, plan: "Plan", folders: dict[str, Path]) -> None:
    from zoo.experiments.run import tables
    from zoo.experiments.run.cells import Settings

    settings, with_what = Settings(scale), "without the paper's data"
    for needed in plan.needed:
        if needed.name in folders:
            dataset = f"folder:{folders[needed.name].name}" if needed.name in FOLDERS else needed.name
            settings, with_what = Settings(scale, dataset, folders[needed.name]), f"with {needed.name}"
            break
    cells = list(tables.find(paper, name).cells(settings))
    printed = sum(cell.paper_value is not None for cell in cells)
    states = Counter("to measure" if cell.measure else cell.status for cell in cells)
    described = ", ".join(f"{count} {state}" for state, count in states.items())
    print(f"cells\n  {len(cells)}, {printed} of them with a number of the paper; {with_what}: {described}")


def _costs(plan: "Plan") -> "dict[str, Cost]":
    from zoo.experiments.run.step_cost import measure

    found = {}
    for step in dict.fromkeys(work.step for work in plan.works):
        print(f"zoo: timing {step.rpartition('.')[2]}", file=sys.stderr)
        found[step] = measure(step)
    return found


def _print_works(plan: "Plan", costs: "dict[str, Cost]") -> None:
    from zoo.experiments.run.step_cost import UPDATE

    print("trainings, scoring and attacks" if plan.works else "no trainings")
    here = there = 0.0
    for work in plan.works:
        unit = "updates" if work.passes == UPDATE else "batches"
        most = "at most " if work.at_most else ""
        print(f"  {work.count} x {work.what}: {most}{work.steps:,} {unit} of {work.batch} ({work.examples:,} examples)")
        if work.step in costs:
            mine, theirs = _print_hours(work, costs[work.step])
            here, there = here + mine, there + theirs
    if costs:
        print(f"  altogether: {_hours(here)} on this machine, {_hours(there)} on one H100, each step alone")
    if plan.left_out:
        print(f"  not counted: {plan.left_out}")
    if plan.trained_by:
        print(f"  trained by: {plan.trained_by}")


def _print_hours(work: "Work", cost: "Cost") -> tuple[float, float]:
    """Print a kind of training's hours; returns them, on this machine and on a GPU."""
    from zoo.experiments.run.step_cost import UPDATE, on_gpu

    step = cost.step_seconds(work.batch)
    gpu, how = on_gpu(work.step, cost, work.batch)
    gpu *= work.passes / UPDATE
    here, there = (seconds * work.steps * work.count / 3600 for seconds in (step, gpu))
    few = max(cost.seconds)
    print(
        f"    this machine: {_hours(here)}; {step:.3g} s a step, extrapolated from {few} examples measured now in "
        f"{cost.seconds[few]:.3g} s, with {cost.cores:.1f} cores to itself"
    )
    print(f"    one H100: {_hours(there)}; {1000 * gpu:.3g} ms a step, {how}")
    print(f"    memory: {cost.peak(work.batch):.1f} GB, extrapolated from {min(cost.seconds)} and {few} examples")
    return here, there


def _hours(hours: float) -> str:
    return f"{hours:,.0f} h" if hours >= 10 else f"{hours:.2g} h"


def _print_disk_and_memory(plan: "Plan", costs: "dict[str, Cost]") -> None:
    # A state holds weights and Adam's two moments in float32.
    states = sum(work.count * 12 * costs[work.step].parameters / 1e9 for work in plan.works if work.saved and costs)
    disk = [*plan.disk, *([("states of the trainings", states)] if states else [])]
    print("disk, in addition to the data")
    for what, gigabytes in disk:
        print(f"  {gigabytes:.2g} GB: {what}")
    if not disk:
        print("  little")
    held = sum(gigabytes for _, gigabytes in plan.memory)
    print("memory")
    for what, gigabytes in plan.memory:
        print(f"  {gigabytes:.2g} GB: {what}")
    if costs:
        peak = held + max(costs[work.step].peak(work.batch) for work in plan.works)
        print(f"  {peak:.1f} GB at most, the largest step and all of this together; {LARGEST} should not be exceeded")
