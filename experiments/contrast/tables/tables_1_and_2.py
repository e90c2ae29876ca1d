r"""Tables I and II of Barni et al. 2018: AUC of the aware detector by JPEG quality.

Command:  zoo reproduce contrast table-1            (or: make reproduce-table-1 PAPER=contrast)
          zoo reproduce contrast table-2
Expected: contrast_table_1.csv, contrast_table_2.csv; docs/results/contrast.md has the numbers
Time:     `laptop` six minutes each on two cores (stored weights, seven photographs);
          `paper` (300 test pictures of RAISE8K, all patches) wants a GPU, and networks trained on RAISE:
          zoo pretrain contrast --scale paper --dataset raise8k --data-dir RAISE
          zoo reproduce contrast table-1 --scale paper --dataset raise8k --data-dir RAISE \
              --weights runs/contrast-paper-0

Table I has matched and mismatched strengths. Additional rows: the unaware detector and the gain over it; a
control (the 8-bit HSV round trip without any contrast change: far from 50 is a shortcut); a network whose both classes
went through that round trip; an untrained statistic of the histogram, and the network's gain over it. An operator that
another package adds (``zoo.extensions``) has a row under its name. At `laptop` what is scored are parts of 192 x 192
pixels: four of each of up to 20 photographs, one of each of more than 20.

Table II has adjustments that the detector was not trained on: emulations of Photoshop's tools
(`zoo.contrast.photoshop`), so that no number there is comparable digit for digit with the paper's.
"""

from collections.abc import Iterator, Sequence
from functools import partial

from zoo import extensions
from zoo.contrast.detector import DEFAULT_WEIGHTS
from zoo.contrast.photoshop import table_2_operators
from zoo.experiments.contrast.evaluation import (
    CONTROL,
    MATCHED,
    OPERATORS,
    QUALITIES,
    ROUND_TRIPPED,
    SOME,
    TABLE_1_OPERATORS,
    UNAWARE,
    Evaluation,
    auc,
    evaluation_of,
    load_detector,
)
from zoo.experiments.run.cells import Cell, Settings, Table, grid
from zoo.experiments.run.paper_values import paper_values
from zoo.metrics import Estimate, bootstrap_auc, bootstrap_auc_difference, percent


def cells_1(settings: Settings) -> Iterator[Cell]:
    """Yield the cells of Table I."""
    evaluation = evaluation_of(settings)
    added = [name for name in extensions.names("operators") if name not in OPERATORS]
    yield from detector_rows(evaluation, list(TABLE_1_OPERATORS), "table_1", added)
    every, some = ({column: column for column in columns} for columns in (QUALITIES, SOME))
    ours = partial(auc, evaluation, DEFAULT_WEIGHTS)
    yield from grid({name: name for name in (CONTROL, *added)}, every, "AUC", ours, DEFAULT_WEIGHTS)
    yield from grid(_matched("baseline: histogram"), every, "AUC", partial(roughness_auc, evaluation))
    yield from grid(_matched("aware - histogram"), every, "AUC difference", partial(gain_on_roughness, evaluation))
    yield from grid(_matched("unaware"), some, "AUC", partial(auc, evaluation, UNAWARE), UNAWARE)
    gained = partial(gain, evaluation, DEFAULT_WEIGHTS, UNAWARE)
    yield from grid(_matched("aware - unaware"), {c: c for c in SOME[1:]}, "AUC difference", gained)
    both = partial(auc, evaluation, ROUND_TRIPPED, first=CONTROL)
    yield from grid(_matched("both round-tripped"), some, "AUC", both, ROUND_TRIPPED)


def _matched(what: str) -> dict[str, str]:
    return {f"{what}, {operator}": operator for operator in MATCHED}


def cells_2(settings: Settings) -> Iterator[Cell]:
    """Yield the cells of Table II."""
    yield from detector_rows(evaluation_of(settings), list(table_2_operators()), "table_2")


def detector_rows(
    evaluation: Evaluation, operators: list[str], table: str, added: Sequence[str] = ()
) -> Iterator[Cell]:
    """Yield the paper's rows for the stored aware network and, where one is given, also for the user's detector.

    ``added``: operators of other packages, on which the user's detector is measured as well.
    """
    values = paper_values("contrast", table)
    settings = evaluation.settings
    # Only this has the paper's operators, data and training: the stored networks were not trained on RAISE.
    papers_data = settings.scale == "paper" and settings.dataset == "raise8k" and settings.weights is not None
    comparable = papers_data and table == "table_1"
    detector = settings.detector
    for operator in operators:
        for column in values.columns:
            paper = float(values.loc[operator, column])
            measure = partial(auc, evaluation, DEFAULT_WEIGHTS, operator, column)
            yield Cell(operator, column, "AUC", paper, measure, comparable=comparable, weights=DEFAULT_WEIGHTS)
    if detector is None:
        return
    load_detector(detector)  # report a wrong name before hours are spent
    for operator in (*operators, *added):
        for column in values.columns:
            measure = partial(auc, evaluation, detector, operator, column)
            yield Cell(f"{detector}, {operator}", column, "AUC", measure=measure, weights=detector)
            measure = partial(gain, evaluation, detector, DEFAULT_WEIGHTS, operator, column)
            yield Cell(f"{detector} - ours, {operator}", column, "AUC difference", measure=measure, weights=detector)


def gain(evaluation: Evaluation, weights: str, other: str, operator: str, column: str) -> Estimate:
    """Return the AUC of ``weights`` minus AUC of ``other`` in percentage points, paired on the same units."""
    quality = QUALITIES[column]
    one, two = (
        (evaluation.scores(w, None, quality), evaluation.scores(w, operator, quality)) for w in (weights, other)
    )
    return percent(bootstrap_auc_difference(one, two, evaluation.sources, seed=evaluation.settings.seed))


def gain_on_roughness(evaluation: Evaluation, operator: str, column: str) -> Estimate:
    """Return the aware network's AUC minus the untrained statistic's, in percentage points, paired by unit."""
    quality = QUALITIES[column]
    ours = evaluation.scores(DEFAULT_WEIGHTS, None, quality), evaluation.scores(DEFAULT_WEIGHTS, operator, quality)
    untrained = evaluation.roughness(None, quality), evaluation.roughness(operator, quality)
    return percent(bootstrap_auc_difference(ours, untrained, evaluation.sources, seed=evaluation.settings.seed))


def roughness_auc(evaluation: Evaluation, operator: str, column: str) -> Estimate:
    """Return the AUC in percent of the untrained histogram statistic."""
    pristine = evaluation.roughness(None, QUALITIES[column])
    adjusted = evaluation.roughness(operator, QUALITIES[column])
    return percent(bootstrap_auc(pristine, adjusted, evaluation.sources, seed=evaluation.settings.seed))


TABLE_1 = Table("contrast", "table_1", cells_1, takes_detector=True, units={"AUC": "%", "AUC difference": "points"})
TABLE_2 = Table("contrast", "table_2", cells_2, takes_detector=True, units="%")
