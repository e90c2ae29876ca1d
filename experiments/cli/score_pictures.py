"""Score pictures one by one and write the answers; shared by all commands that score pictures.

A picture that cannot be read or scored is named on standard error, and the others are scored all the same. The exit
code is the number of such pictures, at most ``MOST_FAILURES``.
"""

import argparse
import dataclasses
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from zoo.experiments.cli.calibrated import Calibration, calibration_of, check_networks
from zoo.experiments.cli.outputs import add_force
from zoo.experiments.cli.picture_inputs import MOST_FAILURES, PICTURES, add_flatten, expand, read_picture, say_failed
from zoo.experiments.cli.picture_outputs import check_files, csv_writer, heatmap_files
from zoo.experiments.run.progress import progress_bars
from zoo.printing import shown
from zoo.store import sha256

if TYPE_CHECKING:
    import numpy as np

    from zoo.file_check import FileCheck

Item = TypeVar("Item")
VALIDATED, NOT_VALIDATED = "validated", "not validated"
"""Status of a picture, with a calibration."""


@dataclasses.dataclass(frozen=True)
class Scale:
    """Meaning and range of a command's scores."""

    higher_is: str
    """What a higher number says."""
    low: float | None
    high: float | None
    """The lowest and the highest that there is; None without a bound."""


@dataclasses.dataclass(frozen=True)
class Answer:
    """The result for one picture."""

    values: Mapping[str, object]
    """For JSON, and those that are in ``Scorer.columns`` for CSV."""
    line: str
    """For people, before the picture's name."""
    details: Sequence[str] = ()
    """Further lines for people."""
    after: str = ""
    """For people, after the picture's name."""
    refused: bool = False
    """Whether there is no score, and so no heatmap either."""


@dataclasses.dataclass(frozen=True)
class Scorer:
    """How a command scores a picture.

    Attributes:
        answer: Of a picture, uint8 RGB; a ValueError is said in one line, and the picture counts as failed.
        scale: How the scores are to be read.
        note: What the scores are not; said once to people, and in every JSON line.
        networks: Names of stored weights, or files, that the scores come from.
        columns: Keys of ``Answer.values`` that become columns of a CSV file.
        patch: Pictures with a shorter side are filled up; a line on standard error and ``filled_up`` say so.
        heatmap: Float (height, width) of a picture; None for commands without one.
        heatmap_high: The upper end of the heatmap's colour bar.
        heatmap_caption: What the heatmap shows.
        hint: What else to try with a file, given its answer; empty for nothing. Also in JSON.
        calibrated: The number that ``zoo calibrate`` is about, of ``Answer.values``; None for the first column.
        unlike: Why no calibration holds for a picture, of ``Answer.values``, in addition to ``Calibration.unlike``;
            empty where one may.
    """

    answer: "Callable[[np.ndarray], Answer]"
    scale: Scale
    note: str
    networks: tuple[str | Path, ...]
    columns: tuple[str, ...]
    patch: int = 1
    heatmap: "Callable[[np.ndarray], np.ndarray] | None" = None
    heatmap_high: float = 1.0
    heatmap_caption: str = ""
    hint: "Callable[[Path, Answer], str] | None" = None
    calibrated: Callable[[Mapping[str, object]], float] | None = None
    unlike: Callable[[Mapping[str, object]], str] = lambda values: ""

    def number(self, values: Mapping[str, object]) -> float:
        """Return the number that ``zoo calibrate`` is about, of ``Answer.values``."""
        first = values[self.columns[0]]
        return float(first) if self.calibrated is None else self.calibrated(values)  # type: ignore[arg-type]


@dataclasses.dataclass(frozen=True)
class Product:
    """What ``zoo score`` takes by name: a command's scorer, and the one number of its answers that is the score.

    Attributes:
        weights: Given ``--weights``, or None without it, returns names of stored weights, or files.
        scorer: Given what ``weights`` returned, loads the networks.
        score: Takes the score from ``Answer.values``.
        scale: How the score is to be read.
        sensor: Whether the pixels must be a sensor's own, as for ``read_photograph``.
    """

    weights: Callable[[str | None], tuple[str, ...]]
    scorer: Callable[[tuple[str, ...]], Scorer]
    score: Callable[[Mapping[str, Any]], float]
    scale: Scale
    sensor: bool = False


class Track:
    """Progress bars on standard error: of the pictures, and of the batches within one; only on a terminal."""

    def __init__(self, pictures: int) -> None:
        self.progress = progress_bars(transient=True)
        self.pictures = pictures

    def __call__(self, batches: range) -> Iterator[int]:
        """Yield the batches of one picture, and show how many are done and the time left."""
        return self._follow(batches, len(batches), "batches of this picture") if len(batches) > 1 else iter(batches)

    def each(self, paths: Iterable[Item]) -> Iterator[Item]:
        """Yield the pictures, and show how many are done and the time left."""
        with self.progress:
            yield from self._follow(paths, self.pictures, "pictures") if self.pictures > 1 else paths

    def _follow(self, items: Iterable[Item], total: int, description: str) -> Iterator[Item]:
        task = self.progress.add_task(description, total=total)
        for item in items:
            yield item
            self.progress.advance(task)
        self.progress.remove_task(task)


