"""Training for the synthetic task (Chandakkar and Li 2017, page 3; networks of Table 4).

Command:  zoo pretrain hyperimage synthetic --scale laptop        (without synthetic: quality and forgery as well)
Expected: the stored weights `hyperimage-synthetic-*`; their numbers are Table 1's, see zoo/hyperimage/README.md
Time:     see `zoo/hyperimage/weights.json`; seconds for `smoke`

Not in the paper, and chosen here: how many images (4,000 and 400 for validation), that artefacts do not overlap, that
a patch is labelled with its own part of equation 3, which patches are trained on (as many with an artefact as without,
as for quality, at most six of each an image), the loss (absolute error, as for quality), batches of 32 patches and 16
hyper-images. At `laptop` the second stage has the paper's recipe, cut to 32 epochs, with a patience of 5 before the
rate falls (the paper gives none); the first stage starts scaled to data, see `stages.scale_to_data`. `tables/sweep.py`
varies images, overlap, label and the second stage's start and rate.
"""

import dataclasses
from functools import partial
from pathlib import Path
from typing import Any, Literal

import keras
import numpy as np

from zoo.datasets import keyed, synthetic_artifacts
from zoo.datasets.labelled import Labelled
from zoo.datasets.synthetic_artifacts import MOST, PATCH, Artifacts, make
from zoo.experiments.hyperimage.stages import fit, fit_first, scale_to_data, train_stage
from zoo.hyperimage import Recipe, SyntheticPatchNet, SyntheticStageTwo, TwoStage
from zoo.hyperimage.grid import grid_starts

FIRST, SECOND = "hyperimage-synthetic-patches.generated", "hyperimage-synthetic-stage-two.generated"
PERMUTED = "hyperimage-synthetic-permuted.generated"
STORED = dict.fromkeys((FIRST, SECOND, PERMUTED), "generated images of the synthetic task")
GRID = 10
PATCHES = 6
Label = Literal["image", "patch"]
Stage = Literal["first", "second"]


@dataclasses.dataclass(frozen=True)
class Scale:
    """How much is trained and measured."""

    images: int
    validation: int
    test: int
    first: Recipe
    second: Recipe
    from_data: tuple[Stage, ...] = ()
    """The stages that start from ``stages.scale_to_data`` instead of Glorot's draw."""
    label: Label = "patch"
    overlap: bool = False
    relu: bool = True
    """Whether hyper-images hold the first stage's features behind their ReLU, or before it."""


SCALES = {
    "smoke": Scale(12, 6, 30, Recipe(1, 1), Recipe(1, 1, batch_size=4), ("first", "second")),
    "laptop": Scale(
        4000, 400, 1000, Recipe(10, 4, plateau=2, batch_size=32), Recipe(32, 32, plateau=5, batch_size=16), ("first",)
    ),
    "paper": Scale(10_000, 1000, 1000, Recipe(80, 20), Recipe(200, 40, batch_size=32)),
}


SHORT = Scale(
    1000,
    200,
    500,
    Recipe(6, 3, plateau=2, batch_size=32),
    dataclasses.replace(SCALES["laptop"].second, epochs=20),
    ("first",),
)
"""Enough to see which way a choice goes: of `sweep` at `laptop`."""
VARIANTS: dict[str, dict[str, Any]] = {
    "as Table 1, shortened": {},
    "500 images": {"images": 500},
    "2000 images": {"images": 2000},
    "artefacts may overlap": {"overlap": True},
    "patches labelled with the image's score": {"label": "image"},
    "features before the ReLU": {"relu": False},
    "second stage scaled to data": {"from_data": ("first", "second")},
    "second stage scaled to data, rate .0015": {
        "from_data": ("first", "second"),
        "second": dataclasses.replace(SHORT.second, learning_rate=0.0015),
    },
}
"""Values of ``Scale`` that the rows of `sweep` change."""


def examples(scale: Scale, part: str, seed: int) -> list[Artifacts]:
    """Return the images of ``"train"``, ``"validation"`` or ``"test"``; no two parts share a seed.

    Raises:
        ValueError: For another part.
    """
    counts = {"train": scale.images, "validation": scale.validation, "test": scale.test}
    if part not in counts:
        raise ValueError(f"part must be one of {', '.join(counts)}. Received: {part!r}")
    own = 3 * seed + list(counts).index(part)
    return [make(own, i, scale.overlap) for i in range(counts[part])]


