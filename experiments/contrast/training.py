"""Two-step training of ContrastNet (Barni et al. 2018, section II-B): unaware, then JPEG-aware fine-tuning.

Paper: 3 epochs of 2 x 2,000,000 patches of RAISE8K for each step, batch 32, Adam 1e-4 (two GTX 1080 Ti).

Command:  zoo pretrain contrast                          (generated scenes)
          zoo pretrain contrast --scale paper --dataset raise8k --data-dir RAISE
          (RAISE: the TIFF files, or a folder where TFDS prepared raise8k/contrast_patches: no image is decoded then)
          zoo pretrain contrast --scale photographs --dataset open_photographs    (or --scale gpu)
          zoo pretrain contrast --scale photographs --dataset open_photographs --start contrast-aware.photographs
Expected: weights in the local store; where those of the package come from is in zoo/contrast/README.md
Time:     seconds for `smoke`; the log of each step adds up its seconds; the others are not measured yet

`fit_step` is one step, for any data; `pretrain` is the whole of it, on generated scenes or photographs.
"""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np

from zoo.contrast import ContrastNet
from zoo.contrast.operators import draw_training_operator, hsv_round_trip
from zoo.datasets.embedded import generate_scene
from zoo.datasets.jpeg import ORIGINAL_QUALITIES
from zoo.datasets.patches import PairedPatches
from zoo.datasets.photographs import Photograph
from zoo.datasets.prepared import Prepared
from zoo.datasets.prepared_patches import PreparedPatches
from zoo.datasets.varied_scenes import VariedScenes
from zoo.experiments.run.scales import scale_of
from zoo.experiments.train.fitting import KeyedDropout, cosine, fit, standardise
from zoo.experiments.train.precision import FASTEST, precision


@dataclasses.dataclass(frozen=True)
class Recipe:
    """An optimiser of the contrast family and its learning-rate schedule."""

    learning_rate: float
    beta_1: float
    beta_2: float
    epsilon: float = 1e-8
    cosine: bool = False
    """Whether the rate falls to a hundredth along a half cosine over a step's epochs."""
    from_data: bool = False
    """Whether the unaware step starts from ``initialise_from_data`` instead of Glorot's draw."""

    def optimizer(self) -> keras.optimizers.Optimizer:
        """Return a new Adam of this recipe."""
        return keras.optimizers.Adam(self.learning_rate, self.beta_1, self.beta_2, self.epsilon)


RECIPES = {
    # The authors' code: beta_2 is .9999 (sic), beta_1 Keras's default.
    "original": Recipe(1e-4, 0.9, 0.9999),
    # The paper's text: "learning rate 1e-4 and momentum 0.99".
    "paper": Recipe(1e-4, 0.99, 0.999),
    # Ours, because a laptop can only train on few patches: three times the rate, and a decay.
    "short": Recipe(3e-4, 0.9, 0.999, cosine=True, from_data=True),
    # The same with Glorot's initialisation, for photographs.
    "decayed": Recipe(3e-4, 0.9, 0.999, cosine=True),
    # For a network that is already trained.
    "continued": Recipe(1e-4, 0.9, 0.999, cosine=True),
}


@dataclasses.dataclass(frozen=True)
class Scale:
    """How much is trained; a step is `epochs` times `steps` batches."""

    unaware_epochs: int
    aware_epochs: int
    control_epochs: int
    steps: int
    recipe: str
    precision: str
    """A Keras dtype policy, or ``zoo.experiments.train.precision.FASTEST``."""
    base_filters: int = 32
    """Width that is trained; a narrower network than the paper's 32 is widened at the end (``widening.py``)."""
    batch_size: int = 32
    varied: bool = False
    """Whether scenes are varied, and a share of them generated, see ``zoo.datasets.varied_scenes``."""


SCALES = {
    "smoke": Scale(1, 1, 1, 2, "original", "float32", base_filters=8),
    "laptop": Scale(10, 12, 2, 1000, "short", FASTEST, base_filters=8),
    # For photographs, without and with a GPU. The stored weights were trained before these scales existed.
    "photographs": Scale(6, 8, 2, 500, "decayed", FASTEST, batch_size=64, varied=True),
    "gpu": Scale(14, 24, 4, 1000, "decayed", "mixed_bfloat16", batch_size=64, varied=True),
    "paper": Scale(3, 3, 3, 125_000, "original", "float32"),
}


def compile_recipe(model: keras.Model, recipe: str) -> None:
    """Compile ``model`` for training by a recipe of ``RECIPES``: categorical cross-entropy and accuracy.

    Raises:
        ValueError: For an unknown recipe.
    """
    if recipe not in RECIPES:
        raise ValueError(f"recipe must be one of {sorted(RECIPES)}. Received: {recipe!r}")
    model.compile(RECIPES[recipe].optimizer(), "categorical_crossentropy", metrics=["accuracy"])


