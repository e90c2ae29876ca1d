"""Dataclasses that describe a family's experiments, for ``experiments/<family>/family.py``; free of Keras."""

import argparse
import dataclasses
from collections.abc import Callable, Mapping
from typing import Any


@dataclasses.dataclass(frozen=True)
class Training:
    """A training of ``zoo pretrain <family>``."""

    run: str
    """``module:function``, called with the parsed options and the command line that is stored with the weights."""
    name: str = ""
    """``joint`` for that of ``zoo pretrain imaging joint``; ``zoo pretrain imaging`` runs the one without a name."""
    help: str = ""
    """What is trained."""
    parts: str = ""
    """``module:function`` that returns, for the parsed options, rounds: lists of ``run.tasks.Task``. The tasks of a
    round are parts of the training that do not depend on each other. After all rounds ``run`` finds everything trained.
    Empty where each part needs the one before."""
    stored: tuple[tuple[str, str], ...] = (("laptop", "embedded"),)
    """Scales and data sets of the weights in the package: ``--install`` replaces them by no others. Empty for several
    trainings in one, whose weights in the package have no common scale."""


@dataclasses.dataclass(frozen=True)
class Option:
    """An option of ``zoo pretrain <family>``, in addition to those of every family."""

    flag: str
    """The option on the command line, for example ``--recipe``."""
    help: str = ""
    choices: tuple[str, ...] = ()
    """What it takes; empty for anything that ``parse`` does."""
    parse: Callable[[str], Any] = str
    metavar: str | None = None
    for_stored: bool = False
    """Whether weights in the package are trained with it."""

    def given(self, options: argparse.Namespace) -> Any:
        """Return the option's value on the command line; None if it was not given."""
        return getattr(options, self.flag.strip("-").replace("-", "_"), None)


@dataclasses.dataclass(frozen=True)
class Listed:
    """A table or figure: its title, and where its ``run.cells.Table`` is, ``module:TABLE``."""

    title: str
    place: str


@dataclasses.dataclass(frozen=True)
class Headline:
    """A line of the README's table. Cells of the CSV are given as (row, column)."""

    table: str
    what: str
    metric: str
    ours: tuple[str, str]
    """Cell with our number."""
    beside: str
    """Name of what ours is compared with: the best simpler or untrained method of the table, if there is one."""
    baseline: tuple[str, str]
    """Cell with the number of ``beside``."""
    papers: tuple[str, str] | None = None
    """Cell with the paper's number, if it is not in the cell of ours."""
    decimals: int | None = None
    dataset: str = "embedded"
    """Data set of the published CSV."""


@dataclasses.dataclass(frozen=True)
class Alias:
    """Stored weights that cells of a table were measured with, too, where the CSV names only others."""

    table: str
    named: str
    """What the CSV's column ``weights`` names."""
    others: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Experiments:
    """One family's tables, figures, commands and trainings."""

    name: str
    """The family's, as in ``zoo.family.Family``."""
    tables: Mapping[str, Listed]
    """By name: ``table_1``, ``figure_2``, ... as in the CSVs."""
    commands: str = ""
    """``module:function`` that adds the family's verbs to the ``zoo`` parser."""
    trainings: tuple[Training, ...] = ()
    data_sets: tuple[str, ...] = ()
    """Further values of ``--dataset``, in addition to ``embedded``; see ``zoo.datasets.catalogue``."""
    headlines: tuple[Headline, ...] = ()
    """Lines of the README's table."""
    aliases: tuple[Alias, ...] = ()
    stands_for: str = ""
    """``module:function`` of further aliases, where a training makes the words: it takes the data set of the table, and
    returns notes by stored weights, by word."""
    options: tuple[Option, ...] = ()
    """Options of its trainings."""
    workers: bool = False
    """Whether its trainings take ``--workers``, processes that make examples."""
    plan: str = ""
    """``module:function`` that says what a table needs at a scale, see ``zoo.experiments.run.planning``."""
    calibrations: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Products of ``zoo calibrate`` by name, and where the ``cli.calibrated.Question``, or ``Comparison``, of each is,
    ``module:NAME``."""
    not_calibrated: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Commands that score pictures and do not answer in ``zoo report``, and why."""
    scores: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Products of ``zoo score`` by name, and where the ``cli.score_pictures.Product`` of each is, ``module:NAME``."""
