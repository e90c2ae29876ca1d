"""What the hyper-image tables need at the paper's scale, for ``zoo plan``."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import keras
import numpy as np

from zoo.contrast import ContrastNet
from zoo.datasets.casia2.casia2_dataset_builder import AUTHENTIC, FRACTIONS, TAMPERED, pictures
from zoo.experiments.hyperimage.forgery import training as forgery
from zoo.experiments.hyperimage.quality.evaluation import SUBSET_ROWS, SUBSETS, WHOLE
from zoo.experiments.hyperimage.quality.protocol import (
    DATABASE_OF,
    END_TO_END,
    LIVE_GRID,
    METHODS,
    SPLITS,
    VGG,
    VGG_BATCH,
)
from zoo.experiments.hyperimage.quality.training import SCALES, Scale
from zoo.experiments.hyperimage.synthetic import training as synthetic
from zoo.experiments.hyperimage.values import paper_values
from zoo.experiments.run.planning import Needed, Plan, Work, counted_alone, of_calibration
from zoo.experiments.run.step_cost import UPDATE, Step
from zoo.hyperimage import (
    CNNIQA,
    ForgeryChannel,
    ForgeryEndToEnd,
    ForgeryStageTwo,
    LIVEStageTwo,
    RankingNet,
    SyntheticPatchNet,
    SyntheticStageTwo,
    TIDStageTwo,
    VGGPatchNet,
)
from zoo.hyperimage.contour import POINTS

IMAGES = {"live_iqa": 17 * 779 // 29, "tid2013": 15 * 120}
"""Of a split, to train on: 17 of LIVE's 29 references, 15 of TID2013's 25."""
IMAGE = (384, 512, 3)
"""TID2013's."""
_TIMED = 21
"""Updates of each stage that `epochs` times, the first of which compiles."""
PICTURE = (256, 384, 3)
"""What the end-to-end network for forgery takes."""
STEPS = dict(zip(END_TO_END, ("shallow", "deep"), strict=True))
"""The function below that is an update of each."""


def plan(table: str, scale: str) -> Plan:
    """Data and trainings of any table that the paper has, and of ours.

    Raises:
        ValueError: For another table, also for those without the scale.
    """
    plans: dict[str, Callable[[], Plan]] = {
        "table_1": lambda: _synthetic([synthetic.SCALES[scale]], 2),
        "table_2": lambda: _quality(SCALES[scale]),
        "table_3": lambda: _forgery(forgery.SCALES[scale]),
        "table_4": lambda: counted_alone("parameters are counted"),
        "table_5": lambda: counted_alone("parameters are counted"),
        "seeds": lambda: _seeds(synthetic.SCALES[scale]),
        "sweep": lambda: _synthetic([replace(synthetic.SCALES[scale], **v) for v in synthetic.VARIANTS.values()], 1),
        "calibrated": lambda: of_calibration(5),
        "calibrated_forgery": lambda: of_calibration(6),
        "epochs": lambda: Plan(works=tuple(_epochs(SCALES[scale]))),
        "fusion": _fusion,
    }
    if table not in plans:
        raise ValueError(f"There is a plan of {', '.join(plans)} of hyperimage. Received: {table}")
    return plans[table]()


