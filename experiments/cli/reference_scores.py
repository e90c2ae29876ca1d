"""Score the photographs of a reference in all versions; results are kept, so that a stopped run goes on."""

import dataclasses
import hashlib
import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo.experiments.cli.calibrated import Comparison, Question
from zoo.experiments.cli.calibration_contents import Scores
from zoo.experiments.cli.score_pictures import checksums_by_name
from zoo.store import sha256
from zoo.version import __version__

if TYPE_CHECKING:
    import numpy as np

    from zoo.datasets.folder import Photo

UNTOUCHED = "untouched"
"""The kind of version that nothing was done to but what ``Question.control`` does."""
DIGITS = 6
"""Decimal digits of scores, as in the commands that use the thresholds."""


@dataclasses.dataclass(frozen=True)
class Scored:
    """A reference that was scored.

    Attributes:
        scores: Of ``photos``, in their order.
        photos: One of each scene.
        refused: Photographs that are not scored, and why.
        refused_versions: How many versions of ``photos`` a command would refuse, by process. They are scored here.
        fewest_patches: Of 64x64 pixels, in one of ``photos``.
        pixels: In each of ``photos``.
    """

    scores: Scores
    photos: "Sequence[Photo]"
    refused: "Mapping[Photo, str]"
    refused_versions: Mapping[str, int]
    fewest_patches: int
    pixels: Sequence[int]


def makers(question: Question | Comparison) -> "dict[str, Callable[[np.ndarray], np.ndarray]]":
    """Return what makes each kind of version of a photograph, uint8 RGB, by name; the first is ``UNTOUCHED``."""
    if isinstance(question, Comparison):
        return {UNTOUCHED: lambda image: image}
    return {UNTOUCHED: question.control or (lambda image: image), **question.processes()}


def processes(question: Question | Comparison) -> list[str]:
    """Return the names of the kinds of versions without ``UNTOUCHED``."""
    return list(makers(question))[1:]


def score_reference(
    photos: "Sequence[Photo]", question: Question | Comparison, weights: tuple[str, ...], kept: Path
) -> Scored:
    """Score the photographs; results are saved to the file ``kept``, so that the next run can resume."""
    import numpy as np

    from zoo.images import ImageError, read_photograph

    # Increase the last number when the stored results change their content.
    of = [question.yes, question.no, processes(question), list(question.qualities), __version__, 3]
    key = hashlib.sha256(json.dumps([*of, sorted(checksums_by_name(weights).values())]).encode()).hexdigest()
    done = _kept(kept, key)
    digests = [sha256(photo.path) for photo in photos]
    # Load the networks only if something is left to score.
    measure = _measurer(question, weights) if set(digests) - set(done) else None
    sensor = isinstance(question, Comparison) and question.product.sensor
    results: dict[Photo, dict[str, Any]] = {}
    with kept.open("a", encoding="utf-8") as file:
        file.write("\n")  # an interrupted run may have left half a line
        for photo, digest in zip(_track(photos), digests, strict=True):
            if digest not in done:
                assert measure is not None
                try:
                    done[digest] = measure(read_photograph(photo.path, sensor=sensor))
                except ImageError as error:
                    done[digest] = {"refused": error.reason}
                file.write(json.dumps({"of": key, "sha256": digest, "result": done[digest]}) + "\n")
                file.flush()
            results[photo] = done[digest]
    used = {photo: result for photo, result in results.items() if "scores" in result}
    names = list(makers(question))
    scores = {name: np.array([result["scores"][name] for result in used.values()]) for name in names}
    return Scored(
        Scores(scores.pop(UNTOUCHED), scores),
        list(used),
        {photo: result["refused"] for photo, result in results.items() if "refused" in result},
        {name: sum(result["refused_versions"][name] for result in used.values()) for name in names},
        min((result["patches"] for result in used.values()), default=0),
        [result["pixels"] for result in used.values()],
    )


def _measurer(question: Question | Comparison, weights: tuple[str, ...]) -> "Callable[[np.ndarray], dict[str, Any]]":
    """Return a function from a photograph, uint8 RGB, to the scores of its versions by process, or to a refusal."""
    from zoo.datasets.jpeg import compress
    from zoo.validity import PATCH, not_validated

    judge = _judge(question, weights)
    of_each = makers(question)

    def measure(image: "np.ndarray") -> dict[str, Any]:
        if reasons := not_validated(image, fewest_patches=1):
            return {"refused": "; ".join(reasons)}
        made = {name: make(image) for name, make in of_each.items()}
        versions = {name: [compress(one, quality) for quality in question.qualities] for name, one in made.items()}
        judged: dict[str, list[tuple[float, str]]] = {name: [] for name in versions}
        for name, ones in versions.items():  # the untouched photograph is the first
            for one in ones:
                judged[name].append(judge(one))
                if reason := judged[UNTOUCHED][0][1]:
                    return {"refused": reason}
        return {
            "scores": {name: [round(score, DIGITS) for score, _ in ones] for name, ones in judged.items()},
            "refused_versions": {
                name: sum(
                    bool(reason or not_validated(one, fewest_patches=1))
                    for one, (_, reason) in zip(ones, judged[name], strict=True)
                )
                for name, ones in versions.items()
            },
            "patches": (image.shape[0] // PATCH) * (image.shape[1] // PATCH),
            "pixels": image.shape[0] * image.shape[1],
        }

    return measure


def _judge(question: Question | Comparison, weights: tuple[str, ...]) -> "Callable[[np.ndarray], tuple[float, str]]":
    """Return a function from a picture, uint8 RGB, to its score and the reason for no likelihood ratio, or ""."""
    if isinstance(question, Question):
        score = question.scorer(weights)
        return lambda image: (score(image), "")
    scorer = question.product.scorer(weights)

    def judge(image: "np.ndarray") -> tuple[float, str]:
        try:
            values = scorer.answer(image).values
        except ValueError as error:  # as in the command, where the picture counts as failed
            return math.nan, " ".join(str(error).split())
        return scorer.number(values), scorer.unlike(values)

    return judge


def _kept(path: Path, key: str) -> dict[str, dict[str, Any]]:
    """Return the results of an interrupted run with the same networks and question, by the photograph's SHA-256."""
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else ():
        try:
            one = json.loads(line)
        except ValueError:  # an empty line, or the line that was being written
            continue
        if one["of"] == key:
            found[one["sha256"]] = one["result"]
    return found


def _track(photos: "Sequence[Photo]") -> "Iterator[Photo]":
    from rich.console import Console
    from rich.progress import track

    console = Console(stderr=True)
    return iter(track(photos, "Scoring photographs", console=console, disable=not console.is_terminal, transient=True))
