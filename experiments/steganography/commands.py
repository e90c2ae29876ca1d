"""``zoo steganography hide | reveal``, and ``zoo pretrain steganography``."""

import argparse
import dataclasses
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo.experiments.cli.data_options import EMBEDDED
from zoo.experiments.cli.devices import add_device
from zoo.experiments.cli.numbers import picture_size
from zoo.experiments.cli.outputs import add_force, check_outputs
from zoo.printing import shown
from zoo.resolve_weights import HELP

if TYPE_CHECKING:
    import numpy as np

    from zoo.experiments.run.tasks import Task
    from zoo.experiments.steganography.training import Material, Scale
    from zoo.steganography import Steganographer
    from zoo.steganography.hiding import ImageHider

_JPEG = (".jpg", ".jpeg")


def add(commands: "argparse._SubParsersAction") -> None:
    """Add the verbs to the ``zoo`` command's parser."""
    verbs = commands.add_parser("steganography", help="hide a picture in another, and reveal it").add_subparsers(
        dest="verb", required=True, metavar="VERB"
    )
    hide = verbs.add_parser("hide", help="hide a secret picture in a cover")
    hide.add_argument("cover", type=Path, metavar="COVER", help="visible picture")
    hide.add_argument("secret", type=Path, metavar="SECRET", help="picture to hide")
    hide.add_argument("-o", "--output", type=Path, required=True, metavar="CONTAINER.png")
    hide.add_argument(
        "--sheet", type=Path, metavar="SHEET.png", help="also draw cover, container, difference, secret, revealed"
    )
    hide.set_defaults(run=_hide)
    reveal = verbs.add_parser("reveal", help="reveal the picture hidden in a container")
    reveal.add_argument("container", type=Path, metavar="CONTAINER")
    reveal.add_argument("-o", "--output", type=Path, required=True, metavar="SECRET.png")
    reveal.add_argument(
        "--size",
        type=picture_size,
        metavar="WIDTHxHEIGHT",
        help="size of the secret picture (default: the container's)",
    )
    reveal.set_defaults(run=_reveal)
    for verb in (hide, reveal):
        verb.add_argument(
            "--jpeg", action="store_true", help="use the networks that survive JPEG; they change the cover more"
        )
        verb.add_argument("--weights", metavar="NAME|FILE.keras|FOLDER", help=HELP)
        add_device(verb)
        add_force(verb)


def pretrain(options: argparse.Namespace, command: str) -> int:
    """Train the family's networks, pack and store them; ``command`` is kept with them."""
    from zoo.experiments.steganography import pretrained

    scale, begin = _scale(options)
    where, data, local = _material(options)
    pretrained.run(scale, where, command, data, local, begin)
    return 0


def parts(options: argparse.Namespace) -> "list[list[Task]]":
    """Return rounds of tasks, one for each network and lambda; those of a round do not depend on each other.

    Raises:
        ValueError: As ``pretrain``.
    """
    from zoo.experiments.run.tasks import Task
    from zoo.experiments.steganography.training import begins_with

    scale, _ = _scale(options)
    _material(options)
    asked = [(network, weight) for network in scale.networks for weight in scale.weights]
    before = {pair: begins_with(scale, *pair) for pair in asked}
    first = dict.fromkeys((network, before[network, weight] or weight) for network, weight in asked)
    rounds = (list(first), [pair for pair in asked if before[pair] is not None])
    return [
        [Task(f"{network}, lambda {weight:g}", partial(_train, options, network, weight)) for network, weight in pairs]
        for pairs in rounds
        if pairs
    ]


def _train(options: argparse.Namespace, network: str, weight: float) -> None:
    from zoo.experiments.steganography import pretrained

    scale, begin = _scale(options)
    pretrained.train(scale, network, weight, _material(options)[0], begin)


