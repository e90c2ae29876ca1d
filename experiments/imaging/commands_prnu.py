"""``zoo imaging prnu``: make a camera's fingerprint of its photographs, and look for it in others."""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

FEW = 20
"""Below so many photographs a fingerprint is mostly noise."""
THRESHOLD = 60.0
"""PCE above which a picture is said to be the camera's (Goljan, Fridrich and Filler, SPIE 2009)."""


def add_prnu(verbs: "argparse._SubParsersAction") -> None:
    """Add ``prnu`` to the verbs of ``zoo imaging``."""
    prnu = verbs.add_parser("prnu", help="tell by its sensor's noise which camera took a picture")
    steps = prnu.add_subparsers(dest="step", required=True, metavar="STEP")

    fingerprint = steps.add_parser("fingerprint", help="of a camera, from its photographs: the more, the better")
    fingerprint.add_argument("images", nargs="+", type=Path, metavar="IMAGE", help="of one size, bright, never turned")
    fingerprint.add_argument("-o", "--output", type=Path, required=True, metavar="CAMERA.npz")
    fingerprint.set_defaults(run=_fingerprint)

    match = steps.add_parser("match", help="PCE of pictures with a fingerprint; crops are found, scaled ones are not")
    match.add_argument("fingerprint", type=Path, metavar="CAMERA.npz")
    match.add_argument("images", nargs="+", type=Path, metavar="IMAGE")
    match.add_argument("--threshold", type=float, default=THRESHOLD, help="PCE from which it is a match (default 60)")
    match.add_argument("--json", action="store_true", help="one JSON object a line")
    match.set_defaults(run=_match)


def _fingerprint(options: argparse.Namespace) -> int:
    from zoo.images import ImageError
    from zoo.imaging.prnu import FingerprintSums, write_fingerprint

    if options.output.suffix.lower() != ".npz" or not options.output.absolute().parent.is_dir():
        raise ValueError(f"--output must end in .npz, in a folder that exists. Received: {options.output}")
    sums, left_out = FingerprintSums(), 0
    for path, image in _read(options.images):
        try:
            if image is None:
                left_out += 1
                continue
            sums.add(image)
        except ValueError:
            shape = np.shape(sums.products)
            right = f"photographs of one size, {shape[1]}x{shape[0]}, not turned"
            error = ImageError(path, "has another size than the first", right, f"{image.shape[1]}x{image.shape[0]}")
            print(f"zoo: left out: {error}", file=sys.stderr)
            left_out += 1
    pattern = sums.fingerprint()
    write_fingerprint(options.output, pattern)
    if sums.count < FEW:
        print(f"zoo: {sums.count} photographs are few; {FEW} and more make a fingerprint to rely on", file=sys.stderr)
    print(f"written: {options.output}, {sums.count} photographs of {pattern.shape[1]}x{pattern.shape[0]}")
    return 2 if left_out else 0


def _match(options: argparse.Namespace) -> int:
    from zoo.imaging.prnu import match, read_fingerprint

    fingerprint = read_fingerprint(options.fingerprint)
    failed = False
    for path, image in _read(options.images):
        if image is None:
            failed = True
            continue
        found = match(fingerprint, image)
        same = found.pce >= options.threshold
        if options.json:
            record = {"image": str(path), "same_camera": same, "pce": round(found.pce, 3)}
            record |= {"correlation": round(found.correlation, 6), "p_value": found.p_value}
            print(json.dumps(record | {"row": found.shift[0], "column": found.shift[1], "searched": found.searched}))
        else:
            where = "" if found.searched == 1 else f"  at row {found.shift[0]}, column {found.shift[1]}"
            print(f"{found.pce:10.1f}  {'match' if same else 'no match':8}  {path}{where}")
    return 2 if failed else 0


def _read(paths: Sequence[Path]) -> Iterator[tuple[Path, np.ndarray | None]]:
    """Photographs one after the other; None for one that cannot be read, which is said on standard error."""
    from zoo.images import ImageError, read_photograph

    for path in paths:
        try:
            image = read_photograph(path)
        except ImageError as error:
            print(f"zoo: left out: {error}", file=sys.stderr)
            image = None
        yield path, image
