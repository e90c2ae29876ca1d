"""Compute what a calibration file says, from scores: mapping, bounds, costs and error rates."""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

RATES = (0.01, 0.05)
"""False-alarm rates for which thresholds are found."""
PRIORS = tuple(n / 4 for n in range(-12, 13))
"""Log10 prior odds at which the empirical cross-entropy is given."""
GRID = 65
"""Scores at which the interval of the likelihood ratio is given."""
SIZES = (0, 1, 4, 16, 64)
"""Millions of pixels at which the groups of sizes begin, for error rates."""


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
