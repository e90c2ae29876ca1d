"""Test pairs of the steganography tables, the methods, and what each makes of the pairs, computed once.

Test images are those of the data set's test split; the default, the embedded photographs, are never trained on. A unit
is a square: the whole picture made small, as the paper does, and some parts of it. Its secret image is a unit of the
next scene.
"""

import dataclasses
from collections.abc import Callable
from functools import cached_property, partial

import numpy as np

from zoo.datasets import keyed
from zoo.datasets.embedded import generate_scene
from zoo.datasets.pairs import shrink
from zoo.datasets.photographs import Photograph, photographs
from zoo.experiments.run.cached_method import cached_method
from zoo.experiments.run.cells import Cell, Settings
from zoo.experiments.run.scales import scale_of
from zoo.experiments.steganography import compared_training
from zoo.experiments.steganography.pretrained import NAMES
from zoo.experiments.steganography.training import state_name
from zoo.metrics import Estimate, bootstrap_mean
from zoo.steganography import BalujaNet, Steganographer, lsb
from zoo.steganography.hiding import (
    STORED_WEIGHT,
    THROUGH_JPEG,
    ImageHider,
    ending_of,
    load_steganographer,
    stored_steganographer,
)
from zoo.steganography.measures import mse, psnr
from zoo.weights import names

COLUMNS = {"ours": "ours", "Baluja": "baluja"}
LOSS = "loss (equation 1)"
"""Metric of `Evaluation.loss`."""
NEEDED = {
    "imagenet2012": "needs ImageNet, --dataset imagenet2012",
    "holidays": "needs INRIA Holidays, --dataset holidays --data-dir HOLIDAYS",
}
"""Why a row of the paper has no number without its data."""
OURS_JPEG = "ours" + THROUGH_JPEG
ALIKE = {"ours, as in the comparison": compared_training.OURS, "Baluja, as in the comparison": compared_training.BALUJA}
"""Networks that are trained on the spot, see ``compared_training``, seed 0."""
LSB = tuple(f"baseline: LSB {bits}" for bits in (1, 2, 3, 4))
LSB_COLUMNS = {f"LSB {bits}": name for bits, name in enumerate(LSB, start=1)}
LSB_PLAIN = "baseline: LSB 4, no adjustment"
TRAININGS = ("photographs", "generated", "open-photographs-photographs")
"""What follows the dot of names of stored networks, the package's first; ``missing`` says how the others are made."""
SCENES_SEED = 3 * 10**6
"""Seed of the generated test scenes; no training or validation draws with it."""


@dataclasses.dataclass(frozen=True)
class Scale:
    """How much is measured: ``size`` is the side of an image."""

    pictures: int | None
    units_a_scene: int
    size: int
    scenes: int


SCALES = {
    "smoke": Scale(pictures=2, units_a_scene=1, size=32, scenes=2),
    "laptop": Scale(pictures=None, units_a_scene=4, size=64, scenes=64),
    "photographs": Scale(pictures=None, units_a_scene=4, size=128, scenes=64),
    "paper": Scale(pictures=1491, units_a_scene=1, size=224, scenes=64),
}


@dataclasses.dataclass(frozen=True)
class Method:
    """Hides and reveals uint8 RGB images."""

    hide: Callable[[np.ndarray, np.ndarray], np.ndarray]
    reveal: Callable[[np.ndarray], np.ndarray]


@dataclasses.dataclass(frozen=True)
class Results:
    """What a method made of the pairs, each a list of uint8 images; the container as it was saved."""

    covers: list[np.ndarray]
    containers: list[np.ndarray]
    secrets: list[np.ndarray]
    revealed: list[np.ndarray]