def _scale(options: argparse.Namespace) -> "tuple[Scale, Steganographer | None]":
    """Return how much is trained, and the networks that ``--jpeg-from`` names."""
    from zoo.experiments.run.scales import scale_of
    from zoo.experiments.steganography import training
    from zoo.steganography.h_net import STRIDE

    chosen: dict[str, Any] = {}
    if options.size is not None and options.size % STRIDE:
        raise ValueError(f"--size must be a multiple of {STRIDE}. Received: {options.size}")
    through_jpeg = "jpeg_" if options.jpeg_from else ""
    for name in ("recipe", "epochs", "size"):
        if getattr(options, name) is not None:
            chosen[through_jpeg + name] = getattr(options, name)
    if options.epochs is not None:
        chosen["baluja_epochs"] = options.epochs
    if options.initialiser is not None:
        chosen["start"] = options.initialiser
    if options.network is not None:
        chosen["networks"] = training.NETWORKS if options.network == "all" else (options.network,)
    weight = getattr(options, "lambda")
    if weight is not None:
        chosen["weights"] = training.WEIGHTS if weight == "all" else (float(weight),)
    scale = dataclasses.replace(scale_of(training.SCALES, options.scale), **chosen)
    if options.jpeg_from is None:
        return scale, None
    if len(scale.weights) > 1 or scale.networks != training.NETWORKS[:1]:
        raise ValueError(
            "--jpeg-from trains one pair of networks: --network must be ours, and --lambda a single number. "
            f"Received: {', '.join(scale.networks)} and {', '.join(map(str, scale.weights))}"
        )
    return scale, _networks(options.jpeg_from, jpeg=False)


def _material(options: argparse.Namespace) -> "tuple[Material, str, str | None]":
    """Return what is trained on and where, its name in the weights' provenance, and the training's in the store."""
    from zoo.datasets.photographs import photographs
    from zoo.experiments.cli.training_data import material
    from zoo.experiments.steganography import training

    if options.scale == "paper" and options.dataset == "imagenet2012" and options.holidays is None:
        raise ValueError(
            "At --scale paper on ImageNet, the schedules follow the loss on INRIA Holidays, as in the paper, and need "
            "its folder as --holidays; --scale gpu validates on other photographs of ImageNet. Received: none"
        )
    own = options.data_dir is not None and options.dataset == EMBEDDED
    if own and options.holidays is not None and _inside(options.holidays, options.data_dir):
        raise ValueError(
            "--holidays must not be inside --data-dir, or its photographs would be trained on. Received: "
            f"{options.holidays}"
        )
    given = material(options, validation=True)
    validation = given.validation
    if options.holidays is not None:
        validation = photographs("holidays", options.holidays.expanduser(), "test")
    where = training.Material(given.folder, options.seed, given.pictures, validation, options.workers)
    local = (
        None if given.local is None else "-".join([given.local, *filter(None, (options.recipe, options.initialiser))])
    )
    return where, given.data, local


def _inside(one: Path, other: Path) -> bool:
    """Return whether one of two folders lies in the other, or they are the same."""
    here, there = (path.expanduser().resolve() for path in (one, other))
    return here.is_relative_to(there) or there.is_relative_to(here)


def _hide(options: argparse.Namespace) -> int:
    suffix = options.output.suffix.lower()
    if suffix not in (".png", *_JPEG):
        raise ValueError(
            "A container must be saved without loss: --output must end in .png; with --jpeg, .jpg and .jpeg are right "
            f"too. Received: {options.output}"
        )
    if options.sheet is not None and options.sheet.suffix.lower() != ".png":
        raise ValueError(f"--sheet must end in .png. Received: {options.sheet}")
    outputs = {"--output": options.output, "--sheet": options.sheet}
    check_outputs(outputs, [options.cover, options.secret, options.weights], options.force)
    cover, secret = _picture(options.cover), _picture(options.secret)
    hider = _hider(options.weights, options.jpeg)
    if suffix in _JPEG and not hider.survives_jpeg:
        raise ValueError(
            "JPEG would destroy the hidden picture: it lies in details that JPEG rounds away, and these networks were "
            f"not trained with JPEG between them. Save as .png, or hide with --jpeg. Received: {options.output}"
        )
    container = hider.hide(cover, secret)
    _write(options.output, container)
    print(f"written: {shown(options.output)}")
    if options.sheet is not None:
        from zoo.images import write_png
        from zoo.steganography.contact_sheet import contact_sheet
        from zoo.steganography.hiding import resize

        stretched = resize(secret, *cover.shape[:2])
        saved = _picture(options.output, upright=False)  # JPEG changes it
        write_png(options.sheet, contact_sheet([(cover, saved, stretched, hider.reveal(saved))]))
        print(f"written: {shown(options.sheet)}", file=sys.stderr)
    return 0


