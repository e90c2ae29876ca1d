"""``zoo calibrate``: measure a product on your own photographs, and write thresholds and likelihood ratios."""

import argparse
import dataclasses
import hashlib
import json
import math
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo.experiments.cli.calibrated import FORMAT, MAPPINGS, Comparison, Question
from zoo.experiments.cli.outputs import add_force, check_outputs
from zoo.experiments.families import experiments, load
from zoo.printing import shown
from zoo.resolve_weights import HELP, resolve_weights
from zoo.store import sha256
from zoo.version import __version__

if TYPE_CHECKING:
    import numpy as np

    from zoo.datasets.folder import Photo, PhotoFolder

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
_UNTOUCHED, _POSITIVE = "untouched", "positive"


@dataclasses.dataclass(frozen=True)
class Scores:
    """Scores of the photographs of a reference.

    Attributes:
        untouched: (sources, qualities).
        processed: By the name of the process, each (sources, qualities).
        apart: Whether ``processed`` are other photographs, whose number may differ, and no versions of these.
    """

    untouched: "np.ndarray"
    processed: "Mapping[str, np.ndarray]"
    apart: bool = False


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
    held = [f"for {name}: {one.positive}" for name, one in _questions() if isinstance(one, Comparison)]
    parser.add_argument("--positive", type=Path, metavar="DIR", help="; ".join(held))
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="OUT.json",
        help="calibration file, for the option --calibration of other commands",
    )
    parser.add_argument("--weights", metavar="NAME|FILE|FOLDER", help=f"{HELP}, a fitted detector or a fingerprint")
    text = "how to map scores to likelihood ratios (default: logistic; isotonic needs more photographs)"
    parser.add_argument("--mapping", choices=MAPPINGS, default=MAPPINGS[0], help=text)
    text = "plot the empirical cross-entropy against the prior odds"
    parser.add_argument("--plot", type=Path, metavar="FILE.png", help=text)
    add_force(parser)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    places = products()
    if options.product not in places:
        raise ValueError(f"PRODUCT must be one of {', '.join(places)}. Received: {options.product!r}")
    for name, path, suffix in (("-o", options.output, ".json"), ("--plot", options.plot, ".png")):
        if path is not None and (path.suffix.lower() != suffix or not path.absolute().parent.is_dir()):
            raise ValueError(f"{name} must end in {suffix}, in a folder that exists. Received: {path}")
    question: Question | Comparison = load(places[options.product])
    _check_positive(options.product, question, options.positive)
    weights = _weights(question, options.weights)
    check_outputs({"-o": options.output, "--plot": options.plot}, [options.weights, *weights], options.force)

    given = {"--reference": options.reference} | ({"--positive": options.positive} if options.positive else {})
    found, shared = _scan(given)
    kept = options.output.with_suffix(".scores.jsonl")
    each = _score_folders(found, shared, question, weights, kept)
    scored = each["--reference"]
    scores, groups = scored.scores, _groups(scored)
    if options.positive:
        scores, groups = Scores(scores.untouched, {_POSITIVE: each["--positive"].scores.untouched}, apart=True), {}
    about = {option: _about(one, found[option], shared) for option, one in each.items()}
    # A path would reveal the user's machine.
    folders = " ".join(f"{option} {one['folder']}" for option, one in about.items())
    command = f"zoo calibrate {options.product} {folders} --mapping {options.mapping}"
    written: dict[str, Any] = {
        "forensics_zoo_calibration": FORMAT,
        "product": options.product,
        "command": command + (f" --weights {Path(options.weights).name}" if options.weights else ""),
        "version": __version__,
        "networks": _checksums(weights),
        "propositions": {"yes": question.yes, "no": question.no},
        "reference": {
            **about["--reference"],
            "fewest_patches": min(one.fewest_patches for one in each.values()),
            "jpeg_qualities": list(question.qualities),
            "processes": list(_processes(question)),
            "versions": len(scored.photos) * len(question.qualities),
        },
        **({"positive": about["--positive"]} if options.positive else {}),
        **calibrate(scores, question.qualities, options.mapping, groups=groups),
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


def _questions() -> "Iterator[tuple[str, Question | Comparison]]":
    for name, place in products().items():
        yield name, load(place)


def _check_positive(product: str, question: Question | Comparison, positive: Path | None) -> None:
    if isinstance(question, Comparison) and positive is None:
        raise ValueError(f"zoo calibrate {product} needs --positive DIR: {question.positive}. Received: none")
    if isinstance(question, Question) and positive is not None:
        takes = ", ".join(name for name, one in _questions() if isinstance(one, Comparison))
        raise ValueError(
            f"--positive goes with {takes}: zoo calibrate {product} makes its own processed versions of --reference. "
            f"Received: {positive}"
        )


def _weights(question: Question | Comparison, given: str | None) -> tuple[str, ...]:
    if isinstance(question, Comparison):
        return question.product.weights(given)
    return resolve_weights(given, *question.weights)


def _processes(question: Question | Comparison) -> "Mapping[str, Callable[[np.ndarray], np.ndarray]]":
    return {} if isinstance(question, Comparison) else question.processes()


def _scan(given: Mapping[str, Path]) -> "tuple[dict[str, PhotoFolder], frozenset[Photo]]":
    """Return the folders by their option, and the photographs of scenes that are in both, which are left out."""
    from zoo.datasets import folder

    found = {option: folder.scan(path, progress=sys.stderr.isatty()) for option, path in given.items()}
    for one in found.values():
        print(one, file=sys.stderr)
    shared = folder.in_both(*found.values()) if len(found) == 2 else frozenset()
    if shared:
        names = sorted(shown(photo.path.name) for photo in shared)
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        print(f"  left out (their scenes are in both folders): {', '.join(names[:3])}{more}", file=sys.stderr)
    return found, shared


def _score_folders(
    found: "Mapping[str, PhotoFolder]",
    shared: "frozenset[Photo]",
    question: Question | Comparison,
    weights: tuple[str, ...],
    kept: Path,
) -> dict[str, Scored]:
    photos = {option: _one_of_each_scene(one.photos, shared) for option, one in found.items()}
    for option, ones in photos.items():
        others = len(shared & set(found[option].photos))
        _check_enough(option, len(ones), f", and {others} whose scenes are in both folders" if others else "")
    each = {option: _score(ones, question, weights, kept) for option, ones in photos.items()}
    for option, scored in each.items():
        reasons = "; ".join(dict.fromkeys(scored.refused.values()))
        _check_enough(option, len(scored.photos), f", and {len(scored.refused)} that are refused: {reasons}")
    return each


def _one_of_each_scene(photos: "Sequence[Photo]", shared: "frozenset[Photo]") -> "list[Photo]":
    """Return one photograph of each scene: pictures that are not independent would pretend to be more data."""
    first = {photo.scene: photo for photo in reversed(photos) if photo not in shared}
    return list(first.values())[::-1]


def _about(scored: Scored, found: "PhotoFolder", shared: "frozenset[Photo]") -> dict[str, Any]:
    """Return what a calibration file says about a folder."""
    used, refused, others = scored.photos, scored.refused, shared & set(found.photos)
    return {
        "folder": found.folder.resolve().name,
        "sources": len(used),
        "photographs": {_name(photo, found.folder): sha256(photo.path) for photo in used},
        "versions_not_validated": dict(scored.refused_versions),
        "near_duplicates": len(found.photos) - len(used) - len(refused) - len(others),
        **({"in_both_folders": sorted(_name(photo, found.folder) for photo in others)} if others else {}),
        "not_validated": {_name(photo, found.folder): reason for photo, reason in refused.items()},
    }


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
    quality = np.tile(np.arange(len(qualities)), len(truth) // len(qualities))
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
    rows, others = (np.arange(shape[-2])[:, None] for shape in (scores.untouched.shape, stack.shape))
    if scores.apart:
        others = others + len(rows)
    shapes = (rows, scores.untouched.shape), (others, stack.shape)
    sources = np.concatenate([np.broadcast_to(numbers, shape).ravel() for numbers, shape in shapes])
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
    return Scores(scores.untouched[at], {name: one[at] for name, one in scores.processed.items()}, scores.apart)


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


def _score(
    photos: "Sequence[Photo]", question: Question | Comparison, weights: tuple[str, ...], kept: Path
) -> "Scored":
    """Score the photographs; results are saved to the file ``kept``, so that the next run can resume."""
    import numpy as np

    from zoo.images import ImageError, read_photograph

    # Increase the last number when the stored results change their content.
    of = [question.yes, question.no, list(_processes(question)), list(question.qualities), __version__, 3]
    key = hashlib.sha256(json.dumps([*of, sorted(_checksums(weights).values())]).encode()).hexdigest()
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
    names = (_UNTOUCHED, *_processes(question))
    scores = {name: np.array([result["scores"][name] for result in used.values()]) for name in names}
    return Scored(
        Scores(scores.pop(_UNTOUCHED), scores),
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
    control = None if isinstance(question, Comparison) else question.control
    makers: dict[str, Callable[[np.ndarray], np.ndarray]] = {
        _UNTOUCHED: control or (lambda image: image),
        **_processes(question),
    }

    def measure(image: "np.ndarray") -> dict[str, Any]:
        if reasons := not_validated(image, fewest_patches=1):
            return {"refused": "; ".join(reasons)}
        made = {name: make(image) for name, make in makers.items()}
        versions = {name: [compress(one, quality) for quality in question.qualities] for name, one in made.items()}
        judged: dict[str, list[tuple[float, str]]] = {name: [] for name in versions}
        for name, ones in versions.items():  # the untouched photograph is the first
            for one in ones:
                judged[name].append(judge(one))
                if reason := judged[_UNTOUCHED][0][1]:
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


def _check_enough(option: str, sources: int, others: str) -> None:
    if sources < FEWEST_SOURCES:
        raise ValueError(
            f"{option} must hold at least {FEWEST_SOURCES} photographs of different scenes. Received: {sources}{others}"
        )


def _checksums(weights: tuple[str, ...]) -> dict[str, str]:
    from zoo.experiments.cli.score_pictures import checksums

    return {Path(name).name: digest for name, digest in checksums(weights).items()}


def _name(photo: "Photo", reference: Path) -> str:
    return photo.path.relative_to(reference).as_posix()


def _summary(written: Mapping[str, Any]) -> list[str]:
    """Return a summary of the file to print."""
    found, bounds = written["validation"], written["bounds"]
    folders = [(name, written[name]) for name in ("reference", "positive") if name in written]
    lines = [
        *(f"{name}: {one['sources']} photographs, {len(one['not_validated'])} refused" for name, one in folders),
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
