"""Training of INet, UNet and DNet to give the classical pipeline's picture (Korus and Memon 2019, section 3.2).

Paper: for each camera 120 photographs to train on and 30 to validate; batches of 20 random patches of 128x128 pixels;
squared error of the unclipped output in the 255 range; Adam 1e-4; until the validation loss stands still or 50,000
epochs; 17 to 26 minutes (INet), 2 to 4 hours (UNet), 12 to 22 hours (DNet) on a Tesla K80.

Command:  zoo pretrain imaging --scale photographs --dataset open_photographs [--data-dir DIR]     (`gpu`: longer)
          zoo pretrain imaging      (`laptop`: generated scenes alone, for the joint models, in the local store)
          zoo imaging fit RAW_DIR --network inet --scale paper
Expected: the stored weights and their numbers, see zoo/imaging/README.md
Time:     `photographs` two hours on one core with AVX512-BF16 while other programs ran (the sum in
          `zoo/imaging/weights.json`); seconds for `smoke`
"""

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path

import keras
import numpy as np
from keras import ops

from zoo.callbacks import StopOnPlateau
from zoo.datasets.developed import Developed, DevelopedPatches, fixed_patches
from zoo.experiments.imaging.data import CAMERA, synthetic
from zoo.experiments.imaging.developing.warm_start import linear_pipeline, warm_dnet, warm_unet
from zoo.experiments.run.scales import scale_of
from zoo.experiments.train import fitting
from zoo.experiments.train.precision import FASTEST, precision
from zoo.imaging import DNet, INet, UNet
from zoo.psnr import batch_psnr
from zoo.saved_training import SavedState

NETWORKS: dict[str, Callable[..., keras.Model]] = {"inet": INet, "unet": UNet, "dnet": DNet}


@dataclasses.dataclass(frozen=True)
class Recipe:
    """How long and how fast one network is trained."""

    epochs: int
    steps: int
    rate: float
    threshold: float | None = None
    """Relative change of the validation loss at which to stop; None for never."""


@dataclasses.dataclass(frozen=True)
class Scale:
    """What the networks are trained on, and by which recipe each."""

    training: int
    validation: int
    side: int
    """Pixels of a generated scene's side."""
    validation_side: int
    """Side of a validation patch, in planes."""
    recipes: dict[str, Recipe]
    batch: int = 20
    patch: int = 64
    every: int = 1
    """Epochs from one validation to the next."""
    precision: str = "float32"
    polish: float = 0.0
    """Share of the epochs, the last ones, in float32: weights that are trained in bfloat16 alone know its rounding."""
    short: bool = False
    """Whether the rate decays along half a cosine and UNet and DNet start as linear pipelines (``warm_start``)."""
    varied: bool = False
    """Whether scenes are photographs in drawn light and generated ones (``varied_scenes``)."""


SCALES = {
    "smoke": Scale(3, 2, 64, 16, {n: Recipe(2, 2, 1e-4) for n in NETWORKS}, batch=2, patch=16, short=True),
    "laptop": Scale(
        200,
        10,
        512,
        256,
        {"inet": Recipe(15, 400, 3e-3), "unet": Recipe(20, 200, 5e-4), "dnet": Recipe(20, 100, 3e-4)},
        batch=8,
        precision=FASTEST,
        polish=0.4,
        short=True,
    ),
    "photographs": Scale(
        1600,
        60,
        512,
        128,
        {"inet": Recipe(15, 400, 3e-3), "unet": Recipe(30, 200, 5e-4), "dnet": Recipe(20, 100, 3e-4)},
        batch=8,
        precision=FASTEST,
        polish=0.4,
        short=True,
        varied=True,
    ),
    "gpu": Scale(
        1600,
        60,
        512,
        128,
        {"inet": Recipe(30, 400, 3e-3), "unet": Recipe(100, 400, 5e-4), "dnet": Recipe(100, 400, 3e-4)},
        short=True,
        varied=True,
    ),
    "paper": Scale(
        120,
        30,
        2048,
        256,
        {
            "inet": Recipe(50_000, 6, 1e-4, 1e-4),
            "unet": Recipe(50_000, 6, 1e-4, 1e-4),
            "dnet": Recipe(50_000, 6, 1e-4, 1e-5),
        },
        every=100,
    ),
}


@keras.saving.register_keras_serializable(package="forensics_zoo")
def squared_error_255(target: np.ndarray, rgb: np.ndarray) -> np.ndarray:
    """Compute the paper's loss: mean squared error of the unclipped output on the scale of 255."""
    return ops.mean(ops.square(255.0 * (target - rgb)), axis=(-3, -2, -1))


@keras.saving.register_keras_serializable(package="forensics_zoo")
def psnr(target: np.ndarray, rgb: np.ndarray) -> np.ndarray:
    """Return the PSNR in dB of each picture, clipped to [0, 1]: shape (batch,)."""
    return batch_psnr(target, rgb)


