"""Train H-net and R-net and Baluja's networks alike, for seconds of processor time, and judge them on the way.

After every point of the curve the training is saved, of this scale, seed and commit alone: a stopped run goes on from
there, and the tables that need the same training find it. Compiling and saving count for no network.
"""

import dataclasses
import re
from pathlib import Path
from typing import cast

import keras
import numpy as np

from zoo.datasets.pairs import HidingPairs
from zoo.experiments.run.environment import commit
from zoo.experiments.run.timing import seconds
from zoo.experiments.steganography.training import VALIDATION_SEED
from zoo.experiments.train.precision import FASTEST, precision
from zoo.saved_training import SavedState
from zoo.steganography import BalujaNet, HNet, RNet, Steganographer
from zoo.steganography.steganographer import Loss, adam

WEIGHT, NOISE = 0.75, 0.01
OURS, SSIM, BALUJA = "ours", "ours, SSIM loss", "Baluja"
NETWORKS = (OURS, SSIM, BALUJA)
METRICS = ("loss (equation 1)", "MSE, C-H", "MSE, S-O", "SSIM, C-H", "SSIM, S-O", "steps")
POINTS = 8
"""Points of a curve, at equal distances in time."""


@dataclasses.dataclass(frozen=True)
class Scale:
    """``seconds`` of processor time (wall clock on a GPU) for each training."""

    seconds: float
    size: int
    batch_size: int
    seeds: tuple[int, ...]
    precision: str


SCALES = {
    "smoke": Scale(0.5, 32, 2, (0,), "float32"),
    "laptop": Scale(180, 32, 8, (0, 1, 2), FASTEST),
    "paper": Scale(36_000, 224, 16, (0, 1, 2), "float32"),
}
# The trade-off is measured on larger pictures there; the networks of the comparison are the same.
SCALES["photographs"] = SCALES["laptop"]
Curve = list[dict[str, float]]
"""One dict of ``METRICS`` for each point, and the seconds spent."""


def train(scale: Scale, network: str, seed: int) -> tuple[Steganographer, Curve]:
    """Train a network for the scale's seconds, or what is left of them, and judge it at every point."""
    state = SavedState(_place(scale, network, seed))
    model = state.load() if state.log else _new(scale, network, seed)
    pairs = HidingPairs(1, scale.batch_size, scale.size, seed)
    held_out = HidingPairs(1, 32, scale.size, seed + VALIDATION_SEED).batch(0, 0)
    spent, step = (state.log[-1]["seconds"], int(state.log[-1]["steps"])) if state.log else (0.0, 0)
    _trace(model, pairs.batch(0, 0))
    for point in range(len(state.log), POINTS):
        # Keras restores no generator's state: what a point draws depends on its number alone.
        noise = cast(keras.layers.GaussianNoise, model.channel).seed_generator.state
        noise.assign(np.array([seed, point], noise.dtype))
        while spent < scale.seconds * (point + 1) / POINTS:
            batch = pairs.batch(0, step)
            began = seconds()
            model.train_on_batch(batch)
            spent += seconds() - began
            step += 1
        state.write(model, _judge(model, held_out) | {"steps": float(step), "seconds": spent})
    return model, state.log


def _place(scale: Scale, network: str, seed: int) -> Path:
    """Return the path of a training's saved state."""
    name = re.sub(r"\W+", "-", network.lower())
    return Path("runs") / f"steganography-compared-{scale.size}-{scale.seconds:g}-{commit()}" / f"{name}-{seed}"


def _new(scale: Scale, network: str, seed: int) -> Steganographer:
    keras.utils.set_random_seed(seed)
    with precision(scale.precision):
        noise = keras.layers.GaussianNoise(NOISE, seed=seed)
        if network == BALUJA:
            model = BalujaNet(weight=WEIGHT, quantize=True, channel=noise)
        else:
            loss: Loss = "ssim" if network == SSIM else "mse"
            model = Steganographer(HNet(), RNet(), WEIGHT, loss, quantize=True, channel=noise)
    model.compile(adam(1e-3, 0.9))
    model.optimizer.build(model.trainable_variables)
    return model


def _trace(model: Steganographer, batch: dict[str, np.ndarray]) -> None:
    """Let the backend trace and compile an update, and undo it."""
    variables = [*model.variables, *model.optimizer.variables]
    before = [keras.ops.convert_to_numpy(variable) for variable in variables]
    model.train_on_batch(batch)
    for variable, value in zip(variables, before, strict=True):
        variable.assign(value)


def _judge(model: Steganographer, pairs: dict[str, np.ndarray]) -> dict[str, float]:
    outputs = model.predict(pairs, batch_size=8, verbose=0)
    parts = {"C-H": ("cover", "container"), "S-O": ("secret", "revealed")}
    found = {}
    for part, (truth, image) in parts.items():
        found[f"MSE, {part}"] = float(np.square(pairs[truth] - outputs[image]).mean())
        clipped = np.clip(outputs[image], 0, 1)
        found[f"SSIM, {part}"] = float(np.mean(keras.ops.image.ssim(pairs[truth], clipped, max_val=1.0)))
    return found | {"loss (equation 1)": found["MSE, C-H"] + WEIGHT * found["MSE, S-O"]}
