"""What is measured of a family, as its page ``experiments/<family>/family.py`` says it. Nothing here imports Keras."""

import dataclasses
from collections.abc import Mapping


@dataclasses.dataclass(frozen=True)
class Training:
    """A training of ``zoo pretrain <family>``."""

    run: str
    """``module:function`` of the command's options and the command as it is kept with the weights."""
    flag: str = ""
    """The option that chooses it, as ``--joint``; the training without one is the usual."""
    help: str = ""
    choices: tuple[str, ...] = ()
    """What the option takes, if anything."""


@dataclasses.dataclass(frozen=True)
class Headline:
    """A line of the README: where ours, the paper's and another method's number stand, as (row, column)."""

    table: str
    what: str
    metric: str
    ours: tuple[str, str]
    beside: str
    """The best of the simpler or untrained methods in the table; where there is none, what ours is to be held against.
    """
    baseline: tuple[str, str]
    papers: tuple[str, str] | None = None
    """Where it is not the cell of ours, since the paper's data are not free."""
    decimals: int | None = None


@dataclasses.dataclass(frozen=True)
class Alias:
    """A word of the CSVs' column ``weights`` that stands for stored weights of other names, or for more than one."""

    pattern: str
    """Regular expression that the whole word fits."""
    names: tuple[str, ...]
    """Names of stored weights, with the pattern's groups as ``\\1``, ..."""
    note: str = ""
    """Of a number that these weights did not make alone, or not as they are stored; by default ``with <word>``."""
    table: str = ""
    """The only table it holds for; empty for all."""


@dataclasses.dataclass(frozen=True)
class Experiments:
    """One family's tables, figures, commands and trainings."""

    name: str
    """The family's, as in ``zoo.family.Family``."""
    tables: Mapping[str, str]
    """``table_1``, ``figure_2``, ... as in the CSVs -> ``module:TABLE``, a ``run.cells.Table``."""
    commands: str = ""
    """``module:function`` that adds the family's verbs to the ``zoo`` parser."""
    trainings: tuple[Training, ...] = ()
    data_sets: tuple[str, ...] = ()
    """What ``--dataset`` takes beside ``embedded``; see ``zoo.datasets.catalogue``."""
    headlines: tuple[Headline, ...] = ()
    """Lines of the README's table."""
    aliases: tuple[Alias, ...] = ()
