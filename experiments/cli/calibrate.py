"""``zoo calibrate``: measure a product on your own photographs, and write thresholds and likelihood ratios."""

import argparse
import dataclasses
import hashlib
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo.experiments.cli.calibrated import FORMAT, MAPPINGS, Question
from zoo.experiments.cli.outputs import add_force, check_outputs
from zoo.experiments.families import experiments, load
from zoo.printing import shown
from zoo.resolve_weights import HELP, resolve_weights
from zoo.store import sha256
from zoo.version import __version__

if TYPE_CHECKING:
    import numpy as np

    from zoo.datasets.folder import Photo

FEWEST_SOURCES = 20
"""With fewer photographs nothing is calibrated."""
RATES = (0.01, 0.05)
"""False-alarm rates for which thresholds are found."""
PRIORS = tuple(n / 4 for n in range(-12, 13))
"""Log10 prior odds at which the empirical cross-entropy is given."""
GRID = 65
"""Scores at which the interval of the likelihood ratio is given."""
SIZES = (0, 1, 4, 16, 64)
"""Millions of pixels at which the groups of sizes begin, for error rates."""
DIGITS = 6
"""Decimal digits of scores, as in the commands that use the thresholds."""
_UNTOUCHED = "untouched"


@dataclasses.dataclass(frozen=True)
class Scores:
    """Scores of the photographs of a reference.

    Attributes:
        untouched: (sources, qualities).
        processed: By the name of the process, each (sources, qualities).
    """

    untouched: "np.ndarray"
    processed: "Mapping[str, np.ndarray]"


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


def products() -> dict[str, str]:
    """Return the place of each product's question, ``module:NAME``, by product name."""
    return {name: place for page in experiments() for name, place in page.calibrations.items()}