def _reveal(options: argparse.Namespace) -> int:
    from zoo.images import lossy_coding, write_png

    if options.output.suffix.lower() != ".png":
        raise ValueError(f"--output must end in .png. Received: {options.output}")
    check_outputs({"--output": options.output}, [options.container, options.weights], options.force)
    container = _picture(options.container, upright=False)
    from zoo.steganography.hiding import is_plausible, resize

    lossy = lossy_coding(options.container)
    # Only what was hidden for JPEG can be left in such a file.
    jpeg = options.jpeg or (lossy is not None and options.weights is None)
    hider = _hider(options.weights, jpeg)
    image = hider.reveal(container)
    if lossy is not None and not hider.survives_jpeg:
        print(
            f"zoo: warning: {shown(options.container)} is saved with loss ({lossy}), which destroys the hidden "
            "picture of these networks; use --jpeg if it was hidden with --jpeg",
            file=sys.stderr,
        )
    elif options.weights is None and not is_plausible(container):
        print(
            f"zoo: warning: {shown(options.container)} does not look like a container of these networks: it never was "
            "one, or it was resized or saved with loss; the revealed picture is probably meaningless",
            file=sys.stderr,
        )
    elif jpeg and not options.jpeg:
        print(
            f"zoo: note: {shown(options.container)} is saved with loss ({lossy}) and is revealed as with --jpeg; what "
            "was hidden without --jpeg is destroyed",
            file=sys.stderr,
        )
    if options.size is not None:
        image = resize(image, *options.size)
    write_png(options.output, image)
    print(f"written: {shown(options.output)}")
    return 0


def _hider(weights: str | None, jpeg: bool) -> "ImageHider":
    from zoo.steganography.hiding import ImageHider

    model = ImageHider(_networks(weights, jpeg))
    if jpeg and not model.survives_jpeg:
        raise ValueError(f"--jpeg needs networks that were trained with JPEG between them. Received: {weights}")
    return model


def _networks(given: str | None, jpeg: bool) -> "Steganographer":
    """Return the stored networks, or those of a name, a folder or a .keras file."""
    from zoo.steganography.hiding import load_steganographer, stored_steganographer

    if given is None or Path(given).suffix != ".keras":
        return stored_steganographer(jpeg, given)
    return load_steganographer(given)


def _picture(path: Path, upright: bool = True) -> "np.ndarray":
    """Return a picture as one sees it; ``upright=False`` leaves the pixels where the file has them."""
    import numpy as np

    from zoo.images import check_picture, exif_orientation, read_photograph, undo_orientation

    image = read_photograph(path)
    if damage := check_picture(path).damage:
        print(f"zoo: warning: {shown(path)} is damaged: {'; '.join(damage)}", file=sys.stderr)
    if not upright:
        return image
    number = exif_orientation(path)
    # Of the eight, only the quarter turns, 6 and 8, do not undo themselves.
    return np.ascontiguousarray(undo_orientation(image, {6: 8, 8: 6}.get(number, number)))


def _write(path: Path, image: "np.ndarray") -> None:
    from zoo.images import write_png, written

    if path.suffix.lower() == ".png":
        write_png(path, image)
        return
    from PIL import Image

    with written(path) as partial:
        Image.fromarray(image).save(partial, "JPEG", quality=95)
