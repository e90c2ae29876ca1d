"""What storing our networks in fewer bits costs: megabytes, and both PSNRs.

Command:  zoo reproduce steganography packing [--dataset open_photographs] [--weights FOLDER]
Expected: runs/tables/laptop/steganography_packing.csv
Time:     `laptop` two minutes of one core

Not in the paper. Kernels become integer codes with a scale for each output channel, compressed by DEFLATE
(`zoo.weights`). H-net's two outermost levels and R-net's first layer stay in 16 bits, except in the row "8 bits
everywhere". "Entropy" is the least that a coding code by code takes. The row "as given" is of the networks as they are:
the stored ones were packed already, a folder's (`--weights`) are those that were trained. The choice between the rows
must not be made on test images: pairs are of generated scenes, or of the photographs that the data set has to validate
on.
"""

import dataclasses
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np

import zoo.weights
from zoo.datasets.pairs import HidingPairs, ResizedPhotographs
from zoo.datasets.photographs import WITH_VALIDATION, photographs
from zoo.experiments.run.cached_method import cached_method
from zoo.experiments.run.cells import Cell, Settings, Table
from zoo.experiments.run.scales import scale_of
from zoo.experiments.steganography.pretrained import FIRST, LARGE, NAMES, OUTER
from zoo.experiments.steganography.training import state_name
from zoo.levels import to_levels
from zoo.metrics import Estimate, bootstrap_mean
from zoo.steganography import HNet, RNet, Steganographer
from zoo.steganography.hiding import HIDING_WEIGHTS, STORED_WEIGHT, load_steganographer, stored_steganographer
from zoo.steganography.measures import psnr

AS_GIVEN = "as given"
EVERYWHERE = "8 bits everywhere"
PACKINGS = {
    EVERYWHERE: (8, 8, 8),
    "8 bits": (8, 8, 8),
    "7 bits": (7, 7, 7),
    "6 bits": (6, 6, 6),
    "5 bits": (5, 5, 5),
    "large layers 6, others 8": (6, 8, 8),
    "large layers 5, others 8": (5, 8, 8),
    "large layers 4, others 8": (4, 8, 8),
    "large layers 3, others 8": (3, 8, 8),
    "large layers 2, others 8": (2, 8, 8),
}
"""Bits of H-net's four large layers, of its others, and of R-net."""
COLUMNS = {"C-H": ("cover", "container"), "S-O": ("secret", "revealed")}
SIZES = ("both files", "entropy")
SEED = 7 * 10**6
"""Seed of the scenes; no training and no test draws with it."""


@dataclasses.dataclass(frozen=True)
class Scale:
    """How many pairs of which size."""

    pairs: int
    size: int


SCALES = {"smoke": Scale(2, 32), "laptop": Scale(37, 64), "photographs": Scale(37, 128), "paper": Scale(37, 224)}


class Packing:
    """The networks, packed in turn, and pairs to measure them on."""

    def __init__(self, settings: Settings) -> None:
        self.settings, self.scale = settings, scale_of(SCALES, settings.scale)

    @cached_method()
    def pairs(self) -> dict[str, np.ndarray]:
        """Covers and secret images, float32 (n, size, size, 3) in [0, 1]."""
        settings, draw = self.settings, None
        if settings.dataset in WITH_VALIDATION:
            draw = ResizedPhotographs(photographs(settings.dataset, settings.data_dir, "validation", settings.seed))
        return HidingPairs(1, self.scale.pairs, self.scale.size, SEED + settings.seed, draw).batch(0, 0)

    @cached_method()
    def given(self) -> Steganographer:
        """Return the networks as they are, in float32."""
        folder = self.settings.weights
        if folder is None:
            return stored_steganographer()
        trained = load_steganographer(folder / f"{state_name('ours', STORED_WEIGHT)}.keras")
        model = Steganographer(HNet(), RNet(), quantize=True)
        model.hiding.set_weights(trained.hiding.get_weights())
        model.revealing.set_weights(trained.revealing.get_weights())
        return model

    @cached_method()
    def packed(self, name: str) -> tuple[dict[str, float], dict[str, list[float]]]:
        """Return the bytes of both files and their entropy, and the PSNRs of each column of all pairs."""
        given, model = self.given(), Steganographer(HNet(), RNet(), quantize=True)
        sizes = dict.fromkeys(SIZES, 0.0)
        with tempfile.TemporaryDirectory() as folder:
            for part in NAMES["ours"]:
                network, source = getattr(model, part), getattr(given, part)
                network.set_weights(source.get_weights())
                if name != AS_GIVEN:
                    path = Path(folder) / f"{part}.npz"
                    zoo.weights.pack(source, path, bits(name, given)[part])
                    zoo.weights.unpack(network, path)
                    sizes["both files"] += path.stat().st_size
                    sizes["entropy"] += _entropy(path)
        outputs = model.predict(self.pairs(), batch_size=8, verbose=0)
        pixels = {part: to_levels(255 * images) for part, images in (self.pairs() | outputs).items()}
        found = {
            column: [psnr(one, two) for one, two in zip(pixels[truth], pixels[image], strict=True)]
            for column, (truth, image) in COLUMNS.items()
        }
        return sizes, found

    def psnr(self, name: str, column: str) -> Estimate:
        """Return the mean PSNR over pairs."""
        values = self.packed(name)[1][column]
        return bootstrap_mean(np.array(values), list(range(len(values))), seed=self.settings.seed)

    def megabytes(self, name: str, column: str) -> Estimate:
        """Return a size of ``SIZES``."""
        return Estimate.exact(self.packed(name)[0][column] / 1e6)


def bits(name: str, given: Steganographer) -> dict[str, dict[str, int]]:
    """Return the arguments of ``zoo.weights.pack`` for each network, from a row of ``PACKINGS``."""
    large, others, revealing = PACKINGS[name]
    hiding = {layer.name: large if layer.name in LARGE else others for layer in given.hiding.layers}
    kernels = {
        "hiding": hiding,
        "revealing": dict.fromkeys((layer.name for layer in given.revealing.layers), revealing),
    }
    if name != EVERYWHERE:
        kernels["hiding"] |= OUTER
        kernels["revealing"] |= FIRST
    return kernels


def cells(settings: Settings) -> Iterator[Cell]:
    """Yield the cells of the packing table."""
    packing = Packing(settings)
    label = HIDING_WEIGHTS if settings.weights is None else "trained"
    for name in (AS_GIVEN, *PACKINGS):
        for column in COLUMNS:
            yield Cell(name, column, "PSNR", None, partial(packing.psnr, name, column), weights=label)
        for column in SIZES if name != AS_GIVEN else ():
            yield Cell(name, column, "size", None, partial(packing.megabytes, name, column), weights=label)


def _entropy(path: Path) -> float:
    """Bytes that the integer codes of a file would take at their entropy, and the other arrays as they are."""
    total = 0.0
    with np.load(path) as file:
        for array in file.values():
            total += array.nbytes
            if array.dtype == np.int8:
                shares = np.unique(array, return_counts=True)[1] / array.size
                total -= array.size * (1 + (shares * np.log2(shares)).sum() / 8)
    return total


TABLE = Table("steganography", "packing", cells, decimals=2, units={"PSNR": "dB", "size": "MB"})
