"""``zoo imaging detect``: which manipulation a picture went through, and ``zoo pretrain imaging --joint``."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from zoo.experiments.cli.numbers import whole
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

if TYPE_CHECKING:
    import numpy as np

NOTE = (
    "knows pictures of one synthetic camera that were halved and saved as JPEG 50; what it says of others is a guess, "
    "and no evidence about a single picture: zoo/imaging/README.md"
)
SCALE = Scale("more likely of this class", 0, 1)


def add_detect(verbs: "argparse._SubParsersAction") -> None:
    """Add ``detect`` to the verbs of ``zoo imaging``."""
    detect = verbs.add_parser("detect", help="tell which manipulation a picture went through before the web")
    add_pictures(detect, "where a single picture looks manipulated")
    detect.add_argument("--patches", action="store_true", help="print each patch as well")
    detect.add_argument(
        "--weights",
        metavar="NAME|FILE|FOLDER",
        help=f"of a FAN {HELP} (default: the one trained with the UNet, margin 16)",
    )
    detect.add_argument(
        "--patch", type=whole(16, 1024), default=64, help="side of a patch, as in the weights' training"
    )
    detect.set_defaults(run=_detect)


def pretrain(options: argparse.Namespace, command: str) -> int:
    """Train camera and analyst together, after the networks and in the same folder; pack and store them.

    ``command`` is kept with them.

    Raises:
        ValueError: For data: the stored networks are those of the synthetic camera; where the networks were not trained
            before.
    """
    from zoo.experiments.imaging.data import training_folder
    from zoo.experiments.imaging.joint import pretrained

    folder, local = training_folder(options, "zoo.experiments.imaging.joint.training")
    pretrained.run(options.scale, folder, options.seed, command, local)
    return 0


def _detect(options: argparse.Namespace) -> int:
    if nothing_to_read(options):
        return 2
    from zoo.imaging.joint.detector import DEFAULT_WEIGHTS, ManipulationDetector
    from zoo.imaging.joint.manipulations import CLASSES

    (weights,) = resolve_weights(options.weights, DEFAULT_WEIGHTS)
    detector = ManipulationDetector(weights, options.patch)
    failed: list[Path] = []
    for path, image in readable(options.images, failed):
        warn_of_padding(path, image, detector.patch)
        corners, found = detector.patches(image)
        mean = _by_class(detector.overall(corners, found))
        listed = [{"x": int(x), "y": int(y)} | _by_class(p) for (y, x), p in zip(corners, found, strict=True)]
        if options.json:
            print(as_json(path, image, mean | ({"patches": listed} if options.patches else {}), SCALE, NOTE))
        else:
            print("  ".join(f"{name} {mean[name]:.3f}" for name in CLASSES) + f"  {shown(path)}")
            for patch in listed if options.patches else ():
                print(f"  {patch['x']:5} {patch['y']:5}  " + "  ".join(f"{n} {patch[n]:.3f}" for n in CLASSES))
        save_heatmap(options, image, detector.heatmap)
    return finish(options, failed, NOTE)


def _by_class(probabilities: "np.ndarray") -> dict[str, float]:
    from zoo.imaging.joint.manipulations import CLASSES

    return {name: round(float(p), 6) for name, p in zip(CLASSES, probabilities, strict=True)}
