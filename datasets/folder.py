"""Any folder of a user's own photographs as a data set: lossless images and camera RAW files, split by scene.

Forensic models are trained and judged on photographs whose history is known. Files in a lossy coding are therefore
left out, by content, not by name, and every file is accounted for. A PNG or TIFF that somebody converted from a JPEG
cannot be told from an original; keep such files out of the folder.
"""

import os
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np
from rich.console import Console
from rich.progress import track

from zoo.datasets import keyed
from zoo.datasets.near_duplicates import group, thumbnail
from zoo.formats import extra_format
from zoo.images import RAW_SUFFIXES, ImageError, lossy_coding, read_photograph, time_taken
from zoo.printing import shown

_WANTED = "lossless images (PNG, TIFF, BMP, lossless WebP) or camera RAW files are needed"
# fmt: off
_IMAGE_SUFFIXES = frozenset([
    ".png", ".apng", ".tif", ".tiff", ".bmp", ".dib", ".webp", ".ppm", ".pgm", ".pnm", ".jpg", ".jpeg", ".jpe", ".jfif",
    # These are never used, but listed as left out rather than passed over.
    ".mpo", ".gif", ".heic", ".heif", ".hif", ".avif", ".jxl", ".jp2", ".jxr", ".psd", ".xcf", ".tga", ".exr", ".hdr",
    ".raw",
])
# fmt: on


class Photo(NamedTuple):
    """One photograph of a folder."""

    path: Path
    scene: str
    """The first photograph of its scene, as a path relative to the folder with ``/`` between the parts."""


class LeftOut(NamedTuple):
    """An image file, or a sub-folder, that is not used, and why."""

    path: Path
    reason: str


@dataclass(frozen=True)
class PhotoFolder:
    """What ``scan`` found: ``len(photos) + len(left_out) + other_files`` is the number of files."""

    folder: Path
    photos: tuple[Photo, ...]
    left_out: tuple[LeftOut, ...]
    other_files: int
    """Hidden files and files that are no images by name or content."""
    looks: tuple[tuple[np.ndarray, datetime | None], ...] = field(default=(), repr=False, compare=False)
    """Thumbnail and time of each of ``photos``."""

    def __str__(self) -> str:
        """Return the summary to show a user: a line of counts, then a line for each reason to leave files out."""
        scenes = len({photo.scene for photo in self.photos})
        lines = [
            f"{shown(self.folder)}: {len(self.photos)} photographs of {scenes} scenes, {len(self.left_out)} images "
            f"left out, {self.other_files} other files"
        ]
        names: dict[str, list[str]] = {}
        for path, reason in self.left_out:
            names.setdefault(reason, []).append(shown(path.name))
        for reason, found in names.items():
            more = f" and {len(found) - 3} more" if len(found) > 3 else ""
            lines.append(f"  left out ({reason}): {', '.join(found[:3])}{more}")
        return "\n".join(lines)

    def split(self, fractions: Mapping[str, float], seed: int = 0) -> dict[str, tuple[Photo, ...]]:
        """Divide the photographs by scene: no scene is in two parts, every photograph is in one, none is empty.

        Args:
            fractions: Name and share of each part, above 0, together 1; met as nearly as whole scenes allow.
            seed: 0 or above; which scenes go where depends on it and on the scenes' names alone.

        Raises:
            ValueError: For other fractions, or fewer scenes than parts.
        """
        if not fractions or min(fractions.values()) <= 0 or abs(sum(fractions.values()) - 1) > 1e-9:
            raise ValueError(f"fractions must be above 0 and add up to 1. Received: {dict(fractions)}")
        sizes = Counter(photo.scene for photo in self.photos)
        if len(sizes) < len(fractions):
            raise ValueError(
                f"{self.folder}: {len(fractions)} parts need at least as many scenes; near-duplicates and bursts count "
                f"as one. Received: {len(sizes)} scenes"
            )
        missing = {part: fraction * len(self.photos) for part, fraction in fractions.items()}
        scenes = sorted(sizes)
        part_of: dict[str, str] = {}
        empty = list(fractions)
        for index in keyed.permutation(len(scenes), seed, 0):
            # One scene for each part first; then each goes where most photographs are missing.
            part = empty.pop(0) if empty else max(missing, key=missing.__getitem__)
            part_of[scenes[index]] = part
            missing[part] -= sizes[scenes[index]]
        return {part: tuple(photo for photo in self.photos if part_of[photo.scene] == part) for part in fractions}