def pretrain(
    scale: str,
    folder: Path,
    seed: int = 0,
    networks: Sequence[str] = tuple(NETWORKS),
    pictures: tuple[list[Developed], list[Developed]] | None = None,
) -> dict[str, keras.Model]:
    """Train ``networks`` on ``pictures`` (training, validation) or the synthetic camera's; resumes in ``folder``.

    The networks that are returned, and in ``folder/<network>.keras``, have no clipping.

    Raises:
        ValueError: For an unknown scale or network.
    """
    settings = check(scale, networks)
    training, validation = pictures or synthetic_pictures(settings, seed)
    side = min(settings.validation_side, *(n for p in validation for n in p.planes.shape[:2]))
    fixed = fixed_patches(validation, side, seed)
    return {name: train(name, settings, training, fixed, folder, seed) for name in networks}


def check(scale: str, networks: Sequence[str]) -> Scale:
    """Return the scale's settings.

    Raises:
        ValueError: For an unknown scale or network.
    """
    found = scale_of(SCALES, scale)
    unknown = [name for name in networks if name not in NETWORKS]
    if unknown:
        raise ValueError(f"network must be one of {', '.join(NETWORKS)}. Received: {unknown[0]!r}")
    return found


def synthetic_pictures(settings: Scale, seed: int, camera: str = CAMERA) -> tuple[list[Developed], list[Developed]]:
    """Return the training and validation pictures of a synthetic camera."""
    sizes = {"train": settings.training, "validation": settings.validation}
    training, validation = (synthetic(role, count, settings.side, seed, camera) for role, count in sizes.items())
    return training, validation


def train(
    name: str,
    settings: Scale,
    training: list[Developed],
    fixed: tuple[np.ndarray, np.ndarray],
    folder: Path,
    seed: int = 0,
) -> keras.Model:
    """Train one network by Keras ``fit``, or what is left of it."""
    recipe = settings.recipes[name]
    batches = DevelopedPatches(training, recipe.steps, settings.batch, settings.patch, seed)
    state = SavedState(folder / name)
    epochs, callbacks = recipe.epochs, []
    if recipe.threshold is not None:
        stop = StopOnPlateau(threshold=recipe.threshold, history=[entry["val_loss"] for entry in state.log])
        epochs = state.done if stop.reached else epochs
        callbacks.append(stop)
    model = new_network(name, settings, training, seed)
    # TensorFlow 1's epsilon at `paper`; the stored networks were trained with Keras's.
    optimizer = keras.optimizers.Adam(_rate(recipe, settings), epsilon=1e-7 if settings.short else 1e-8)
    model.compile(optimizer, squared_error_255, metrics=[psnr])
    phases: list[tuple[int, Callable[[keras.Model], keras.Model] | None]] = [(epochs, None)]
    if settings.polish:
        phases = [(round(epochs * (1 - settings.polish)), None), (epochs, _in_float32)]
    for last, prepare in phases:
        model = fitting.fit(
            model, batches, last, folder, name, callbacks, settings.every, prepare, fixed, validation_batch_size=1
        )
    return model


def _in_float32(model: keras.Model) -> keras.Model:
    """The same training in float32: weights, optimiser with its state; ``model`` itself where it is that already."""
    if all(layer.compute_dtype == "float32" for layer in model.layers):
        return model
    whole = NETWORKS[model.name](clip=False)
    whole.set_weights(model.get_weights())
    optimizer = keras.optimizers.Adam.from_config(model.optimizer.get_config())
    optimizer.build(whole.trainable_variables)
    for ours, theirs in zip(optimizer.variables, model.optimizer.variables, strict=True):
        ours.assign(theirs)
    whole.compile(optimizer, squared_error_255, metrics=[psnr])
    return whole


def _rate(recipe: Recipe, settings: Scale) -> float | keras.optimizers.schedules.LearningRateSchedule:
    if not settings.short:
        return recipe.rate
    steps = recipe.epochs * recipe.steps
    warm_up = min(100, steps // 4)  # Adam's first steps are large, and would destroy the initialisation
    return keras.optimizers.schedules.CosineDecay(
        recipe.rate / 100, steps - warm_up, alpha=0.01, warmup_target=recipe.rate, warmup_steps=warm_up
    )


def new_network(name: str, settings: Scale, training: Sequence[Developed], seed: int = 0) -> keras.Model:
    """Return a network as a training begins with it."""
    keras.utils.set_random_seed(seed)
    # INet has only three channels: bfloat16 would save nothing and cost some decibels.
    with precision("float32" if name == "inet" else settings.precision):
        model = NETWORKS[name](clip=False)
    if settings.short and name != "inet":
        (warm_unet if name == "unet" else warm_dnet)(model, linear_pipeline(training, seed))
    return model
