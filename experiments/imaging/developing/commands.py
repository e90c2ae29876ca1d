"""``zoo imaging develop | fit``: develop a RAW photograph, train a network for your own camera."""

import argparse
import math
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from zoo.experiments.cli.devices import add_device
from zoo.experiments.cli.export import PHASES
from zoo.experiments.cli.numbers import picture_size, real, scale_name, whole
from zoo.experiments.cli.outputs import add_force, check_outputs
from zoo.printing import shown
from zoo.resolve_weights import HELP, resolve_weights

if TYPE_CHECKING:
    import keras
    import numpy as np

    from zoo.experiments.run.tasks import Task
    from zoo.imaging.developing.raw import RawImage

OWN_CAMERA = "zoo imaging fit RAW_DIR --network NAME"
PIPELINES = ("classical", "bilinear", "inet", "unet", "dnet")


def add_develop(verbs: "argparse._SubParsersAction") -> None:
    """Add ``develop`` and ``fit`` to the verbs of ``zoo imaging``."""
    develop = verbs.add_parser("develop", help="develop a RAW photograph into a PNG or TIFF file")
    develop.add_argument("photo", type=Path, metavar="PHOTO.dng", help="any Bayer RAW file that LibRaw supports")
    develop.add_argument("-o", "--output", type=Path, required=True, metavar="OUT.png", help=".png, .tif or .tiff")
    develop.add_argument("--pipeline", default="classical", choices=PIPELINES, help="classical (default), or a network")
    develop.add_argument("--weights", metavar="NAME|FILE|FOLDER", help=f"{HELP}, also one of `zoo imaging fit`")
    develop.add_argument(
        "--output-bits", type=int, default=8, choices=(8, 16), help="bits per value in the output (default 8)"
    )
    headerless = develop.add_argument_group("files without a header", "these need --size, --cfa and --bits")
    headerless.add_argument("--size", type=picture_size, metavar="WIDTHxHEIGHT", help="size of the sensor in pixels")
    headerless.add_argument("--cfa", choices=PHASES, help="colours of the mosaic's first two rows")
    headerless.add_argument(
        "--bits", type=whole(8, 16), help="bits per sensor value; 9 to 16 bits are stored in two bytes, little-endian"
    )
    headerless.add_argument("--black", type=real(0, 65534), default=0, help="black level (default 0)")
    headerless.add_argument("--white", type=real(1, 65535), help="white level (default: the maximum for --bits)")
    headerless.add_argument(
        "--white-balance",
        type=_factors,
        metavar="R,G,B",
        help="channel gains (default: gains that make the mean grey)",
    )
    add_device(develop)
    add_force(develop)
    develop.set_defaults(run=_develop)

    fit = verbs.add_parser("fit", help="train a developing network for your camera")
    fit.add_argument(
        "folder",
        type=Path,
        metavar="RAW_DIR",
        help="at least five RAW files of one camera, or a folder prepared by TFDS",
    )
    fit.add_argument("--network", default="inet", choices=PIPELINES[2:], help="network to train (default inet)")
    fit.add_argument("--scale", default="laptop", type=scale_name, help="smoke, laptop (default) or paper")
    fit.add_argument("--seed", type=whole(0, 2**31 - 1), default=0, help="random seed (default 0)")
    fit.add_argument(
        "-o",
        "--output",
        type=Path,
        default=Path("runs/imaging-fit"),
        help="folder for weights and checkpoints; an interrupted training resumes from it",
    )
    add_device(fit)
    fit.set_defaults(run=_fit, resumes=True)


def pretrain(options: argparse.Namespace, command: str) -> int:
    """Train the networks of the synthetic camera, pack and store them; ``command`` is kept with them.

    Raises:
        ValueError: For RAW files: the networks are those of the synthetic camera.
    """
    from zoo.experiments.imaging.data import training_folder, training_photographs
    from zoo.experiments.imaging.developing import pretrained, training

    folder, local = training_folder(options, OWN_CAMERA)
    settings = training.check(options.scale, ())
    pictures = training_photographs(options, settings.training, settings.validation, varied=settings.varied)
    training.pretrain(options.scale, folder, options.seed, pictures=pictures)
    scenes = "generated dead-leaves scenes" if pictures is None else options.dataset
    scenes += " and generated scenes" if settings.varied else ""
    pretrained.store(folder, command, f"{scenes}, synthetic camera", local)
    return 0


def parts(options: argparse.Namespace) -> "list[list[Task]]":
    """Return the parts of ``pretrain`` that do not depend on each other: a task for each network.

    Raises:
        ValueError: As ``pretrain``.
    """
    from zoo.experiments.imaging.data import training_folder
    from zoo.experiments.imaging.developing import training
    from zoo.experiments.run.tasks import Task

    training_folder(options, OWN_CAMERA)
    training.check(options.scale, ())
    return [[Task(name, partial(_train, options, name)) for name in training.NETWORKS]]


def _train(options: argparse.Namespace, network: str) -> None:
    from zoo.experiments.imaging.data import training_folder, training_photographs
    from zoo.experiments.imaging.developing import training

    folder, _ = training_folder(options, OWN_CAMERA)
    settings = training.check(options.scale, ())
    pictures = training_photographs(options, settings.training, settings.validation, varied=settings.varied)
    training.pretrain(options.scale, folder, options.seed, (network,), pictures)


