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
    if settings.scale == "paper":
        return "net_weight_0" if name == "overfeat" else "imagenet"
    if settings.weights is not None:
        return network_name(name, settings.dataset)
    return stored_name(name, settings.dataset) or ""
