"""Training of H-net and R-net together (Pham Van et al. 2019, section IV): two optimisers, two schedules.

Paper: 15,000 images of ImageNet at 224x224, lambda 0.5, 0.75 and 1, 100 epochs (Figure 4), one GTX 1080 Ti.

Command:  zoo pretrain steganography --scale photographs --dataset open_photographs --install    (or --scale gpu)
          make pretrained PAPER=steganography    (or: zoo pretrain steganography --scale laptop)
          zoo pretrain steganography --scale photographs --dataset open_photographs --jpeg-from NAME
          zoo pretrain steganography --scale paper --dataset imagenet2012 --holidays HOLIDAYS
Expected: the stored weights and their numbers, see zoo/steganography/README.md
Time:     the stored pairs, at `photographs`, as weights.json says; `laptop` 78 minutes on two cores with AVX512-BF16,
          and a quarter as long again for the pair through JPEG; `smoke` seconds; benchmarks/steganography_step.csv has
          what an update costs at `gpu`; `gpu` and `paper` want a GPU

Three recipes. `relative` is that of the public code which the paper's networks equal layer by layer (the paper gives
none): kernels from N(0, 0.02), Adam 1e-3 with beta_1 0.5, the rates cut to a fifth when the validation loss (H-net,
patience 5 epochs) or its reveal term (R-net, patience 8) has stopped improving. `short` is ours, for few updates:
H-net's start is not random (`warm_start.py`), Adam has beta_1 0.9, peaks of 3e-4 (H-net) and 1e-3 (R-net) and a cosine
decay over the given number of updates. `narrow` is for photographs and short of time: a narrow pair is trained first
and then widened (`narrow_start.py`), both with the Adam of `short`. Baluja's networks have no narrow form. They are
trained by `short` there, with lower peaks; for lambda .5 and 1 they begin with the networks for .75. `--recipe`,
`--initialiser` and `--epochs` choose otherwise than the scale.

Validation is on photographs that are not trained on: those that the data set has for it, or a tenth of the scenes; with
`--holidays` on INRIA Holidays, as in the paper, which `paper` on ImageNet asks for. Loss, its two terms and both PSNRs
are logged after every epoch.

A pair of networks can go on with JPEG between the two (`--jpeg-from`; at `smoke` and `laptop` it always does, into
files of its own), so that what they hide survives it. The paper has nothing of the kind.
"""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import keras

from zoo.callbacks import TorchReduceLROnPlateau
from zoo.datasets.pairs import DrawImage, HidingPairs, ResizedPhotographs
from zoo.datasets.photographs import Photograph
from zoo.experiments.steganography.narrow_start import (
    freeze_bias_norms,
    narrow_revealing,
    outer_levels,
    start_in_chroma,
    widen,
)
from zoo.experiments.steganography.warm_start import start_in_haar
from zoo.experiments.train import fitting
from zoo.experiments.train.fitting import check_same
from zoo.experiments.train.precision import FASTEST, precision
from zoo.saved_training import SavedState
from zoo.steganography import BalujaNet, HNet, RNet, Steganographer, separate_optimizers
from zoo.steganography.hiding import THROUGH_JPEG, jpeg_channel
from zoo.steganography.initializers import Initializer
from zoo.steganography.steganographer import adam

VALIDATION_SEED = 10**6
"""Validation pairs are drawn with the training's seed plus this: other scenes."""
NETWORKS = ("ours", "baluja")
WEIGHTS = (0.5, 0.75, 1.0)
"""The paper's lambdas."""
Recipe = Literal["relative", "short", "narrow"]
Start = Literal["relative", "pytorch", "haar", "chroma"]
"""How H-net and R-net start: as ``zoo.steganography.initializers`` says, or PyTorch's with ``start_in_haar`` or
``start_in_chroma``."""
STARTS: dict[str, Start] = {"relative": "relative", "short": "haar", "narrow": "chroma"}
"""Each recipe's own start."""


