"""Table 2 of Chandakkar and Li 2017: no-reference quality, five experiments on LIVE and TID2013.

Command:  zoo reproduce hyperimage table-2
          zoo reproduce hyperimage table-2 --scale paper --dataset tid2013 --data-dir TID2013   (or live_iqa)
Expected: results/laptop/hyperimage_table_2.csv; the family's README has the numbers and what they mean
Time:     `laptop` minutes on two cores with the stored weights; `paper` trains 100 splits a row and wants a GPU

Without the databases (`laptop`) there are no opinions. The networks then score TID2013's distortions, as far as they
can be generated, on photographs, and the columns say how they agree with GMSD, a full-reference measure: never quality.
Those numbers are not comparable with the paper's. Experiment 3's subsets are scored by the networks trained on all
distortions. Baselines: the distortion's level, and BRISQUE trained on the same generated images. A distortion that
another package adds (``zoo.extensions``) has rows under its name; no network was trained on it.
"""

from collections.abc import Callable, Iterator
from functools import cache, cached_property, partial

import numpy as np

from zoo import extensions
from zoo.datasets.distortions import DISTORTIONS, LEAST_UNIFORM, LEVELS, SHARED_WITH_LIVE
from zoo.datasets.photographs import photographs
from zoo.experiments.hyperimage.quality import protocol
from zoo.experiments.hyperimage.quality import training as quality
from zoo.experiments.hyperimage.quality.training import ALL, SCALES, SECOND, SELECTED
from zoo.experiments.hyperimage.stages import find
from zoo.experiments.hyperimage.values import paper_values, printed
from zoo.experiments.run.cells import Cell, Settings, Table
from zoo.experiments.run.scales import scale_of
from zoo.hyperimage import CNNIQA, TIDStageTwo, TwoStage
from zoo.hyperimage.agreement import bootstrap_agreement, krocc, over_splits, plcc, srocc
from zoo.hyperimage.brisque import Brisque
from zoo.layers import LocalContrastNormalization
from zoo.metrics import Estimate

STATISTICS: dict[str, Callable] = {
    "SROCC": srocc,
    "PLCC": plcc,
    "PLCC, logistic": partial(plcc, logistic=True),
    "KROCC": krocc,
}
SPLITS = {1: 100, 2: 100, 3: 100, 4: 10, 5: 10}
"""Splits of each experiment in the paper (the text says 5 of the last, the table 10)."""
NEEDED = {
    "live_iqa": "needs LIVE, --scale paper --dataset live_iqa --data-dir LIVE",
    "tid2013": "needs TID2013, --scale paper --dataset tid2013 --data-dir TID2013",
}
DATABASE_OF = {1: "live_iqa", 2: "tid2013", 3: "tid2013", 4: "tid2013", 5: "tid2013"}
SUBSETS = {"four": SHARED_WITH_LIVE, "six": SHARED_WITH_LIVE + LEAST_UNIFORM, "all 24": tuple(DISTORTIONS)}
CNN, SELECTIVE, PROPOSED = protocol.METHODS
LEVEL, BRISQUE = "baseline: distortion level", "baseline: BRISQUE"
WEIGHTS = {CNN: ALL, SELECTIVE: SELECTED, PROPOSED: SECOND}


class Offline:
    """Scores of generated distortions of photographs by every method, each computed once."""

    def __init__(self, settings: Settings) -> None:
        self.settings, self.scale = settings, SCALES[settings.scale]
        self.scores = cache(self._scores)

    @cached_property
    def examples(self) -> list[quality.Example]:
        """Every distortion and level of every photograph; at `smoke` two levels of two photographs' corners."""
        own = self.settings.dataset.startswith("folder:")
        found = photographs(None if own else self.settings.dataset, self.settings.data_dir, "all" if own else "test")
        smoke = self.settings.scale == "smoke"
        levels = LEVELS[::4] if smoke else LEVELS
        numbers = (*(SUBSETS["six"] if smoke else DISTORTIONS), *extensions.names("distortions"))
        made = []
        for picture in found[:2] if smoke else found:
            reference = np.ascontiguousarray(picture.load()[:96, :128] if smoke else picture.load())
            kinds = [(n, level) for n in numbers for level in levels]
            made += [quality.distorted(reference, picture.scene, n, level, self.settings.seed) for n, level in kinds]
        return made

    @cached_property
    def features(self) -> tuple[np.ndarray, np.ndarray]:
        """Scores of the second stage, and mean scores of the selected-patch network, from one pass over the patches."""
        names = (find(self.settings.weights, name) for name in (SELECTED, SECOND))
        network = quality.network(self.scale, *names)
        kernel, bias = network.first.get_layer("output").get_weights()
        proposed, averaged = [], []
        for example in self.examples:
            hyper = network.hyper_images([example.image])
            proposed.append(network.predict(hyper)[0])
            # The output layer is linear: the mean of the patches' scores is the score of their mean features.
            averaged.append((hyper.astype(np.float32).mean((0, 1, 2)) @ kernel + bias)[0])
        return np.array(proposed), np.array(averaged)

    def _scores(self, method: str) -> np.ndarray:
        if method == LEVEL:
            return -np.array([e.level for e in self.examples], float)
        if method == BRISQUE:
            train = list(quality.examples(self.scale, "train", self.settings.seed))
            model = Brisque().fit([e.image for e in train], np.array([e.score for e in train]))
            return model.predict([e.image for e in self.examples])
        if method == CNN:
            first = CNNIQA(weights=find(self.settings.weights, ALL))
            second = TIDStageTwo()
            network = TwoStage(first, second, LocalContrastNormalization())
            return np.concatenate([network.predict_patch_average([e.image]) for e in self.examples])
        return self.features[0 if method == PROPOSED else 1]

    def agreement(self, method: str, statistic: Callable, numbers: tuple[int | str, ...]) -> Estimate:
        """Agreement of a method's scores with the stand-in, over the distortions ``numbers``."""
        kept = np.array([e.distortion in numbers for e in self.examples])
        chosen = [e for e in self.examples if e.distortion in numbers]
        truth, sources = np.array([e.score for e in chosen]), [e.source for e in chosen]
        return bootstrap_agreement(statistic, self.scores(method)[kept], truth, sources, seed=self.settings.seed)


