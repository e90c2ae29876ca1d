"""What the steganography tables need at the paper's scale, for ``zoo plan``."""

from functools import partial

import numpy as np

from zoo.experiments.run.planning import Needed, Plan, Work, pictures_of
from zoo.experiments.run.step_cost import Step
from zoo.experiments.steganography.training import SCALES, build

TABLES = ("table_1", "table_2", "table_3", "table_4", "figure_4", "figure_5", "figure_6")
"""They take the same networks."""


def plan(table: str, scale: str) -> Plan:
    """Data and trainings of any table that the paper has.

    Raises:
        ValueError: For another table.
    """
    if table not in TABLES:
        raise ValueError(f"There is a plan of {', '.join(TABLES)} of steganography. Received: {table}")
    trained = SCALES[scale]
    picture, count = trained.size**2 * 3 / 1e9, len(trained.weights)
    updates = trained.epochs * trained.steps
    return Plan(
        needed=(
            Needed(
                "imagenet2012",
                "15,000 photographs of its training split, 50,000 to test",
                150,
                pictures_of("imagenet2012", "train"),
            ),
            Needed("holidays", "1,491 photographs, to validate and test", 2.7, pictures_of("holidays")),
        ),
        works=tuple(
            Work(f"{label}, one for each lambda", count, updates, trained.batch_size, f"{__name__}:{step}")
            for network, label, step in (("ours", "H-net and R-net", "ours"), ("baluja", "Baluja's networks", "baluja"))
            if network in trained.networks
        ),
        memory=(("photographs at the small size, once and again for each of --workers", 16_500 * picture),),
        trained_by=f"zoo pretrain steganography --scale {scale} --dataset imagenet2012 --holidays HOLIDAYS",
        left_out=f"{trained.validation_steps} batches to validate on after every epoch of {trained.steps}, and the "
        "test pairs of the table: forward passes",
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
