"""Questions of ``zoo calibrate`` by product, and calibration files for the commands that score pictures."""

import argparse
import dataclasses
import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    from zoo.calibration import Mapping as Mapped
    from zoo.experiments.cli.score_pictures import Product

FORMAT = 1
"""Version of the file format; raised when a reader of the old one would misunderstand the new one."""
MAPPINGS = ("logistic", "isotonic")
NEAR = 5
"""How far a file's JPEG quality may lie from one of the reference's to count as that one."""
STORED = "stored"
"""What ``--calibration`` takes for the file that comes with the package."""


@dataclasses.dataclass(frozen=True)
class Question:
    """A product's propositions, and how to generate pictures with known ground truth.

    Attributes:
        yes: The proposition that a high score supports, as a clause: "its contrast was adjusted".
        no: The opposite proposition, true for an untouched photograph.
        processes: Makes functions, uint8 RGB to uint8 RGB, by name; each makes ``yes`` true of a photograph.
        qualities: JPEG qualities at which pictures are saved after that, 0 for none.
        weights: Names of the stored weights that the product takes by default.
        scorer: Given the weights, makes the function from a picture, uint8 RGB, to its score.
        mapper: The same with a map of the picture, float (height, width); None for a product without maps.
        map_high: The upper end of the map's colour bar.
        map_shows: What the map shows, with what the ends of the colour bar mean.
        map_errors: What a false alarm looks like on the map, as a sentence for people who are not experts.
        control: What an untouched photograph goes through, so that it differs from a processed one in nothing else.
        caution: What is known to be wrong with the product, as a clause.
    """

    yes: str
    no: str
    processes: "Callable[[], Mapping[str, Callable[[np.ndarray], np.ndarray]]]"
    qualities: tuple[int, ...]
    weights: tuple[str, ...]
    scorer: "Callable[[tuple[str, ...]], Callable[[np.ndarray], float]]"
    mapper: "Callable[[tuple[str, ...]], Callable[[np.ndarray], tuple[float, np.ndarray]]] | None" = None
    map_high: float = 1.0
    map_shows: str = ""
    map_errors: str = ""
    control: "Callable[[np.ndarray], np.ndarray] | None" = None
    caution: str = ""


@dataclasses.dataclass(frozen=True)
class Comparison:
    """What a product answers where no process makes ``yes`` true: the user has pictures of both propositions.

    Attributes:
        yes: As of ``Question``.
        no: As of ``Question``.
        positive: What ``--positive`` must hold: pictures for which ``yes`` is true.
        qualities: As of ``Question``.
        product: What scores the pictures, the same as in the product's command.
    """

    yes: str
    no: str
    positive: str
    qualities: tuple[int, ...]
    product: "Product"


@dataclasses.dataclass(frozen=True)
class Calibration:
    """The parts of a calibration file that a command needs.

    Attributes:
        path: The file.
        networks: SHA-256 of the networks' files, which a command must use too.
        yes: As of ``Question``.
        no: As of ``Question``.
        sources: Photographs of the reference, and those of ``--positive``, each of another scene.
        patches: Fewest patches of 64x64 pixels in a photograph of the reference.
        mapping: From scores, (n,), to log10 likelihood ratios.
        low: The lowest log10 likelihood ratio that the number of sources supports.
        high: The highest.
        thresholds: Score by rate of false alarms.
        ends: Scores, and the lower and upper end of the interval of the log10 likelihood ratio at each; empty for a
            file of a version that measured none.
        contents: The whole file; for one quality with the costs of this quality alone.
        qualities: The same for pictures of one JPEG quality, 0 for those that never were JPEG; empty for a file of a
            version that told none apart.
        of: Which pictures the likelihood ratios are of; empty where none are told apart.
    """

    path: Path
    networks: frozenset[str]
    yes: str
    no: str
    sources: int
    patches: int
    mapping: "Mapped"
    low: float
    high: float
    thresholds: Mapping[float, float]
    ends: tuple[tuple[float, ...], tuple[float, ...], tuple[float, ...]]
    contents: Mapping[str, Any]
    qualities: "Mapping[int, Calibration]" = dataclasses.field(default_factory=dict)
    of: str = ""

    def at(self, quality: int | None) -> "Calibration":
        """For pictures of a JPEG quality, as ``zoo.file_facts.jpeg_quality`` says; of all where there is none near."""
        if quality is None:
            return self
        if quality in self.qualities:
            return self.qualities[quality]
        near = {abs(one - quality): found for one, found in self.qualities.items() if one and quality}
        return near[min(near)] if near and min(near) <= NEAR else self

    def unlike(self, image: "np.ndarray", quality: int | None) -> list[str]:
        """Return the reasons why a picture, uint8 RGB, is not like the reference; ``quality`` as for ``at``."""
        from zoo.validity import not_validated

        reasons = not_validated(image, self.patches)
        if quality and self.qualities and not any(self.qualities):
            reasons.append("saved as JPEG: the reference holds no JPEG")
        return reasons

    def log10_lr(self, score: float) -> float:
        """Return the log10 likelihood ratio of a score, within the bounds."""
        import numpy as np

        return float(np.clip(self.mapping(np.array([score]))[0], self.low, self.high))

    def interval(self, score: float) -> tuple[float, float] | None:
        """Return the 95 % interval of the log10 likelihood ratio of a score; None where it was not measured."""
        import numpy as np

        scores, low, high = self.ends
        return (float(np.interp(score, scores, low)), float(np.interp(score, scores, high))) if scores else None

    def exceeded(self, score: float) -> list[float]:
        """Return the rates of false alarms whose thresholds a score lies above, lowest first."""
        return sorted(rate for rate, threshold in self.thresholds.items() if score > threshold)


