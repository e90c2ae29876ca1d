"""``zoo imaging detect``: which manipulation a picture went through, and ``zoo pretrain imaging joint``."""

import argparse
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from zoo.experiments.cli.calibrated import Question, add_calibration
from zoo.experiments.cli.devices import add_device
from zoo.experiments.cli.numbers import whole
from zoo.experiments.cli.score_pictures import Answer, Product, Scale, Scorer, add_pictures, score_pictures
from zoo.printing import shown
from zoo.resolve_weights import HELP, resolve_weights

if TYPE_CHECKING:
    import numpy as np

    from zoo.experiments.imaging.joint.scales import JointRun
    from zoo.experiments.imaging.joint.training import Pictures
    from zoo.experiments.run.tasks import Task

NOTE = (
    "valid only for pictures of one synthetic camera that were halved and saved as JPEG 50; a guess for all others, "
    "and not evidence about a single picture: zoo/imaging/README.md"
)
SCALE = Scale("more likely of this class", 0, 1)
PROCESSED = ("sharpen", "gaussian", "resample")
"""Classes whose probabilities are summed for a calibration. Not "jpg", because reference photographs are saved as JPEG,
too."""
OWN_CAMERA = "zoo.experiments.imaging.joint.training"
"""The module that trains for your camera."""
STORED = "fan-unet-0.1-margin16-birch.photographs"
PATCH = 64
"""The detector's defaults, repeated here because its module imports Keras."""


def add_detect(verbs: "argparse._SubParsersAction") -> None:
    """Add ``detect`` to the verbs of ``zoo imaging``."""
    detect = verbs.add_parser("detect", help="detect how a picture was manipulated before a web site recompressed it")
    add_pictures(detect, "draw where a picture looks manipulated")
    add_device(detect)
    detect.add_argument("--patches", action="store_true", help="also print the result of each patch (not in CSV)")
    detect.add_argument(
        "--weights",
        metavar="NAME|FILE|FOLDER",
        help=f"{HELP} (default: the FAN trained with the UNet, margin 16)",
    )
    detect.add_argument(
        "--patch", type=whole(16, 1024), default=PATCH, help="side of a patch in pixels, as in training (default 64)"
    )
    add_calibration(detect, "imaging")
    detect.set_defaults(run=_detect)


def pretrain(options: argparse.Namespace, command: str) -> int:
    """Train camera network and FAN together, after the networks and in the same folder; pack and store them.

    ``command`` is kept with them.

    Raises:
        ValueError: For RAW files: the networks are those of the synthetic camera; where the networks were not trained
            before.
    """
    from zoo.experiments.imaging.data import training_folder, training_photographs
    from zoo.experiments.imaging.joint import pretrained
    from zoo.experiments.imaging.joint.scales import check_scale

    if options.scale == "paper":
        return _pretrain_real(options)
    folder, local = training_folder(options, OWN_CAMERA)
    scale = check_scale(options.scale)
    generated = options.dataset == "embedded"
    pretrained.run(
        options.scale,
        folder,
        options.seed,
        command,
        local,
        "generated scenes" if generated else options.dataset + " and generated scenes" * scale.varied,
        lambda camera: training_photographs(options, scale.training, scale.validation, camera, scale.varied),
    )
    return 0


def _pretrain_real(options: argparse.Namespace) -> int:
    """Train networks and joint models of the paper's cameras that are in the folder of cameras; nothing is stored."""
    from zoo.experiments.imaging.joint.training import train_all
    from zoo.experiments.imaging.real_cameras import JOINT, needed

    folder, cameras, photographs = _material(options)
    for camera in JOINT:
        if camera not in cameras:
            print(f"zoo: left out: {camera} needs {needed(camera)}", file=sys.stderr)
    train_all(options.scale, folder, options.seed, photographs, cameras)
    print(f"written: {shown(folder)}; zoo reproduce imaging table-s1 --scale paper takes it as --weights")
    return 0


