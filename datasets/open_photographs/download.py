"""Get the photographs from where they come from: download, verify, make smaller, compare, and save without loss."""

import dataclasses
import hashlib
import http.client
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
from PIL import Image
from rich.console import Console
from rich.progress import track

from zoo.datasets.open_photographs.listing import Row, check_pixels, part_of, path_of
from zoo.images import atomic

ADDRESS = "https://raw.githubusercontent.com"
LARGEST = 200 * 2**20
"""Bytes of an original, at most: no answer of a server fills the memory."""
TIMEOUT = 60
"""Seconds without an answer."""


@dataclasses.dataclass
class Downloaded:
    """What became of the photographs of a list.

    Attributes:
        there: Names of those that were there before.
        equal: Names of new ones whose pixels are the listed ones.
        close: Names of new ones whose pixels differ by about one level in a few places: another JPEG decoder.
        failed: What was wrong, by the names of the others.
    """

    there: list[str] = dataclasses.field(default_factory=list)
    equal: list[str] = dataclasses.field(default_factory=list)
    close: list[str] = dataclasses.field(default_factory=list)
    failed: dict[str, str] = dataclasses.field(default_factory=dict)

    def __str__(self) -> str:
        """One line of counts."""
        here = len(self.there) + len(self.equal) + len(self.close)
        return (
            f"{here} of {here + len(self.failed)} photographs: {len(self.there)} were there, {len(self.equal)} are "
            f"equal to the listed pixels, {len(self.close)} differ by about one level in a few pixels, "
            f"{len(self.failed)} failed"
        )


def download(
    rows: Sequence[Row],
    folder: Path,
    whole: bool = False,
    address: str = ADDRESS,
    workers: int = 8,
    progress: bool = False,
) -> Downloaded:
    """Download photographs into a folder, each as ``<name>.webp`` without loss; those that are there are kept.

    A file is there whole or not at all, so an interrupted download resumes. What fails is reported,
    and the others are downloaded.

    Args:
        rows: Which photographs.
        folder: Where they go; made if it is not there.
        whole: Keep the whole photographs, made smaller, instead of the parts that are used.
        address: Of the server, in place of GitHub's.
        workers: Downloads at a time.
        progress: Show a progress bar on standard error.
    """
    folder.mkdir(parents=True, exist_ok=True)
    found = Downloaded()

    def one(row: Row) -> tuple[str, str]:
        if path_of(row, folder) is not None:
            return "there", ""
        try:
            pixels, equal = make_small(original(row, address), row, whole)
            with atomic(folder / f"{row.name}.webp") as partial:
                Image.fromarray(pixels).save(partial, "WEBP", lossless=True)
        except (OSError, http.client.HTTPException, ValueError) as error:
            return "failed", " ".join(str(error).split())
        return ("equal" if equal else "close"), ""

    with ThreadPoolExecutor(workers) as pool:
        results = track(
            pool.map(one, rows), "Downloading", len(rows), console=Console(stderr=True), disable=not progress
        )
        names = {"there": found.there, "equal": found.equal, "close": found.close}
        for row, (result, reason) in zip(rows, results, strict=True):
            if result == "failed":
                found.failed[row.name] = reason
                print(f"zoo: left out: {row.origin}: {reason}", file=sys.stderr)
            else:
                names[result].append(row.name)
    return found


def url(row: Row, address: str = ADDRESS) -> str:
    """Return the address of the original file."""
    repository, _, path = row.origin.removeprefix("github:").partition(":")
    owner_and_name, _, commit = repository.partition("@")
    return f"{address}/{owner_and_name}/{commit}/{urllib.parse.quote(path)}"


def original(row: Row, address: str = ADDRESS) -> bytes:
    """Download the original file.

    Raises:
        ValueError: For a file with another checksum, or one that is too large.
        OSError: For an address that does not answer.
    """
    with urllib.request.urlopen(url(row, address), timeout=TIMEOUT) as response:
        data = response.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise ValueError(f"{row.name} must have at most {LARGEST} bytes. Received: more")
    digest = hashlib.sha256(data).hexdigest()
    if digest != row.original_sha256:
        raise ValueError(f"{row.name} must have SHA-256 {row.original_sha256}. Received: {digest}")
    return data


def make_small(data: bytes, row: Row, whole: bool = False) -> tuple[np.ndarray, bool]:
    """Decode an original, average squares of its pixels and cut the part that is used; uint8 RGB (height, width, 3).

    Orientation and colour profile are not applied; a remainder on the right and below is cut off before averaging.

    Args:
        data: The original file.
        row: Says how large the squares are and which part is used.
        whole: Return the whole photograph, made smaller; its part is compared all the same.

    Returns:
        The pixels, and whether the part has exactly those of the list.

    Raises:
        ValueError: For a file that is no picture, or another one.
    """
    decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    if decoded is None:
        raise ValueError(f"{row.name} must be an image. Received: {len(data)} bytes that OpenCV does not decode")
    side = row.averaged
    height, width = (n // side for n in decoded.shape[:2])
    squares = decoded[: height * side, : width * side, ::-1].astype(np.float32)
    means = squares.reshape(height, side, width, side, 3).mean((1, 3)) if side > 1 else squares
    small = np.rint(means).astype(np.uint8)  # rint rounds half to even, as the list's photographs were
    part = part_of(small, row)
    equal = check_pixels(part, row)
    return (small if whole else part), equal
