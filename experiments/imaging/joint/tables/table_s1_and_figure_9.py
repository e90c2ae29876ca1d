r"""Table S1 (supplement, Table 1) and Figures 9, S2 and S3 of Korus and Memon 2019: fidelity and accuracy.

Command:  zoo reproduce imaging table-s1 --weights runs/imaging-laptop-0     after `zoo pretrain imaging joint`
          zoo reproduce imaging table-s1 --scale paper --data-dir CAMERAS --weights runs/imaging-paper-0 --shard 1/88
          zoo reproduce imaging figure-9 --weights runs/imaging-laptop-0
Expected: imaging_table_s1.csv, imaging_figure_9.csv; docs/results/imaging.md has the numbers
Time:     `laptop` 11 minutes on one core; `paper` is 4 cameras x (F and 10 values of lambda) x 2 networks x
          10 repetitions = 880 trainings (`joint/training.py`, each runnable alone), a cell being the mean of its ten

The table is by camera, lambda and network, with a cell for each of the paper's 264 numbers: those of models that were
not trained are `not-run`. F is the paper's "-". At `paper` the cameras are the paper's, in a folder of cameras
(`real_cameras.py`); elsewhere synthetic ones stand for them as `STANDS_FOR` says. SSIM has data range 2, as the paper
computed it; "SSIM, range 1" is what it should be. Of the models that the scale trains, also: accuracy behind the real
channel and what is lost there, the gain in accuracy over F and the price in dB, all patch by patch, and what a smaller
lambda gains over the next. Intervals are over test scenes; repetitions are averaged first, and `laptop` has one. With
--data-dir, a folder of one camera's RAW files, there is that camera alone, called "own".

The figures draw accuracy against PSNR (9, S2) and SSIM (S3): a point is a value of lambda, the square is F. Lines are
ours, crosses the paper's averages for the camera that ours stands for.
"""

import dataclasses
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from zoo.experiments.imaging.data import CAMERA
from zoo.experiments.imaging.joint.evaluation import JointEvaluation, joint_evaluation, place_of
from zoo.experiments.imaging.joint.real_channel import CHANNELS
from zoo.experiments.imaging.joint.scales import LAMBDAS, OWN, SCALES, JointRun, check_scale, trained_at
from zoo.experiments.imaging.real_cameras import JOINT, PAPERS
from zoo.experiments.run.cached_method import forget
from zoo.experiments.run.cells import Cell, Settings, Table, captioned, unit_of
from zoo.experiments.run.paper_values import paper_values
from zoo.experiments.run.plotting import pyplot, save
from zoo.imaging.joint.manipulations import CLASSES
from zoo.metrics import Estimate

STANDS_FOR = {"alder": "Canon EOS 40D", "cedar": "Canon EOS 5D", "dogwood": "Nikon D7000", "birch": "Nikon D90"}
"""Synthetic camera by the paper's; birch has the D90's mosaic."""
PRINTED = ("unet", "dnet")
"""The networks of the paper's table."""
LARGE = ("patches", "developed", "workflow")
"""What an evaluation holds of its camera, 8 GB at `paper`: cells come camera by camera, and one camera is held."""
REAL, LOST = f"accuracy, {CHANNELS[0].label}", f"accuracy lost, {CHANNELS[0].label}"
DECIMALS = dict.fromkeys(("SSIM", "SSIM, range 1", "accuracy", REAL, LOST, "accuracy - F", "accuracy - next lambda"), 3)


def cells(settings: Settings, others: bool = True) -> Iterator[Cell]:
    """Yield the cells of Table S1, camera by camera, and with ``others`` those of models that the scale does not train.

    Of the others only what the paper prints.
    """
    scale, paper = check_scale(trained_at(settings.scale, settings.dataset)), paper_values("imaging", "table_s1")
    asked, _ = place_of(settings, CAMERA)
    own = asked == OWN
    real = asked in PAPERS
    planned = {dataclasses.replace(run, repetition=0) for run in scale.runs()}
    for camera in (OWN,) if own else JOINT if real else tuple(STANDS_FOR):
        evaluation = joint_evaluation(settings, camera)
        for weight in (*sorted({*scale.lambdas, *(() if own else LAMBDAS)}), None):
            for network in dict.fromkeys((*scale.networks, *(() if own else PRINTED))):
                runs = tuple(scale.run(network, weight, camera, n) for n in range(scale.repetitions))
                row = _row(camera, weight)
                key = f"{PAPERS[camera].label if real else STANDS_FOR.get(camera)}, {_shown(weight)}, {network}"
                printed = paper.loc[key].to_dict() if key in paper.index else {}
                whole = own or real or runs[0] in planned
                for metric, values in _measures(evaluation).items():
                    if whole or (others and metric in printed):
                        measure = partial(_mean, evaluation, values, runs)
                        yield evaluation.cell(runs, row, network, metric, printed.get(metric), measure)
                if whole:
                    yield from _compared(evaluation, row, runs)


