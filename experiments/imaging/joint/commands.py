"""``zoo imaging detect``: which manipulation a picture went through, and ``zoo pretrain imaging --joint``."""

import argparse
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, cast

from zoo.experiments.cli.calibrated import Question, add_calibration
from zoo.experiments.cli.devices import add_device
from zoo.experiments.cli.numbers import whole
from zoo.experiments.cli.score_pictures import Answer, Scale, Scorer, Track, add_pictures, score_pictures
from zoo.printing import shown
from zoo.resolve_weights import HELP, resolve_weights

if TYPE_CHECKING:
    import numpy as np

NOTE = (
    "knows pictures of one synthetic camera that were halved and saved as JPEG 50; what it says of others is a guess, "
    "and no evidence about a single picture: zoo/imaging/README.md"
)
SCALE = Scale("more likely of this class", 0, 1)
PROCESSED = ("sharpen", "gaussian", "resample")
"""Classes whose probabilities are added for a calibration. That of "jpg" is not: photographs of the reference are saved
as JPEG too."""
PATCH = 64
STORED = "fan-unet-0.1-margin16-birch.generated"
"""The detector's own default, here too because its module imports Keras."""


def add_detect(verbs: "argparse._SubParsersAction") -> None:
    """Add ``detect`` to the verbs of ``zoo imaging``."""
    detect = verbs.add_parser("detect", help="tell which manipulation a picture went through before the web")
    add_pictures(detect, "where a picture looks manipulated")
    add_device(detect)
    detect.add_argument("--patches", action="store_true", help="print each patch as well (not in CSV)")
    detect.add_argument(
        "--weights",
        metavar="NAME|FILE|FOLDER",
        help=f"of a FAN {HELP} (default: the one trained with the UNet, margin 16)",
    )
    detect.add_argument(
        "--patch", type=whole(16, 1024), default=PATCH, help="side of a patch, as in the weights' training"
    )
    add_calibration(detect, "imaging")
    detect.set_defaults(run=_detect)


def pretrain(options: argparse.Namespace, command: str) -> int:
    """Train camera and analyst together, after the networks and in the same folder; pack and store them.

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
    folder, local = training_folder(options, "zoo.experiments.imaging.joint.training")
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
    from zoo.experiments.cli.data_options import EMBEDDED
    from zoo.experiments.imaging.data import run_name
    from zoo.experiments.imaging.joint.scales import check_scale
    from zoo.experiments.imaging.joint.training import Pictures, train_all
    from zoo.experiments.imaging.real_cameras import JOINT, in_folder, needed, pictures
    from zoo.experiments.train.fitting import check_same

    here = in_folder(options.data_dir) if options.data_dir is not None and options.dataset == EMBEDDED else {}
    if not set(JOINT) & set(here):
        raise ValueError(
            f"--joint --scale paper trains on the paper's cameras, {', '.join(JOINT)}: --data-dir CAMERAS, a folder "
            f"with what TFDS prepared of mit_fivek and raise8k. Received: {options.data_dir or options.dataset}"
        )
    scale, folder = check_scale(options.scale), options.folder / run_name(EMBEDDED, options.scale, options.seed)

    def photographs(camera: str) -> Pictures:
        found = pictures(here[camera], scale.training, scale.validation, folder / "pictures")
        what = {"files": [picture.source for picture in found[0]], "scale": options.scale, "seed": options.seed}
        check_same(folder / "joint", camera, what)
        return found

    for camera in JOINT:
        if camera not in here:
            print(f"zoo: left out: {camera} {needed(camera)}", file=sys.stderr)
    train_all(options.scale, folder, options.seed, photographs, [camera for camera in JOINT if camera in here])
    print(f"written: {shown(folder)}; zoo reproduce imaging table-s1 --scale paper takes it as --weights")
    return 0


def _detect(options: argparse.Namespace) -> int:
    (weights,) = resolve_weights(options.weights, STORED)
    if options.calibration is not None and options.patch != PATCH:
        raise ValueError(f"--calibration goes with --patch {PATCH}. Received: --patch {options.patch}")

    def make(track: Track) -> Scorer:
        from zoo.imaging.joint.detector import ManipulationDetector
        from zoo.imaging.joint.manipulations import CLASSES

        detector = ManipulationDetector(weights, options.patch, track=track)

        def answer(image: "np.ndarray") -> Answer:
            corners, found = detector.patches(image)
            mean = _by_class(detector.overall(corners, found))
            values: dict[str, object] = dict(mean)
            details = []
            if options.patches:
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

    return score_pictures(options, make, [options.weights])


def _processes() -> "Mapping[str, Callable[[np.ndarray], np.ndarray]]":
    import numpy as np
    from keras import ops

    from zoo.imaging.joint.manipulations import default_manipulations

    layers = {layer.name: layer for layer in default_manipulations() if layer.name in PROCESSED}

    def process(name: str) -> "Callable[[np.ndarray], np.ndarray]":
        def apply(image: np.ndarray) -> np.ndarray:
            found = ops.convert_to_numpy(layers[name](image[None].astype(np.float32) / 255))[0]
            return np.rint(np.clip(found, 0, 1) * 255).astype(np.uint8)

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
    map_shows="One less the probability of an untouched place: 0 (blue) looks untouched, 1 (red) looks processed.",
    map_errors=(
        "A false alarm looks just like a finding: a red place that nobody processed. Most or all of the map may be red "
        "so, as it was in the one untouched photograph that has been looked at."
    ),
    caution="its network knows pictures of one synthetic camera, made half as large and saved as JPEG 50",
)


def _by_class(probabilities: "np.ndarray") -> dict[str, float]:
    from zoo.imaging.joint.manipulations import CLASSES

    return {name: round(float(p), 6) for name, p in zip(CLASSES, probabilities, strict=True)}
