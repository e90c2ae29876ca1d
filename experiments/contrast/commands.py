"""``zoo contrast detect``, and ``zoo pretrain contrast``."""

import argparse
from pathlib import Path

from zoo.experiments.cli.score_pictures import (
    Scale,
    add_pictures,
    as_json,
    finish,
    nothing_to_read,
    readable,
    save_heatmap,
    warn_of_padding,
)
from zoo.printing import shown
from zoo.resolve_weights import HELP, resolve_weights

NOTE = (
    "no probability, and no threshold holds for all pictures: compare with pictures of the same source that were not "
    "adjusted; what is found and what is not stands in zoo/contrast/README.md"
)
SCALE = Scale("more likely adjusted", 0, 1)


def add(commands: "argparse._SubParsersAction") -> None:
    """Add the family's command to the ``zoo`` parser."""
    contrast = commands.add_parser("contrast", help="detect contrast adjustment")
    verbs = contrast.add_subparsers(dest="verb", required=True, metavar="VERB")
    detect = verbs.add_parser("detect", help="score pictures: the higher, the more likely adjusted")
    add_pictures(detect, "where a single picture looks adjusted")
    detect.add_argument("--weights", metavar="NAME|FILE|FOLDER", help=f"{HELP} (default: the JPEG-aware network)")
    detect.set_defaults(run=_detect)


def pretrain(options: argparse.Namespace, command: str) -> int:
    """Train the family's networks, pack and store them; ``command`` is kept with them."""
    from zoo.experiments.cli.training_data import material
    from zoo.experiments.contrast import pretrained, training

    given = material(options)
    training.pretrain(options.scale, given.folder, options.seed, given.pictures)
    for path, loss in pretrained.pack_all(given.folder).items():
        print(f"written: {path} (packing moves a score by {loss:.4f} on average)")
    pretrained.install(given.folder, command, given.data, given.local)
    return 0


def _detect(options: argparse.Namespace) -> int:
    if nothing_to_read(options):
        return 2
    # A name is checked before the network is loaded: a slip of the keyboard answers at once.
    from zoo.contrast.detector import DEFAULT_WEIGHTS, PATCH, ContrastDetector

    (weights,) = resolve_weights(options.weights, DEFAULT_WEIGHTS)
    detector = ContrastDetector(weights)
    failed: list[Path] = []
    for path, image in readable(options.images, failed):
        score = detector.score(image)
        warn_of_padding(path, image, PATCH)
        if options.json:
            print(as_json(path, image, {"score": round(score, 6)}, SCALE, NOTE))
        else:
            print(f"{score:.3f}  {shown(path)}")
        save_heatmap(options, image, detector.heatmap)
    return finish(options, failed, NOTE)
