"""``zoo pretrain``: train a paper's stored weights anew, for the local store or for the package."""

import argparse
import contextlib
import shlex
import shutil
import sys
import warnings
from pathlib import Path
from typing import Any

from zoo.experiments.cli import data_options
from zoo.experiments.cli.data_options import EMBEDDED
from zoo.experiments.cli.devices import add_device, check_one_worker, on_all_devices
from zoo.experiments.cli.numbers import scale_name, whole
from zoo.experiments.cli.workers import add_workers, workers_of
from zoo.experiments.families import experiments, load
from zoo.experiments.family import Experiments, Option, Training

USUAL_SCALE = "laptop"


def add(commands: "argparse._SubParsersAction") -> None:
    """Add the command to the ``zoo`` parser."""
    pages = _trained()
    parser = commands.add_parser("pretrain", help="train a paper's stored weights anew")
    parser.add_argument("paper", choices=sorted(page.name for page in pages))
    parser.add_argument(
        "--scale", default=USUAL_SCALE, type=scale_name, help="smoke, laptop (default), photographs, gpu or paper"
    )
    data_options.add(parser)
    parser.add_argument(
        "--workers",
        type=whole(0, 256),
        help="processes that make examples; 0: the training's own (default 1, 0 at smoke)",
    )
    where = parser.add_mutually_exclusive_group()
    add_device(where)
    where.add_argument("--devices", choices=("all",), help="divide every batch among all GPUs of this machine")
    parser.add_argument("--install", action="store_true", help="into the package, not the local store")
    parser.add_argument("--folder", type=Path, default=Path("runs"), help="checkpoints; a killed training resumes")
    add_workers(parser, "trainings that do not depend on each other")
    flags = parser.add_mutually_exclusive_group()
    for page in pages:
        for training in filter(lambda training: training.flag, page.trainings):
            text = f"{page.name}: {training.help}"
            try:
                if training.choices:
                    flags.add_argument(training.flag, choices=training.choices, help=text)
                else:
                    flags.add_argument(training.flag, action="store_true", help=text)
            except argparse.ArgumentError as error:  # another package's option that is taken
                warnings.warn(f"{page.name}: {error}", stacklevel=1)
        for option in page.options:
            text, choices = f"{page.name}: {option.help}", option.choices or None
            try:
                parser.add_argument(option.flag, help=text, choices=choices, type=option.parse, metavar=option.metavar)
            except argparse.ArgumentError as error:
                warnings.warn(f"{page.name}: {error}", stacklevel=1)
    parser.set_defaults(run=_run)


def training_command(options: argparse.Namespace, flag: str = "") -> str:
    """The command as it is kept with the weights; paths are cut to their last part.

    ``flag`` is that of the training, where it has one; what an option with choices was given is added by the training.
    """
    words = ["zoo", "pretrain", options.paper, *([flag] if flag else []), "--scale", options.scale]
    if options.dataset != EMBEDDED:
        words += ["--dataset", options.dataset]
    if options.data_dir is not None:
        words += ["--data-dir", data_options.folder_name(options)]
    for option, value in _given(options):
        words += [option.flag, Path(value).name if isinstance(value, Path) else str(value)]
    if getattr(options, "devices", None):
        words += ["--devices", options.devices]
    return shlex.join([*words, "--seed", str(options.seed)])


def _given(options: argparse.Namespace) -> list[tuple[Option, Any]]:
    """The families' own options that the command line has, each with its value.

    Raises:
        ValueError: For an option of another family.
    """
    found = []
    for page in _trained():
        for option in page.options:
            value = option.given(options)
            if value is not None and page.name != options.paper:
                raise ValueError(f"{option.flag} is for {page.name}. Received: {options.paper}")
            if value is not None:
                found.append((option, value))
    return found


def _run(options: argparse.Namespace) -> int:
    training = _chosen(options)
    if options.workers is None:
        options.workers = 0 if options.scale == "smoke" else 1
    elif options.workers and not training.workers:
        raise ValueError(f"{options.paper} makes its examples without --workers. Received: {options.workers}")
    _check_install(options, training)
    data_options.check_known(options.dataset)
    command = training_command(options, "" if training.choices else training.flag)
    check_one_worker()
    _on_workers(options, training)
    with on_all_devices() if options.devices else contextlib.nullcontext():
        return load(training.run)(options, command)


def _on_workers(options: argparse.Namespace, training: Training) -> None:
    """Train the independent parts of a training on the workers of ``--on``, if it was given."""
    workers = workers_of(options)
    if workers is None:
        return
    if not training.parts:
        raise ValueError(
            f"--on is for trainings that do not depend on each other; here one follows the other. "
            f"Received: {options.paper} --on {workers.engine}"
        )
    if options.devices:
        raise ValueError("--on takes --gpus for each worker, and not --devices. Received: both")
    from zoo.experiments.run.workers import follow

    logs = options.folder / f".{options.paper}-{options.scale}-{options.seed}.workers"
    for tasks in load(training.parts)(options):
        for _ in follow(tasks, workers, logs, f"pretrain {options.paper}", sys.stderr.isatty()):
            pass
    shutil.rmtree(logs, ignore_errors=True)


def _trained() -> list[Experiments]:
    return [page for page in experiments() if page.trainings]


def _chosen(options: argparse.Namespace) -> Training:
    """The training that the options name.

    Raises:
        ValueError: For an option of another family.
    """
    usual = []
    for page in _trained():
        for training in page.trainings:
            given = training.flag and getattr(options, training.flag.strip("-").replace("-", "_"))
            if given and page.name != options.paper:
                raise ValueError(f"{training.flag} is for {page.name}. Received: {options.paper}")
            if given:
                return training
            if not training.flag and page.name == options.paper:
                usual.append(training)
    if not usual:
        flags = [t.flag for page in _trained() if page.name == options.paper for t in page.trainings]
        raise ValueError(f"{options.paper} is trained by one of {', '.join(flags)}. Received: none")
    return usual[0]


def _check_install(options: argparse.Namespace, training: Training) -> None:
    if not options.install:
        return
    given = [f"{option.flag} {value}" for option, value in _given(options) if not option.for_stored]
    if (options.scale, options.dataset) not in training.stored:
        given += [f"--scale {options.scale}", f"--dataset {options.dataset}"]
    if options.dataset == EMBEDDED and options.data_dir is not None:
        given.append(f"--data-dir {options.data_dir}")
    if given:
        raise ValueError(
            "--install replaces the package's weights, which are those of "
            f"{' and '.join(f'{dataset} at {scale}' for scale, dataset in training.stored)}; without it weights go to "
            f"the local store. Received: {' '.join(given)}"
        )