def _material(options: argparse.Namespace) -> "tuple[Path, Sequence[str], Callable[[str], Pictures | None]]":
    """Return the folder of checkpoints, the cameras, and what gives a camera's pictures, None for generated scenes.

    Raises:
        ValueError: As ``pretrain``, and at the scale paper without any of the paper's cameras.
    """
    from zoo.experiments.cli.data_options import EMBEDDED
    from zoo.experiments.imaging.data import run_name, training_folder, training_photographs
    from zoo.experiments.imaging.joint.scales import check_scale
    from zoo.experiments.imaging.real_cameras import JOINT, in_folder, pictures
    from zoo.experiments.train.fitting import check_same

    scale = check_scale(options.scale)
    if options.scale != "paper":

        def scenes(camera: str) -> "Pictures | None":
            return training_photographs(options, scale.training, scale.validation, camera, scale.varied)

        return training_folder(options, OWN_CAMERA)[0], scale.cameras, scenes

    here = in_folder(options.data_dir) if options.data_dir is not None and options.dataset == EMBEDDED else {}
    if not set(JOINT) & set(here):
        raise ValueError(
            f"imaging joint --scale paper trains on the paper's cameras, {', '.join(JOINT)}: --data-dir CAMERAS, a "
            f"folder with what TFDS prepared of mit_fivek and raise8k. Received: {options.data_dir or options.dataset}"
        )
    folder = options.folder / run_name(EMBEDDED, options.scale, options.seed)

    def photographs(camera: str) -> "Pictures":
        found = pictures(here[camera], scale.training, scale.validation, folder / "pictures")
        what = {"files": [picture.source for picture in found[0]], "scale": options.scale, "seed": options.seed}
        check_same(folder / "joint", camera, what)
        return found

    return folder, [camera for camera in JOINT if camera in here], photographs


def parts(options: argparse.Namespace) -> "list[list[Task]]":
    """Return rounds of tasks. Those of a round are parts of ``pretrain`` that do not depend on each other.

    At the scale paper the photographs of each camera are developed first. Then come the plain networks of every camera
    but the synthetic one of the other trainings, what the trainings of a network begin with, and the rest.

    Raises:
        ValueError: As ``pretrain``.
    """
    from zoo.experiments.imaging.data import CAMERA
    from zoo.experiments.imaging.joint.scales import JointRun, check_scale
    from zoo.experiments.run.tasks import Task

    scale = check_scale(options.scale)
    _, cameras, _ = _material(options)
    developed = cameras if options.scale == "paper" else ()
    networks = [(camera, network) for camera in cameras if camera != CAMERA for network in scale.networks]
    rounds = [
        [Task(f"{camera}, photographs", partial(_develop, options, camera)) for camera in developed],
        [Task(f"{camera}, {network}", partial(_train_nip, options, camera, network)) for camera, network in networks],
    ]
    # Trainings by depth: a start that several runs share is trained once.
    by_depth: list[dict[str, JointRun]] = []
    for run in scale.runs():
        if run.camera not in cameras:
            continue
        for depth, (name, _, _) in enumerate(scale.parts(run)):
            by_depth += [{}] * (depth == len(by_depth))
            by_depth[depth].setdefault(name, run)
    rounds += [[Task(name, partial(_train_part, options, run, name)) for name, run in one.items()] for one in by_depth]
    return [tasks for tasks in rounds if tasks]


def _develop(options: argparse.Namespace, camera: str) -> None:
    """Develop the photographs of a camera once, so that no two workers do it at the same time."""
    _material(options)[2](camera)


def _train_nip(options: argparse.Namespace, camera: str, network: str) -> None:
    from zoo.experiments.imaging.joint.training import train_nips

    folder, _, photographs = _material(options)
    train_nips(options.scale, folder, camera, (network,), options.seed, photographs(camera))


def _train_part(options: argparse.Namespace, run: "JointRun", name: str) -> None:
    from zoo.experiments.imaging.joint.scales import check_scale
    from zoo.experiments.imaging.joint.training import pictures_of, train

    scale = check_scale(options.scale)
    folder, _, photographs = _material(options)
    pictures = photographs(run.camera) or pictures_of(scale, run.camera, None, options.seed)
    train(run, scale, folder, pictures, options.seed, last=name)


def _detect(options: argparse.Namespace) -> int:
    (weights,) = resolve_weights(options.weights, STORED)
    if options.calibration is not None and options.patch != PATCH:
        raise ValueError(
            f"--calibration needs --patch {PATCH}, with which it was measured. Received: --patch {options.patch}"
        )
    make = partial(_picture_scorer, weights, options.patch, options.patches)
    return score_pictures(options, make, [options.weights])