@dataclasses.dataclass(frozen=True)
class Scale:
    """How much is trained: ``epochs`` times ``steps`` batches of ``batch_size`` pairs of ``size`` x ``size`` pixels."""

    epochs: int
    steps: int
    batch_size: int
    size: int
    recipe: Recipe
    precision: str
    validation_steps: int
    weights: tuple[float, ...] = (0.75,)
    """The lambdas; networks are trained for each."""
    networks: tuple[str, ...] = NETWORKS[:1]
    jpeg_epochs: int = 0
    """For how long a pair of ours goes on with JPEG between the two."""
    jpeg_size: int | None = None
    """Side of the images then; ``None`` for ``size``."""
    jpeg_recipe: Recipe = "short"
    """Recipe then: the networks are trained already, and those of the public code's start at random."""
    with_jpeg: bool = False
    """Whether that is a part of every training at this scale, and not asked for by ``--jpeg-from`` alone."""
    start: Start | None = None
    """``None`` for the recipe's own."""
    narrow_epochs: int = 2
    """For how long a narrow pair is trained first by the recipe ``narrow``, with batches of ``NARROW_BATCH``."""
    baluja_epochs: int | None = None
    """Epochs of Baluja's networks by the recipe ``narrow``; ``None`` for as many updates as ours."""
    baluja_further: int | None = None
    """Epochs for a lambda other than ``BALUJA_FIRST``, which begin there with the networks for that; ``None``: each
    lambda is trained from the start."""


SCALES = {
    "smoke": Scale(1, 2, 2, 32, "relative", "float32", 1, jpeg_epochs=1, with_jpeg=True),
    "laptop": Scale(24, 250, 8, 64, "short", FASTEST, 8, jpeg_epochs=6, with_jpeg=True),
    # 80 pairs are two of each of the 74 open photographs to validate on.
    # 28 epochs of Baluja's networks take an hour of one core, as many updates as ours would take four hours.
    "photographs": Scale(
        6,
        100,
        4,
        64,
        "narrow",
        FASTEST,
        20,
        jpeg_epochs=64,
        narrow_epochs=100,
        baluja_epochs=28,
        baluja_further=6,
    ),
    # 40,000 updates; an epoch is as long as the paper's.
    "gpu": Scale(85, 468, 16, 128, "relative", "mixed_bfloat16", 5, jpeg_epochs=20),
    # "Batch 32" of the public code: 16 covers and 16 secrets out of 32 images; 15,000 images make 468 of them.
    "paper": Scale(100, 468, 16, 224, "relative", "float32", 46, WEIGHTS, NETWORKS, jpeg_epochs=25),
}
PEAKS = {"hiding": 3e-4, "revealing": 1e-3}
"""Highest learning rates of the recipe `short`."""
NARROW_PEAKS = {"hiding": 5e-4, "revealing": 3e-3}
"""Those of a narrow pair."""
WIDENED_PEAKS = {"hiding": 2e-5, "revealing": 5e-5}
"""Those of networks that are trained already: a pair that was widened, and Baluja's for another lambda."""
BALUJA_PEAKS = {"hiding": 1e-4, "revealing": 3e-4}
"""Those of Baluja's networks by the recipe `short`: with `PEAKS` the loss rose tenfold in epoch 19."""
BALUJA_HIDING = "baluja_(prepare|hide)_"
"""Names of the layers of Baluja's networks that the optimiser of the hiding network trains."""
BALUJA_FIRST = 0.75
"""The lambda for which Baluja's networks are trained first, see ``Scale.baluja_further``."""
NARROW_BATCH = 8
NARROW = "narrow-"
"""What the names of a narrow pair's states begin with."""


def build(
    scale: Scale, weight: float = 0.75, network: str = "ours", channel: keras.layers.Layer | None = None
) -> Steganographer:
    """Return a new H-net and R-net, or Baluja's networks, for ``scale``, compiled by its recipe.

    The container is rounded to 8 bits in training. Baluja's networks have one start, Glorot's.
    """
    start = scale.start or STARTS[scale.recipe]
    initializer: Initializer = "relative" if start == "relative" else "pytorch"
    with precision(scale.precision):
        if network == "baluja":
            model = BalujaNet(weight=weight, quantize=True, channel=channel)
        else:
            networks = HNet(initializer=initializer), RNet(initializer=initializer)
            model = Steganographer(*networks, weight, quantize=True, channel=channel)
    if network == "ours" and start == "haar":
        start_in_haar(model.hiding)
    if network == "ours" and start == "chroma":
        start_in_chroma(model.hiding)
    if network == "baluja":
        _compile(model, scale, BALUJA_HIDING, BALUJA_PEAKS)
    else:
        _compile(model, scale, "h_net_")
    return model


