"""Table 1 of Korus and Memon 2019: size, fidelity and training cost of INet, UNet and DNet.

Command:  zoo reproduce imaging table-1            (or: make reproduce-table-1 PAPER=imaging)
          zoo reproduce imaging table-1 --dataset open_photographs --data-dir DIR --weights runs/imaging-...
          zoo imaging fit CAMERAS/mit_fivek/canon_eos_5d/1.0.0 --network unet --scale paper -o FITS/canon_eos_5d
          zoo reproduce imaging table-1 --scale paper --data-dir CAMERAS --weights FITS
Expected: runs/tables/laptop/imaging_table_1.csv; docs/results/imaging.md has the numbers
Time:     `laptop` two minutes on two cores (stored weights); `paper` wants networks of `zoo imaging fit`

Fidelity is that to the classical pipeline's picture of the same RAW planes, on scenes no network was trained on: crops
of 512x512 pixels as in the paper's validation. SSIM is given with data range 2, as the paper computed it, and 1, as it
should be for [0, 1]. Additional rows: bilinear developing and INet as it starts, which a trained network has to
beat, and the gains over INet, and of DNet over UNet. The paper's figures are averages over eight real cameras. If
CAMERAS is a folder of these (`real_cameras.py`), with a network of each in FITS, there is a column for each camera and
the mean over those that are there, comparable if all are. Three are the authors' own and not public. A
folder of one camera's RAW files has a column of its own.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

import zoo.weights
from zoo.experiments.imaging.developing.evaluation import (
    BILINEAR,
    MEAN,
    MEASURES,
    ROWS,
    UNTRAINED,
    Evaluation,
    training_speed,
)
from zoo.experiments.imaging.developing.training import NETWORKS
from zoo.experiments.imaging.real_cameras import PAPERS
from zoo.experiments.run.cells import Cell, Settings, Table
from zoo.experiments.run.paper_values import paper_values
from zoo.metrics import Estimate

_MACHINE = "this machine"
SPEED, TIME = "training speed", "training time"


def cells(settings: Settings) -> Iterator[Cell]:
    """Yield the cells of Table 1; those that need weights which nobody has trained are ``not-run``."""
    evaluation, paper = Evaluation(settings), paper_values("imaging", "table_1")
    for row, network in ROWS.items():
        printed, measure = float(paper.loc[row, "parameters"]), partial(trainable_parameters, network)
        yield Cell(row, "trainable", "parameters", printed, measure, comparable=True)
    for metric in MEASURES:
        for row, network in ROWS.items():
            value = float(paper.loc[row, metric]) if metric in paper else None
            for column in evaluation.columns:
                measure = partial(evaluation.estimate, row, column, metric)
                cell = Cell(row, column, metric, None if evaluation.real else value, measure)
                yield _with_weights(evaluation, (network,), cell)
            if evaluation.real:
                measure = partial(evaluation.mean_over_cameras, row, metric)
                yield _mean(evaluation, (network,), Cell(row, MEAN, metric, value, measure))
        for row in (BILINEAR, UNTRAINED):
            for column in evaluation.columns:
                yield Cell(row, column, metric, measure=partial(evaluation.estimate, row, column, metric))
            if evaluation.real:
                measure = partial(evaluation.mean_over_cameras, row, metric)
                yield _mean(evaluation, (), Cell(row, MEAN, metric, measure=measure))
        for row, other in (("UNet", "INet"), ("DNet", "INet"), ("DNet", "UNet")):
            both, label = (ROWS[row], ROWS[other]), f"{row} - {other}"
            for column in evaluation.columns:
                measure = partial(evaluation.difference, row, other, column, metric)
                yield _with_weights(evaluation, both, Cell(label, column, metric, measure=measure))
            if evaluation.real:
                measure = partial(evaluation.mean_over_cameras, row, metric, other)
                yield _mean(evaluation, both, Cell(label, MEAN, metric, measure=measure))
    for row, network in ROWS.items():
        value = float(paper.loc[row, "training speed"])
        yield Cell(row, _MACHINE, SPEED, value, partial(training_speed, evaluation, network))
    for row, network in ROWS.items():
        for bound, choose in (("from", min), ("to", max)):
            # The paper gives a range over cameras; ours is one training, or a range over cameras.
            printed = float(paper.loc[row, f"training time, {bound}"])
            logs = _logs(evaluation, network)
            if logs:
                yield Cell(row, bound, TIME, printed, partial(_minutes, logs, choose))
                continue
            if not _timed(evaluation, network):
                why = "only the stored weights' training was timed"
                yield Cell(row, bound, TIME, printed, status="not-run", why=why)
                continue
            measure = partial(training_minutes, evaluation, network)
            yield Cell(row, bound, TIME, printed, measure, weights=str(evaluation.weights(network)))


def trainable_parameters(network: str) -> Estimate:
    """Return the trainable parameters of a newly built network."""
    count = sum(int(np.prod(v.shape)) for v in NETWORKS[network]().trainable_variables)
    return Estimate.exact(count)


def training_minutes(evaluation: Evaluation, network: str) -> Estimate:
    """Return the minutes that the stored weights took, as they are listed."""
    minutes = zoo.weights.stored_provenance(str(evaluation.weights(network))).seconds / 60
    return Estimate.exact(minutes)


def _timed(evaluation: Evaluation, network: str) -> bool:
    return str(evaluation.weights(network)) in zoo.weights.names()


def _logs(evaluation: Evaluation, network: str) -> list[Path]:
    """The logs of a network's trainings on the paper's cameras, as `zoo imaging fit` leaves them next to weights."""
    found = [evaluation.weights(network, column) for column in evaluation.columns] if evaluation.real else []
    logs = [Path(file).with_suffix(".json") for file in found if file is not None]
    return [log for log in logs if log.is_file()]


def _minutes(logs: list[Path], choose: Callable[[list[float]], float]) -> Estimate:
    """Return the shortest or the longest of some trainings, in minutes."""
    minutes = choose([sum(entry["seconds"] for entry in json.loads(log.read_text())) / 60 for log in logs])
    return Estimate.exact(minutes, len(logs))


def _mean(evaluation: Evaluation, networks: tuple[str, ...], cell: Cell) -> Cell:
    """A cell over all cameras: ``data-unavailable`` without any, comparable with the paper's eight at its scale."""
    if not evaluation.columns:
        why = "needs RAW files of the paper's cameras: --data-dir CAMERAS with mit_fivek and raise8k, prepared by TFDS"
        return replace(cell, measure=None, status="data-unavailable", why=why)
    comparable = evaluation.settings.scale == "paper" and len(evaluation.columns) == len(PAPERS)
    return replace(_with_weights(evaluation, networks, cell), comparable=comparable and cell.paper_value is not None)


def _with_weights(evaluation: Evaluation, networks: tuple[str, ...], cell: Cell) -> Cell:
    columns = evaluation.columns if cell.column == MEAN else (cell.column,)
    found = [evaluation.weights(network, column) for column in columns for network in networks]
    names = [name if isinstance(name, str) else f"trained:{name.name}" for name in found if name is not None]
    if len(names) < len(found):
        own = "zoo imaging fit RAW_DIR" if evaluation.raw else "zoo pretrain imaging"
        why = f"no weights here; `{own}` trains them, `--weights` names their folder"
        return Cell(cell.row, cell.column, cell.metric, cell.paper_value, status="not-run", why=why)
    return replace(cell, weights=" ".join(dict.fromkeys(names)))


UNITS = {"PSNR": "dB", SPEED: "steps/s", TIME: "minutes"}
DECIMALS = {"parameters": 0, "PSNR": 1, "SSIM": 3, "SSIM, range 2": 3, SPEED: 2, TIME: 0}
TABLE = Table("imaging", "table_1", cells, DECIMALS, units=UNITS)
