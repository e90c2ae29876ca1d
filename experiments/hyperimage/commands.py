"""``zoo hyperimage quality`` and ``zoo hyperimage forgery``, and ``zoo pretrain hyperimage``."""

import argparse
import zlib
from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from zoo.experiments.cli.calibrated import Question, add_calibration
from zoo.experiments.cli.devices import add_device
from zoo.experiments.cli.score_pictures import Answer, Product, Scale, Scorer, add_pictures, score_pictures
from zoo.experiments.hyperimage.family import EXPERIMENTS
from zoo.experiments.run.scales import scale_of
from zoo.resolve_weights import HELP, resolve_weights

if TYPE_CHECKING:
    import numpy as np

    from zoo.experiments.cli.training_data import Material
    from zoo.experiments.run.tasks import Task

QUALITY_NOTE = (
    "trained on distorted photographs to agree with MDSI, a full-reference measure, not with people: "
    "9 is undistorted, lower is worse; compare versions of one picture, not two pictures"
)
FORGERY_NOTE = (
    "trained on splices of photographs made by a program, never on real forgeries: 0..1, higher looks more tampered; "
    "it says nothing about the few real forgeries that it was tried on, and is not evidence about a single picture"
)
QUALITY_SCALE, FORGERY_SCALE = Scale("better", None, None), Scale("more likely tampered", 0, 1)
QUALITY_STORED = ("hyperimage-quality-patches.photographs", "hyperimage-quality-stage-two.photographs")
FORGERY_STORED = ("hyperimage-forgery-channel.photographs", "hyperimage-forgery-stage-two.photographs")
"""The scorers' defaults, repeated here because their module imports Keras."""
_DISTORTIONS = {"noise": 1, "blur": 8, "JPEG 2000": 11, "colours lost": 22}
"""TID2013's numbers of distortions of four kinds; ``_LEVEL`` is the middle one of its five."""
_LEVEL = 3
STORED_AT = {training.name: training.stored for training in EXPERIMENTS.trainings if training.name}
TASKS = tuple(STORED_AT)


def add(commands: "argparse._SubParsersAction") -> None:
    """Add the family's command to the ``zoo`` parser."""
    family = commands.add_parser("hyperimage", help="score quality and forgery by localised artefacts")
    verbs = family.add_subparsers(dest="verb", required=True, metavar="VERB")
    heatmap = "draw what a picture's score depends on"
    for verb, text, drawn, run in (
        ("quality", QUALITY_NOTE, "", _quality),
        ("forgery", FORGERY_NOTE, heatmap, _forgery),
    ):
        parser = verbs.add_parser(verb, help=f"score pictures; {text}", description=f"Scores pictures; {text}.")
        add_pictures(parser, drawn)
        add_device(parser)
        parser.add_argument("--weights", metavar="NAME|FOLDER", help=HELP)
        add_calibration(parser, verb)
        parser.set_defaults(run=run)


def pretrain(options: argparse.Namespace, command: str) -> int:
    """Train the stored weights of the family, all three tasks or one; ``command`` is kept with them.

    Raises:
        ValueError: For an unknown scale, photographs for the synthetic task, or a database that tables train on.
    """
    from zoo.experiments.hyperimage import stages

    given, tasks = _given(options)
    for task in tasks:
        module, scale = _train(options, task, given)
        for name in module.STORED:
            print(f"written: {given.folder / name}.npz")
        seen = {
            name: f"photographs of {given.data}" if given.pictures else what for name, what in module.STORED.items()
        }
        arguments = {}
        if task == "forgery" and scale.width != module.SCALES["laptop"].width:
            arguments = {name: {"width": scale.width} for name in module.STORED}
        stages.install(given.folder, command, seen, given.local, arguments, STORED_AT[task])
    return 0


def parts(options: argparse.Namespace) -> "list[list[Task]]":
    """Return the parts of ``pretrain`` that do not depend on each other: the tasks of the paper.

    Raises:
        ValueError: As ``pretrain``.
    """
    from zoo.experiments.run.tasks import Task

    return [[Task(task, partial(_train_alone, options, task)) for task in _given(options)[1]]]


def _train_alone(options: argparse.Namespace, task: str) -> None:
    _train(options, task, _given(options)[0])


def _given(options: argparse.Namespace) -> "tuple[Material, list[str]]":
    """Return what is trained on, and which tasks of the paper are trained."""
    from zoo.experiments.cli.training_data import material

    if options.dataset in ("live_iqa", "tid2013", "casia2"):
        raise ValueError(
            f"table-2 and table-3 train on LIVE, TID2013 and CASIA-2 themselves, at --scale paper. "
            f"Received: {options.dataset}"
        )
    if options.training == "synthetic" and (options.data_dir is not None or options.dataset != "embedded"):
        raise ValueError(
            "The synthetic task generates its images and takes no data. Received: "
            f"{options.data_dir or options.dataset}"
        )
    given = material(options, validation=True)
    if options.training is not None:
        return given, [options.training]
    return given, [task for task in TASKS if task != "synthetic" or not given.pictures]


def _train(options: argparse.Namespace, task: str, given: "Material") -> tuple[Any, Any]:
    """Train a task, or what is left of it; returns its module and scale."""
    module = import_module(f"zoo.experiments.hyperimage.{task}.training")
    scale = scale_of(module.SCALES, options.scale)
    pictures = (given.pictures, given.validation) if given.pictures else ()
    module.train(scale, given.folder, options.seed, *pictures)
    return module, scale


