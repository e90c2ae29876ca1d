"""``zoo hyperimage quality`` and ``zoo hyperimage forgery``, and ``zoo pretrain hyperimage``."""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path

from zoo.experiments.pictures import check_heatmap, readable
from zoo.experiments.scales import scale_of

QUALITY_NOTE = (
    "trained on generated scenes and distortions to agree with GMSD, a full-reference measure, not with people: "
    "9 is undistorted, lower is worse; compare versions of one picture, not two pictures"
)
FORGERY_NOTE = (
    "trained on splices of generated scenes, never on real forgeries: 0..1, higher looks more tampered; "
    "on spliced photographs not shown to be better than chance, and no evidence about a single picture"
)
Score = Callable[["object"], float]
TASKS = ("synthetic", "quality", "forgery")


def add(commands: "argparse._SubParsersAction") -> None:
    """Add the family's command to the ``zoo`` parser."""
    family = commands.add_parser("hyperimage", help="stand-in quality and forgery from localised artefacts")
    verbs = family.add_subparsers(dest="verb", required=True, metavar="VERB")
    for verb, text, run in (("quality", QUALITY_NOTE, _quality), ("forgery", FORGERY_NOTE, _forgery)):
        parser = verbs.add_parser(verb, help=f"score pictures; {text}", description=f"Scores pictures; {text}.")
        parser.add_argument("images", nargs="+", type=Path, metavar="IMAGE")
        parser.add_argument("--json", action="store_true", help="one JSON object a line")
        parser.add_argument("--weights", type=Path, metavar="FOLDER", help="networks of `zoo pretrain` instead of ours")
        if verb == "forgery":
            parser.add_argument(
                "--heatmap", type=Path, metavar="OUT.png", help="what a single picture's score rests on"
            )
        parser.set_defaults(run=run)


def pretrain(options: argparse.Namespace, command: str) -> int:
    """Train the stored weights of the family: all three tasks, or ``--only`` one; ``command`` is kept with them.

    Raises:
        ValueError: For an unknown scale or a data set: only generated examples are trained on here.
    """
    from importlib import import_module

    from zoo.experiments.hyperimage import stages
    from zoo.experiments.stored import training_tag

    if options.data_dir is not None or options.dataset != "embedded":
        raise ValueError(
            "pretrain hyperimage makes its own examples; on LIVE, TID2013 and CASIA-2 table-2 and table-3 train "
            f"themselves, at --scale paper. Received: {options.data_dir or options.dataset}"
        )
    folder = options.folder / f"hyperimage-{options.scale}-{options.seed}"
    for task in [options.only] if options.only else TASKS:
        module = import_module(f"zoo.experiments.hyperimage.{task}")
        module.train(scale_of(module.SCALES, options.scale), folder, options.seed)
        for name in module.STORED:
            print(f"written: {folder / name}.npz")
        local = None if options.install else training_tag(options.scale)
        scale, usual = module.SCALES[options.scale], module.SCALES["laptop"]
        arguments = {}
        if task == "forgery" and scale.width != usual.width:
            arguments = {name: {"width": scale.width} for name in module.STORED}
        if task == "quality" and scale.grid != usual.grid:
            arguments = {module.SECOND: {"input_shape": [*scale.grid, 800]}}
        stages.install(folder, f"{command} --only {task}", module.STORED, local, arguments)
    return 0


def _quality(options: argparse.Namespace) -> int:
    from zoo.experiments.hyperimage.quality import SECOND, SELECTED
    from zoo.hyperimage.detector import QualityScorer

    scorer = QualityScorer(_weights(options, SELECTED, SECOND))
    return _score(options, scorer.score, QUALITY_NOTE)


def _forgery(options: argparse.Namespace) -> int:
    check_heatmap(options.heatmap, options.images)
    from zoo.experiments.hyperimage.forgery import CHANNEL, SECOND
    from zoo.heatmap import write_heatmap
    from zoo.hyperimage.detector import ForgeryDetector

    detector = ForgeryDetector(_weights(options, CHANNEL, SECOND))

    def score(image: object) -> float:
        found = detector.score(image)
        if options.heatmap is not None:
            write_heatmap(options.heatmap, image, detector.heatmap(image))
            print(f"written: {options.heatmap}", file=sys.stderr)
        return found

    return _score(options, score, FORGERY_NOTE)


def _weights(options: argparse.Namespace, *names: str) -> tuple[str, ...]:
    from zoo.experiments.hyperimage.stages import find
    from zoo.experiments.table import DataUnavailable

    try:
        return tuple(find(options.weights, name) for name in names)
    except DataUnavailable as error:
        raise ValueError(f"--weights is needed: this package holds no such weights. Received: {error}") from error


def _score(options: argparse.Namespace, score: Score, note: str) -> int:
    """Print a score a picture; a picture that cannot be read is named on standard error, and the code is then 2."""
    failed: list[Path] = []
    for path, image in readable(options.images, failed):
        found = score(image)
        if options.json:
            size = {"height": image.shape[0], "width": image.shape[1]}
            print(json.dumps({"image": str(path), "score": round(found, 6), **size, "note": note}))
        else:
            print(f"{found:.3f}  {path}")
    if not options.json:
        print(f"note: {note}", file=sys.stderr)
    return 2 if failed else 0
