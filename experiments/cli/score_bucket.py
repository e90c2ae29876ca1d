"""Score pictures into rows, in any process; the networks are loaded once in each."""

import functools
from collections.abc import Iterator, Sequence
from pathlib import Path

from zoo.experiments.cli.score_pictures import Product, Scorer, read_picture
from zoo.experiments.cli.score_rows import FAILED, SCORED, Row, text_of
from zoo.experiments.families import load
from zoo.store import sha256


def score_bucket(place: str, weights: tuple[str, ...], paths: Sequence[str]) -> list[Row]:
    """The rows of pictures, whose paths are ``paths``; ``weights`` are as ``Product.weights`` returned them."""
    return [row for path in paths for row in rows_of(place, weights, [path])]


def rows_of(place: str, weights: tuple[str, ...], paths: Sequence[str]) -> Iterator[Row]:
    """Yield the row of each picture as soon as it is scored; see ``score_bucket``."""
    product: Product = load(place)
    for path in paths:
        yield _row(product, path, _scorer(place, weights))


@functools.lru_cache(1)
def _scorer(place: str, weights: tuple[str, ...]) -> Scorer:
    product: Product = load(place)
    return product.scorer(weights)


def failed_row(path: str, reason: str) -> Row:
    """The row of a picture that could not be scored."""
    return Row(text_of(path), size_of(path), _sha256(path), None, FAILED, text_of(reason))


def _row(product: Product, path: str, scorer: Scorer) -> Row:
    try:
        image = read_picture(Path(path))
        answer = scorer.answer(image)
        reason = str(answer.values.get("reason") or "")
        score = product.score(answer.values)
        return Row(text_of(path), size_of(path), sha256(Path(path)), score, SCORED, reason)
    except (ValueError, OSError, MemoryError) as error:
        return failed_row(path, " ".join(str(error).split()) or "does not fit into memory")


def size_of(path: str) -> int | None:
    """Of a file, in bytes; None where there is none."""
    try:
        return Path(path).stat().st_size
    except OSError:
        return None


def _sha256(path: str) -> str:
    try:
        return sha256(Path(path)) if Path(path).is_file() else ""
    except OSError:
        return ""
