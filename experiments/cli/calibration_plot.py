"""The plot of ``zoo calibrate``: empirical cross-entropy over the prior odds."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zoo.experiments.run.plotting import pyplot, save


def plot_cross_entropy(written: Mapping[str, Any], path: Path) -> None:
    """Draw the empirical cross-entropy that a calibration file holds as PNG.

    Three lines in bits: of the likelihood ratios, of the same after the best rising mapping (what is left is
    discrimination), and of likelihood ratios of 1. At prior odds of 1 the first is Cllr. Where it lies above the
    third, the likelihood ratios do harm.

    Args:
        written: What ``zoo calibrate`` wrote.
        path: The PNG file.
    """
    validation = written["validation"]
    sources = " and ".join(str(written[name]["sources"]) for name in ("reference", "positive") if name in written)
    curve = validation["empirical_cross_entropy"]
    odds = curve["log10_prior_odds"]
    plt = pyplot()
    figure, axes = plt.subplots(figsize=(6.4, 4.2), layout="constrained")
    axes.plot(odds, curve["of_none"], "k:", label="likelihood ratios of 1, which say nothing")
    axes.plot(odds, curve["of_these"], "C0-", label=f"these likelihood ratios: Cllr {validation['cllr']:.3f}")
    axes.plot(odds, curve["after_pav"], "C1--", label="after the best rising mapping (PAV)")
    axes.axvline(0, color="0.7", linewidth=0.8, zorder=0)
    axes.set(xlim=(odds[0], odds[-1]), ylim=(0, None))
    axes.set_xlabel(f"log10 prior odds of: {written['propositions']['yes']}", wrap=True, fontsize=9)
    axes.set_ylabel("empirical cross-entropy [bits]")
    axes.set_title(f"{written['product']}: {sources} photographs, cross-validated by source", fontsize=10)
    axes.legend(fontsize=8, loc="lower center")
    save(figure, path)
