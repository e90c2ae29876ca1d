"""``zoo export``: a SavedModel or an ONNX file of stored networks, or of a saved detector of adversarial images."""

import argparse
from dataclasses import replace
from pathlib import Path

from zoo.printing import shown
from zoo.products import exportable, parts_of, product_of
from zoo.resolve_weights import HELP, resolve_weights

PHASES = ("RGGB", "GRBG", "GBRG", "BGGR")


def add(commands: "argparse._SubParsersAction") -> None:
    """Add the command to the ``zoo`` parser."""
    parser = commands.add_parser(
        "export",
        help="write a SavedModel or an ONNX file that works without the zoo",
        description="Writes a SavedModel with the endpoints serve (a batch, uint8), serve_one (without the batch axis) "
        "and differentiable (float32, with gradients). forensics_zoo.json describes its inputs and outputs.",
    )
    parser.add_argument(
        "name",
        metavar="NAME",
        nargs="?",
        help="a name of `zoo list`; hyperimage-quality.* or hyperimage-forgery.* (two networks each); or a folder "
        "written by `zoo adversarial fit`. An unknown name lists all names",
    )
    parser.add_argument("folder", type=Path, metavar="DIR", help="output folder: new, or an existing export to replace")
    parser.add_argument("--all", action="store_true", help="export all models, each to DIR/NAME")
    parser.add_argument(
        "--format",
        choices=("savedmodel", "onnx"),
        default="savedmodel",
        help="savedmodel (default), or onnx (only the endpoint serve, checked with onnxruntime)",
    )
    parser.add_argument("--weights", metavar="NAME|FILE|FOLDER", help=HELP)
    parser.add_argument("--cfa", choices=PHASES, help="for developing networks: mosaic phase of your sensor")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    if options.all:
        return _all(options)
    if options.name is None:
        raise ValueError(f"Either NAME and DIR, or --all and DIR, are required. Received: only {options.folder}")
    detector = Path(options.name)
    if not detector.is_dir():  # report wrong names before TensorFlow is loaded
        if options.cfa is not None and not product_of(options.name).phased:
            raise ValueError(
                f"--cfa needs a network that develops RAW files. Received: {options.cfa} for {options.name}"
            )
        resolve_weights(options.weights, *parts_of(options.name))
    if options.format == "onnx":
        from zoo.export_onnx import check_installed

        check_installed()
    from zoo.export import export, serving

    if detector.is_dir():
        if options.weights or options.cfa:
            raise ValueError(
                f"A detector's folder takes neither --weights nor --cfa. Received: {options.weights or options.cfa}"
            )
        from zoo.adversarial import KNNDetector
        from zoo.adversarial.serving import detection

        product = replace(detection(KNNDetector.load(detector)), name=f"detector {detector.absolute().name}")
    else:
        product = serving(options.name, options.weights, options.cfa)
    signatures = [("serve", product.serve)]
    if options.format == "onnx":
        from zoo.export_onnx import export_onnx

        differences = export_onnx(product, options.folder)
        texts = ", ".join(f"{key} {difference:.2g}" for key, difference in differences.items())
        print(f"written: {shown(options.folder)} (largest differences from TensorFlow: {texts})")
    else:
        signatures.append(("differentiable", product.differentiable))
        export(product, options.folder)
        print(f"written: {shown(options.folder)}")
    for title, signature in signatures:
        named = [
            f"{key} {dtype} {[None, *shape]}".replace("None", "any") for key, (shape, dtype) in signature.inputs.items()
        ]
        print(f"  {title}: {named[0] if len(named) == 1 else 'one dict of ' + ', '.join(named)}")
    for key, meaning in product.meaning.items():
        print(f"  {key}: {meaning}")
    return 0


def _all(options: argparse.Namespace) -> int:
    given = options.name or options.weights or options.cfa or (options.format == "onnx" and "--format onnx")
    if given:
        raise ValueError(f"--all only takes DIR. Received: {given}")
    from zoo.export import export, serving

    for name in exportable():
        print(f"written: {shown(export(serving(name), options.folder / name))}")
    return 0