def add(commands: "argparse._SubParsersAction") -> None:
    """Add the command to the ``zoo`` parser."""
    parser = commands.add_parser("calibrate", help="measure likelihood ratios and error rates on your own photographs")
    parser.add_argument("product", metavar="PRODUCT", help=", ".join(products()))
    text = "folder of your own untouched photographs, lossless or RAW; near-duplicates count as one"
    parser.add_argument("--reference", type=Path, required=True, metavar="DIR", help=text)
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="OUT.json",
        help="calibration file, for the option --calibration of other commands",
    )
    parser.add_argument("--weights", metavar="NAME|FILE|FOLDER", help=HELP)
    text = "how to map scores to likelihood ratios (default: logistic; isotonic needs more photographs)"
    parser.add_argument("--mapping", choices=MAPPINGS, default=MAPPINGS[0], help=text)
    text = "plot the empirical cross-entropy against the prior odds"
    parser.add_argument("--plot", type=Path, metavar="FILE.png", help=text)
    add_force(parser)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    places = products()
    if options.product not in places:
        raise ValueError(_unknown(options.product, places))
    for name, path, suffix in (("-o", options.output, ".json"), ("--plot", options.plot, ".png")):
        if path is not None and (path.suffix.lower() != suffix or not path.absolute().parent.is_dir()):
            raise ValueError(f"{name} must end in {suffix}, in a folder that exists. Received: {path}")
    check_outputs({"-o": options.output, "--plot": options.plot}, [options.weights], options.force)
    question: Question = load(places[options.product])
    weights = resolve_weights(options.weights, *question.weights)

    from zoo.datasets import folder

    found = folder.scan(options.reference, progress=sys.stderr.isatty())
    print(found, file=sys.stderr)
    # One photograph of each scene: pictures that are not independent would feign more data than there are.
    photos = list({photo.scene: photo for photo in reversed(found.photos)}.values())[::-1]
    _check_enough(len(photos), "")
    kept = options.output.with_suffix(".scores.jsonl")
    scored = _score(photos, question, weights, kept)
    scores, used, refused = scored.scores, scored.photos, scored.refused
    _check_enough(len(used), f", and {len(refused)} that are refused: {'; '.join(dict.fromkeys(refused.values()))}")
    reference = options.reference.resolve().name  # a path would tell of the user's machine
    command = f"zoo calibrate {options.product} --reference {reference} --mapping {options.mapping}"
    written: dict[str, Any] = {
        "forensics_zoo_calibration": FORMAT,
        "product": options.product,
        "command": command + (f" --weights {Path(options.weights).name}" if options.weights else ""),
        "version": __version__,
        "networks": _checksums(weights),
        "propositions": {"yes": question.yes, "no": question.no},
        "reference": {
            "folder": reference,
            "sources": len(used),
            "fewest_patches": scored.fewest_patches,
            "jpeg_qualities": list(question.qualities),
            "processes": list(scores.processed),
            "photographs": {_name(photo, options.reference): sha256(photo.path) for photo in used},
            "versions": len(used) * len(question.qualities),
            "versions_not_validated": dict(scored.refused_versions),
            "near_duplicates": len(found.photos) - len(photos),
            "not_validated": {_name(photo, options.reference): reason for photo, reason in refused.items()},
        },
        **calibrate(scores, question.qualities, options.mapping, groups=_groups(scored)),
    }
    options.output.write_text(json.dumps(written, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    kept.unlink()
    for line in _summary(written):
        print(line)
    print(f"written: {shown(options.output)}", file=sys.stderr)
    if options.plot is not None:
        from zoo.experiments.cli.calibration_plot import plot_cross_entropy

        plot_cross_entropy(written, options.plot)
        print(f"written: {shown(options.plot)}", file=sys.stderr)
    return 0


def _unknown(product: str, places: Mapping[str, str]) -> str:
    """Return the error for a product that cannot be calibrated, with the reason and an alternative if there is one."""
    reasons = [
        f", not {product}: {reason}"
        for page in experiments()
        for name, reason in page.not_calibrated.items()
        if product in name.split() and product in page.scores
    ]
    return f"PRODUCT must be one of {', '.join(places)}{''.join(reasons)}. Received: {product!r}"


def calibrate(
    scores: Scores,
    qualities: Sequence[int],
    kind: str,
    resamples: int = 200,
    groups: Mapping[str, Sequence[Any]] | None = None,
) -> dict[str, Any]:
    """Compute the content of a calibration file from scores: mapping, bounds, costs and error rates.

    The mapping is fitted to all sources. Bounds, Cllr and cross-entropy come from likelihood ratios of each source by a
    mapping that was fitted to others. All processes weigh the same, and so do all qualities. For pictures whose quality
    is known there is the same again, from the versions of each quality alone.

    Args:
        scores: Of the photographs.
        qualities: The JPEG qualities of their columns, 0 for none.
        kind: One of ``MAPPINGS``.
        resamples: Of the sources, for the interval.
        groups: By the name of what photographs differ in, the group of each: error rates are given for each group too.
    """
    import numpy as np

    from zoo import calibration

    fitted, bounded, truth, weights = _fitted(scores, kind, resamples)
    columns = np.broadcast_to(np.arange(len(qualities)), scores.untouched.shape)
    quality = np.tile(columns.ravel(), 1 + len(scores.processed))
    ideal = calibration.after_pav(bounded, truth, weights)
    priors = np.array(PRIORS)
    return {
        **fitted,
        "validation": {
            **fitted["validation"],
            "by_quality": [
                {
                    "jpeg_quality": q,
                    **dataclasses.asdict(
                        calibration.cost(bounded[quality == i], truth[quality == i], weights[quality == i])
                    ),
                }
                for i, q in enumerate(qualities)
            ],
            "empirical_cross_entropy": {
                "log10_prior_odds": list(PRIORS),
                "of_these": calibration.empirical_cross_entropy(bounded, truth, priors, weights).tolist(),
                "after_pav": calibration.empirical_cross_entropy(ideal, truth, priors, weights).tolist(),
                "of_none": calibration.empirical_cross_entropy(0 * bounded, truth, priors, weights).tolist(),
            },
        },
        "by_jpeg_quality": [
            {"jpeg_quality": q, **_fitted(_chosen(scores, np.s_[:, [i]]), kind, resamples)[0]}
            for i, q in enumerate(qualities)
        ],
        "false_alarms": [_error_rates(scores, qualities, rate, groups or {}) for rate in RATES],
    }


def _fitted(scores: Scores, kind: str, resamples: int) -> "tuple[dict[str, Any], np.ndarray, np.ndarray, np.ndarray]":
    """Mapping, bounds, interval and costs; then cross-validated log10 likelihood ratios, their truth and weights."""
    import numpy as np

    from zoo import calibration

    fit: calibration.Fit = calibration.isotonic if kind == "isotonic" else calibration.logistic
    stack = np.stack([*scores.processed.values()])
    values = np.concatenate([scores.untouched.ravel(), stack.ravel()])
    truth = np.repeat([False, True], [scores.untouched.size, stack.size])
    rows = np.broadcast_to(np.arange(len(scores.untouched))[:, None], scores.untouched.shape)
    sources = np.concatenate([rows.ravel(), np.broadcast_to(rows, stack.shape).ravel()])
    # A source counts once for each proposition.
    weights = calibration.weights_by_source(list(zip(sources.tolist(), truth.tolist(), strict=True)))
    mapping = fit(values, truth, weights)
    held_out = calibration.cross_validated(values, truth, sources.tolist(), fit)
    low, high = calibration.empirical_bounds(held_out, truth, weights)
    bounded = np.clip(held_out, low, high)
    grid = np.linspace(values.min(), values.max(), GRID)
    ends = calibration.resampled_interval(values, truth, sources.tolist(), grid, fit, resamples)
    found = {
        "mapping": {"kind": kind, **dataclasses.asdict(mapping)},
        "bounds": {
            "low": low,
            "high": high,
            "of": "log10 likelihood ratios, by ELUB (Vergeer et al. 2016) with sources as units",
        },
        "interval": {
            "of": f"log10 likelihood ratios, within the bounds: 95 % of {resamples} resamplings of the sources",
            "scores": grid.tolist(),
            "low": np.clip(ends[0], low, high).tolist(),
            "high": np.clip(ends[1], low, high).tolist(),
        },
        "validation": {
            "of": f"bounded likelihood ratios, cross-validated by source in {calibration.FOLDS} parts",
            **dataclasses.asdict(calibration.cost(bounded, truth, weights)),
        },
    }
    return found, bounded, truth, weights


def _chosen(scores: Scores, at: Any) -> Scores:
    return Scores(scores.untouched[at], {name: one[at] for name, one in scores.processed.items()})


def size_group(pixels: int) -> list[float | None]:
    """Return the group of a size: millions of pixels from which on and below which it lies, None for no end."""
    begin = max(begin for begin in SIZES if pixels >= begin * 1e6)
    after = [end for end in SIZES if end > begin]
    return [begin, after[0] if after else None]


def format_group(path: Path) -> str:
    """Return the group of a format: by the file's suffix, RAW for all of cameras' own."""
    from zoo.images import RAW_SUFFIXES

    suffix = path.suffix.lower()
    return "RAW" if suffix in RAW_SUFFIXES else suffix.removeprefix(".").upper() or "no suffix"


def _groups(scored: Scored) -> dict[str, list[Any]]:
    return {
        "format": [format_group(photo.path) for photo in scored.photos],
        "megapixels": [size_group(pixels) for pixels in scored.pixels],
    }


def _error_rates(
    scores: Scores, qualities: Sequence[int], rate: float, groups: Mapping[str, Sequence[Any]]
) -> dict[str, Any]:
    """Return the threshold for a false-positive rate with its errors by quality and group, or the reason for none.

    The threshold is that of all photographs.
    """
    from zoo.calibration import false_alarm_threshold

    try:
        threshold = false_alarm_threshold(scores.untouched, rate)
    except ValueError as error:
        return {"rate": rate, "refused": str(error)}
    found: dict[str, Any] = {
        "rate": rate,
        "threshold": threshold,
        "by_quality": _by_quality(scores, qualities, threshold),
    }
    for name, of_each in groups.items():
        found[f"by_{name}"] = []
        for group in sorted({json.dumps(one): one for one in of_each}.values(), key=str):
            rows = [i for i, one in enumerate(of_each) if one == group]
            errors = _by_quality(_chosen(scores, rows), qualities, threshold)
            found[f"by_{name}"].append({name: group, "sources": len(rows), "by_quality": errors})
    return found


def _by_quality(scores: Scores, qualities: Sequence[int], threshold: float) -> list[dict[str, Any]]:
    return [
        {
            "jpeg_quality": quality,
            "false_alarms": _rate(scores.untouched[:, i] > threshold),
            "missed": {name: _rate(one[:, i] <= threshold) for name, one in scores.processed.items()},
        }
        for i, quality in enumerate(qualities)
    ]


def _rate(happened: "np.ndarray") -> dict[str, float]:
    from zoo.calibration import exact_rate

    found = exact_rate(int(happened.sum()), len(happened))
    return {"value": found.value, **dataclasses.asdict(found)}


def _score(photos: "Sequence[Photo]", question: Question, weights: tuple[str, ...], kept: Path) -> "Scored":
    """Score the photographs; results are saved to the file ``kept``, so that the next run can resume."""
    import numpy as np

    from zoo.datasets.folder import load as load_photo

    # The last is raised when a result holds something else than before.
    of = [question.yes, question.no, list(question.processes()), list(question.qualities), __version__, 3]
    key = hashlib.sha256(json.dumps([*of, sorted(_checksums(weights).values())]).encode()).hexdigest()
    done = _kept(kept, key)
    digests = [sha256(photo.path) for photo in photos]
    # The networks are loaded only if there is something left to score.
    measure = _measurer(question, weights) if set(digests) - set(done) else None
    results: dict[Photo, dict[str, Any]] = {}
    with kept.open("a", encoding="utf-8") as file:
        file.write("\n")  # an interrupted run may have left half a line
        for photo, digest in zip(_track(photos), digests, strict=True):
            if digest not in done:
                assert measure is not None
                done[digest] = measure(load_photo(photo))
                file.write(json.dumps({"of": key, "sha256": digest, "result": done[digest]}) + "\n")
                file.flush()
            results[photo] = done[digest]
    used = {photo: result for photo, result in results.items() if "scores" in result}
    names = (_UNTOUCHED, *question.processes())
    scores = {name: np.array([result["scores"][name] for result in used.values()]) for name in names}
    return Scored(
        Scores(scores.pop(_UNTOUCHED), scores),
        list(used),
        {photo: result["refused"] for photo, result in results.items() if "refused" in result},
        {name: sum(result["refused_versions"][name] for result in used.values()) for name in names},
        min((result["patches"] for result in used.values()), default=0),
        [result["pixels"] for result in used.values()],
    )


def _measurer(question: Question, weights: tuple[str, ...]) -> "Callable[[np.ndarray], dict[str, Any]]":
    """Return a function from a photograph, uint8 RGB, to the scores of its versions by process, or to a refusal."""
    from zoo.datasets.jpeg import compress
    from zoo.validity import PATCH, not_validated

    score = question.scorer(weights)
    untouched = question.control or (lambda image: image)
    makers: dict[str, Callable[[np.ndarray], np.ndarray]] = {_UNTOUCHED: untouched, **question.processes()}

    def measure(image: "np.ndarray") -> dict[str, Any]:
        if reasons := not_validated(image, fewest_patches=1):
            return {"refused": "; ".join(reasons)}
        made = {name: make(image) for name, make in makers.items()}
        versions = {name: [compress(one, quality) for quality in question.qualities] for name, one in made.items()}
        return {
            "scores": {name: [round(score(one), DIGITS) for one in ones] for name, ones in versions.items()},
            "refused_versions": {
                name: sum(bool(not_validated(one, fewest_patches=1)) for one in ones) for name, ones in versions.items()
            },
            "patches": (image.shape[0] // PATCH) * (image.shape[1] // PATCH),
            "pixels": image.shape[0] * image.shape[1],
        }

    return measure


def _kept(path: Path, key: str) -> dict[str, dict[str, Any]]:
    """Return the results of an interrupted run with the same networks and question, by the photograph's SHA-256."""
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else ():
        try:
            one = json.loads(line)
        except ValueError:  # an empty line, or the one that was being written
            continue
        if one["of"] == key:
            found[one["sha256"]] = one["result"]
    return found


def _track(photos: "Sequence[Photo]") -> "Iterator[Photo]":
    from rich.console import Console
    from rich.progress import track

    console = Console(stderr=True)
    return iter(track(photos, "Scoring photographs", console=console, disable=not console.is_terminal, transient=True))


def _check_enough(sources: int, others: str) -> None:
    if sources < FEWEST_SOURCES:
        raise ValueError(
            f"--reference must hold at least {FEWEST_SOURCES} photographs of different scenes. "
            f"Received: {sources}{others}"
        )


def _checksums(weights: tuple[str, ...]) -> dict[str, str]:
    from zoo.experiments.cli.score_pictures import checksums

    return {Path(name).name: digest for name, digest in checksums(weights).items()}


def _name(photo: "Photo", reference: Path) -> str:
    return photo.path.relative_to(reference).as_posix()


def _summary(written: Mapping[str, Any]) -> list[str]:
    """Return a summary of the file to print."""
    found, bounds = written["validation"], written["bounds"]
    lines = [
        f"{written['reference']['sources']} photographs, {len(written['reference']['not_validated'])} refused",
        f"Cllr {found['cllr']:.3f}, of which discrimination {found['discrimination']:.3f} and calibration "
        f"{found['calibration']:.3f} (1 says nothing, 0 is perfect)",
        f"log10 likelihood ratios from {bounds['low']:.2f} to {bounds['high']:.2f}",
    ]
    for one in written["false_alarms"]:
        if "refused" in one:
            lines.append(f"no threshold: {one['refused']}")
            continue
        worst = max((q["false_alarms"] for q in one["by_quality"]), key=lambda rate: rate["value"])
        lines.append(
            f"{one['rate']:.0%} false alarms: threshold {one['threshold']:.4f}; at the worst quality "
            f"{worst['events']} of {worst['trials']} [{worst['low']:.1%}, {worst['high']:.1%}]"
        )
    return lines