def build_narrow(scale: Scale, weight: float) -> Steganographer:
    """Return a new narrow pair, compiled: two levels of an H-net with the start of ``scale``, and a narrow R-net."""
    wide = build(scale, weight).hiding
    model = Steganographer(outer_levels(wide), narrow_revealing(), weight, quantize=True)
    _compile(model, scale, "h_net_", NARROW_PEAKS)
    return model


def _compile(model: Steganographer, scale: Scale, prefix: str, peaks: dict[str, float] = PEAKS) -> None:
    hiding_optimizer, revealing_optimizer = (_optimizer(scale, part, peaks[part]) for part in ("hiding", "revealing"))
    model.compile(separate_optimizers(hiding_optimizer, revealing_optimizer, prefix))
    # Else TensorFlow traces the first step twice: once to make the optimisers' variables.
    model.optimizer.build(model.trainable_variables)


def _optimizer(scale: Scale, name: str, peak: float) -> keras.optimizers.Optimizer:
    if scale.recipe == "relative":
        return adam(1e-3, 0.5, name)
    total = scale.epochs * scale.steps
    warm = max(1, total // 50)
    rate = keras.optimizers.schedules.CosineDecay(peak / 10, total - warm, 1e-2, warmup_target=peak, warmup_steps=warm)
    return adam(rate, 0.9, name)


def schedules(scale: Scale, history: list[dict]) -> list[keras.callbacks.Callback]:
    """The public relative's two schedulers, where the recipe has them; ``history`` is that of a resumed training."""
    if scale.recipe != "relative":
        return []
    plans = (("val_loss", "hiding", 5), ("val_reveal_loss", "revealing", 8))
    return [
        TorchReduceLROnPlateau(
            monitor, optimizer, factor=0.2, patience=patience, past=[entry[monitor] for entry in history]
        )
        for monitor, optimizer, patience in plans
    ]


def fit(
    model: Steganographer,
    scale: Scale,
    folder: Path,
    name: str,
    seed: int = 0,
    draw: DrawImage | None = None,
    validation: DrawImage | None = None,
    callbacks: tuple[keras.callbacks.Callback, ...] = (),
    workers: int = 0,
) -> Steganographer:
    """Train ``model`` by Keras ``fit``, or what is left of it; returns the trained model.

    ``folder/<name>.keras`` and ``.json`` hold the state and the losses after every epoch. Where they exist, training
    goes on from there and ``model`` is not used. Pairs come from ``draw``, and those to validate on from
    ``validation``; by default both are generated scenes, others for each.

    Raises:
        ValueError: For pictures to train on without others to validate on.
    """
    if draw is not None and validation is None:
        raise ValueError("Held-out validation pictures are required. Received: none")
    pairs = HidingPairs(scale.steps, scale.batch_size, scale.size, seed, draw)
    held_out = HidingPairs(scale.validation_steps, scale.batch_size, scale.size, seed + VALIDATION_SEED, validation)
    own = [*schedules(scale, SavedState(folder / name).log), *callbacks]
    return fitting.fit(model, pairs, scale.epochs, folder, name, own, validation_data=held_out, workers=workers)


def state_name(network: str, weight: float) -> str:
    """Return a training's file name without suffix, such as ``ours-0.75``."""
    return f"{network}-{weight:g}"


@dataclasses.dataclass(frozen=True)
class Material:
    """What is trained on, and where: generated scenes where there are no ``pictures``."""

    folder: Path
    """Keeps the states; a training goes on from there."""
    seed: int = 0
    pictures: Sequence[Photograph] = ()
    validation: Sequence[Photograph] = ()
    workers: int = 0
    """Worker processes; see ``zoo.datasets.feed.Feed``."""

    def fit(self, model: Steganographer, scale: Scale, name: str, seed: int) -> Steganographer:
        """Train ``model`` as ``name``, or what is left of it.

        Raises:
            ValueError: Where the folder holds a training of this name by another recipe, start or schedule, or one that
                was validated on other photographs.
        """
        recipe: dict[str, object] = {
            "recipe": scale.recipe,
            "start": scale.start or STARTS[scale.recipe],
            "size": scale.size,
        }
        if scale.recipe != "relative":  # its rates are of a given number of updates
            recipe["updates"] = scale.epochs * scale.steps
        if self.validation:  # the schedules follow the loss on these
            recipe["validation"] = [picture.name for picture in self.validation]
        check_same(self.folder, name, recipe)
        draw, held_out = (ResizedPhotographs(p) if p else None for p in (self.pictures, self.validation))
        return fit(model, scale, self.folder, name, seed, draw, held_out, workers=self.workers)


def pretrain(scale: Scale, network: str, weight: float, material: Material) -> Steganographer:
    """Train networks of ``NETWORKS`` for a lambda, or what is left of it.

    Raises:
        ValueError: Where the folder holds another training of that name.
    """
    keras.utils.set_random_seed(material.seed)
    if scale.recipe == "narrow":
        return (_pretrain_narrow if network == "ours" else _pretrain_baluja)(scale, weight, material)
    return material.fit(build(scale, weight, network), scale, state_name(network, weight), material.seed)


def _pretrain_narrow(scale: Scale, weight: float, material: Material) -> Steganographer:
    # In bfloat16 the cover would lose its lower bits in the second level.
    scale = dataclasses.replace(scale, precision="float32")
    first = dataclasses.replace(scale, epochs=scale.narrow_epochs, batch_size=NARROW_BATCH)
    name = state_name(NETWORKS[0], weight)
    narrow = material.fit(build_narrow(first, weight), first, NARROW + name, material.seed)
    keras.utils.set_random_seed(material.seed + 1)
    model = build(scale, weight)
    widen(narrow.hiding, narrow.revealing, model.hiding, model.revealing)
    _compile(model, scale, "h_net_", WIDENED_PEAKS)  # anew, for the variables that are trained now
    return material.fit(model, scale, name, material.seed + 1)


def begins_with(scale: Scale, network: str, weight: float) -> float | None:
    """The lambda with whose networks a training begins; None for one from the start, see ``Scale.baluja_further``."""
    from_start = network == "ours" or scale.recipe != "narrow" or scale.baluja_further is None
    return None if from_start or weight == BALUJA_FIRST else BALUJA_FIRST


def _pretrain_baluja(scale: Scale, weight: float, material: Material) -> Steganographer:
    # Baluja's networks have no narrow form.
    epochs = scale.baluja_epochs or scale.narrow_epochs + scale.epochs
    short, name = dataclasses.replace(scale, recipe="short", epochs=epochs), state_name("baluja", weight)
    before = begins_with(scale, "baluja", weight)
    if before is None:
        return material.fit(build(short, weight, "baluja"), short, name, material.seed)
    first = _pretrain_baluja(scale, before, material)
    keras.utils.set_random_seed(material.seed + 1)
    further = dataclasses.replace(short, epochs=scale.baluja_further or 0)
    model = build(further, weight, "baluja")
    model.set_weights(first.get_weights())
    _compile(model, further, BALUJA_HIDING, WIDENED_PEAKS)
    return material.fit(model, further, name, material.seed + 1)


def pretrain_through_jpeg(scale: Scale, weight: float, material: Material, begin: Steganographer) -> Steganographer:
    """Go on from our pair ``begin`` with JPEG between the two, into files of its own.

    Raises:
        ValueError: Where the folder holds another training of that name.
    """
    size = scale.jpeg_size or scale.size
    scale = dataclasses.replace(scale, epochs=scale.jpeg_epochs, size=size, recipe=scale.jpeg_recipe)
    keras.utils.set_random_seed(material.seed)
    model = build(scale, weight, NETWORKS[0], jpeg_channel())
    model.hiding.set_weights(begin.hiding.get_weights())
    model.revealing.set_weights(begin.revealing.get_weights())
    for network in (model.hiding, model.revealing):
        freeze_bias_norms(network)
    _compile(model, scale, "h_net_")  # anew, for the variables that are trained now
    return material.fit(model, scale, state_name(NETWORKS[0] + THROUGH_JPEG, weight), material.seed + 1)
