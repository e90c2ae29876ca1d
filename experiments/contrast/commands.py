"""``zoo contrast detect``, ``zoo pretrain contrast``, and what ``zoo calibrate contrast`` asks."""

import argparse
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from zoo.experiments.cli.calibrated import Question, add_calibration
from zoo.experiments.cli.devices import add_device
from zoo.experiments.cli.score_pictures import Answer, Product, Scale, Scorer, add_pictures, score_pictures
from zoo.resolve_weights import HELP, resolve_weights

if TYPE_CHECKING:
    import numpy as np

NOTE = (
    "not a probability, and no threshold is valid for all pictures: compare with pictures of the same source that were "
    "not adjusted; zoo/contrast/README.md says what is found and what is not"
)
SCALE = Scale("more likely adjusted", 0, 1)
STORED = "contrast-aware.photographs"
"""The detector's default, repeated here because its module imports Keras."""


def _processes() -> "Mapping[str, Callable[[np.ndarray], np.ndarray]]":
    from zoo.contrast.operators import training_operators

    return training_operators()


def _scorer(weights: tuple[str, ...]) -> "Callable[[np.ndarray], float]":
    from zoo.contrast.detector import ContrastDetector

    return ContrastDetector(weights[0]).score


def _mapper(weights: tuple[str, ...]) -> "Callable[[np.ndarray], tuple[float, np.ndarray]]":
    from zoo.contrast.detector import ContrastDetector

    return ContrastDetector(weights[0]).score_and_heatmap


QUESTION = Question(
    yes="its contrast was adjusted, by CLAHE, histogram stretching or gamma",
    no="its contrast was not adjusted",
    processes=_processes,
    qualities=(0, 95, 75, 50),
    weights=(STORED,),
    scorer=_scorer,
    caution="the stored network does not find gamma corrections",
    mapper=_mapper,
    map_shows="The detector's score of each area: 0 (blue) looks not adjusted, 1 (red) looks adjusted.",
    map_errors=(
        "A false alarm looks like a true detection. Red areas are common in photographs that were not adjusted, "
        "especially in nearly black areas, such as shadows, dark clothes and the night sky, and in evenly coloured "
        "ones. A red area alone does not show that the picture was adjusted there. The map has no likelihood ratio."
    ),
)


def add(commands: "argparse._SubParsersAction") -> None:
    """Add the family's command to the ``zoo`` parser."""
    contrast = commands.add_parser("contrast", help="detect contrast adjustment")
    verbs = contrast.add_subparsers(dest="verb", required=True, metavar="VERB")
    detect = verbs.add_parser("detect", help="score pictures; higher means more likely adjusted")
    add_pictures(detect, "draw where a picture looks adjusted")
    add_device(detect)
    detect.add_argument("--weights", metavar="NAME|FILE|FOLDER", help=f"{HELP} (default: the JPEG-aware network)")
    add_calibration(detect, "contrast")
    detect.set_defaults(run=_detect)


def pretrain(options: argparse.Namespace, command: str) -> int:
    """Train the family's networks, pack and store them; ``command`` is kept with them."""
    from zoo.datasets import prepared
    from zoo.experiments.cli.training_data import material
    from zoo.experiments.contrast import pretrained, training
    from zoo.experiments.train.fitting import check_same

    patches = None
    if options.dataset == "raise8k" and options.data_dir is not None:
        patches = prepared.find(options.data_dir.expanduser(), "raise8k", "contrast_patches")
    given = material(options, others=patches)
    check_same(given.folder, "start", {"start": options.start and options.start.name})
    pictures = patches or given.pictures
    training.pretrain(options.scale, given.folder, options.seed, pictures, options.workers, options.start)
    pretrained.store(given.folder, command, given.data, given.local)
    return 0


def _detect(options: argparse.Namespace) -> int:
    (weights,) = resolve_weights(options.weights, STORED)
    make = partial(_picture_scorer, weights, options.heatmap is not None)
    return score_pictures(options, make, [options.weights])


def _picture_scorer(weights: str, heatmap: bool, track: Callable[[range], Iterable[int]] = iter) -> Scorer:
    from zoo.contrast.detector import PATCH, ContrastDetector

    detector = ContrastDetector(weights, track=track)
    latest: dict[int, np.ndarray] = {}

    def answer(image: "np.ndarray") -> Answer:
        if heatmap:  # one pass gives score and heatmap
            score, latest[id(image)] = detector.score_and_heatmap(image)
        else:
            score = detector.score(image)
        return Answer({"score": round(score, 6)}, f"{score:.3f}")

    caption = "Score of 64 x 64 pixels: 0 not adjusted, 1 adjusted (ContrastNet)"
    return Scorer(
        answer,
        SCALE,
        NOTE,
        (weights,),
        ("score",),
        PATCH,
        heatmap=lambda image: latest.pop(id(image)),
        heatmap_caption=caption,
    )


PRODUCT = Product(
    lambda given: resolve_weights(given, STORED),
    lambda weights: _picture_scorer(weights[0], heatmap=False),
    lambda values: values["score"],
    SCALE,
)