def _synthetic(scales: list[synthetic.Scale], second: int) -> Plan:
    """Both stages by each of ``scales``, the second so often: once more on permuted cells."""
    works: Counter[Work] = Counter()
    for scale in scales:
        # Each image contributes as many patches with an artefact as without.
        patches, first = 2 * synthetic.PATCHES * scale.images, scale.first
        steps = first.epochs * -(-patches // first.batch_size)
        works[_stage("first stage", steps, first.batch_size, "synthetic_first")] += 1
        works[_synthetic_second(scale)] += second
    most = max(scale.images for scale in scales)
    return Plan(
        works=tuple(replace(work, count=count) for work, count in works.items()),
        memory=(("images in float32, and hyper-images in float16, twice", most * (128**2 * 4 + 2 * 200 * 400) / 1e9),),
        trained_by="zoo pretrain hyperimage synthetic --scale paper" * (len(scales) == 1),
        left_out="making images and hyper-images, and testing: forward passes",
    )


def _seeds(scale: synthetic.Scale) -> Plan:
    first = _synthetic([scale], 1)
    return replace(first, works=(*first.works, replace(_synthetic_second(scale), count=2)))


def _synthetic_second(scale: synthetic.Scale) -> Work:
    second = scale.second
    return _stage("second stage", second.epochs * -(-scale.images // second.batch_size), second.batch_size, "cells")


def _fusion() -> Plan:
    # 1,000 scenes for training and 200 for validation, each pristine and adjusted; a picture has nine patches.
    pictures, held_out, batch, epochs = 2 * 1000, 2 * 200, 32, 200
    return Plan(
        works=(
            _stage("second stage", epochs * -(-pictures // batch), batch, "fusion_second"),
            _alone("patches of hyper-images", pictures + held_out, 9, "contrast_features", passes=1),
        ),
        left_out="the pictures to test on: forward passes",
    )


def _stage(what: str, steps: int, batch: int, step: str) -> Work:
    return _alone(what, steps, batch, step, at_most=True)


def _epochs(settings: Scale) -> Iterator[Work]:
    for database, steps in (("LIVE", ("live_patches", "live_second")), ("TID2013", ("patches", "second"))):
        for recipe, step in zip((settings.first, settings.second), steps, strict=True):
            yield replace(_alone(f"{step} of {database}, timed", _TIMED, recipe.batch_size, step), saved=False)


def _quality(settings: Scale) -> Plan:
    most = 2 * IMAGES["tid2013"] * settings.patches
    return Plan(
        needed=(
            Needed("live_iqa", "779 distorted images, release 2, and the list of opinions", 0.7, _live),
            Needed("tid2013", "3,000 distorted images and the list of opinions", 1.0, _tid),
        ),
        works=tuple(_works(settings)),
        disk=(
            ("patches of one split, float16, in the folder of temporary files", most * 1.33 * 32 * 32 * 3 * 2 / 1e9),
        ),
        memory=(
            ("hyper-images of a split, in float16 and again in float32 for Keras", 1800 * 1.33 * 713 * 800 * 6 / 1e9),
        ),
        left_out="making patches and hyper-images: every image of a split goes through contrast normalisation and the "
        "patch network once for each row of the table, and again after a kill; states, of one split at a time",
    )


def _forgery(settings: forgery.Scale) -> Plan:
    share = FRACTIONS["train"]
    tampered = sum(TAMPERED.values())
    everything = sum(AUTHENTIC.values()) + tampered
    trained = round(share * everything)
    pairs = round(share * tampered) * POINTS
    batches = -(-trained // settings.second.batch_size), -(-trained // settings.end_to_end.batch_size)
    trainings = (
        # Pairs that do not fill a batch are left out of an epoch.
        ("ranking network, pairs of patches", settings.first, pairs // settings.first.batch_size, "ranking"),
        ("second stage", settings.second, batches[0], "forgery_second"),
        ("end-to-end network", settings.end_to_end, batches[1], "forgery_end_to_end"),
    )
    grid = ForgeryStageTwo().input_shape[1:]
    held = (share + FRACTIONS["validation"]) * everything
    return Plan(
        needed=(Needed("casia2", "7,491 authentic and 5,123 tampered pictures, folders Au and Tp", 2.6, _casia),),
        works=(
            *(
                _alone(what, recipe.epochs * steps, recipe.batch_size, step, at_most=True)
                for what, recipe, steps, step in trainings
            ),
            _alone("patches of hyper-images", everything, grid[0] * grid[1], "channel", passes=1),
        ),
        disk=(
            (
                "pictures, and before them hyper-images, float16, in the folder of temporary files",
                held * _bytes(*PICTURE),
            ),
        ),
        memory=(("patches to rank, and once more while they are joined", 2 * 2 * pairs * _bytes(64, 64, 3) / 2),),
        left_out="finding outlines of tampered regions, which a killed run finds again",
    )


def _alone(what: str, steps: int, batch: int, step: str, passes: int = UPDATE, at_most: bool = False) -> Work:
    return Work(what, 1, steps, batch, f"{__name__}:{step}", passes, at_most, saved=passes == UPDATE)


def _bytes(*shape: int) -> float:
    """Gigabytes of an array in float16; in 8 bits it has half as many."""
    return 2 * float(np.prod(shape)) / 1e9


def _works(settings: Scale) -> Iterator[Work]:
    values = paper_values("table_2")
    for experiment, row in dict.fromkeys(zip(values["experiment"], values["row"], strict=True)):
        splits, database = SPLITS[experiment], DATABASE_OF[experiment]
        method, subset = SUBSET_ROWS.get(row, (row, WHOLE))
        if experiment == 1 and method not in METHODS:
            continue  # quoted numbers of other authors' methods
        images = IMAGES[database] if subset == WHOLE else round(IMAGES[database] * len(SUBSETS[subset]) / 24)
        label = f"experiment {experiment}, {row}"
        second = settings.second
        if method in END_TO_END:
            steps = second.epochs * -(-images // second.batch_size)
            yield _work(label, splits, steps, second.batch_size, STEPS[method])
            continue
        batch = VGG_BATCH if method in VGG else settings.first.batch_size
        patches = images * settings.patches * (1 if method == "CNN" else 2)
        first = "vgg" if method in VGG else "live_patches" if database == "live_iqa" else "patches"
        yield _work(f"{label}: first stage", splits, settings.first.epochs * -(-patches // batch), batch, first)
        if method in ("Proposed", VGG[1]):
            steps = second.epochs * -(-images // second.batch_size)
            stage = "live_second" if database == "live_iqa" else "second"
            yield _work(f"{label}: second stage", splits, steps, second.batch_size, stage)


def _work(what: str, splits: int, steps: int, batch: int, step: str) -> Work:
    return Work(f"{what}, one for each split", splits, steps, batch, f"{__name__}:{step}", at_most=True, saved=False)


def _live(folder: Path | None) -> int:
    from zoo.datasets.live_iqa.live_iqa_dataset_builder import rated

    return len(rated(_given(folder)))


def _tid(folder: Path | None) -> int:
    from zoo.datasets.tid2013.tid2013_dataset_builder import rated

    return len(rated(_given(folder)))


def _casia(folder: Path | None) -> int:
    return len(pictures(_given(folder)))


def _given(folder: Path | None) -> Path:
    if folder is None:
        raise ValueError("The database is downloaded by hand: its folder is needed. Received: none")
    return folder


def contrast_features(batch: int) -> Step:
    """Return a forward pass of ContrastNet."""
    model = ContrastNet()
    x = np.random.default_rng(0).random((batch, 64, 64, 3), np.float32)
    return Step(partial(model.predict_on_batch, x), {"ContrastNet": (model, (64, 64, 3), 1)})


def ranking(batch: int) -> Step:
    """An update of the ranking network on pairs of contour patches."""
    channel = ForgeryChannel()
    model = RankingNet(channel)
    forgery.SCALES["paper"].first.compile(model)
    x = [np.random.default_rng(seed).random((batch, 64, 64, 3), np.float32) for seed in range(2)]
    run = partial(model.train_on_batch, x, np.ones((batch, 1), np.float32))
    return Step(run, {"channel": (channel, (64, 64, 3), 2)})


def channel(batch: int) -> Step:
    """A forward pass of the ranking network's channel."""
    model = ForgeryChannel()
    x = np.random.default_rng(0).random((batch, 64, 64, 3), np.float32)
    return Step(partial(model.predict_on_batch, x), {"channel": (model, (64, 64, 3), 1)})


def _step(build: Callable[[], keras.Model], batch: int) -> Step:
    model = build()
    shape = model.input_shape[1:]
    SCALES["paper"].first.compile(model)
    x = np.random.default_rng(0).random((batch, *shape), np.float32)
    return Step(partial(model.train_on_batch, x, np.zeros((batch, 1), np.float32)), {"network": (model, shape, 1)})


# One training step of each network.
patches, live_patches = partial(_step, CNNIQA), partial(_step, partial(CNNIQA, (32, 32, 1)))
vgg = partial(_step, VGGPatchNet)
second, live_second = partial(_step, TIDStageTwo), partial(_step, partial(LIVEStageTwo, (*LIVE_GRID, 800)))
shallow, deep = (partial(_step, partial(build, IMAGE)) for build in END_TO_END.values())
forgery_second, forgery_end_to_end = partial(_step, ForgeryStageTwo), partial(_step, ForgeryEndToEnd)
synthetic_first, cells = partial(_step, SyntheticPatchNet), partial(_step, SyntheticStageTwo)
fusion_second = partial(_step, partial(SyntheticStageTwo, (3, 3, 250), pooling="ceil"))
