"""The paper's protocol on LIVE and TID2013 (pages 4 to 6): repeated splits by reference, trained in each."""

import dataclasses
import tempfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import keras
import numpy as np

from zoo.datasets.iqa import Rated, split_scenes
from zoo.datasets.labelled import Labelled
from zoo.experiments.hyperimage import stages
from zoo.experiments.hyperimage.quality.training import Example, Scale, patch_sets
from zoo.experiments.run.cached_method import cached_method
from zoo.experiments.run.cells import DataUnavailable
from zoo.hyperimage import CNNIQA, DeepEndToEnd, LIVEStageTwo, ShallowEndToEnd, TIDStageTwo, TwoStage, VGGPatchNet
from zoo.images import atomic
from zoo.layers import LocalContrastNormalization
from zoo.saved_training import remove_saved

DATABASE_OF = {1: "live_iqa", 2: "tid2013", 3: "tid2013", 4: "tid2013", 5: "tid2013"}
"""The database of each of the paper's five experiments."""
SPLITS = {1: 100, 2: 100, 3: 100, 4: 10, 5: 10}
"""Splits of each experiment in the paper (the text says 5 of the last, the table 10)."""
METHODS = ("CNN", "CNN + selective patches", "Proposed")
END_TO_END: dict[str, Callable[[tuple[int, int, int]], keras.Model]] = {
    "Shallow end-to-end CNN": ShallowEndToEnd,
    "Deep end-to-end CNN": DeepEndToEnd,
}
VGG = ("VGG + patch-averaging", "VGG + second stage")
STAGES = ("first", "second")
VGG_RATE, VGG_BATCH = 0.01, 256
"""What experiment 5 trains the dense layers behind VGG-16 with (page 5)."""
LIVE_GRID = (23, 24)
"""Patches of 32 pixels along LIVE's largest height and width, 720 x 768; Table 4 prints 24 x 23, width first."""