def _row(camera: str, weight: float | None) -> str:
    return f"{camera}, {'F' if weight is None else f'lambda {weight:g}'}"


def _shown(weight: float | None) -> str:
    return "F" if weight is None else f"{weight:g}"


def _models(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows of models, not of baselines, each with its ``camera`` and its ``weight``: lambda, and 0 for F."""
    weights = (None, *(weight for scale in SCALES.values() for weight in scale.lambdas))
    known = {_row(camera, w): (camera, w or 0.0) for camera in (OWN, *JOINT, *STANDS_FOR) for w in weights}
    frame = frame[frame["row"].isin(list(known))]
    found = [known[row] for row in frame["row"]]
    return frame.assign(camera=[camera for camera, _ in found], weight=[weight for _, weight in found])


def _compared(evaluation: JointEvaluation, row: str, runs: tuple[JointRun, ...]) -> Iterator[Cell]:
    """Yield what F+N gains over F and over the next lambda, and its price; below F the accuracy of chance."""
    network, weight = runs[0].network, runs[0].weight
    if weight is None:
        measure = partial(Estimate.exact, 1 / len(CLASSES))
        yield Cell(f"{runs[0].camera}, baseline: chance", network, "accuracy", measure=measure)
        return
    plain = tuple(dataclasses.replace(run, weight=None, margin=0) for run in runs)
    pairs = {"accuracy - F": (_per_patch_accuracy, plain), "PSNR lost": (_lost_db, plain)}
    larger = min((w for w in evaluation.training.lambdas if w > weight), default=None)
    if larger is not None:
        following = tuple(dataclasses.replace(run, weight=larger) for run in runs)
        pairs["accuracy - next lambda"] = (_per_patch_accuracy, following)
    for metric, (compared, others) in pairs.items():
        difference = partial(_difference, compared, evaluation, dict(zip(runs, others, strict=True)))
        measure = partial(_mean, evaluation, difference, runs)
        yield evaluation.cell((*runs, *others), row, network, metric, None, measure)


def title_of(camera: str) -> str:
    """For plots: the camera and the paper's that it stands for."""
    if camera in PAPERS:
        return PAPERS[camera].label
    return f"{camera} ({STANDS_FOR[camera]})" if camera in STANDS_FOR else camera


def _measures(evaluation: JointEvaluation) -> dict[str, Callable[[JointRun], np.ndarray]]:
    fidelities = {metric: partial(_fidelity, evaluation, metric) for metric in ("PSNR", "SSIM", "SSIM, range 1")}
    real = partial(evaluation.per_patch_accuracy, channel=CHANNELS[0])
    return fidelities | {"accuracy": evaluation.per_patch_accuracy, REAL: real, LOST: partial(_lost, evaluation)}


def _fidelity(evaluation: JointEvaluation, metric: str, run: JointRun) -> np.ndarray:
    return evaluation.fidelity(run, metric)


def _per_patch_accuracy(evaluation: JointEvaluation, run: JointRun) -> np.ndarray:
    return evaluation.per_patch_accuracy(run)


def _lost(evaluation: JointEvaluation, run: JointRun) -> np.ndarray:
    return evaluation.per_patch_accuracy(run) - evaluation.per_patch_accuracy(run, CHANNELS[0])


def _lost_db(evaluation: JointEvaluation, run: JointRun) -> np.ndarray:
    return -evaluation.fidelity(run, "PSNR")


def _difference(
    values: Callable[[JointEvaluation, JointRun], np.ndarray],
    evaluation: JointEvaluation,
    others: dict[JointRun, JointRun],
    run: JointRun,
) -> np.ndarray:
    return values(evaluation, run) - values(evaluation, others[run])


def _mean(
    evaluation: JointEvaluation, values: Callable[[JointRun], np.ndarray], runs: tuple[JointRun, ...]
) -> Estimate:
    """Return the mean of ``values`` over repetitions and patches."""
    for camera in JOINT if evaluation.camera in PAPERS else STANDS_FOR:
        other = joint_evaluation(evaluation.settings, camera)
        if other.camera != evaluation.camera:
            forget(other, *LARGE)
    return evaluation.mean(np.mean([values(run) for run in runs], axis=0))


def draw(frame: pd.DataFrame, settings: Settings, title: str, path: Path) -> None:
    """Six panels for each camera: every measure by lambda, F first; crosses are the paper's."""
    plt = pyplot()
    frame = _models(frame[frame["value"].notna()])
    shown = ("PSNR", "SSIM, range 1", "accuracy", REAL, "accuracy - F", "PSNR lost")
    cameras = list(dict.fromkeys(frame["camera"]))
    rows = max(1, len(cameras))
    figure, axes = plt.subplots(2 * rows, len(shown) // 2, figsize=(11, 6 * rows + 0.4), layout="constrained")
    for camera, row in zip(cameras, axes.reshape(rows, len(shown)), strict=False):
        part = frame[frame["camera"] == camera]
        # From the plain camera network to the one with the highest accuracy of the FAN.
        order = sorted(set(part["weight"]), key=lambda weight: (weight > 0, -weight))
        for metric, axis in zip(shown, row, strict=True):
            for network, line in part[part["metric"] == metric].groupby("column", sort=False):
                line = line.set_index("weight").reindex([w for w in order if w in set(line["weight"])])
                spans = [
                    (line["value"] - line["ci_low"]).clip(lower=0),
                    (line["ci_high"] - line["value"]).clip(lower=0),
                ]
                x = [order.index(w) for w in line.index]
                drawn = axis.errorbar(x, line["value"], [s.clip(lower=0) for s in spans], fmt="o-", ms=4, label=network)
                axis.plot(x, line["paper_value"], "x", color=drawn[0].get_color(), label=f"{network}, paper")
            axis.set_xticks(range(len(order)), [_shown(w or None) for w in order])
            axis.set(title=captioned(metric, unit_of(UNITS, metric)), xlabel="lambda")
            axis.grid(alpha=0.3)
        row[0].set_ylabel(title_of(camera))
        row[0].legend(fontsize=7)
    figure.suptitle(title)
    save(figure, path)


def cells_of_figure_9(settings: Settings) -> Iterator[Cell]:
    """Return accuracy, PSNR and SSIM of Table S1, of the models that the scale trains."""
    return (cell for cell in cells(settings, others=False) if cell.metric in ("accuracy", "PSNR", "SSIM"))


def draw_figure_9(frame: pd.DataFrame, settings: Settings, title: str, path: Path) -> None:
    """A panel for each camera and measure of fidelity."""
    plt = pyplot()

    frame = _models(frame)
    cameras = list(dict.fromkeys(frame["camera"]))
    figure, axes = plt.subplots(len(cameras), 2, figsize=(9, 3.4 * len(cameras)), squeeze=False)
    for camera, pair in zip(cameras, axes, strict=True):
        for metric, axis in zip(("PSNR", "SSIM"), pair, strict=True):
            for network, colour in (("unet", "C0"), ("dnet", "C1"), ("inet", "C2")):
                part = frame[(frame["camera"] == camera) & (frame["column"] == network)]
                for field, style in (("value", "o-"), ("paper_value", "x:")):
                    table = part.pivot(index="weight", columns="metric", values=field).dropna()
                    if table.empty:
                        continue
                    label = f"{network}, {'ours' if field == 'value' else 'paper'}"
                    curve = table.drop(index=0.0, errors="ignore").sort_values(metric)
                    if len(curve):
                        axis.plot(curve[metric], curve["accuracy"], style, color=colour, ms=4, lw=1, label=label)
                    if 0.0 in table.index:
                        alone = table.loc[0.0]
                        axis.plot(alone[metric], alone["accuracy"], "s", color=colour, ms=5, mfc="none")
            axis.axhline(0.2, color="grey", lw=0.8, ls=":")
            axis.set(xlabel=captioned(metric, unit_of(UNITS, metric)), ylabel="accuracy", title=title_of(camera))
            axis.grid(alpha=0.3)
        pair[0].legend(fontsize=7)
    figure.suptitle(title, fontsize=10)
    figure.tight_layout()
    save(figure, path)


UNITS = {"PSNR": "dB", "PSNR lost": "dB"}
TABLE_S1 = Table("imaging", "table_s1", cells, DECIMALS, draw, units=UNITS)
FIGURE_9 = Table("imaging", "figure_9", cells_of_figure_9, DECIMALS, draw_figure_9, units=UNITS)