def add_pictures(parser: argparse.ArgumentParser, heatmap: str = "") -> None:
    """Add the pictures, ``--json``, ``--csv`` and, with a help text for it, ``--heatmap``."""
    parser.add_argument("images", nargs="+", metavar="IMAGE", help=PICTURES)
    parser.add_argument("--json", action="store_true", help="print one JSON object per line")
    parser.add_argument("--csv", type=Path, metavar="OUT.csv", help="write one row per picture, including failed ones")
    add_flatten(parser)
    if heatmap:
        text = f"{heatmap}; a file for a single picture, or a folder with one PNG for each"
        parser.add_argument("--heatmap", type=Path, metavar="OUT.png|FOLDER", help=text)
    add_force(parser)


def score_pictures(
    options: argparse.Namespace, make: Callable[[Track], Scorer], inputs: Iterable[str | Path | None] = ()
) -> int:
    """Score the pictures of ``options`` and write what they ask for; returns the exit code.

    Args:
        options: With what ``add_pictures`` added; ``sensor`` is set where the pixels must be a sensor's own.
        make: Loads networks; called only if there is a picture to score. The detector may use the ``Track`` to show
            how far it is within a picture.
        inputs: Files that the command reads besides the pictures, and must not write onto.

    Raises:
        ValueError: For outputs that must not be written, no pictures at all, and a calibration of other networks.
    """
    paths = expand(options.images)
    heatmaps = heatmap_files(paths, getattr(options, "heatmap", None))
    check_files(options, heatmaps, [*paths, *inputs, getattr(options, "calibration", None)])
    calibration = calibration_of(options)
    track, failures = Track(len(paths)), 0
    # If none of the inputs is a file, report all of them before TensorFlow is loaded.
    scorer = make(track) if any(os.path.isfile(path) for path in paths) else None
    networks = {} if scorer is None else checksums(scorer.networks)
    if scorer is not None and calibration is not None:
        check_networks(calibration, networks)
        scorer = _noted(scorer, calibration)
    with csv_writer(options.csv, scorer.columns if scorer else ()) as write_row:
        for path in track.each(paths):
            record: dict[str, object] = {"image": str(path)}
            try:
                if scorer is None:
                    _read(path, options)
                else:
                    record |= _score(path, scorer, networks, options, heatmaps.get(path), calibration)
            except (ValueError, MemoryError) as error:
                record["error"] = say_failed(path, error)
                failures += 1
            write_row(record)
    if scorer is not None and not options.json and failures < len(paths):
        print(f"note: {scorer.note}", file=sys.stderr)
    if failures and len(paths) > 1:
        print(f"zoo: {failures} of {len(paths)} pictures failed", file=sys.stderr)
    return min(failures, MOST_FAILURES)


def _read(path: Path, options: argparse.Namespace) -> "np.ndarray":
    return read_picture(path, options.flatten, getattr(options, "sensor", False))


def _score(
    path: Path,
    scorer: Scorer,
    networks: Mapping[str, str],
    options: argparse.Namespace,
    heatmap: Path | None,
    calibration: Calibration | None,
) -> dict[str, object]:
    """Score one picture, print its lines and write its heatmap; returns its record."""
    from zoo.file_facts import jpeg_quality
    from zoo.images import check_picture

    image = _read(path, options)
    checked = check_picture(path)
    height, width = image.shape[:2]
    filled_up = min(height, width) < scorer.patch
    if filled_up:
        print(f"zoo: {shown(path)}: smaller than a patch of {scorer.patch} pixels, and filled up", file=sys.stderr)
    if calibration is None:
        answer = scorer.answer(image)
    else:
        answer = _calibrated(scorer, image, calibration, jpeg_quality(path), options.anyway)
    record = {"image": str(path), "sha256": sha256(path), "height": height, "width": width, **answer.values}
    record |= {"higher_is": scorer.scale.higher_is, "range": [scorer.scale.low, scorer.scale.high]}
    record |= {"file": checked.as_json(), "filled_up": filled_up, "networks": dict(networks)}
    if options.flatten:
        record["flatten"] = options.flatten
    hint = "" if scorer.hint is None or answer.refused else scorer.hint(path, answer)
    if scorer.hint is not None:
        record["hint"] = hint
    if answer.refused:
        heatmap = None
    if heatmap is not None and scorer.heatmap is not None:
        _write_heatmap(heatmap, path, image, scorer, record)
        record["heatmap"] = str(heatmap)
    record["note"] = scorer.note
    if options.json:
        print(json.dumps(record, allow_nan=False))
    else:
        print(f"{answer.line}  {shown(path)}{answer.after}{_remarks(checked)}{f'  ({hint})' if hint else ''}")
        for detail in answer.details:
            print(detail)
    sys.stdout.flush()
    if heatmap is not None:
        print(f"written: {shown(heatmap)}", file=sys.stderr)
    return record