def arrays(found: list[Artifacts]) -> tuple[np.ndarray, np.ndarray]:
    """Return the images float32 (n, 128, 128, 1) and scores float32 (n,)."""
    images = np.stack([example.image for example in found])[..., None]
    return images, np.array([example.score for example in found], np.float32)


def patches(found: list[Artifacts], label: Label, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Grid patches with a part of an artefact, and as many without, at most ``PATCHES`` of each an image; their labels.

    (n, 16, 16, 1) and (n, 1). ``"patch"``: 5 less alpha of the artefact, times the share of the patch that it covers (5
    for background). ``"image"``: the image's score.
    """
    starts = grid_starts(synthetic_artifacts.SIDE, PATCH, GRID)
    cut, labels = [], []
    for index, example in enumerate(found):
        covered, effect = (values.ravel() for values in _coverage(example, starts))
        rng = keyed.generator(seed, 9, index)
        artefact, background = (rng.permutation(np.flatnonzero(kind)) for kind in (covered > 0, covered == 0))
        for cell in [*artefact[:PATCHES], *background[: min(PATCHES, len(artefact))]]:
            y, x = starts[cell // GRID], starts[cell % GRID]
            cut.append(example.image[y : y + PATCH, x : x + PATCH])
            labels.append(example.score if label == "image" else MOST - effect[cell])
    return np.stack(cut)[..., None], np.array(labels, np.float32)[:, None]


def _coverage(example: Artifacts, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the largest share of each grid patch that one artefact covers, and the largest share times alpha."""
    covered, effect = np.zeros((2, GRID, GRID))
    for (y, x), alpha in zip(example.corners, example.alphas, strict=True):
        rows, columns = (np.clip(PATCH - np.abs(starts - at), 0, PATCH) / PATCH for at in (y, x))
        share = rows[:, None] * columns
        covered, effect = np.maximum(covered, share), np.maximum(effect, share * alpha)
    return covered, effect


def permuted(hyper_images: np.ndarray, seed: int) -> np.ndarray:
    """Return the hyper-images with their cells shuffled, each in another order: what is left without any position."""
    rng = np.random.default_rng(seed)
    flat = hyper_images.reshape(len(hyper_images), -1, hyper_images.shape[-1])
    return np.stack([cells[rng.permutation(len(cells))] for cells in flat]).reshape(hyper_images.shape)


def train(scale: Scale, folder: Path, seed: int = 0, control: bool = True) -> TwoStage:
    """Train both stages, and the second once more on permuted cells, in ``folder``; returns the first two."""
    keras.utils.set_random_seed(seed)
    network = TwoStage(SyntheticPatchNet(), SyntheticStageTwo())
    # Create it here: initial weights depend on what was drawn before, and a resumed run draws less.
    shuffled = TwoStage(network.first, SyntheticStageTwo())
    parts = {part: examples(scale, part, seed) for part in ("train", "validation")}

    def first(saved: Path) -> keras.callbacks.History:
        held_out = patches(parts["validation"], scale.label)
        x, y = patches(parts["train"], scale.label)
        if "first" in scale.from_data:
            scale_to_data(network.first, x[:256], float(y.mean()))
        size = scale.first.batch_size
        return fit_first(network, Labelled(x, y, size, seed), Labelled(*held_out, size), scale.first, saved=saved)

    train_stage(folder, FIRST, network.first, first)
    if not scale.relu:
        network.hyper.features.layers[-1].activation = keras.activations.linear
    names = [SECOND, PERMUTED] if control else [SECOND]
    if all((folder / f"{name}.npz").is_file() for name in names):
        hyper = scores = {}
    else:
        hyper = {part: network.hyper_images(arrays(found)[0], 16) for part, found in parts.items()}
        scores = {part: arrays(found)[1] for part, found in parts.items()}

    def second(model: keras.Model, saved: Path) -> keras.callbacks.History:
        size = scale.second.batch_size
        if "second" in scale.from_data:
            scale_to_data(model, hyper["train"][:64], float(scores["train"].mean()))
        batches = {part: Labelled(hyper[part], scores[part][:, None], size, seed) for part in parts}
        return fit(model, batches["train"], batches["validation"], scale.second, saved=saved)

    train_stage(folder, SECOND, network.second, partial(second, network.second))
    if control:
        hyper = {part: permuted(x, i) for i, (part, x) in enumerate(hyper.items())}
        train_stage(folder, PERMUTED, shuffled.second, partial(second, shuffled.second))
    return network
