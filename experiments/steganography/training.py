"""Training of H-net and R-net together (Pham Van et al. 2019, section IV): two optimisers, two schedules.

Paper: 15,000 images of ImageNet at 224x224, lambda 0.5, 0.75 and 1, 100 epochs (Figure 4), one GTX 1080 Ti.

Command:  make pretrained PAPER=steganography INSTALL=1    (or: zoo pretrain steganography --scale laptop --install)
          zoo pretrain steganography --scale paper --data-dir PHOTOS
Expected: the stored weights and their numbers, see zoo/steganography/README.md
Time:     `laptop` 78 minutes on two cores with AVX512-BF16, as weights.json adds up, and a quarter as long again
          for the pair through JPEG; `smoke` seconds; `paper` wants a GPU

Two recipes: `relative` is that of the public code which the paper's networks equal layer by layer (the paper gives
none): Adam 1e-3 with beta_1 0.5, the rates cut to a fifth when the validation loss (H-net, patience 5) or its reveal
term (R-net, patience 8) has stopped improving. `short` is ours, for the few steps a laptop has: H-net's start is not
random (`warm_start.py`), Adam has beta_1 0.9, peaks of 3e-4 (H-net) and 1e-3 (R-net) and a cosine decay over a given
number of steps.

At `laptop` a second pair of networks goes on from the first with JPEG between them (`ours-jpeg`), so that what they
hide survives it. The paper has nothing of the kind.
"""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import keras

from zoo.callbacks import TorchReduceLROnPlateau
from zoo.datasets.pairs import DrawImage, HidingPairs, ResizedPhotographs
from zoo.datasets.photographs import Photograph
from zoo.experiments.run.scales import scale_of
from zoo.experiments.steganography.warm_start import start_in_haar
from zoo.experiments.train.fitting import SavedState, fed
from zoo.experiments.train.precision import FASTEST, precision
from zoo.steganography import BalujaNet, HNet, RNet, Steganographer, separate_optimizers
from zoo.steganography.hiding import THROUGH_JPEG, jpeg_channel
from zoo.steganography.steganographer import adam

VALIDATION_SEED = 10**6
"""Validation pairs are drawn with the training's seed plus this: other scenes."""


@dataclasses.dataclass(frozen=True)
class Scale:
    """How much is trained: ``epochs`` times ``steps`` batches of ``batch_size`` pairs of ``size`` x ``size`` pixels."""

    epochs: int
    steps: int
    batch_size: int
    size: int
    recipe: Literal["relative", "short"]
    precision: str
    validation_steps: int
    weights: tuple[float, ...] = (0.75,)
    """The lambdas; a pair of networks is trained for each."""
    baluja: bool = False
    """Whether Baluja's networks are trained too."""
    jpeg_epochs: int = 0
    """For how long our networks of the first lambda go on with JPEG between them, as others; 0 for not at all."""


SCALES = {
    "smoke": Scale(1, 2, 2, 32, "relative", "float32", 1, jpeg_epochs=1),
    "laptop": Scale(24, 250, 8, 64, "short", FASTEST, 8, jpeg_epochs=6),
    # "Batch 32" of the public code: 16 covers and 16 secrets out of 32 images; 15,000 images make 468 of them.
    "paper": Scale(100, 468, 16, 224, "relative", "float32", 46, (0.5, 0.75, 1.0), baluja=True),
}
NETWORKS = ("ours", "baluja")
PEAKS = {"hiding": 3e-4, "revealing": 1e-3}
"""Highest learning rates of the recipe `short`."""


def build(
    scale: Scale, weight: float = 0.75, network: str = "ours", channel: keras.layers.Layer | None = None
) -> Steganographer:
    """A new H-net and R-net, or Baluja's networks, for ``scale``, compiled by its recipe.

    The container is rounded to 8 bits in training.
    """
    with precision(scale.precision):
        if network == "baluja":
            model = BalujaNet(weight=weight, quantize=True, channel=channel)
        else:
            model = Steganographer(HNet(), RNet(), weight, quantize=True, channel=channel)
    if network == "ours" and scale.recipe == "short":
        start_in_haar(model.hiding)
    hiding = "baluja_(prepare|hide)_" if network == "baluja" else "h_net_"
    model.compile(separate_optimizers(_optimizer(scale, "hiding"), _optimizer(scale, "revealing"), hiding))
    return model