def _develop(options: argparse.Namespace) -> int:
    import numpy as np

    from zoo.imaging.developing import raw
    from zoo.imaging.developing.picture import check_output, write_picture

    neural = options.pipeline in PIPELINES[2:]
    if options.weights and not neural:
        raise ValueError(
            f"--weights needs a network, --pipeline {', '.join(PIPELINES[2:])}. Received: --pipeline {options.pipeline}"
        )
    check_output(options.output)
    check_outputs({"--output": options.output}, [options.photo, options.weights], options.force)
    image = _read(options)
    network = _network(options) if neural else None
    pieces, shape = _pieces(options.pipeline, network, image)
    dtype, largest = (np.uint8, 255) if options.output_bits == 8 else (np.uint16, 65535)
    # Round each piece at once: the picture in float32 would be the largest object in memory.
    rgb = np.empty((*shape, 3), dtype)
    for y, x, part in pieces:
        rgb[y : y + part.shape[0], x : x + part.shape[1]] = np.rint(part * largest)
    write_picture(options.output, raw.orient(rgb, image.orientation))
    print(f"written: {shown(options.output)}", file=sys.stderr)
    return 0


def _read(options: argparse.Namespace) -> "RawImage":
    """Return the photograph, by its header or by what the options say.

    Raises:
        ValueError: For some of the options of a file without a header, and not all that are needed.
    """
    from zoo.imaging.developing import raw
    from zoo.imaging.developing.headerless import read_headerless

    needed = {"--size": options.size, "--cfa": options.cfa, "--bits": options.bits}
    given = [option for option, value in needed.items() if value is not None]
    further = {"--black": options.black, "--white": options.white, "--white-balance": options.white_balance}
    given += [option for option, value in further.items() if value]
    if not given:
        return raw.read(options.photo)
    if None in needed.values():
        raise ValueError(
            f"A file without a header needs {', '.join(needed)}; other RAW files none of them. "
            f"Received: {', '.join(given)}"
        )
    height, width = options.size
    return read_headerless(
        options.photo,
        height,
        width,
        options.cfa,
        options.bits,
        options.black,
        options.white,
        options.white_balance,
    )


def _factors(text: str) -> tuple[float, float, float]:
    """Three numbers above 0, of ``1.9,1,1.5``."""
    try:
        red, green, blue = (float(part) for part in text.split(","))
    except ValueError:
        red = green = blue = math.nan
    if not all(math.isfinite(factor) and factor > 0 for factor in (red, green, blue)):
        raise argparse.ArgumentTypeError(f"must be three numbers above 0, as in 1.9,1,1.5. Received: {text!r}")
    return red, green, blue


def _network(options: argparse.Namespace) -> "keras.Model":
    from zoo.experiments.imaging.data import CAMERA
    from zoo.experiments.imaging.developing.pretrained import NAMES
    from zoo.experiments.imaging.developing.training import NETWORKS
    from zoo.weights import names

    # Files of `zoo imaging fit` are named after the network alone.
    fitted = Path(options.weights or "") / f"{options.pipeline}.npz"
    given = fitted if options.weights and fitted.is_file() else options.weights
    (weights,) = resolve_weights(given, NAMES[options.pipeline])
    if not options.weights and weights not in names():
        raise ValueError(
            "This network has no stored weights; train it by `make pretrained PAPER=imaging`, or pass --weights FILE. "
            f"Received: --pipeline {options.pipeline}"
        )
    if weights in names() or Path(weights).stem == NAMES[options.pipeline]:
        print(
            f"zoo: {options.pipeline} was trained for the synthetic camera {CAMERA}; pictures of other cameras will be "
            "tinted. Train a network for your camera: zoo imaging fit RAW_DIR",
            file=sys.stderr,
        )
    return NETWORKS[options.pipeline](weights=weights)


def _pieces(
    name: str, network: "keras.Model | None", image: "RawImage"
) -> "tuple[Iterator[tuple[int, int, np.ndarray]], tuple[int, int]]":
    """Return the developed picture piece by piece, with the row and column of each, and its size."""
    from zoo.imaging.developing import pipeline
    from zoo.imaging.developing.develop import crop_to_phase, develop_tiles

    if network is not None:
        cropped = crop_to_phase(image)
        return develop_tiles(cropped, network, progress=sys.stderr.isatty()), cropped.shape
    method: pipeline.Demosaicing = "menon" if name == "classical" else "bilinear"
    return ((top, 0, strip) for top, strip in pipeline.develop_strips(image, method)), image.shape


def _fit(options: argparse.Namespace) -> int:
    import zoo.weights
    from zoo.experiments.imaging import data
    from zoo.experiments.imaging.developing import training
    from zoo.experiments.train.fitting import check_same

    settings = training.check(options.scale, [options.network])
    if options.output.suffix or options.output.is_file():
        raise ValueError(f"--output must be a folder, for weights and checkpoints. Received: {options.output}")
    kept = options.output / "pictures"
    training_pictures = data.folder(options.folder, "train", settings.training, kept)
    validation = data.folder(options.folder, "validation", settings.validation, kept)
    print(
        f"{len(training_pictures)} photographs to train on, {len(validation)} to validate; the last by name are "
        "kept to test on",
        file=sys.stderr,
    )
    pictures = (training_pictures, validation)
    what = {"files": [p.source for p in training_pictures], "scale": options.scale, "seed": options.seed}
    check_same(options.output, options.network, what)
    trained = training.pretrain(options.scale, options.output, options.seed, [options.network], pictures)
    network = training.NETWORKS[options.network]()
    network.set_weights(trained[options.network].get_weights())
    path = options.output / f"{options.network}.npz"
    zoo.weights.pack(network, path, {layer.name: 32 for layer in network.layers})
    print(
        f"written: {shown(path)}; use it with: zoo imaging develop PHOTO --pipeline {options.network} "
        f"--weights {shown(path)}"
    )
    return 0
