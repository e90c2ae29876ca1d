"""What commands that score pictures share: reading them one after the other, options, and what is printed.

A picture that cannot be read is named on standard error and is not fatal: the command's code is then 2.
"""

import argparse
import dataclasses
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from zoo.experiments.cli.outputs import add_force, check_outputs
from zoo.printing import shown
from zoo.store import sha256

if TYPE_CHECKING:
    import numpy as np


def readable(paths: Sequence[Path], failed: list[Path]) -> "Iterator[tuple[Path, np.ndarray]]":
    """Yield path and picture, uint8 RGB; for the others a line goes to standard error and the path to ``failed``."""
    from zoo.images import ImageError, read_photograph

    for path in paths:
        try:
            image = read_photograph(path)
        except ImageError as error:
            print(f"zoo: {error}", file=sys.stderr)
            failed.append(path)
            continue
        yield path, image


def nothing_to_read(options: argparse.Namespace) -> bool:
    """Whether none of the pictures is a file; they are named then, before TensorFlow is loaded.

    Raises:
        ValueError: For a ``--heatmap`` that is no PNG or cannot be written, or one for several pictures.
    """
    if getattr(options, "heatmap", None) is not None:
        _check_heatmap(options)
    if any(path.is_file() for path in options.images):
        return False
    for _ in readable(options.images, []):
        pass
    return True


def add_pictures(parser: argparse.ArgumentParser, heatmap: str = "") -> None:
    """Add the pictures, ``--json`` and, with a help text for it, ``--heatmap``."""
    parser.add_argument("images", nargs="+", type=Path, metavar="IMAGE")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    if heatmap:
        parser.add_argument("--heatmap", type=Path, metavar="OUT.png", help=heatmap)
        add_force(parser)


@dataclasses.dataclass(frozen=True)
class Scale:
    """How a command's scores are to be read."""

    higher_is: str
    """What a higher number says."""
    low: float | None
    high: float | None
    """The lowest and the highest that there is; None without a bound."""


def as_json(path: Path, image: "np.ndarray", found: Mapping[str, object], scale: Scale, note: str) -> str:
    """A line of ``--json``: the picture, its checksum and size, what was found, how to read it, and what it is not."""
    height, width = image.shape[:2]
    read = {"higher_is": scale.higher_is, "range": [scale.low, scale.high]}
    picture = {"image": str(path), "sha256": sha256(path), "height": height, "width": width}
    return json.dumps({**picture, **found, **read, "note": note}, allow_nan=False)


def warn_of_padding(path: Path, image: "np.ndarray", side: int) -> None:
    """Say of a picture smaller than a network's patch of ``side`` pixels that it was filled up."""
    if min(image.shape[:2]) < side:
        print(f"zoo: {shown(path)}: smaller than a patch of {side} pixels, and filled up", file=sys.stderr)


def finish(options: argparse.Namespace, failed: Sequence[Path], note: str) -> int:
    """Say once, beside scores for people, what they are not; returns the command's exit code."""
    if not options.json and len(failed) < len(options.images):
        print(f"note: {note}", file=sys.stderr)
    return 2 if failed else 0


def _check_heatmap(options: argparse.Namespace) -> None:
    """Refuse ``--heatmap`` for several pictures, a file that is no PNG, or where it must not be written.

    Raises:
        ValueError: For each of these; see ``check_outputs``.
    """
    heatmap, images = options.heatmap, options.images
    if len(images) != 1:
        raise ValueError(f"--heatmap takes one picture. Received: {len(images)}")
    if heatmap.suffix.lower() != ".png":
        raise ValueError(f"--heatmap must end in .png. Received: {heatmap}")
    if not heatmap.parent.is_dir():
        raise ValueError(f"--heatmap must lie in a folder that exists. Received: {heatmap}")
    check_outputs({"--heatmap": heatmap}, [*images, options.weights], options.force)


def save_heatmap(
    options: argparse.Namespace, image: "np.ndarray", heatmap: "Callable[[np.ndarray], np.ndarray]"
) -> None:
    """Write ``heatmap`` of the picture where ``--heatmap`` says, and nothing without it."""
    from zoo.heatmap import write_heatmap

    if options.heatmap is not None:
        write_heatmap(options.heatmap, image, heatmap(image))
        print(f"written: {shown(options.heatmap)}", file=sys.stderr)
