"""Collect what ``zoo report`` says of one picture."""

import dataclasses
import datetime
import platform
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo.experiments.cli import calibrate
from zoo.experiments.cli.calibrated import STORED, Calibration, Comparison, Question, has_stored
from zoo.experiments.cli.calibration_contents import size_group
from zoo.experiments.cli.picture_inputs import read_picture
from zoo.experiments.cli.reference_scores import DIGITS
from zoo.experiments.cli.score_pictures import NOT_VALIDATED, VALIDATED
from zoo.experiments.families import experiments, load
from zoo.store import sha256
from zoo.version import __version__

if TYPE_CHECKING:
    import numpy as np

NOT_CALIBRATED = "not calibrated"
_PACKAGES = ("forensics-zoo", "tensorflow", "keras", "numpy", "pillow", "opencv-python-headless", "rawpy")


@dataclasses.dataclass(frozen=True)
class Asked:
    """A product that answers, with its calibration."""

    product: str
    question: Question
    calibration: Calibration
    weights: tuple[str, ...]
    networks: Mapping[str, str]
    """SHA-256 by name."""

    @cached_property
    def measure(self) -> "Callable[[np.ndarray], tuple[float, np.ndarray | None]]":
        """From a picture, uint8 RGB, to its score and map; the networks are loaded here."""
        if self.question.mapper is not None:
            return self.question.mapper(self.weights)
        score = self.question.scorer(self.weights)
        return lambda image: (score(image), None)


@dataclasses.dataclass(frozen=True)
class Report:
    """The report on one picture.

    Attributes:
        found: For JSON.
        image: The picture, uint8 RGB (height, width, 3).
        maps: Of each product that has one: float (height, width).
        thumbnail: Of the file, uint8 RGB, if it holds one.
    """

    found: dict[str, Any]
    image: "np.ndarray"
    maps: "Mapping[str, np.ndarray]"
    thumbnail: "np.ndarray | None"


def make_report(
    path: Path,
    asked: Sequence[Asked],
    command: str = "",
    flatten: str | None = None,
    authorities: Path | None = None,
) -> Report:
    """Collect the content of a picture's report.

    Args:
        path: The picture.
        asked: The products that answer.
        command: What repeats the report.
        flatten: One of ``BACKGROUNDS``, for transparent pixels; None refuses them.
        authorities: As of ``zoo.content_credentials``.

    Raises:
        ValueError: For a picture that cannot be read, and a calibration with a field missing.
    """
    from zoo.content_credentials import content_credentials
    from zoo.file_facts import file_facts, jpeg_quality, thumbnail

    image = read_picture(path, flatten)
    facts, small = file_facts(path, image), thumbnail(path, image)
    if small is not None:
        facts["thumbnail"] = {
            "width": small.pixels.shape[1],
            "height": small.pixels.shape[0],
            "correlation": None if small.correlation is None else round(small.correlation, 3),
            "difference": round(small.difference, 1),
            "shape_differs": small.shape_differs,
        }
    else:
        facts["thumbnail"] = None
    answers, maps = [], {}
    for one in asked:
        try:
            answer, heat = _answer(one, image, facts, jpeg_quality(path))
        except (KeyError, TypeError, AttributeError) as error:
            wrong = f"--calibration must be a whole file of `zoo calibrate {one.product}`; make it anew"
            raise ValueError(f"{wrong}. Received: {one.calibration.path}, without {error}") from error
        answers.append(answer)
        if heat is not None:
            maps[one.product] = heat
    found: dict[str, Any] = {
        "picture": str(path),
        "made": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "file": facts,
        **({"flatten": flatten} if flatten else {}),
        "content_credentials": content_credentials(path, authorities),
        "answers": [*answers, *_silent({one.product for one in asked})],
        "versions": _versions(),
        "command": command,
    }
    return Report(found, image, maps, None if small is None else small.pixels)


def products() -> dict[str, str]:
    """Those of ``zoo calibrate`` that answer without a fingerprint or a detector of the user's own."""
    return {name: place for name, place in calibrate.products().items() if not isinstance(load(place), Comparison)}