def load(photo: Photo) -> np.ndarray:
    """Return a photograph at full size, uint8 RGB (height, width, 3); RAW files are developed, see ``zoo.images``.

    Raises:
        ImageError: Where the file has changed since the scan and cannot be read any more.
    """
    return read_photograph(photo.path)


def picture_files(folder: Path) -> list[Path]:
    """Return the files in a folder, and below it, that are pictures by name or content, sorted by name.

    Unlike ``scan`` it opens no picture and leaves none out: damaged files and lossy ones are among them. At the end are
    sub-folders that cannot be opened, so that whoever reads all that is returned is told.

    Raises:
        ImageError: For a folder that cannot be opened.
    """
    files, closed = _files(folder)
    pictures = [path for path in files if may_be_image(path, folder)]
    return pictures + [path for path, _ in closed if not _is_hidden(path, folder)]


def scan(folder: str | Path, minimum_side: int = 64, progress: bool = False) -> PhotoFolder:
    """Look through a folder and all below it, in an order that depends on the names alone.

    Every photograph is decoded once, to see that it can be, and kept as a thumbnail; full-size pictures are not held.
    Left out are lossy codings, files that cannot be read, and pictures with a side below ``minimum_side`` pixels.
    In one scene are near-duplicates, bursts (``zoo.datasets.near_duplicates``) and files of one folder whose names
    differ in the suffix alone, such as a RAW file and what was developed from it.

    Args:
        folder: Where the photographs are; links to other folders are not followed.
        minimum_side: In pixels; one patch of the models here is 64.
        progress: Show a progress bar on standard error.

    Raises:
        ImageError: For a missing or unreadable folder, or one without a single usable photograph.
    """
    folder = Path(folder)
    if not folder.is_dir():
        wrong = "is not a folder" if folder.exists() else "does not exist"
        raise ImageError(folder, wrong, "a folder of photographs is needed")
    everything, left_out = _files(folder)
    left_out += [LeftOut(path, "is not a regular file") for path in everything if _is_special(path)]
    files = [path for path in everything if not _is_special(path)]
    candidates = [path for path in files if may_be_image(path, folder)]
    found: list[tuple[Path, np.ndarray, datetime | None]] = []
    # Decoders release the interpreter's lock. A few threads only: each may hold a picture of a hundred megabytes.
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        results = track(
            pool.map(lambda path: _look(path, minimum_side), candidates),
            f"Looking through {folder.name}",
            len(candidates),
            console=Console(stderr=True),
            disable=not progress,
        )
        for path, result in zip(candidates, results, strict=True):
            if isinstance(result, str):
                left_out.append(LeftOut(path, result))
            else:
                found.append((path, *result))
    if not found:
        reasons = Counter(reason for _, reason in left_out)
        listed = "; ".join(f"{n} x {reason}" for reason, n in reasons.most_common(3))
        received = f"{len(files)} files" + (f" ({listed})" if listed else "")
        raise ImageError(folder, "holds no photograph that can be used", _WANTED, received)
    photos = _with_scenes(folder, found)
    looks = tuple((small, time) for _, small, time in found)
    return PhotoFolder(folder, photos, tuple(left_out), len(files) - len(candidates), looks)


