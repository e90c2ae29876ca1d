"""Pages of ``zoo report``: one HTML file per picture, without scripts and without anything from the net."""

import base64
import contextlib
import csv
import io
import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import cv2
import numpy as np
from PIL import Image

from zoo.experiments.cli.calibrated import Question
from zoo.heatmap import draw_heatmap
from zoo.images import written
from zoo.printing import shown

if TYPE_CHECKING:
    import jinja2

    from zoo.experiments.cli.report_contents import Report

LONGEST = 640
"""Longest side in pixels of the pictures in a page."""
SMALL = 96
"""The same in the index."""
_QUALITY = 88
_COLUMNS = ("picture", "sha256", "pixels_sha256", "format", "width", "height", "jpeg_quality", "content_credentials")
_ANSWER = ("status", "log10_lr", "log10_lr_low", "log10_lr_high", "verbal", "supports", "reason")


def write_page(path: Path, report: "Report", questions: Mapping[str, Question]) -> None:
    """Write the page of a picture; the file appears at once, whole.

    Args:
        path: The page.
        report: What is said.
        questions: Of the products that answered.

    Raises:
        ImageError: Where the file cannot be written.
    """
    maps = {
        product: {
            "picture": _embedded(draw_heatmap(*_smaller(report.image, heat), questions[product].map_high)),
            "shows": questions[product].map_shows,
            "errors": questions[product].map_errors,
        }
        for product, heat in report.maps.items()
    }
    text = (
        _environment()
        .get_template("report.html")
        .render(
            **report.found,
            image=_embedded(Image.fromarray(_shrunk(report.image, LONGEST))),
            small=None if report.thumbnail is None else _embedded(Image.fromarray(report.thumbnail)),
            maps=maps,
        )
    )
    _write(path, text)


def write_index(index: Path, table: Path, rows: "Sequence[tuple[Mapping[str, Any], str | None, str | None]]") -> None:
    """Write the page that lists the reports of a folder.

    Args:
        index: The page.
        table: The CSV file that the page links to, see ``table_writer``.
        rows: What was found, or ``picture`` and ``error``; the page; what ``small`` returned.

    Raises:
        ImageError: Where the file cannot be written.
    """
    lines = [{**found, "page": page, "image": image} for found, page, image in rows]
    _write(index, _environment().get_template("report_index.html").render(rows=lines, table=table.name))


def small(image: np.ndarray) -> str:
    """Return the address of a picture for ``write_index``, a few kilobytes."""
    return _embedded(Image.fromarray(_shrunk(image, SMALL)))


@contextlib.contextmanager
def table_writer(path: Path | None, products: Iterable[str]) -> Iterator[Callable[[Mapping[str, Any], str], None]]:
    """Yield what writes a picture's row into the CSV file, if there is one, given what was found and its page.

    A row is there as soon as its picture is done.
    """
    if path is None:
        yield lambda found, page: None
        return
    columns = (*_COLUMNS, *(f"{product}_{name}" for product in sorted(products) for name in _ANSWER), "page", "error")
    with open(path, "w", encoding="utf-8", errors="backslashreplace", newline="") as file:
        rows = csv.DictWriter(file, columns, restval="", extrasaction="ignore", lineterminator="\n")
        rows.writeheader()

        def write(found: Mapping[str, Any], page: str) -> None:
            rows.writerow(_flat(found) | {"page": page})
            file.flush()

        yield write


def factor(log10_ratio: float) -> str:
    """Return a likelihood ratio to two digits, as 0.31, 3.1, 31 or 3,100."""
    value = 10**log10_ratio
    if value >= 9.95:
        unit = 10 ** (math.floor(math.log10(value)) - 1)
        return f"{round(value / unit) * unit:,.0f}"
    return f"{value:.1f}" if value >= 0.995 else f"{value:.2g}"


def _flat(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return a picture's results as a row of CSV."""
    if "error" in found:
        return {"picture": found["picture"], "error": found["error"]}
    facts = found["file"]
    row = {name: facts.get(name) for name in _COLUMNS} | {"picture": found["picture"]}
    row["jpeg_quality"] = facts["jpeg"]["quality"] if facts["jpeg"] else ""
    row["content_credentials"] = found["content_credentials"]["state"]
    for answer in found["answers"]:
        low, high = answer.get("log10_lr_interval") or ("", "")
        for name, value in {**answer, "log10_lr_low": low, "log10_lr_high": high}.items():
            if name in _ANSWER:
                row[f"{answer['product']}_{name}"] = "" if value is None else value
    return row


@cache
def _environment() -> "jinja2.Environment":
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["factor"] = factor
    environment.filters["percent"] = lambda share: f"{100 * share:.1f} %"
    environment.filters["shown"] = shown
    # A file name may contain bytes that are not UTF-8.
    environment.filters["address"] = lambda name: quote(os.fsencode(name))
    environment.filters["sentence"] = lambda text: text[:1].upper() + text[1:]
    return environment


def _shrunk(image: np.ndarray, longest: int) -> np.ndarray:
    height, width = image.shape[:2]
    scale = longest / max(height, width)
    if scale >= 1:
        return image
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)


def _smaller(image: np.ndarray, heat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return _shrunk(image, LONGEST), _shrunk(heat.astype(np.float32), LONGEST)


def _embedded(image: Image.Image) -> str:
    """Return the address of a picture that stands in the page itself."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=_QUALITY, subsampling="4:4:4")
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def _write(path: Path, text: str) -> None:
    with written(path) as partial:
        partial.write_text(text, encoding="utf-8", errors="backslashreplace")
