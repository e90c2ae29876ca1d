"""``zoo contrast detect``."""

import argparse
import json
import sys
from pathlib import Path

from zoo.experiments.pictures import check_heatmap, readable

NOTE = (
    "no probability, and no threshold holds for all pictures: compare with pictures of the same source that were not "
    "adjusted; what is found and what is not stands in zoo/contrast/README.md"
)


def add(commands: "argparse._SubParsersAction") -> None:
    """Add the family's command to the ``zoo`` parser."""
    contrast = commands.add_parser("contrast", help="detect contrast adjustment")
    verbs = contrast.add_subparsers(dest="verb", required=True, metavar="VERB")
    detect = verbs.add_parser("detect", help="score pictures: the higher, the more likely adjusted")
    detect.add_argument("images", nargs="+", type=Path, metavar="IMAGE")
    detect.add_argument("--heatmap", type=Path, metavar="OUT.png", help="where a single picture looks adjusted")
    detect.add_argument("--json", action="store_true", help="one JSON object a line")
    detect.add_argument("--weights", help="stored weights or a file (default: the JPEG-aware network)")
    detect.set_defaults(run=_detect)


def _detect(options: argparse.Namespace) -> int:
    check_heatmap(options.heatmap, options.images)
    # A name is checked before the network is loaded: a slip of the keyboard answers at once.
    from zoo.contrast.detector import DEFAULT_WEIGHTS, PATCH, ContrastDetector
    from zoo.heatmap import write_heatmap

    detector = ContrastDetector(options.weights or DEFAULT_WEIGHTS)
    failed: list[Path] = []
    for path, image in readable(options.images, failed):
        score = detector.score(image)
        height, width = image.shape[:2]
        if min(height, width) < PATCH:
            print(
                f"zoo: {path}: smaller than a patch of {PATCH} pixels, and filled up by reflection",
                file=sys.stderr,
            )
        if options.json:
            print(json.dumps({"image": str(path), "score": round(score, 6), "height": height, "width": width}))
        else:
            print(f"{score:.3f}  {path}")
        if options.heatmap is not None:
            write_heatmap(options.heatmap, image, detector.heatmap(image))
            print(f"written: {options.heatmap}", file=sys.stderr)
    if not options.json:
        print(f"note: {NOTE}", file=sys.stderr)
    return 2 if failed else 0
