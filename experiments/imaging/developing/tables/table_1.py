"""Table 1 of Korus and Memon 2019: size, fidelity and training cost of INet, UNet and DNet.

Command:  zoo reproduce imaging table-1            (or: make reproduce-table-1 PAPER=imaging)
          zoo reproduce imaging table-1 --dataset open_photographs --data-dir DIR --weights runs/imaging-...
          zoo reproduce imaging table-1 --scale paper --data-dir RAW_DIR --weights runs/imaging-fit
Expected: runs/tables/laptop/imaging_table_1.csv; the family's README has the numbers and what they mean
Time:     `laptop` below 8 minutes on two cores (stored weights); `paper` wants networks of `zoo imaging fit`

Fidelity is that to the classical pipeline's picture of the same RAW planes, on scenes no network was trained on: crops
of 512x512 pixels as in the paper's validation. SSIM is given with data range 2, as the paper computed it, and 1, as it
should be for [0, 1]. Additional rows: bilinear developing and INet as it starts, which a trained network has to
beat, and the gains over INet, and of DNet over UNet. The paper's figures are averages over eight real cameras.
"""

from collections.abc import Iterator
from functools import partial

import numpy as np

import zoo.weights
from zoo.experiments.imaging.developing.evaluation import BILINEAR, MEASURES, UNTRAINED, Evaluation, training_speed
from zoo.experiments.imaging.developing.training import NETWORKS
from zoo.experiments.imaging.values import paper_values
from zoo.experiments.run.cells import Cell, Settings, Table
from zoo.metrics import Estimate

_ROWS = {"INet": "inet", "UNet": "unet", "DNet": "dnet"}
_MACHINE = "this machine"
SPEED, TIME = "training speed [steps/s]", "training time [minutes]"


def cells(settings: Settings) -> Iterator[Cell]:
    """The cells of Table 1; those that need weights which nobody has trained are ``not-run``."""
    evaluation, paper = Evaluation(settings), paper_values("table_1")
    for row, network in _ROWS.items():
        printed, measure = float(paper.loc[row, "parameters"]), partial(trainable_parameters, network)
        yield Cell(row, "trainable", "parameters", printed, measure, comparable=True)
    for metric in MEASURES:
        for row, network in _ROWS.items():
            value = float(paper.loc[row, metric]) if metric in paper else None
            for column in evaluation.columns:
                measure = partial(evaluation.estimate, row, column, metric)
                yield _with_weights(evaluation, (network,), Cell(row, column, metric, value, measure))
        for row in (BILINEAR, UNTRAINED):
            for column in evaluation.columns:
                yield Cell(row, column, metric, measure=partial(evaluation.estimate, row, column, metric))
        for row, other in (("UNet", "INet"), ("DNet", "INet"), ("DNet", "UNet")):
            for column in evaluation.columns:
                measure = partial(evaluation.difference, row, other, column, metric)
                cell = Cell(f"{row} - {other}", column, metric, measure=measure)
                yield _with_weights(evaluation, (_ROWS[row], _ROWS[other]), cell)
    for row, network in _ROWS.items():
        value = float(paper.loc[row, "training speed"])
        yield Cell(row, _MACHINE, SPEED, value, partial(training_speed, evaluation, network))
    for row, network in _ROWS.items():
        for bound in ("from", "to"):
            # The paper gives a range over cameras; ours is one training.
            printed = float(paper.loc[row, f"training time, {bound}"])
            if not _timed(evaluation, network):
                why = "only the stored weights' training was timed"
                yield Cell(row, bound, TIME, printed, status="not-run", why=why)
                continue
            measure = partial(training_minutes, evaluation, network)
            yield Cell(row, bound, TIME, printed, measure, weights=str(evaluation.weights(network)))


def trainable_parameters(network: str) -> Estimate:
    """Trainable parameters of a newly built network."""
    count = sum(int(np.prod(v.shape)) for v in NETWORKS[network]().trainable_variables)
    return Estimate(count, count, count, 1, 1)


def training_minutes(evaluation: Evaluation, network: str) -> Estimate:
    """Minutes that the stored weights took, as they are listed."""
    minutes = zoo.weights.stored_provenance(str(evaluation.weights(network))).seconds / 60
    return Estimate(minutes, minutes, minutes, 1, 1)


def _timed(evaluation: Evaluation, network: str) -> bool:
    return str(evaluation.weights(network)) in zoo.weights.names()


def _with_weights(evaluation: Evaluation, networks: tuple[str, ...], cell: Cell) -> Cell:
    found = [evaluation.weights(network) for network in networks]
    names = [name if isinstance(name, str) else f"trained:{name.name}" for name in found if name is not None]
    if len(names) < len(found):
        own = "zoo imaging fit RAW_DIR" if evaluation.raw else "zoo pretrain imaging"
        why = f"no weights here; `{own}` trains them, `--weights` names their folder"
        return Cell(cell.row, cell.column, cell.metric, cell.paper_value, status="not-run", why=why)
    return Cell(cell.row, cell.column, cell.metric, cell.paper_value, cell.measure, weights=" ".join(names))


DECIMALS = {"parameters": 0, "PSNR": 1, "SSIM": 3, "SSIM, range 2": 3, SPEED: 2, TIME: 0}
TABLE = Table("imaging", "table_1", cells, DECIMALS)
