"""``zoo pretrain``: train a paper's networks, for the local store or for the package."""

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
from zoo.experiments.train.freed_memory import keep_freed_memory

USUAL_SCALE = "laptop"


def add(commands: "argparse._SubParsersAction") -> None:
    """Add the command to the ``zoo`` parser, with a command of its own for each paper."""
    parser = commands.add_parser("pretrain", help="train a paper's networks")
    papers = parser.add_subparsers(dest="paper", required=True, metavar="PAPER")
    for name in sorted({page.name for page in experiments() if page.trainings}):
        _add_paper(papers, name)


def _add_paper(papers: "argparse._SubParsersAction", paper: str) -> None:
    trainings = _trainings(paper)
    names = [name for name in trainings if name]
    default = trainings.get("")
    parser = papers.add_parser(paper, help=default.help if default else None)
    parser.set_defaults(run=_run, resumes=True, training=None)
    if names:
        text = "; ".join(f"{name or 'default'}: {training.help}" for name, training in trainings.items())
        # No `choices`: argparse would report the value of an unknown option as a wrong training.
        parser.add_argument("training", nargs="?" if default else None, metavar="|".join(names), help=text)
    parser.add_argument(
        "--scale", default=USUAL_SCALE, type=scale_name, help="smoke, laptop (default), photographs, gpu or paper"
    )
    data_options.add(parser, paper)
    if any(page.workers for page in _pages(paper)):
        parser.add_argument(
            "--workers",
            type=whole(0, 256),
            help="processes that prepare examples; 0: the training process itself (default 1, at smoke 0)",
        )
    where = parser.add_mutually_exclusive_group()
    add_device(where)
    where.add_argument("--devices", choices=("all",), help="split every batch across all GPUs of this machine")
    parser.add_argument(
        "--install", action="store_true", help="store the weights in the package instead of the local store"
    )
    parser.add_argument(
        "--folder",
        type=Path,
        default=Path("runs"),
        help="folder for checkpoints; an interrupted training resumes from it (default runs)",
    )
    if any(training.parts for training in trainings.values()):
        add_workers(parser, "independent trainings")
    own = []
    for option in _options(paper).values():
        text, choices = option.help, option.choices or None
        try:
            parser.add_argument(option.flag, help=text, choices=choices, type=option.parse, metavar=option.metavar)
            own.append(option.flag)
        except argparse.ArgumentError as error:  # an option of another package has the same name
            warnings.warn(f"{paper}: {error}", stacklevel=1)
    parser.set_defaults(own=own)


def training_command(options: argparse.Namespace) -> str:
    """Return the command as it is kept with the weights; paths are cut to their last part."""
    words = ["zoo", *_named(options), "--scale", options.scale]
    if options.dataset != EMBEDDED:
        words += ["--dataset", options.dataset]
    if options.data_dir is not None:
        words += ["--data-dir", data_options.folder_name(options)]
    for option, value in _given(options):
        words += [option.flag, Path(value).name if isinstance(value, Path) else str(value)]
    if options.devices:
        words += ["--devices", options.devices]
    return shlex.join([*words, "--seed", str(options.seed)])


def _named(options: argparse.Namespace) -> list[str]:
    """Return the words that name the training."""
    return ["pretrain", options.paper, *filter(None, [options.training])]


def _given(options: argparse.Namespace) -> list[tuple[Option, Any]]:
    """Return the family's own options that the command line has, each with its value."""
    known = _options(options.paper)
    found = ((known[flag], known[flag].given(options)) for flag in options.own)
    return [(option, value) for option, value in found if value is not None]


def _run(options: argparse.Namespace) -> int:
    training = chosen(options)
    if "workers" in options and options.workers is None:
        options.workers = 0 if options.scale == "smoke" else 1
    _check_install(options, training)
    data_options.check_known(options.dataset)
    command = training_command(options)
    check_one_worker()
    keep_freed_memory()
    if "on" in options:
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
            f"--on needs independent trainings; these depend on each other. "
            f"Received: {' '.join(_named(options))} --on {workers.engine}"
        )
    if options.devices:
        raise ValueError("--on and --devices exclude each other; --gpus sets the GPUs per worker. Received: both")
    from zoo.experiments.run.workers import follow

    logs = options.folder / f".{options.paper}-{options.scale}-{options.seed}.workers"
    for tasks in load(training.parts)(options):
        for _ in follow(tasks, workers, logs, " ".join(_named(options)), sys.stderr.isatty()):
            pass
    shutil.rmtree(logs, ignore_errors=True)


def chosen(options: argparse.Namespace) -> Training:
    """Return the training that the options name.

    Raises:
        ValueError: For a name that no training of the paper has.
    """
    known = _trainings(options.paper)
    if (options.training or "") not in known:
        names = ", ".join(filter(None, known))
        raise ValueError(f"The training of {options.paper} must be one of {names}. Received: {options.training!r}")
    return known[options.training or ""]


def _pages(paper: str) -> list[Experiments]:
    """Return the descriptions of a paper: the zoo's, then those of other packages."""
    return [page for page in experiments() if page.name == paper]


def _trainings(paper: str) -> dict[str, Training]:
    """Return a paper's trainings by name. Packages may add some to a family of the zoo, and replace none."""
    known: dict[str, Training] = {}
    for page in _pages(paper):
        for training in page.trainings:
            known.setdefault(training.name, training)
    return known


def _options(paper: str) -> dict[str, Option]:
    """Return a paper's own options by what is typed; of packages as in ``_trainings``."""
    known: dict[str, Option] = {}
    for page in _pages(paper):
        for option in page.options:
            known.setdefault(option.flag, option)
    return known


def _check_install(options: argparse.Namespace, training: Training) -> None:
    if not options.install:
        return
    if not training.stored:
        names = ", ".join(filter(None, _trainings(options.paper)))
        raise ValueError(f"--install needs the name of a training, one of {names}. Received: none")
    given = [f"{option.flag} {value}" for option, value in _given(options) if not option.for_stored]
    if (options.scale, options.dataset) not in training.stored:
        given += [f"--scale {options.scale}", f"--dataset {options.dataset}"]
    if options.dataset == EMBEDDED and options.data_dir is not None:
        given.append(f"--data-dir {options.data_dir}")
    if given:
        wanted = " or ".join(f"--scale {scale} --dataset {dataset}" for scale, dataset in training.stored)
        raise ValueError(
            f"--install replaces the package's weights, which are trained by {wanted} (make: SCALE=, DATASET=); "
            f"without it weights go to the local store. Received: {' '.join(given)}"
        )