def _optimizer(scale: Scale, name: str) -> keras.optimizers.Optimizer:
    if scale.recipe == "relative":
        return adam(1e-3, 0.5, name)
    total = scale.epochs * scale.steps
    warm = max(1, total // 50)
    peak = PEAKS[name]
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
    goes on from there and ``model`` is not used. Pairs come from ``draw`` (generated scenes by default), validation
    pairs from ``validation`` (by default from ``draw``, by a seed of their own).
    """
    folder.mkdir(parents=True, exist_ok=True)
    state = SavedState(folder, name)
    history = state.history()
    if history:
        model = keras.models.load_model(state.path)
    done = history[-1]["epoch"] if history else 0
    if done >= scale.epochs:
        return model
    pairs = HidingPairs(scale.steps, scale.batch_size, scale.size, seed, draw)
    held_out = HidingPairs(
        scale.validation_steps, scale.batch_size, scale.size, seed + VALIDATION_SEED, validation or draw
    )
    with fed(pairs, done, scale.epochs, workers) as data:
        model.fit(
            data,
            validation_data=held_out,
            initial_epoch=done,
            epochs=scale.epochs,
            steps_per_epoch=len(pairs),
            verbose=2,
            shuffle=False,
            callbacks=[pairs.follow(), *schedules(scale, history), *callbacks, state],
        )
    return model


def state_name(network: str, weight: float) -> str:
    """What a training is called in its folder: ``ours-0.75``, with ``.keras`` and ``.json`` behind."""
    return f"{network}-{weight:g}"


def pretrain(
    scale_name: str,
    folder: Path,
    seed: int = 0,
    pictures: Sequence[Photograph] = (),
    validation: Sequence[Photograph] = (),
    workers: int = 0,
) -> None:
    """Train the networks of a scale on ``pictures`` or generated scenes, resuming in ``folder``, which keeps them.

    The schedules follow the losses on ``validation``, photographs that are not trained on; without any, those on the
    training's own images.

    Raises:
        ValueError: For an unknown scale.
    """
    scale = scale_of(SCALES, scale_name)
    draw, held_out = _drawn(pictures), _drawn(validation)
    for network in NETWORKS if scale.baluja else NETWORKS[:1]:
        for weight in scale.weights:
            keras.utils.set_random_seed(seed)
            name = state_name(network, weight)
            fit(build(scale, weight, network), scale, folder, name, seed, draw, held_out, workers=workers)


def pretrain_through_jpeg(
    scale_name: str,
    folder: Path,
    seed: int = 0,
    pictures: Sequence[Photograph] = (),
    validation: Sequence[Photograph] = (),
    workers: int = 0,
) -> None:
    """Go on from the networks that ``pretrain`` left in ``folder``, with JPEG between them, into files of their own."""
    scale = scale_of(SCALES, scale_name)
    scale = dataclasses.replace(scale, epochs=scale.jpeg_epochs)
    weight = scale.weights[0]
    begin = keras.models.load_model(folder / f"{state_name(NETWORKS[0], weight)}.keras", compile=False)
    keras.utils.set_random_seed(seed)
    model = build(scale, weight, NETWORKS[0], jpeg_channel())
    model.hiding.set_weights(begin.hiding.get_weights())
    model.revealing.set_weights(begin.revealing.get_weights())
    name = state_name(NETWORKS[0] + THROUGH_JPEG, weight)
    fit(model, scale, folder, name, seed + 1, _drawn(pictures), _drawn(validation), workers=workers)


def _drawn(pictures: Sequence[Photograph]) -> ResizedPhotographs | None:
    return ResizedPhotographs(pictures) if pictures else None
