"""One evaluation a process for all tables and figures of the same settings."""

from functools import cache

from zoo.experiments.adversarial.evaluation import Evaluation
from zoo.experiments.adversarial.pretrained import network_name, stored_name
from zoo.experiments.run.cells import Settings


@cache
def evaluation_of(name: str, settings: Settings) -> Evaluation:
    """Return the evaluation of the problem ``"overfeat"`` or ``"inception"``.

    Raises:
        ValueError: For an unknown scale.
    """
    return Evaluation(name, settings)


def weights_of(name: str, settings: Settings) -> str:
    """Return the name of a problem's network in the CSV."""
    # An approximate index gives other scores.
    index = f", index {settings.index}" if settings.index else ""
    if settings.scale == "paper":
        return ("net_weight_0" if name == "overfeat" else "imagenet") + index
    if settings.weights is not None:
        return f"{settings.weights.name}/{network_name(name, settings.dataset)}{index}"
    return (stored_name(name, settings.dataset) or "") + index