def add_calibration(parser: argparse.ArgumentParser, product: str, yours: str = "") -> None:
    """Add ``--calibration`` and ``--anyway`` to a command that scores pictures.

    Args:
        parser: Of the command.
        product: Its name for ``zoo calibrate``.
        yours: What a calibration belongs to, such as "your camera", where none can come with the package.
    """
    stored = "" if yours else f", or `{STORED}` for the calibration of the package"
    text = (
        f"file written by `zoo calibrate {product}`{stored}; adds likelihood ratios. "
        "Pictures for which they are not validated get no score"
    )
    metavar = "FILE" if yours else f"FILE|{STORED}"
    parser.add_argument("--calibration", type=Path, metavar=metavar, help=text)
    parser.add_argument("--anyway", action="store_true", help="with --calibration: also score such pictures")
    parser.set_defaults(product=product, yours=yours)


def calibration_of(options: argparse.Namespace) -> Calibration | None:
    """Return the calibration of ``--calibration``; None without it, and for commands without this option.

    Raises:
        ValueError: For a file that is none of the product, for ``stored`` where the package has none of it, and for
            ``--anyway`` alone.
    """
    path = getattr(options, "calibration", None)
    if path is not None and str(path) == STORED and options.yours:
        raise ValueError(
            f"--calibration must be a file of `zoo calibrate {options.product}`: none comes with the package, since a "
            f"calibration belongs to {options.yours}. Received: {STORED}"
        )
    if path is not None:
        return read_calibration(stored_calibration(options.product) if str(path) == STORED else path, options.product)
    if getattr(options, "anyway", False):
        raise ValueError("--anyway needs --calibration; without it every picture is scored. Received: --anyway alone")
    return None


def calibration_place(product: str) -> Path | None:
    """Return the path of a product's stored calibration; None for an unknown product."""
    from zoo.experiments.families import experiments
    from zoo.families import families

    folders = {page.name: page.folder for page in families()}
    names = (page.name for page in experiments() if product in page.calibrations and page.name in folders)
    return next((folders[name] / f"{product}_calibration.json" for name in names), None)


def stored_calibration(product: str) -> Path:
    """Return the calibration of a product that comes with the package: of its stored networks.

    Raises:
        ValueError: Where there is none.
    """
    path = calibration_place(product)
    if path is None or not path.is_file():
        wanted = f"--calibration must be a file of `zoo calibrate {product}`: none comes with the package"
        raise ValueError(f"{wanted}. Received: {STORED}")
    return path


def has_stored(product: str) -> bool:
    """Return whether a calibration of the product comes with the package."""
    path = calibration_place(product)
    return path is not None and path.is_file()


def check_networks(calibration: Calibration, networks: Mapping[str, str]) -> None:
    """Refuse a calibration that is not of these networks, SHA-256 by name.

    Raises:
        ValueError: For a calibration of others.
    """
    if set(networks.values()) != calibration.networks:
        raise ValueError(
            "--calibration must be made with the networks in use, by `zoo calibrate` with the same --weights. "
            f"Received: {calibration.path}, made with other networks than {', '.join(networks)}"
        )