def like_this(facts: Mapping[str, Any], qualities: Sequence[int]) -> int:
    """Of the JPEG qualities of a calibration, 0 for none, the one of pictures like this one: the nearest."""
    if facts["jpeg"] is None:
        return min(qualities, key=lambda quality: (quality != 0, -quality))
    saved = [quality for quality in qualities if quality] or list(qualities)
    return min(saved, key=lambda quality: (abs(quality - facts["jpeg"]["quality"]), quality))


def _answer(
    one: Asked, image: "np.ndarray", facts: Mapping[str, Any], quality: int | None
) -> "tuple[dict[str, Any], np.ndarray | None]":
    """Return a product's result for a picture of a ``jpeg_quality``, and its heatmap."""
    from zoo.calibration import verbal
    from zoo.validity import not_validated

    calibration = one.calibration.at(quality)
    contents = calibration.contents
    reference, validation = contents["reference"], contents["validation"]
    answer: dict[str, Any] = {
        "product": one.product,
        "propositions": {"yes": calibration.yes, "no": calibration.no},
        "networks": dict(one.networks),
        "caution": one.question.caution,
        "calibration": {
            "file": calibration.path.name,
            "sha256": sha256(calibration.path),
            "command": contents["command"],
            "reference": {name: reference[name] for name in ("folder", "sources", "processes", "jpeg_qualities")},
            "fewest_patches": calibration.patches,
            **{name: round(validation[name], 4) for name in ("cllr", "discrimination", "calibration")},
            "like_this": _error_rates(contents["false_alarms"], like_this(facts, reference["jpeg_qualities"]), image),
        },
    }
    if reason := "; ".join(not_validated(image, calibration.patches)):
        return answer | {"status": NOT_VALIDATED, "reason": reason}, None
    score, heat = one.measure(image)
    score = round(score, DIGITS)
    ratio, interval = calibration.log10_lr(score), calibration.interval(score)
    words = verbal(ratio)
    answer |= {
        "status": VALIDATED,
        "score": score,
        "log10_lr": round(ratio, 4),
        "log10_lr_interval": None if interval is None else [round(end, 4) for end in interval],
        "log10_lr_bounds": [calibration.low, calibration.high],
        **({"log10_lr_of": calibration.of} if calibration.of else {}),
        "at_bound": ratio in (calibration.low, calibration.high),
        "verbal": words,
        "supports": None if words == "no support" else "yes" if ratio > 0 else "no",
        "above_false_alarm_rates": calibration.exceeded(score),
    }
    return answer, heat


def _error_rates(given: Sequence[Mapping[str, Any]], quality: int, image: "np.ndarray") -> list[dict[str, Any]]:
    """Return the threshold and errors at a JPEG quality for each rate of false alarms, or why there is none.

    Also of reference photographs as large as the picture, if the calibration tells sizes apart and has some.
    """
    found, size = [], size_group(image.shape[0] * image.shape[1])
    for one in given:
        if "refused" in one:
            found.append({"rate": one["rate"], "refused": one["refused"]})
        else:
            same = [group for group in one.get("by_megapixels", ()) if group["megapixels"] == size]
            found.append(
                {
                    "rate": one["rate"],
                    "threshold": one["threshold"],
                    **_at(one["by_quality"], quality),
                    "same_size": {"megapixels": size, **_at(same[0]["by_quality"], quality)} if same else None,
                }
            )
    return found


def _at(rows: Sequence[Mapping[str, Any]], quality: int) -> Mapping[str, Any]:
    return next(row for row in rows if row["jpeg_quality"] == quality)


def _silent(asked: set[str]) -> list[dict[str, str]]:
    """Return the products that do not answer, and why."""
    found = [
        {
            "product": product,
            "status": NOT_CALIBRATED,
            "reason": f"no file of `zoo calibrate {product}` was given (--calibration)"
            + (f"; `--calibration {STORED}` takes the one of the package" if has_stored(product) else "")
            + _caution(load(place)),
        }
        for product, place in products().items()
        if product not in asked
    ]
    for page in experiments():
        found += [
            {"product": product, "status": NOT_CALIBRATED, "reason": reason}
            for product, reason in page.not_calibrated.items()
        ]
    return found


def _caution(question: Question) -> str:
    return f"; {question.caution}" if question.caution else ""


def _versions() -> dict[str, str]:
    found = {"Python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = __version__ if name == "forensics-zoo" else metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