def _calibrated(scorer: Scorer, image: "np.ndarray", whole: Calibration, quality: int | None, anyway: bool) -> Answer:
    """Return the answer with a likelihood ratio for a picture like the reference, and without a score for any other."""
    reasons = whole.unlike(image, quality)
    calibration = whole.at(quality)
    found = scorer.answer(image) if anyway or not reasons else None
    if found is not None and (unlike := scorer.unlike(found.values)):
        reasons.append(unlike)
    reason = "; ".join(reasons)
    if found is None or (reason and not anyway):
        return Answer({"status": NOT_VALIDATED, "reason": reason}, NOT_VALIDATED, after=f"  ({reason})", refused=True)
    if reason:
        values = {**found.values, "status": NOT_VALIDATED, "reason": reason}
        return dataclasses.replace(found, values=values, after=f"{found.after}  ({NOT_VALIDATED}: {reason})")
    score = scorer.number(found.values)
    ratio, rates = calibration.log10_lr(score), calibration.exceeded(score)
    values = {**found.values, "status": VALIDATED, "log10_lr": round(ratio, 4)}
    values |= {"calibrated_score": round(score, 6)} if scorer.calibrated else {}
    values |= {"log10_lr_interval": calibration.interval(score)}
    values |= {"log10_lr_bounds": [calibration.low, calibration.high], "above_false_alarm_rates": rates}
    values |= {"log10_lr_of": calibration.of} if calibration.of else {}
    after = f"  (by {calibration.of})" if calibration.of else ""
    after += f"  (above the threshold of {rates[0]:.0%} false alarms)" if rates else ""
    return dataclasses.replace(
        found, values=values, line=f"{found.line}  log10 LR {ratio:+.2f}", after=found.after + after
    )


def _noted(scorer: Scorer, calibration: Calibration) -> Scorer:
    """Return the scorer with the note and the columns of a calibration."""
    each = (calibration, *calibration.qualities.values())
    low, high = min(one.low for one in each), max(one.high for one in each)
    note = (
        f"log10 LR is the log10 likelihood ratio of '{calibration.yes}' to '{calibration.no}', for pictures like the "
        f"{calibration.sources} of the reference, from {low:.2f} to {high:.2f}; it is not the probability of either"
    )
    columns = tuple(dict.fromkeys((*scorer.columns, "status", "reason", "log10_lr")))  # a command may have a status
    return dataclasses.replace(scorer, note=note, columns=columns)


def _remarks(checked: "FileCheck") -> str:
    """Return the remarks to print after a picture's name: damage, and frames that were skipped."""
    remarks = [f"damaged file: {'; '.join(checked.damage)}"] if checked.damage else []
    if checked.frames > 1:
        remarks.append(f"only the first of {checked.frames} frames is scored")
    return f"  ({'; '.join(remarks)})" if remarks else ""


def _write_heatmap(path: Path, picture: Path, image: "np.ndarray", scorer: Scorer, record: Mapping) -> None:
    from zoo.heatmap import write_heatmap

    assert scorer.heatmap is not None
    networks = ", ".join(f"{name} (SHA-256 {digest[:12]})" for name, digest in record["networks"].items())
    scores = ", ".join(f"{name} {record[name]}" for name in scorer.columns if isinstance(record.get(name), float))
    name = shown(picture.name)
    note = scorer.note[0].upper() + scorer.note[1:]
    caption = f"{scorer.heatmap_caption}. {name} (SHA-256 {record['sha256'][:12]}): {scores}. {networks}. {note}."
    path.parent.mkdir(parents=True, exist_ok=True)
    write_heatmap(
        path,
        image,
        scorer.heatmap(image),
        scorer.heatmap_high,
        caption,
        {
            "Title": scorer.heatmap_caption,
            "Picture": name,
            "Picture SHA-256": record["sha256"],
            "Networks": ", ".join(record["networks"]),
            "Networks SHA-256": ", ".join(record["networks"].values()),
            "Scores": scores,
            "Range": f"0 to {scorer.heatmap_high:g}",
            "Comment": scorer.note,
        },
    )


def checksums(networks: Iterable[str | Path]) -> dict[str, str]:
    """SHA-256 of the files behind names of stored weights, or of files, by these names."""
    from zoo import weights

    known = {str(name): weights.provenance(str(name)) for name in networks if str(name) in weights.names()}
    return {
        name: entry.sha256 if isinstance(entry, weights.StoredWeights) else sha256(Path(name))
        for name, entry in ((str(name), known.get(str(name))) for name in networks)
    }


def checksums_by_name(networks: Iterable[str | Path]) -> dict[str, str]:
    """As ``checksums``, by the names of files without their folders, which would tell of the user's machine."""
    return {Path(name).name: digest for name, digest in checksums(networks).items()}
