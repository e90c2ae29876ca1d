"""``zoo imaging prnu``: make a camera's fingerprint of its photographs, and look for it in others."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from zoo.experiments.cli.calibrated import Comparison, add_calibration
from zoo.experiments.cli.numbers import real, whole
from zoo.experiments.cli.outputs import add_force, check_outputs
from zoo.experiments.cli.picture_inputs import MOST_FAILURES, PICTURES, expand, name_missing, readable
from zoo.experiments.cli.score_pictures import Answer, Product, Scale, Scorer, Track, add_pictures, score_pictures
from zoo.printing import shown

if TYPE_CHECKING:
    import numpy as np

FEW = 20
"""A fingerprint of fewer photographs is mostly noise."""
NOTE = (
    "p is the probability that the best position in another camera's picture fits as well by chance; it accounts for "
    "the positions, orientations and cameras searched, not for the number of pictures; 'no match' does not mean that "
    "another camera took the picture, and scaled pictures are not found: zoo/imaging/README.md"
)
MAP_NOTE = (
    "the share of windows that lack the fingerprint with a probability above one half; dark, saturated and textured "
    "areas hide it and are close to one half; in JSON, share_with is the share of windows that show it with p < .001: "
    "zoo/imaging/README.md"
)
SHOWS = 0.001
"""A window shows the fingerprint if its p-value is below this."""
MAP_SCALE = Scale("more of the picture without the fingerprint", 0, 1)
SCALE = Scale("more easily reached by chance, without the camera", 0, 1)  # of the p-value
TURNED = {3: "180 degrees", 6: "a quarter to the right", 8: "a quarter to the left"}
"""Meaning of the EXIF orientations that cameras write."""


def add_prnu(verbs: "argparse._SubParsersAction") -> None:
    """Add ``prnu`` to the verbs of ``zoo imaging``."""
    prnu = verbs.add_parser("prnu", help="identify the camera of a picture by its sensor noise (PRNU)")
    steps = prnu.add_subparsers(dest="step", required=True, metavar="STEP")

    fingerprint = steps.add_parser(
        "fingerprint", help="estimate a camera's fingerprint from its photographs; more photographs are better"
    )
    fingerprint.add_argument(
        "images",
        nargs="+",
        metavar="IMAGE",
        help=f"bright, unrotated photographs of one size: {PICTURES}",
    )
    fingerprint.add_argument("-o", "--output", type=Path, required=True, metavar="CAMERA.npz")
    add_force(fingerprint)
    fingerprint.set_defaults(run=_fingerprint)

    match = steps.add_parser(
        "match", help="test whether a camera took pictures; works for crops, not for scaled pictures"
    )
    match.add_argument("fingerprint", type=Path, metavar="CAMERA.npz")
    add_pictures(match)
    _add_decision(match)
    add_calibration(match, "prnu", "your camera")
    match.set_defaults(run=_match, sensor=True)

    identify = steps.add_parser("identify", help="find which of several cameras took pictures, if any")
    add_pictures(identify)
    identify.add_argument(
        "--cameras", type=Path, nargs="+", required=True, metavar="CAMERA.npz", help="fingerprints of the cameras"
    )
    _add_decision(identify)
    identify.set_defaults(run=_identify, sensor=True)

    places = steps.add_parser(
        "map", help="find where the fingerprint is missing, in pictures of the fingerprint's size"
    )
    places.add_argument("fingerprint", type=Path, metavar="CAMERA.npz")
    add_pictures(places, "draw where the fingerprint is missing")
    places.add_argument(
        "--untouched",
        nargs="+",
        required=True,
        metavar="IMAGE",
        help="untouched photographs of this camera that are not part of the fingerprint, given like IMAGE",
    )
    places.add_argument("--window", type=_odd, default=129, help="side of the windows in pixels, odd (default 129)")
    places.set_defaults(run=_map, sensor=True)


def pretrain(options: argparse.Namespace, command: str) -> int:
    """Train Table 3's network for low light, pack and store it; ``command`` is kept with it.

    Raises:
        ValueError: For data: the network is that of a synthetic camera.
    """
    from zoo.experiments.imaging.data import training_folder
    from zoo.experiments.imaging.prnu import training

    folder, local = training_folder(options, "zoo imaging fit RAW_DIR --network NAME", photographs=False)
    training.run(options.scale, folder, options.seed, command, local)
    return 0


def _fingerprint(options: argparse.Namespace) -> int:
    if options.output.suffix.lower() != ".npz" or not options.output.absolute().parent.is_dir():
        raise ValueError(f"--output must end in .npz, in a folder that exists. Received: {options.output}")
    paths = expand(options.images)
    check_outputs({"--output": options.output}, paths, options.force)
    if missing := name_missing(paths):
        return missing
    from zoo.images import ImageError
    from zoo.imaging.prnu import FingerprintSums, picture_hash, write_fingerprint

    sums = FingerprintSums()
    failed: list[Path] = []
    added: dict[str, Path] = {}
    for path, image in readable(paths, failed, sensor=True):
        original = added.setdefault(picture_hash(image), path)
        if original != path:
            print(f"zoo: {shown(path)} is the same picture as {shown(original)}, and counts once", file=sys.stderr)
            continue
        try:
            sums.add(image)
        except ValueError:
            shape = cast("np.ndarray", sums.products).shape  # the shape of the first picture
            right = f"photographs of one size, {shape[1]}x{shape[0]}, not turned"
            error = ImageError(path, "has another size than the first", right, f"{image.shape[1]}x{image.shape[0]}")
            print(f"zoo: {error}", file=sys.stderr)
            failed.append(path)
            del added[picture_hash(image)]
    pattern = sums.fingerprint()
    write_fingerprint(options.output, pattern, added)
    if sums.count < FEW:
        print(f"zoo: {sums.count} photographs are few; a reliable fingerprint needs {FEW} or more", file=sys.stderr)
    print(f"written: {shown(options.output)}, {sums.count} photographs of {pattern.shape[1]}x{pattern.shape[0]}")
    return min(len(failed), MOST_FAILURES)


def _add_decision(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--level", type=real(0, 1), help="p-value below which it is a match (default 1e-6)")
    parser.add_argument(
        "--orientations",
        choices=("stored", "all"),
        default="stored",
        help="all: also test rotated and mirrored copies; takes 8 times as long, and the p-value accounts for it "
        "(default stored)",
    )


def _match(options: argparse.Namespace) -> int:
    if options.calibration is not None and options.orientations != "stored":
        raise ValueError(f"--calibration needs --orientations stored. Received: --orientations {options.orientations}")
    return score_pictures(options, partial(_decide, options, [options.fingerprint], False), [options.fingerprint])


def _identify(options: argparse.Namespace) -> int:
    return score_pictures(options, partial(_decide, options, options.cameras, True), options.cameras)


def _decide(options: argparse.Namespace, cameras: Sequence[Path], named: bool, track: Track) -> Scorer:
    """Decide whether pictures were taken by one of the ``cameras``; with its name where ``named``."""
    return _picture_scorer(cameras, named, options.level, options.orientations)


def _picture_scorer(cameras: Sequence[Path], named: bool, at: float | None = None, turned: str = "stored") -> Scorer:
    from zoo.imaging.prnu import LEVEL, ORIENTATIONS, identify, picture_hash, pictures_of, read_fingerprint

    level = LEVEL if at is None else at
    orientations = ORIENTATIONS if turned == "all" else (1,)
    fingerprints = {str(path): read_fingerprint(path) for path in cameras}
    own = frozenset().union(*(pictures_of(path) for path in cameras))

    def answer(image: "np.ndarray") -> Answer:
        if picture_hash(image) in own:
            raise ValueError("was used for the fingerprint, so a match proves nothing; another picture is needed")
        matches = identify(fingerprints, image, orientations=orientations)
        name, found = min(matches.items(), key=lambda pair: (pair[1].p_value, -pair[1].deviations))
        status = found.status(level)
        values: dict[str, object] = {"status": status, "reason": found.reason}
        values["same_camera"] = None if status == "cannot say" else status == "match"
        if named:
            values["camera"] = name if status == "match" else None
        values |= {"p_value": found.p_value, "level": level, "pce": round(found.pce, 3)}
        values |= {"deviations": round(found.deviations, 3), "correlation": round(found.correlation, 6)}
        values |= {"row": found.shift[0], "column": found.shift[1], "orientation": found.orientation}
        values |= {"searched": found.searched}
        if named:
            values["p_values"] = {camera: one.p_value for camera, one in matches.items()}
        searched = found.searched > len(matches) * len(orientations)
        where = f"  at row {found.shift[0]}, column {found.shift[1]}" if searched else ""
        where += f", EXIF orientation {found.orientation}" if found.orientation != 1 else ""
        where += f": {found.reason}" if found.reason else ""
        camera = f"  {shown(name)}" if named and status == "match" else ""
        return Answer(values, f"p {found.p_value:8.2g}  PCE {found.pce:8.1f}  {status:10}{camera}", after=where)

    def hint(path: Path, given: Answer) -> str:
        from zoo.images import exif_orientation

        number = exif_orientation(path)
        if turned == "all" or number not in TURNED or given.values["same_camera"]:
            return ""
        return f"EXIF says to turn it by {TURNED[number]}: if software turned it, --orientations all finds it"

    columns = ("status", "reason", "same_camera", *(("camera",) if named else ()), "p_value", "level", "pce")
    columns += ("deviations", "correlation", "row", "column", "orientation", "searched")
    return Scorer(answer, SCALE, NOTE, tuple(cameras), columns, hint=hint, calibrated=_deviations, unlike=_unlike)


def _deviations(values: Mapping[str, object]) -> float:
    return cast(float, values["deviations"])


def _unlike(values: Mapping[str, object]) -> str:
    """Return why the score is not validated, or an empty string: the best of many positions is higher by chance."""
    searched = cast(int, values["searched"])
    if searched > 1:
        return f"of another size than the fingerprint: {searched} places were tried (validated: 1)"
    return str(values["reason"])


def _fingerprint_file(given: str | None) -> tuple[str]:
    if given is None or not Path(given).is_file():
        raise ValueError(f"--weights must be a file of `zoo imaging prnu fingerprint`. Received: {given or 'none'}")
    return (given,)


PRODUCT = Product(
    _fingerprint_file,
    lambda weights: _picture_scorer([Path(weights[0])], False),
    lambda values: values["p_value"],
    SCALE,
    sensor=True,
)
QUESTION = Comparison(
    yes="the camera of the fingerprint took it",
    no="another camera took it",
    positive="photographs by its camera, none of which helped to make the fingerprint",
    qualities=(0, 95, 75, 50),
    product=PRODUCT,
)


def _map(options: argparse.Namespace) -> int:
    untouched = expand(options.untouched)
    if missing := name_missing(untouched):
        return missing

    def make(track: Track) -> Scorer:
        from zoo.imaging.prnu import (
            CorrelationPredictor,
            TamperingMap,
            picture_hash,
            pictures_of,
            read_fingerprint,
            tampering_map,
        )

        fingerprint, own = read_fingerprint(options.fingerprint), pictures_of(options.fingerprint)
        pictures: list[np.ndarray] = []
        unread: list[Path] = []
        used = 0
        for path, image in readable(untouched, unread, sensor=True):
            known = picture_hash(image) in own
            if known or image.shape[:2] != fingerprint.shape:
                used += known
                wrong = "was used for the fingerprint" if known else "has a different size"
                print(f"zoo: {shown(path)} {wrong}, and is left out of --untouched", file=sys.stderr)
            else:
                pictures.append(image)
        if not pictures:
            height, width = fingerprint.shape
            raise ValueError(
                f"--untouched needs photographs of {width}x{height} pixels that are not part of the fingerprint. "
                f"Received: {used} that are, {len(untouched) - used - len(unread)} of another size, {len(unread)} that "
                "cannot be read"
            )
        predictor = CorrelationPredictor.fit(fingerprint, pictures, options.window)
        latest: dict[int, TamperingMap] = {}  # maps of the picture that is being scored

        def answer(image: "np.ndarray") -> Answer:
            latest.clear()
            found = latest[id(image)] = tampering_map(image, fingerprint, predictor)
            share = round(float((found.probability > 0.5).mean()), 6)
            shows = round(float((found.p_value < SHOWS).mean()), 6)
            return Answer({"share_without": share, "share_with": shows}, f"{share:.3f}")

        return Scorer(
            answer,
            MAP_SCALE,
            MAP_NOTE,
            (options.fingerprint,),
            ("share_without", "share_with"),
            heatmap=lambda image: latest[id(image)].full_size(),
            heatmap_caption=f"Probability that {options.window} x {options.window} pixels lack the fingerprint",
        )

    return score_pictures(options, make, [options.fingerprint, *untouched])


def _odd(text: str) -> int:
    side = whole(9, 1025)(text)
    if side % 2 == 0:
        raise argparse.ArgumentTypeError(f"must be odd. Received: {text!r}")
    return side
