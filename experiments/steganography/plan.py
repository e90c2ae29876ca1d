"""What the steganography tables need at the paper's scale, for ``zoo plan``."""

from functools import partial

import numpy as np

from zoo.experiments.run.planning import Needed, Plan, Work, pictures_of
from zoo.experiments.run.step_cost import UPDATE, Step
from zoo.experiments.steganography import compared_training, evaluation, timing
from zoo.experiments.steganography.training import NETWORKS, SCALES, Scale, build
from zoo.steganography.hiding import STORED_WEIGHT

_BOTH: dict[str, tuple[tuple[str, ...], bool]] = {
    "table_1": (NETWORKS, True),
    "table_2": (NETWORKS, False),
    "figure_4": (("ours",), False),
    "figure_5": (("ours",), False),
    "figure_6": (("baluja",), False),
    "trade_off": ((*NETWORKS, "jpeg"), False),
    "through_jpeg": ((*NETWORKS, "jpeg"), False),
    "sizes": (("ours",), False),
    "detectability": ((*NETWORKS, "jpeg"), False),
    "recognition": (("ours",), False),
    "packing": (("ours",), False),
}
"""Networks of each table, ours also when they go on through JPEG, and whether for each of the paper's lambdas."""
_LABELS = {"ours": "H-net and R-net", "baluja": "Baluja's networks", "jpeg": "H-net and R-net, on through JPEG"}
_ALONE = ("table_3", "table_4", "comparison")
"""Tables that take no trained networks."""


def plan(table: str, scale: str) -> Plan:
    """Data and trainings of any table that the paper has.

    Raises:
        ValueError: For another table.
    """
    if table == "comparison":
        alike = compared_training.SCALES[scale]
        count, hours = len(compared_training.NETWORKS) * len(alike.seeds), alike.seconds / 3600
        return Plan(
            left_out=f"all of it: {count} networks are trained on generated scenes, for {hours:g} hours each on any "
            "machine; after each eighth of them a state is saved"
        )
    if table in _ALONE:
        most = timing.SCALES[scale].most_in_memory
        left_out = f"on a CPU batches above {most} are not timed, for their memory" if table == "table_3" else ""
        return Plan(works=_timed(table, scale), left_out=left_out)
    if table not in _BOTH:
        raise ValueError(f"There is a plan of {', '.join((*_BOTH, *_ALONE))} of steganography. Received: {table}")
    trained, (networks, every) = SCALES[scale], _BOTH[table]
    count = len(trained.weights) if every else 1
    # Photographs to train on, and to validate or test on.
    kept = (15_000 + (evaluation.SCALES[scale].pictures or 0)) * trained.size**2 * 3 / 1e9
    alike = compared_training.SCALES[scale]
    command = f"zoo pretrain steganography --scale {scale} --dataset imagenet2012 --holidays HOLIDAYS"
    if not every:
        command += f" --lambda {STORED_WEIGHT:g}"
    if "jpeg" in networks:
        command += ", then the same with --jpeg-from"
    return Plan(
        needed=(
            Needed(
                "imagenet2012",
                "15,000 photographs of its training split, 1,491 of its validation split to test on",
                150,
                pictures_of("imagenet2012", "train"),
            ),
            Needed("holidays", "1,491 photographs, to validate and test", 2.7, pictures_of("holidays")),
        ),
        works=tuple(_training(network, count, trained) for network in networks),
        memory=(("photographs at the small size, once and again for each of --workers", kept),),
        trained_by=command,
        left_out=f"{trained.validation_steps} batches to validate on after every epoch of {trained.steps}, and the "
        "test pairs of the table: forward passes"
        + f"; two trainings of `comparison`, {alike.seconds / 3600:g} hours each"
        * (table == "trade_off"),
    )


def _training(network: str, count: int, trained: Scale) -> Work:
    epochs = trained.jpeg_epochs if network == "jpeg" else trained.epochs
    step = f"{__name__}:{'baluja' if network == 'baluja' else 'ours'}"
    return Work(f"{_LABELS[network]}, one for each lambda", count, epochs * trained.steps, trained.batch_size, step)


def _timed(table: str, scale: str) -> tuple[Work, ...]:
    """What Tables III and IV time: updates by batch size, or one pair."""
    timed = timing.SCALES[scale]
    batches, passes = (timed.batches, UPDATE) if table == "table_3" else ((1,), 1)
    return tuple(
        Work(f"{_LABELS[network]}, timed", 1, timed.turns + 1, batch, f"{__name__}:{network}", passes, saved=False)
        for network in NETWORKS
        for batch in batches
    )


def _step(network: str, batch: int) -> Step:
    scale = SCALES["paper"]
    model = build(scale, network=network)
    shape = (scale.size, scale.size, 3)
    rng = np.random.default_rng(0)
    pairs = {name: rng.random((batch, *shape), np.float32) for name in ("cover", "secret")}
    networks = {"hiding": (model.hiding, shape, 1), "revealing": (model.revealing, shape, 1)}
    return Step(partial(model.train_on_batch, pairs), networks)


ours, baluja = (partial(_step, network) for network in ("ours", "baluja"))
"""An update of H-net and R-net, or of Baluja's networks."""