class Protocol:
    """Trains and tests the paper's methods on one database; every split's scores are computed once.

    Args:
        dataset: ``"tid2013"`` or ``"live_iqa"``.
        images: From the data set's ``rated``.
        scale: How patches are drawn and both stages are trained.
        seed: Of the splits and trainings.
        folder: Where the scores of each split are kept when it ends, and the state after every epoch until then, so
            that a stopped run of 100 splits goes on; of this data set, seed and code alone. None for nowhere.
    """

    def __init__(self, dataset: str, images: list[Rated], scale: Scale, seed: int, folder: Path | None = None) -> None:
        self.dataset, self.images, self.scale, self.seed, self.folder = dataset, images, scale, seed, folder

    def part(self, split: int, name: str, distortions: frozenset[str] | None) -> list[Rated]:
        """Return the images of one part of a split, with these distortions alone where given."""
        # Split by reference, as in the paper; `scene` only matters if two databases are mixed.
        chosen = set(split_scenes([image.reference for image in self.images], self.seed, split)[name])
        found = [image for image in self.images if image.reference in chosen]
        return [image for image in found if distortions is None or image.distortion in distortions]

    @cached_method()
    def scores(self, split: int, method: str, distortions: frozenset[str] | None) -> tuple[np.ndarray, np.ndarray]:
        """Return the scores and opinions of the test images of a split, computed or as kept in ``folder``."""
        if self.folder is None:
            return self._trained(split, method, distortions, None)
        asked = zlib.crc32(repr((method, sorted(distortions or ()))).encode())
        place = self.folder / f"split-{split}-{asked:08x}"
        path = place.with_suffix(".npz")
        if not path.is_file():
            scores, opinions = self._trained(split, method, distortions, place)
            self.folder.mkdir(parents=True, exist_ok=True)
            with atomic(path) as partial:
                np.savez(partial, scores=scores, opinions=opinions)
            for stage in STAGES:
                remove_saved(_of_stage(place, stage))
        with np.load(path) as kept:
            return kept["scores"], kept["opinions"]

    def _trained(
        self, split: int, method: str, distortions: frozenset[str] | None, place: Path | None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Train for a split and score its test images; epochs are saved in files that begin as ``place``."""
        keras.utils.set_random_seed(self.seed + 1000 * split)
        test = self.part(split, "test", distortions)
        opinions = np.array([image.score for image in test])
        if method in END_TO_END:
            return self._end_to_end(split, method, distortions, place), opinions
        return self._two_stage(split, method, distortions, place), opinions

    def _two_stage(self, split: int, method: str, distortions: frozenset[str] | None, saved: Path | None) -> np.ndarray:
        vgg = method in VGG
        network, recipe = self._network(vgg), self.scale.first
        if vgg:
            recipe = dataclasses.replace(recipe, learning_rate=VGG_RATE, batch_size=VGG_BATCH)
        which = "all" if method == "CNN" else "selected"
        preprocess = network.preprocess or keras.layers.Identity()
        normalise = (lambda x: preprocess(_grey(x))) if self.dataset == "live_iqa" else preprocess
        parts = {name: self.part(split, name, distortions) for name in ("train", "validation", "test")}
        best = 0.0 if self.dataset == "live_iqa" else 9.0  # DMOS is lower for better
        with tempfile.TemporaryDirectory(prefix="patches-") as place:  # up to 21 GB on TID2013, in TMPDIR
            batches = []
            for part in ("train", "validation"):
                found = _examples(parts[part])
                sets = patch_sets(found, self.scale.patches, self.seed, Path(place) / part, best, normalise, (which,))
                batches.append(Labelled(*sets[which], recipe.batch_size, self.seed))
            stages.fit_first(network, batches[0], batches[1], recipe, saved=saved and _of_stage(saved, "first"))
            del sets, batches
        if method in ("Proposed", VGG[1]):
            # Hold one image at a time: TID2013 in float32 takes 7 GB, and its hyper-images 3 GB more.
            hyper = {n: self._hyper_images(network, found) for n, found in parts.items()}
            train, held_out = (self._labelled(hyper[n], parts[n]) for n in ("train", "validation"))
            stages.fit(network.second, train, held_out, self.scale.second, saved=saved and _of_stage(saved, "second"))
            return network.predict(hyper["test"])
        return np.concatenate([network.predict_patch_average([self._pixels(i)]) for i in parts["test"]])

    def _hyper_images(self, network: TwoStage, images: list[Rated]) -> np.ndarray:
        """Hyper-images, float16 (n, U, V, D)."""
        made = np.empty((len(images), *network.second.input_shape[1:]), np.float16)
        for index, image in enumerate(images):
            made[index] = network.hyper_images([self._pixels(image)])[0]
        return made

    def _network(self, vgg: bool) -> TwoStage:
        if vgg:
            try:
                first = VGGPatchNet("imagenet")
            except Exception as error:  # without a network, a download may raise anything
                raise DataUnavailable("VGG-16's ImageNet weights, which Keras downloads") from error
            return TwoStage(first, TIDStageTwo(), _CaffeMean())
        if self.dataset == "live_iqa":
            return TwoStage(CNNIQA((32, 32, 1)), LIVEStageTwo((*LIVE_GRID, 800)), LocalContrastNormalization())
        return TwoStage(CNNIQA(), TIDStageTwo(), LocalContrastNormalization())

    def _end_to_end(
        self, split: int, method: str, distortions: frozenset[str] | None, saved: Path | None
    ) -> np.ndarray:
        normalise = LocalContrastNormalization()
        parts = {n: self.part(split, n, distortions) for n in ("train", "validation", "test")}
        images = {
            n: np.stack([np.asarray(normalise(self._pixels(i)[None]), np.float16)[0] for i in found])
            for n, found in parts.items()
        }
        model = END_TO_END[method](images["test"].shape[1:])
        train, held_out = (self._labelled(images[n], parts[n]) for n in ("train", "validation"))
        stages.fit(model, train, held_out, self.scale.second, saved=saved and _of_stage(saved, "second"))
        return model.predict(images["test"], verbose=0)[:, 0]

    def _labelled(self, examples: np.ndarray, found: list[Rated]) -> Labelled:
        scores = np.array([[image.score] for image in found], np.float32)
        return Labelled(examples, scores, self.scale.second.batch_size, self.seed)

    def _pixels(self, rated: Rated) -> np.ndarray:
        image = rated.load().astype(np.float32)
        return _grey(image) if self.dataset == "live_iqa" else image


def _of_stage(place: Path, stage: str) -> Path:
    """Return the path for the saved epochs of a stage."""
    return place.with_name(f"{place.name}-{stage}")


def _grey(image: np.ndarray) -> np.ndarray:
    """Luma of RGB (..., 3), one channel: "the images are gray-scale", the paper says of LIVE, whose files are not."""
    return image @ np.array([[0.299], [0.587], [0.114]], np.float32)


class _CaffeMean(keras.layers.Layer):
    """VGG's own preprocessing of RGB in [0, 255]."""

    def call(self, images: "keras.KerasTensor") -> "keras.KerasTensor":
        return keras.applications.vgg16.preprocess_input(images)


def _examples(images: list[Rated]) -> Iterator[Example]:
    for image in images:
        yield Example(image.load_reference(), image.load(), image.scene, 0, image.level, image.score)