class Evaluation:
    """The test pairs of ``settings`` and what methods make of them.

    Raises:
        ValueError: For an unknown scale, or fewer than two scenes.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings, self.scale = settings, scale_of(SCALES, settings.scale)

    def available(self, network: str, weight: float = STORED_WEIGHT) -> bool:
        """Return whether ``"ours"``, ``"ours-jpeg"`` or ``"baluja"`` are available for a lambda."""
        if network in ALIKE:
            return True
        if self.settings.weights is not None:
            return (self.settings.weights / f"{state_name(network, weight)}.keras").is_file()
        return stored_training(network, weight) is not None

    def weights_label(self, network: str, weight: float = STORED_WEIGHT) -> str:
        """Return the CSV's entry on the origin of the networks."""
        if network in (*LSB, LSB_PLAIN):
            return ""
        if network in ALIKE or self.settings.weights is not None:
            return "trained"
        return f"{_stems(network)[0]}.{stored_training(network, weight)}"

    def cell(self, row: str, column: str, metric: str, name: str, measure: Callable[[], Estimate]) -> Cell:
        """Return a cell of a method; it says how the method's networks are trained if they are not available."""
        if name in NETWORKS.values() and not self.available(name):
            return Cell(row, column, metric, status="not-run", why=missing(name))
        return Cell(row, column, metric, None, measure, weights=self.weights_label(name))

    @cached_property
    def pictures(self) -> list[Photograph]:
        """The test pictures."""
        settings = self.settings
        found = photographs(settings.named, settings.data_dir, settings.test_split, settings.seed)
        return found[: self.scale.pictures]

    @cached_property
    def photographs(self) -> tuple[list[np.ndarray], list[str]]:
        """The units of the test pictures and their scenes."""
        units, scenes = [], []
        for i, picture in enumerate(self.pictures):
            image = picture.load()
            rng = keyed.generator(self.settings.seed, i)
            units += [self.unit(image, rng, whole=k == 0) for k in range(self.scale.units_a_scene)]
            scenes += [picture.scene] * self.scale.units_a_scene
        return units, scenes

    @cached_property
    def scenes(self) -> tuple[list[np.ndarray], list[str]]:
        """Generated scenes that no training draws, and their names."""
        size = self.scale.size
        made = [
            shrink(generate_scene(keyed.generator(SCENES_SEED, i), 2 * size, 2 * size), size)
            for i in range(self.scale.scenes)
        ]
        return made, [f"scene {i}" for i in range(len(made))]

    def unit(self, image: np.ndarray, rng: np.random.Generator, whole: bool) -> np.ndarray:
        """Return a square of uint8 RGB (height, width, 3), made small: ``whole``, or of random size and position."""
        if whole:
            return shrink(image, self.scale.size)
        height, width = image.shape[:2]
        least = min(self.scale.size, height, width)
        side = int(np.exp(rng.uniform(np.log(least), np.log(min(height, width)))))
        y, x = (int(rng.integers(n - side + 1)) for n in (height, width))
        return shrink(image[y : y + side, x : x + side], self.scale.size)

    def pairs(self, data: str) -> tuple[list[np.ndarray], list[np.ndarray], list[str]]:
        """Covers, secrets and the covers' scenes; ``data`` is ``"photographs"`` or ``"scenes"``."""
        units, scenes = self.photographs if data == "photographs" else self.scenes
        return units, [units[i] for i in other_scenes(scenes)], scenes

    @cached_method()
    def method(self, name: str, weight: float) -> Method:
        """Return a method by its name."""
        if name == LSB_PLAIN:
            return Method(partial(lsb.hide, bits=4, adjust=False), partial(lsb.reveal, bits=4))
        if name in LSB:
            bits = LSB.index(name) + 1
            return Method(partial(lsb.hide, bits=bits), partial(lsb.reveal, bits=bits))
        folder = self.settings.weights
        if name in ALIKE:
            # Rounding remains; the noise of the training is no part of a container.
            trained, _ = compared_training.train(compared_training.SCALES[self.settings.scale], ALIKE[name], 0)
            hider = ImageHider(Steganographer(trained.hiding, trained.revealing, quantize=True))
        elif folder is None:
            training = stored_training(name, weight)
            baluja = name == COLUMNS["Baluja"]
            hider = ImageHider(
                BalujaNet(weights=f"{_stems(name)[0]}.{training}", quantize=True)
                if baluja
                else stored_steganographer(weights=training)
            )
        else:
            hider = ImageHider(load_steganographer(folder / f"{state_name(name, weight)}.keras"))
        return Method(hider.hide, hider.reveal)

    @cached_method()
    def results(self, name: str, weight: float, data: str) -> Results:
        """Return a method's results on the pairs."""
        method = self.method(name, weight)
        covers, secrets, _ = self.pairs(data)
        containers = [method.hide(cover, secret) for cover, secret in zip(covers, secrets, strict=True)]
        return Results(covers, containers, secrets, [method.reveal(c) for c in containers])

    def mean(self, values: list[float], data: str) -> Estimate:
        """Return the mean over units with its interval over scenes."""
        return bootstrap_mean(np.array(values), self.pairs(data)[2], seed=self.settings.seed)

    def loss(self, name: str, weight: float = STORED_WEIGHT, data: str = "photographs") -> Estimate:
        """L(C, H) + lambda L(S, O), mean over pairs."""
        found = self.results(name, weight, data)
        pairs = zip(found.covers, found.containers, found.secrets, found.revealed, strict=True)
        return self.mean([mse(c, h) + weight * mse(s, o) for c, h, s, o in pairs], data)

    def error(
        self,
        name: str,
        part: str,
        measure: Callable[[np.ndarray, np.ndarray], float],
        weight: float = STORED_WEIGHT,
        data: str = "photographs",
        attack: Callable[[np.ndarray], np.ndarray] | None = None,
    ) -> Estimate:
        """``measure`` between cover and container (``"C-H"``) or secret and revealed image (``"S-O"``).

        With ``attack`` the container goes through it before it is revealed.
        """
        found = self.results(name, weight, data)
        if part == "C-H":
            pairs = zip(found.covers, found.containers, strict=True)
        elif attack is None:
            pairs = zip(found.secrets, found.revealed, strict=True)
        else:
            reveal = self.method(name, weight).reveal
            pairs = zip(found.secrets, (reveal(attack(c)) for c in found.containers), strict=True)
        return self.mean([measure(one, two) for one, two in pairs], data)

    def mean_colour(self, measure: Callable[[np.ndarray, np.ndarray], float]) -> Estimate:
        """Return ``measure`` of somebody who reveals nothing and answers each secret image's mean colour."""
        _, secrets, _ = self.pairs("photographs")
        flat = [np.broadcast_to(np.rint(s.mean((0, 1))), s.shape).astype(np.uint8) for s in secrets]
        return self.mean([measure(s, f) for s, f in zip(secrets, flat, strict=True)], "photographs")