def read_calibration(path: Path, product: str | None = None) -> Calibration:
    """Read a file of ``zoo calibrate``, of a product or, with None, of any.

    Raises:
        ValueError: For a file that cannot be read, is of another kind or product, or was damaged.
    """
    wanted = f"--calibration must be a file of `zoo calibrate{f' {product}' if product else ''}`"
    if not path.is_file():
        raise ValueError(f"{wanted}. Received: {path}, which is not a file")
    try:
        given = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(f"{wanted}. Received: {path}, which is not JSON") from error
    if not isinstance(given, dict) or "forensics_zoo_calibration" not in given:
        raise ValueError(f"{wanted}. Received: {path}, which is JSON but not a calibration")
    if given["forensics_zoo_calibration"] != FORMAT:
        raise ValueError(
            f"{wanted} in format {FORMAT}; run `zoo calibrate` again. Received: {path}, format "
            f"{given['forensics_zoo_calibration']}"
        )
    if product is not None and given.get("product") != product:
        raise ValueError(f"{wanted}. Received: {path}, which is for {given.get('product')}")
    try:
        return _calibration(path, given)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise ValueError(f"{wanted}. Received: {path}, with a wrong or missing field ({error})") from error


def _calibration(path: Path, given: Mapping[str, Any]) -> Calibration:
    low, high = _bounds(given["bounds"])
    apart = [int(one["jpeg_quality"]) for one in given.get("by_jpeg_quality", ())]
    which = "without JPEG" if apart == [0] else "of all JPEG qualities"
    qualities: dict[int, Calibration] = {}
    found = Calibration(
        path=path,
        networks=frozenset(given["networks"].values()),
        yes=str(given["propositions"]["yes"]),
        no=str(given["propositions"]["no"]),
        sources=int(given["reference"]["sources"]) + int(given.get("positive", {"sources": 0})["sources"]),
        patches=int(given["reference"]["fewest_patches"]),
        mapping=_mapping(given["mapping"]),
        low=low,
        high=high,
        thresholds={
            _number(one["rate"]): _number(one["threshold"]) for one in given["false_alarms"] if "threshold" in one
        },
        ends=_ends(given.get("interval")),
        contents=given,
        qualities=qualities,
        of=f"reference photographs {which}" if apart else "",
    )
    for quality, one in zip(apart, given.get("by_jpeg_quality", ()), strict=True):
        low, high = _bounds(one["bounds"])
        saved = f"saved as JPEG of quality {quality}" if quality else "without JPEG"
        qualities[quality] = dataclasses.replace(
            found,
            mapping=_mapping(one["mapping"]),
            low=low,
            high=high,
            ends=_ends(one["interval"]),
            contents={**given, "validation": one["validation"]},
            of=f"reference photographs {saved}",
        )
    return found


def _bounds(given: Mapping[str, Any]) -> tuple[float, float]:
    low, high = (_number(given[end]) for end in ("low", "high"))
    if not low <= 0 <= high:
        raise ValueError(f"bounds: {low}, {high}")
    return low, high


def _ends(given: Mapping[str, Any] | None) -> tuple[tuple[float, ...], tuple[float, ...], tuple[float, ...]]:
    if given is None:
        return (), (), ()
    scores, low, high = (tuple(map(_number, given[name])) for name in ("scores", "low", "high"))
    if not len(scores) == len(low) == len(high) > 0:
        raise ValueError("interval: scores, low and high")
    return scores, low, high


def _mapping(fields: Mapping[str, Any]) -> "Mapped":
    from zoo.calibration import Isotonic, Logistic

    if fields["kind"] == "logistic":
        return Logistic(_number(fields["intercept"]), _number(fields["slope"]))
    if fields["kind"] != "isotonic":
        raise ValueError(f"mapping: {fields['kind']}")
    scores, probabilities = (tuple(map(_number, fields[name])) for name in ("scores", "probabilities"))
    if len(scores) != len(probabilities) or not scores:
        raise ValueError("mapping: scores and probabilities")
    return Isotonic(scores, probabilities)


def _number(value: Any) -> float:
    if isinstance(value, bool) or not math.isfinite(value):
        raise ValueError(f"{value!r} is not a finite number")
    return float(value)