def training_batches(
    steps: int,
    seed: int,
    aware: bool,
    control: bool = False,
    pictures: Sequence[Photograph] | Prepared = (),
    batch_size: int = 32,
    varied: bool = False,
) -> PairedPatches | PreparedPatches:
    """Training batches from ``pictures``, or from generated scenes, a fresh one each time; see ``PairedPatches``.

    ``pictures`` may also be RAISE8K's ``contrast_patches``, see ``PreparedPatches``. Photographs are ``varied`` by
    ``VariedScenes``, or taken as they are. ``aware`` compresses every patch at a quality of the original's twelve;
    ``control`` sends both classes through the 8-bit HSV round trip first.
    """
    qualities = ORIGINAL_QUALITIES if aware else None
    if isinstance(pictures, Prepared):
        if control or varied:
            raise ValueError(f"Stored patches cannot be round-tripped or varied. Received: {control=}, {varied=}")
        return PreparedPatches(pictures, steps, batch_size, qualities, seed)

    def scene(rng: np.random.Generator) -> np.ndarray:
        if not pictures:
            return generate_scene(rng, 384, 384)
        return pictures[int(rng.integers(len(pictures)))].load()

    return PairedPatches(
        VariedScenes(pictures) if varied else scene,
        draw_training_operator,
        steps,
        batch_size,
        qualities=qualities,
        both=hsv_round_trip if control else None,
        seed=seed,
        # The smallest open photographs, 299 pixels square, hold 16 patches.
        positions=16 if pictures or varied else 24,
    )


def initialise_from_data(model: keras.Model, patches: np.ndarray) -> None:
    """Scale a new ContrastNet so that every layer's pre-activations have mean 0 and variance 1 on ``patches``.

    ``standardise`` does for the first steps what batch normalisation does, without its cost in the others. Half of the
    first layer's filters start without a response to flat areas, so that noise, not brightness, is what they pass on.

    ``patches`` is float (n, 64, 64, 3) in [0, 1].
    """
    kernel, bias = model.get_layer("conv1_1").get_weights()
    kernel[..., ::2] -= kernel[..., ::2].mean(axis=(0, 1, 2))
    model.get_layer("conv1_1").set_weights([kernel, bias])
    x = keras.ops.convert_to_tensor(patches)
    for layer in model.layers[1:]:
        if isinstance(layer, (keras.layers.Conv2D, keras.layers.Dense)) and layer.name != "predictions":
            standardise(layer, x)
        x = layer(x)


def fit_step(
    model: keras.Model,
    batches: PairedPatches | PreparedPatches,
    epochs: int,
    folder: Path,
    name: str,
    recipe: Recipe,
    callbacks: tuple[keras.callbacks.Callback, ...] = (),
    workers: int = 0,
) -> keras.Model:
    """Run one step of the training by Keras ``fit``, or what is left of it; returns the trained model.

    ``folder/<name>.keras`` holds the state after the last whole epoch. Where it exists, training goes on from it and
    ``model`` is not used; where it already has ``epochs`` epochs, it is returned as it is.
    """
    schedule = [cosine(recipe.learning_rate, epochs)] if recipe.cosine else []
    own = [*schedule, KeyedDropout(batches.seed), *callbacks]
    return fit(model, batches, epochs, folder, name, own, workers=workers)


def pretrain(
    scale: str,
    folder: Path,
    seed: int = 0,
    pictures: Sequence[Photograph] | Prepared = (),
    workers: int = 0,
    start: Path | str | None = None,
) -> dict[str, keras.Model]:
    """Train unaware, aware and the round-trip control on ``pictures`` or generated scenes; resumes in ``folder``.

    ``pictures`` as for ``training_batches``. The aware model starts from the unaware one with its optimiser's state;
    the control from the aware one; stored patches have no control. ``workers`` as for ``zoo.datasets.feed.Feed``.

    With ``start``, weights by name or file, only the aware step is trained, from them: recipe ``continued``.

    Raises:
        ValueError: For an unknown scale, or weights that do not fit.
    """
    settings = scale_of(SCALES, scale)
    recipe = RECIPES[settings.recipe]
    keras.utils.set_random_seed(seed)
    with precision(settings.precision):
        model = ContrastNet(weights=start, base_filters=32 if start else settings.base_filters)
    if start is not None:
        compile_recipe(model, "continued")
        drawn = (pictures, settings.batch_size, settings.varied)
        batches = training_batches(settings.steps, 3 * seed + 1, True, False, *drawn)
        epochs, recipe = settings.aware_epochs, RECIPES["continued"]
        return {"aware": fit_step(model, batches, epochs, folder, "aware", recipe, workers=workers)}
    if recipe.from_data:
        # Drawn with the seed of the unaware step: its first scenes, which nothing else uses.
        initialise_from_data(model, training_batches(1, 3 * seed, aware=False, pictures=pictures).batch(0, 0)[0])
    compile_recipe(model, settings.recipe)
    models = {}
    for step, (name, epochs) in enumerate(
        [
            ("unaware", settings.unaware_epochs),
            ("aware", settings.aware_epochs),
            ("control", settings.control_epochs),
        ]
    ):
        # Each step has its own seed, so that no step sees a scene of another.
        drawn = (pictures, settings.batch_size, settings.varied)
        if isinstance(pictures, Prepared) and step == 2:
            break  # the stored patches hold no adjusted picture after a round trip
        batches = training_batches(settings.steps, 3 * seed + step, step > 0, step == 2, *drawn)
        model = fit_step(model, batches, epochs, folder, name, recipe, workers=workers)
        models[name] = keras.models.load_model(folder / f"{name}.keras")
    return models