def in_both(one: PhotoFolder, other: PhotoFolder) -> frozenset[Photo]:
    """Return the photographs of both folders whose scene is in both: copies, near-duplicates and bursts."""
    photos = (*one.photos, *other.photos)
    first: dict[tuple[bool, str], int] = {}
    same_scene = [(first.setdefault((i < len(one.photos), photo.scene), i), i) for i, photo in enumerate(photos)]
    thumbnails, times = zip(*one.looks, *other.looks, strict=True)
    numbers = group(thumbnails, times, same_scene).tolist()
    shared = set(numbers[: len(one.photos)]) & set(numbers[len(one.photos) :])
    return frozenset(photo for photo, number in zip(photos, numbers, strict=True) if number in shared)


def _files(folder: Path) -> tuple[list[Path], list[LeftOut]]:
    """Return the files in a folder and below it, sorted by name, and the sub-folders that cannot be opened."""
    closed: list[LeftOut] = []

    def cannot_open(error: OSError) -> None:
        if Path(error.filename) == folder:
            raise ImageError(folder, f"cannot be opened ({error.strerror})", "a readable folder is needed")
        closed.append(LeftOut(Path(error.filename), f"folder cannot be opened ({error.strerror})"))

    files = [Path(root, name) for root, _, names in os.walk(folder, onerror=cannot_open) for name in names]
    return sorted(files, key=lambda path: path.relative_to(folder).as_posix()), closed


def _is_special(path: Path) -> bool:
    """Return whether it is a pipe or a device, which might never end."""
    # Unlike those of Path, these raise nothing where the folder of the file may not be searched.
    return os.path.exists(path) and not os.path.isfile(path)


def _is_hidden(path: Path, folder: Path) -> bool:
    """Return whether a part of the name is hidden (``._a.png`` is what macOS leaves beside ``a.png``)."""
    return any(part.startswith(".") for part in path.relative_to(folder).parts)


def may_be_image(path: Path, folder: Path) -> bool:
    """Say whether a file below a folder is a picture by name or content; hidden ones are not.

    One that cannot be read may be: whoever reads it says why not.
    """
    if _is_hidden(path, folder):
        return False
    suffix = path.suffix.lower()
    if suffix in RAW_SUFFIXES or suffix in _IMAGE_SUFFIXES:
        return True
    if _is_special(path):
        return False
    try:
        with path.open("rb") as file:
            head = file.read(64)
    except FileNotFoundError:  # a link to nowhere
        return False
    except OSError:
        return True
    starts = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0", b"MM\0*", b"GIF8")
    riff = head[:4] == b"RIFF" and head[8:12] == b"WEBP"
    return head.startswith(starts) or riff or extra_format(head) is not None


def _look(path: Path, minimum_side: int) -> tuple[np.ndarray, datetime | None] | str:
    """Return the thumbnail and the time of a usable photograph, or the reason why it is not one."""
    lossy = lossy_coding(path)
    if lossy is not None:
        return f"{lossy}: lossy, and its traces would be mistaken for others"
    try:
        image = read_photograph(path, half_size=True)
    except ImageError as error:
        return error.reason
    except MemoryError:
        return "does not fit into memory"
    height, width = image.shape[:2]
    # RAW files were developed at half size.
    if min(height, width) * (2 if path.suffix.lower() in RAW_SUFFIXES else 1) < minimum_side:
        return f"a side below {minimum_side} pixels"
    return thumbnail(image), time_taken(path)


def _with_scenes(folder: Path, found: list[tuple[Path, np.ndarray, datetime | None]]) -> tuple[Photo, ...]:
    paths = [path for path, _, _ in found]
    first: dict[Path, int] = {}
    same_name = [(first.setdefault(path.with_suffix(""), i), i) for i, path in enumerate(paths)]
    numbers = group([small for _, small, _ in found], [time for _, _, time in found], same_name)
    names: dict[int, str] = {}
    for path, number in zip(paths, numbers.tolist(), strict=True):
        names.setdefault(number, path.relative_to(folder).as_posix())
    return tuple(Photo(path, names[number]) for path, number in zip(paths, numbers.tolist(), strict=True))