def _quality(options: argparse.Namespace) -> int:
    weights = resolve_weights(options.weights, *QUALITY_STORED)
    return score_pictures(options, lambda track: _quality_picture_scorer(weights), [options.weights])


def _quality_picture_scorer(weights: tuple[str, ...]) -> Scorer:
    from zoo.hyperimage.detector import QualityScorer

    scorer = QualityScorer((weights[0], weights[1]))
    return Scorer(
        _answer(scorer.score),
        QUALITY_SCALE,
        QUALITY_NOTE,
        weights,
        ("score",),
        scorer.network.first.input_shape[1],
        calibrated=lambda values: -cast(float, values["score"]),
    )


def _forgery(options: argparse.Namespace) -> int:
    weights = resolve_weights(options.weights, *FORGERY_STORED)
    return score_pictures(options, lambda track: _forgery_picture_scorer(weights), [options.weights])


def _forgery_picture_scorer(weights: tuple[str, ...]) -> Scorer:
    from zoo.hyperimage.detector import HEATMAP_HIGH, ForgeryDetector

    detector = ForgeryDetector((weights[0], weights[1]))
    return Scorer(
        _answer(detector.score),
        FORGERY_SCALE,
        FORGERY_NOTE,
        weights,
        ("score",),
        detector.network.first.input_shape[1],
        heatmap=detector.heatmap,
        heatmap_high=HEATMAP_HIGH,
        heatmap_caption="How much the forgery score falls without each part; not a map of edited areas",
    )


def _generator(image: "np.ndarray") -> "np.random.Generator":
    """One for each picture, so that the same picture is always processed alike."""
    import numpy as np

    return np.random.default_rng(zlib.crc32(np.ascontiguousarray(image).tobytes()))


def _distortions() -> "Mapping[str, Callable[[np.ndarray], np.ndarray]]":
    from zoo.datasets.distortions import distort

    def distortion(number: int) -> "Callable[[np.ndarray], np.ndarray]":
        return lambda image: distort(image, number, _LEVEL, _generator(image))

    return {name: distortion(number) for name, number in _DISTORTIONS.items()}


def _splices() -> "Mapping[str, Callable[[np.ndarray], np.ndarray]]":
    from zoo.datasets.splices import make

    return {
        "part of itself copied": lambda image: make(_generator(image), image, None).tampered,
        "part of another photograph": lambda image: make(_generator(image), image, _donor(image)).tampered,
    }


def _twin(image: "np.ndarray") -> "np.ndarray":
    """Return the picture cut out, put back and saved as a spliced one is."""
    from zoo.datasets.splices import make

    return make(_generator(image), image, _donor(image)).authentic


def _donor(image: "np.ndarray") -> "np.ndarray":
    """One of the photographs that come with the packages."""
    from zoo.datasets.embedded import SCENES, photograph

    return photograph(SCENES[zlib.crc32(image[:8].tobytes()) % len(SCENES)])


def _quality_scorer(weights: tuple[str, ...]) -> "Callable[[np.ndarray], float]":
    from zoo.hyperimage.detector import QualityScorer

    scorer = QualityScorer((weights[0], weights[1]))
    return lambda image: -scorer.score(image)


def _forgery_scorer(weights: tuple[str, ...]) -> "Callable[[np.ndarray], float]":
    from zoo.hyperimage.detector import ForgeryDetector

    return ForgeryDetector((weights[0], weights[1])).score


def _forgery_mapper(weights: tuple[str, ...]) -> "Callable[[np.ndarray], tuple[float, np.ndarray]]":
    from zoo.hyperimage.detector import ForgeryDetector

    detector = ForgeryDetector((weights[0], weights[1]))
    return lambda image: (detector.score(image), detector.heatmap(image))


QUALITY = Question(
    yes="it was distorted, by noise, blur, JPEG 2000 or the loss of colours, after it was taken",
    no="it was not distorted after it was taken, though it may have been saved as JPEG of quality 95 or more",
    processes=_distortions,
    qualities=(0, 95),
    weights=QUALITY_STORED,
    scorer=_quality_scorer,
    caution="its network was trained to agree with a computed measure, not with human opinions",
)
FORGERY = Question(
    yes="a part of it was replaced, by another part of it or by a part of another photograph",
    no="no part of it was replaced",
    processes=_splices,
    qualities=(0, 95, 75, 50),
    weights=FORGERY_STORED,
    scorer=_forgery_scorer,
    mapper=_forgery_mapper,
    map_high=0.1,
    map_shows="How much the score falls without each area: 0 (blue) not at all, 0.1 (red) by a tenth.",
    map_errors=(
        "The map shows what the score depends on, not where a picture was edited: an untouched picture has red "
        "areas as well. How often, and where, has not been measured."
    ),
    control=_twin,
    caution="its network learned from splices made by a program, not from real forgeries",
)


def _answer(score: Callable[["np.ndarray"], float]) -> Callable[["np.ndarray"], Answer]:
    def answer(image: "np.ndarray") -> Answer:
        found = score(image)
        return Answer({"score": round(found, 6)}, f"{found:.3f}")

    return answer


QUALITY_PRODUCT = Product(
    lambda given: resolve_weights(given, *QUALITY_STORED),
    _quality_picture_scorer,
    lambda values: values["score"],
    QUALITY_SCALE,
)
FORGERY_PRODUCT = Product(
    lambda given: resolve_weights(given, *FORGERY_STORED),
    _forgery_picture_scorer,
    lambda values: values["score"],
    FORGERY_SCALE,
)