def cells(settings: Settings) -> Iterator[Cell]:
    """The cells of Table 2: those of the paper, then those that can be measured without its databases.

    Raises:
        ValueError: For an unknown scale, or a database without ``--scale paper`` and ``--data-dir``.
    """
    scale_of(SCALES, settings.scale)  # before anything else
    yield from _papers(settings)
    if settings.dataset in DATABASE_OF.values() or settings.scale == "paper":
        return
    offline = Offline(settings)
    for name, numbers in (SUBSETS | {name: (name,) for name in extensions.names("distortions")}).items():
        label = f"all {len(numbers)}" if name.startswith("all") else name
        for method in (CNN, SELECTIVE, PROPOSED, LEVEL, BRISQUE):
            for column, statistic in STATISTICS.items():
                measure = partial(offline.agreement, method, statistic, numbers)
                row = f"{label} generated distortions: {method}"
                yield Cell(row, column, "agreement with GMSD", None, measure, weights=WEIGHTS.get(method, ""))


def _papers(settings: Settings) -> Iterator[Cell]:
    here = _database(settings)
    values = paper_values("table_2")
    for experiment, row in dict.fromkeys(zip(values["experiment"], values["row"], strict=True)):
        ours = experiment != 1 or row in protocol.METHODS
        for column, statistic in STATISTICS.items():
            paper = printed("table_2", experiment, row, column)
            label = f"Experiment {experiment}: {row}"
            if not ours or here is None or here.dataset != DATABASE_OF[experiment]:
                status = "data-unavailable" if ours else "quoted"
                why = NEEDED[DATABASE_OF[experiment]] if ours else ""
                yield Cell(label, column, "agreement with opinions, median", paper, status=status, why=why)
                continue
            method, distortions = _what(experiment, row)
            for how, name in ((np.median, "median"), (np.mean, "mean")):
                measure = partial(_over_splits, here, method, distortions, statistic, SPLITS[experiment], how)
                metric = f"agreement with opinions, {name}"
                yield Cell(label, column, metric, paper, measure, comparable=True, weights="trained")


def _database(settings: Settings) -> protocol.Protocol | None:
    if settings.dataset not in DATABASE_OF.values():
        return None
    if settings.data_dir is None or settings.scale != "paper":
        raise ValueError(
            f"--dataset {settings.dataset} needs --scale paper and --data-dir with its files. "
            f"Received: {settings.scale}, {settings.data_dir}"
        )
    if settings.dataset == "live_iqa":
        from zoo.datasets.live_iqa.live_iqa_dataset_builder import rated
    else:
        from zoo.datasets.tid2013.tid2013_dataset_builder import rated
    return protocol.Protocol(settings.dataset, rated(settings.data_dir), SCALES["paper"], settings.seed)


def _what(experiment: int, row: str) -> tuple[str, frozenset[str] | None]:
    """Method and distortions of a row of the paper."""
    if experiment != 3:
        return row, None
    method, _, subset = row.removesuffix(" distortions").rpartition(", ")
    if subset.startswith("all"):
        return method, None
    return method, frozenset(DISTORTIONS[number][0] for number in SUBSETS[subset])


def _over_splits(
    here: protocol.Protocol,
    method: str,
    distortions: frozenset[str] | None,
    statistic: Callable,
    splits: int,
    how: Callable,
) -> Estimate:
    return over_splits([statistic(*here.scores(i, method, distortions)) for i in range(splits)], how)


TABLE = Table("hyperimage", "table_2", "Hyper-images, no-reference quality, Table 2", cells, decimals=3)
