"""Score pictures into rows, in any process; the networks are loaded once in each."""

import functools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from zoo.experiments.cli.picture_inputs import read_picture, reason_of
from zoo.experiments.cli.score_pictures import Product, Scorer
from zoo.experiments.cli.score_rows import FAILED, SCORED, Row, text_of
from zoo.experiments.families import load
from zoo.store import sha256


class Scoring(NamedTuple):
    """How pictures are scored."""

    place: str
    """Where the ``Product`` is, ``module:NAME``."""
    weights: tuple[str, ...]
    """What ``Product.weights`` returned."""
    flatten: str | None = None
    """What shows through transparent pixels, as for ``read_picture``."""


def score_bucket(scoring: Scoring, paths: Sequence[str]) -> list[Row]:
    """Return the rows of the pictures ``paths``."""
    return list(rows_of(scoring, paths))


def rows_of(scoring: Scoring, paths: Sequence[str]) -> Iterator[Row]:
    """Yield the row of each picture as soon as it is scored; see ``score_bucket``."""
    product: Product = load(scoring.place)
    for path in paths:
        yield _row(product, path, _scorer(scoring.place, scoring.weights), scoring.flatten)


@functools.lru_cache(1)
def _scorer(place: str, weights: tuple[str, ...]) -> Scorer:
    product: Product = load(place)
    return product.scorer(weights)


def failed_row(path: str, reason: str) -> Row:
    """Return the row of a picture that could not be scored."""
    return Row(text_of(path), size_of(path), _sha256(path), None, FAILED, text_of(reason))


def _row(product: Product, path: str, scorer: Scorer, flatten: str | None) -> Row:
    try:
        image = read_picture(Path(path), flatten, product.sensor)
        answer = scorer.answer(image)
        reason = str(answer.values.get("reason") or "")
        if not reason and min(image.shape[:2]) < scorer.patch:
            reason = f"smaller than a patch of {scorer.patch} pixels, and filled up"
        score = product.score(answer.values)
        return Row(text_of(path), size_of(path), sha256(Path(path)), score, SCORED, reason)
    except (ValueError, OSError, MemoryError) as error:
        return failed_row(path, reason_of(error))


def size_of(path: str) -> int | None:
    """Return the size of a file in bytes; None where there is none."""
    try:
        return Path(path).stat().st_size
    except OSError:
        return None


def _sha256(path: str) -> str:
    try:
        return sha256(Path(path)) if Path(path).is_file() else ""
    except OSError:
        return ""
