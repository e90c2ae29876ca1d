"""Train H-net and R-net and Baluja's networks alike, for seconds of processor time, and judge them on the way."""

import dataclasses

import keras
import numpy as np

from zoo.datasets.pairs import HidingPairs
from zoo.experiments.run.timing import seconds
from zoo.experiments.steganography.training import VALIDATION_SEED
from zoo.experiments.train.precision import FASTEST, precision
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
"""One dict of ``METRICS`` for each point."""


def train(scale: Scale, network: str, seed: int) -> tuple[Steganographer, Curve]:
    """Train a network for the scale's seconds and judge it at every point."""
    keras.utils.set_random_seed(seed)
    with precision(scale.precision):
        noise = keras.layers.GaussianNoise(NOISE, seed=seed)
        if network == BALUJA:
            model = BalujaNet(weight=WEIGHT, quantize=True, channel=noise)
        else:
            loss: Loss = "ssim" if network == SSIM else "mse"
            model = Steganographer(HNet(), RNet(), WEIGHT, loss, quantize=True, channel=noise)
    model.compile(adam(1e-3, 0.9))
    pairs = HidingPairs(1, scale.batch_size, scale.size, seed)
    held_out = HidingPairs(1, 32, scale.size, seed + VALIDATION_SEED).batch(0, 0)
    model.train_on_batch(pairs.batch(0, 0))  # traces and compiles; the same for all
    curve, spent, step = [], 0.0, 1
    for point in range(POINTS):
        while spent < scale.seconds * (point + 1) / POINTS:
            batch = pairs.batch(0, step)
            began = seconds()
            model.train_on_batch(batch)
            spent += seconds() - began
            step += 1
        curve.append(_judge(model, held_out) | {"steps": float(step)})
    return model, curve


def _judge(model: Steganographer, pairs: dict[str, np.ndarray]) -> dict[str, float]:
    outputs = model.predict(pairs, batch_size=8, verbose=0)
    parts = {"C-H": ("cover", "container"), "S-O": ("secret", "revealed")}
    found = {}
    for part, (truth, image) in parts.items():
        found[f"MSE, {part}"] = float(np.square(pairs[truth] - outputs[image]).mean())
        clipped = np.clip(outputs[image], 0, 1)
        found[f"SSIM, {part}"] = float(np.mean(keras.ops.image.ssim(pairs[truth], clipped, max_val=1.0)))
    return found | {"loss (equation 1)": found["MSE, C-H"] + WEIGHT * found["MSE, S-O"]}
