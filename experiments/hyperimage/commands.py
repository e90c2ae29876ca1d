"""``zoo hyperimage quality`` and ``zoo hyperimage forgery``, and ``zoo pretrain hyperimage``."""

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

from zoo.experiments.cli.devices import add_device
from zoo.experiments.cli.score_pictures import Answer, Scale, Scorer, Track, add_pictures, score_pictures
from zoo.experiments.run.scales import scale_of
from zoo.resolve_weights import HELP, resolve_weights

if TYPE_CHECKING:
    import numpy as np

QUALITY_NOTE = (
    "trained on generated scenes and distortions to agree with GMSD, a full-reference measure, not with people: "
    "9 is undistorted, lower is worse; compare versions of one picture, not two pictures"
)
FORGERY_NOTE = (
    "trained on splices of generated scenes, never on real forgeries: 0..1, higher looks more tampered; "
    "on spliced photographs not shown to be better than chance, and no evidence about a single picture"
)
QUALITY_SCALE, FORGERY_SCALE = Scale("better", None, None), Scale("more likely tampered", 0, 1)
QUALITY_STORED = ("hyperimage-quality-patches.generated", "hyperimage-quality-stage-two.generated")
FORGERY_STORED = ("hyperimage-forgery-channel.generated", "hyperimage-forgery-stage-two.generated")
"""The scorers' own defaults, here too because their module imports Keras."""
TASKS = ("synthetic", "quality", "forgery")


def add(commands: "argparse._SubParsersAction") -> None:
    """Add the family's command to the ``zoo`` parser."""
    family = commands.add_parser("hyperimage", help="stand-in quality and forgery from localised artefacts")
    verbs = family.add_subparsers(dest="verb", required=True, metavar="VERB")
    heatmap = "what a picture's score rests on"
    for verb, text, drawn, run in (
        ("quality", QUALITY_NOTE, "", _quality),
        ("forgery", FORGERY_NOTE, heatmap, _forgery),
    ):
        parser = verbs.add_parser(verb, help=f"score pictures; {text}", description=f"Scores pictures; {text}.")
        add_pictures(parser, drawn)
        add_device(parser)
        parser.add_argument("--weights", metavar="NAME|FOLDER", help=HELP)
        parser.set_defaults(run=run)


def pretrain(options: argparse.Namespace, command: str) -> int:
    """Train the stored weights of the family, all three tasks or ``--only`` one; ``command`` is kept with them.

    Raises:
        ValueError: For an unknown scale, photographs for the synthetic task, or a database that tables train on.
    """
    from importlib import import_module

    from zoo.experiments.cli.training_data import material
    from zoo.experiments.hyperimage import stages

    if options.dataset in ("live_iqa", "tid2013", "casia2"):
        raise ValueError(
            f"table-2 and table-3 train on LIVE, TID2013 and CASIA-2 themselves, at --scale paper. "
            f"Received: {options.dataset}"
        )
    if options.only == "synthetic" and (options.data_dir is not None or options.dataset != "embedded"):
        raise ValueError(f"The synthetic task makes its own images. Received: {options.data_dir or options.dataset}")
    given = material(options, validation=True)
    tasks = [options.only] if options.only else [task for task in TASKS if task != "synthetic" or not given.pictures]
    for task in tasks:
        module = import_module(f"zoo.experiments.hyperimage.{task}.training")
        scale, usual = scale_of(module.SCALES, options.scale), module.SCALES["laptop"]
        if given.pictures:
            module.train(scale, given.folder, options.seed, given.pictures, given.validation)
        else:
            module.train(scale, given.folder, options.seed)
        for name in module.STORED:
            print(f"written: {given.folder / name}.npz")
        seen = {
            name: f"photographs of {given.data}" if given.pictures else what for name, what in module.STORED.items()
        }
        arguments = {}
        if task == "forgery" and scale.width != usual.width:
            arguments = {name: {"width": scale.width} for name in module.STORED}
        stages.install(given.folder, f"{command} --only {task}", seen, given.local, arguments)
    return 0


def _quality(options: argparse.Namespace) -> int:
    weights = resolve_weights(options.weights, *QUALITY_STORED)

    def make(track: Track) -> Scorer:
        from zoo.hyperimage.detector import QualityScorer

        scorer = QualityScorer((weights[0], weights[1]))
        patch = scorer.network.first.input_shape[1]
        return Scorer(_answer(scorer.score), QUALITY_SCALE, QUALITY_NOTE, weights, ("score",), patch)

    return score_pictures(options, make, [options.weights])


def _forgery(options: argparse.Namespace) -> int:
    weights = resolve_weights(options.weights, *FORGERY_STORED)

    def make(track: Track) -> Scorer:
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
            heatmap_caption="By how much the score of tampered falls without a place; not where a picture was edited",
        )

    return score_pictures(options, make, [options.weights])


def _answer(score: Callable[["np.ndarray"], float]) -> Callable[["np.ndarray"], Answer]:
    def answer(image: "np.ndarray") -> Answer:
        found = score(image)
        return Answer({"score": round(found, 6)}, f"{found:.3f}")

    return answer
