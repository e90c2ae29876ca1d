"""``zoo calibrate``: measure a product on your own photographs, and write thresholds and likelihood ratios."""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo.experiments.cli.calibrated import FORMAT, MAPPINGS, Comparison, Question
from zoo.experiments.cli.calibration_contents import Scores, calibrate, format_group, size_group
from zoo.experiments.cli.devices import add_device
from zoo.experiments.cli.outputs import add_force, check_outputs
from zoo.experiments.cli.reference_scores import Scored, processes, score_reference
from zoo.experiments.cli.score_pictures import checksums_by_name
from zoo.experiments.families import experiments, load
from zoo.printing import shown
from zoo.resolve_weights import HELP, resolve_weights
from zoo.store import sha256
from zoo.version import __version__

if TYPE_CHECKING:
    from zoo.datasets.folder import Photo, PhotoFolder

FEWEST_SOURCES = 20
"""With fewer photographs nothing is calibrated."""
_POSITIVE = "positive"


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
    add_device(parser)
    add_force(parser)
    parser.set_defaults(run=_run, resumes=True)


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
    outputs, read = {"-o": options.output, "--plot": options.plot}, [options.weights, *weights]
    check_outputs(outputs, read, options.force)

    given = {"--reference": options.reference} | ({"--positive": options.positive} if options.positive else {})
    found, shared = _scan(given)
    photographs = [path for one in found.values() for path, _ in (*one.photos, *one.left_out)]
    check_outputs(outputs, [*read, *photographs], options.force)
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
        "networks": checksums_by_name(weights),
        "propositions": {"yes": question.yes, "no": question.no},
        "reference": {
            **about["--reference"],
            "fewest_patches": min(one.fewest_patches for one in each.values()),
            "jpeg_qualities": list(question.qualities),
            "processes": processes(question),
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
    each = {option: score_reference(ones, question, weights, kept) for option, ones in photos.items()}
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


def _groups(scored: Scored) -> dict[str, list[Any]]:
    return {
        "format": [format_group(photo.path) for photo in scored.photos],
        "megapixels": [size_group(pixels) for pixels in scored.pixels],
    }


def _check_enough(option: str, sources: int, others: str) -> None:
    if sources < FEWEST_SOURCES:
        raise ValueError(
            f"{option} must hold at least {FEWEST_SOURCES} photographs of different scenes. Received: {sources}{others}"
        )


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