def finite_psnr(first: np.ndarray, second: np.ndarray) -> float:
    """Return the PSNR with equal images counted as 100 dB, so that a mean exists."""
    return min(psnr(first, second), 100.0)


def stored_training(network: str, weight: float) -> str | None:
    """What follows the dot of the names of networks in the package or the local store; None where they are not there.

    ``network`` is ``"ours"``, ``"ours-jpeg"`` or ``"baluja"``.
    """
    here, through_jpeg = names(), THROUGH_JPEG if network == OURS_JPEG else ""
    for training in TRAININGS:
        named = f"{training}{ending_of(weight)}{through_jpeg}"
        if all(f"{stem}.{named}" in here for stem in _stems(network)):
            return named
    return None


def _stems(network: str) -> list[str]:
    return [name.rpartition(".")[0] for name in NAMES["ours" if network == OURS_JPEG else network].values()]


def missing(network: str, weight: float = STORED_WEIGHT) -> str:
    """Return the reason for a cell without these networks: the command that trains them."""
    options = {OURS_JPEG: f" --jpeg-from {TRAININGS[0]}", "baluja": " --network baluja"}.get(network, "")
    command = f"zoo pretrain steganography --scale photographs --dataset open_photographs{options}"
    return f"networks that are not stored here; `{command} --lambda {weight:g}` trains them"


def other_scenes(scenes: list[str]) -> list[int]:
    """Return for each unit the index of a unit of the next scene: for the k-th of its scene, the k-th of the next.

    Where the next scene has fewer, its units are used again. The last scene is followed by the first.

    Raises:
        ValueError: For fewer than two scenes.
    """
    if len(set(scenes)) < 2:
        raise ValueError(f"Cover and secret image need at least two scenes. Received: {len(set(scenes))}")
    of_scene: dict[str, list[int]] = {}
    for i, scene in enumerate(scenes):
        of_scene.setdefault(scene, []).append(i)
    groups = list(of_scene.values())
    partner: dict[int, int] = {}
    for group, following in zip(groups, groups[1:] + groups[:1], strict=True):
        partner |= {i: following[k % len(following)] for k, i in enumerate(group)}
    return [partner[i] for i in range(len(scenes))]


NETWORKS = {**COLUMNS, "ours, trained through JPEG": OURS_JPEG}
