"""What is attacked and guarded: a classifier, the training set behind it, and pictures to test on, by scale.

`smoke` and `laptop` take small networks on small pictures (``data.py``), `paper` the paper's own on ImageNet
(``imagenet.py``).
"""

import dataclasses
from pathlib import Path

import zoo.weights
from zoo.experiments.adversarial.data import FEATURES, Pictures, Problem, pictures
from zoo.experiments.adversarial.pretrained import NAMES
from zoo.experiments.adversarial.training import NETWORKS
from zoo.experiments.run.cells import DataUnavailable, Settings
from zoo.experiments.run.scales import scale_of
from zoo.resolve_weights import resolve_weights


@dataclasses.dataclass(frozen=True)
class Scale:
    """How much is measured.

    ``test`` is the number of correctly classified test pictures (None: all); the strengths are grey levels. On pictures
    of 16 pixels and high contrast the paper's strengths fool a classifier hardly ever.
    """

    test: int | None
    database: int | None
    fgs: float
    eps: float
    step: float
    adaptive_steps: int
    bootstrap: int


SCALES = {
    "smoke": Scale(test=12, database=300, fgs=60, eps=60, step=12, adaptive_steps=3, bootstrap=20),
    "laptop": Scale(test=300, database=None, fgs=48, eps=48, step=4.8, adaptive_steps=40, bootstrap=500),
    "paper": Scale(test=None, database=None, fgs=1, eps=16, step=1, adaptive_steps=40, bootstrap=500),
}


def problem(name: str, settings: Settings) -> Problem:
    """The problem ``"overfeat"`` (Table 2) or ``"inception"`` (Table 4).

    Raises:
        ValueError: For an unknown scale.
        DataUnavailable: Where networks or pictures are not to be had.
    """
    scale = scale_of(SCALES, settings.scale)
    if settings.scale == "paper":
        from zoo.experiments.adversarial import imagenet

        return imagenet.problem(name, settings)
    return _small(name, settings, scale)


def _small(name: str, settings: Settings, scale: Scale) -> Problem:
    train, calibration, test = (Pictures(*pictures(settings.dataset, p)) for p in ("train", "calibration", "test"))
    images, labels = (part[: scale.database] for part in (train.images, train.labels))
    classes = int(train.labels.max()) + 1
    weights, path = _weights(name, settings)
    model = NETWORKS[name](images.shape[1:], classes, weights=path)
    # As many neighbours as a class has rows, as in the paper.
    k = len(images) // classes
    return Problem(
        name,
        model,
        FEATURES[name],
        lambda: iter([(images, labels)]),
        calibration,
        test,
        classes,
        k,
        dimensions=32,
        weights=weights,
    )


def _weights(name: str, settings: Settings) -> tuple[str, str | Path]:
    """How the CSV names the network, and where it is."""
    if settings.weights is not None:
        return f"{settings.weights.name}/{name}", resolve_weights(settings.weights, name)[0]
    if settings.dataset != "embedded":
        raise DataUnavailable(
            f"a network for {settings.dataset}: zoo pretrain adversarial --dataset {settings.dataset}"
        )
    if NAMES[name] not in zoo.weights.names():
        raise DataUnavailable(f"stored weights {NAMES[name]}")
    return NAMES[name], NAMES[name]