def _picture_scorer(
    weights: str, patch: int, patches: bool, track: "Callable[[range], Iterable[int]]" = iter
) -> Scorer:
    from zoo.imaging.joint.detector import ManipulationDetector
    from zoo.imaging.joint.manipulations import CLASSES

    detector = ManipulationDetector(weights, patch, track=track)

    def answer(image: "np.ndarray") -> Answer:
        corners, found = detector.patches(image)
        mean = _by_class(detector.overall(corners, found))
        values: dict[str, object] = dict(mean)
        details = []
        if patches:
            listed = [{"x": int(x), "y": int(y)} | _by_class(p) for (y, x), p in zip(corners, found, strict=True)]
            values["patches"] = listed
            details = [
                f"  {patch['x']:5} {patch['y']:5}  " + "  ".join(f"{name} {patch[name]:.3f}" for name in CLASSES)
                for patch in listed
            ]
        return Answer(values, "  ".join(f"{name} {mean[name]:.3f}" for name in CLASSES), details)

    caption = f"Score of {detector.patch} x {detector.patch} pixels: 0 native, 1 manipulated (FAN)"
    return Scorer(
        answer,
        SCALE,
        NOTE,
        (weights,),
        tuple(CLASSES),
        detector.patch,
        heatmap=detector.heatmap,
        heatmap_caption=caption,
        calibrated=lambda values: sum(cast(float, values[name]) for name in PROCESSED),
    )


def _processes() -> "Mapping[str, Callable[[np.ndarray], np.ndarray]]":
    import numpy as np
    from keras import ops

    from zoo.imaging.joint.manipulations import default_manipulations
    from zoo.levels import to_levels

    layers = {layer.name: layer for layer in default_manipulations() if layer.name in PROCESSED}

    def process(name: str) -> "Callable[[np.ndarray], np.ndarray]":
        def apply(image: np.ndarray) -> np.ndarray:
            found = ops.convert_to_numpy(layers[name](image[None].astype(np.float32) / 255))[0]
            return to_levels(255 * found)

        return apply

    return {name: process(name) for name in PROCESSED}


def _scorer(weights: tuple[str, ...]) -> "Callable[[np.ndarray], float]":
    from zoo.imaging.joint.detector import ManipulationDetector

    detector = ManipulationDetector(weights[0])
    return lambda image: _processed(detector.probabilities(image))


def _mapper(weights: tuple[str, ...]) -> "Callable[[np.ndarray], tuple[float, np.ndarray]]":
    from zoo.imaging.joint.detector import ManipulationDetector

    detector = ManipulationDetector(weights[0])
    return lambda image: (_processed(detector.probabilities(image)), detector.heatmap(image))


def _processed(probabilities: "np.ndarray") -> float:
    found = _by_class(probabilities)
    return sum(found[name] for name in PROCESSED)


QUESTION = Question(
    yes="it was sharpened, smoothed, or made smaller and larger again",
    no="it was not sharpened, smoothed or resampled after it was taken",
    processes=_processes,
    qualities=(0, 95, 75, 50),
    weights=(STORED,),
    scorer=_scorer,
    mapper=_mapper,
    map_shows="1 minus the probability that an area is untouched: 0 (blue) looks untouched, 1 (red) looks processed.",
    map_errors=(
        "A false alarm looks like a true detection: a red area that was not processed. Most or all of the map may be "
        "red without a reason, as in the only untouched photograph that was inspected."
    ),
    caution="its network was trained on pictures of one synthetic camera, halved and saved as JPEG 50",
)


def _by_class(probabilities: "np.ndarray") -> dict[str, float]:
    from zoo.imaging.joint.manipulations import CLASSES

    return {name: round(float(p), 6) for name, p in zip(CLASSES, probabilities, strict=True)}


PRODUCT = Product(
    lambda given: resolve_weights(given, STORED),
    lambda weights: _picture_scorer(weights[0], PATCH, patches=False),
    lambda values: round(1 - values["native"], 6),
    Scale("more likely manipulated", 0, 1),
)
