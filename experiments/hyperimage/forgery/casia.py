"""Both forgery networks trained and tested on CASIA-2, for Table 3 at `paper` scale (page 6)."""

import json
import tempfile
from collections.abc import Callable
from functools import cached_property, partial
from itertools import islice
from pathlib import Path

import keras
import numpy as np

from zoo.datasets.casia2.casia2_dataset_builder import Picture, pictures, split
from zoo.datasets.labelled import GrowingArray, Labelled
from zoo.datasets.ranked_pairs import RankedPairs
from zoo.experiments.hyperimage import stages
from zoo.experiments.hyperimage.forgery import training as forgery
from zoo.experiments.hyperimage.forgery.training import SCALES, Scale
from zoo.experiments.run.cached_method import cached_method
from zoo.experiments.run.cells import Settings
from zoo.experiments.run.environment import commit
from zoo.hyperimage import ForgeryEndToEnd, RankingNet, Recipe, TwoStage
from zoo.hyperimage.contour import contour_points, patches_at, tampered_region
from zoo.hyperimage.detector import FORGERY_LARGEST, to_end_to_end
from zoo.hyperimage.grid import fit_inside
from zoo.images import atomic
from zoo.metrics import Estimate, auc, resamples


class Casia:
    """CASIA-2 split by group, both networks trained on its training part.

    Args:
        found: From ``pictures``.
        scale: Of the trainings.
        seed: Of the split and the trainings.
        folder: Where each network is kept when its training ends, so that a stopped run goes on with the next; of this
            seed and code alone.
    """

    def __init__(self, found: list[Picture], scale: Scale, seed: int, folder: Path) -> None:
        self.parts, self.scale, self.seed, self.folder = split(found, seed), scale, seed, folder

    def pairs(self, part: str) -> tuple[np.ndarray, np.ndarray]:
        """Contour patches of every tampered picture whose authentic one is there, of its size and like it."""
        authentic = {p.host: p for p in self.parts[part] if not p.tampered}
        patches: tuple[list, list] = ([], [])
        for picture in self.parts[part]:
            if not picture.tampered or picture.host not in authentic:
                continue
            images = authentic[picture.host].load(), picture.load()
            if images[0].shape != images[1].shape or min(images[0].shape[:2]) < 64:
                continue
            region = tampered_region(*images)
            points = contour_points(region)
            if 0 < region.mean() < 0.5 and len(points):  # more than half of the picture is no edit of it
                for found, image in zip(patches, images, strict=True):
                    found.append(patches_at(image, points))
        if not patches[0]:
            raise ValueError(f"CASIA-2's {part} part must hold a tampered picture with its original. Received: none")
        return np.concatenate(patches[0]), np.concatenate(patches[1])

    @cached_property
    def mean(self) -> np.ndarray:
        """Mean of the patches that the first stage is trained on, RGB in [0, 1], which is subtracted (page 6)."""
        path = self.folder / "mean.json"
        if not path.is_file():
            means = [patches.mean((0, 1, 2), dtype=np.float64) for patches in self.pairs("train")]
            self.folder.mkdir(parents=True, exist_ok=True)
            with atomic(path) as partial_path:
                partial_path.write_text(json.dumps((np.mean(means, 0) / 255).tolist()))
        return np.array(json.loads(path.read_text()), np.float32)

    @cached_property
    def two_stage(self) -> TwoStage:
        """Ranking, then the second stage with weighted classes."""
        keras.utils.set_random_seed(self.seed)
        network = forgery.network(self.scale.width, mean=self.mean)
        stages.train_stage(self.folder, "ranking", network.first, partial(self._rank, network), stages.EXACT)
        stages.train_stage(self.folder, "second-stage", network.second, partial(self._second, network), stages.EXACT)
        return network

    def _rank(self, network: TwoStage, saved: Path) -> keras.callbacks.History:
        size = self.scale.first.batch_size
        train, held_out = (
            RankedPairs(*self.pairs(part), self.mean, batch_size=size, seed=self.seed)
            for part in ("train", "validation")
        )
        return stages.fit_first(network, train, held_out, self.scale.first, RankingNet(network.first), saved)

    def _second(self, network: TwoStage, saved: Path) -> keras.callbacks.History:
        def made(picture: Picture) -> np.ndarray:
            return network.hyper_images([self._inside(picture)])

        return self._fit(network.second, made, self.scale.second, saved)

    @cached_property
    def end_to_end(self) -> keras.Model:
        """The baseline."""
        keras.utils.set_random_seed(self.seed)
        model = ForgeryEndToEnd(width=self.scale.width)
        stages.train_stage(self.folder, "end-to-end", model, partial(self._end_to_end, model), stages.EXACT)
        return model

    def _end_to_end(self, model: keras.Model, saved: Path) -> keras.callbacks.History:
        def made(picture: Picture) -> np.ndarray:
            return self._whole(picture).astype(np.float16)

        return self._fit(model, made, self.scale.end_to_end, saved, flips=True)

    def _fit(
        self,
        model: keras.Model,
        made: Callable[[Picture], np.ndarray],
        recipe: Recipe,
        saved: Path,
        flips: bool = False,
    ) -> keras.callbacks.History:
        """Train ``model`` on what is ``made`` of each picture, which lies on disk; ``flips`` as for ``Labelled``."""
        batches = []
        with tempfile.TemporaryDirectory(prefix="pictures-") as place:  # 6 GB on CASIA-2; TMPDIR selects the place
            for part in ("train", "validation"):
                examples = GrowingArray(Path(place) / part)
                for picture in self.parts[part]:
                    examples.append(made(picture))
                labels, flipped = self.labels(part)[:, None], flips and part == "train"
                batches.append(Labelled(examples.array(), labels, recipe.batch_size, self.seed, flipped))
            return stages.fit(model, batches[0], batches[1], recipe, self._weights, saved)

    @property
    def _weights(self) -> dict[int, float]:
        return class_weights(self.labels("train"))

    def labels(self, part: str) -> np.ndarray:
        """1 for authentic, float32 (n,)."""
        return np.array([not p.tampered for p in self.parts[part]], np.float32)

    @cached_method()
    def probabilities(self, proposed: bool) -> np.ndarray:
        """Return the probability of "authentic" for the pictures of the test part."""
        test = self.parts["test"]
        if proposed:
            return np.concatenate([self.two_stage.predict([self._inside(p)]) for p in test])
        return np.array([float(self.end_to_end.predict_on_batch(self._whole(p))[0, 0]) for p in test])

    def measure(self, proposed: bool, column: str, samples: int = 1000) -> Estimate:
        """Return a number of the test part, see ``COLUMNS``, in percent, with its interval over groups."""
        test, given = self.parts["test"], self.probabilities(proposed)
        statistic, jpeg_only = COLUMNS[column]
        kept = [i for i, p in enumerate(test) if p.is_jpeg or not jpeg_only]
        truth, given = self.labels("test")[kept], given[kept]
        groups, group = np.unique([test[i].group for i in kept], return_inverse=True)
        drawn = []
        for counts in islice(resamples(len(groups), self.seed), samples):
            chosen = np.repeat(np.arange(len(kept)), counts[group])
            if 0 < truth[chosen].sum() < len(chosen):
                drawn.append(statistic(truth[chosen], given[chosen]))
        value = statistic(truth, given)
        return Estimate.from_samples(value, drawn or [value], len(groups), len(kept))

    def _whole(self, picture: Picture) -> np.ndarray:
        return to_end_to_end(picture.load(), self.mean)[None]

    @staticmethod
    def _inside(picture: Picture) -> np.ndarray:
        return fit_inside(picture.load(), FORGERY_LARGEST)


def class_weights(labels: np.ndarray) -> dict[int, float]:
    """N / (2 N_c): .842 for authentic and 1.231 for tampered on all of CASIA-2."""
    # Not scikit-learn's compute_class_weight, which refuses labels of a single class, as few pictures may have.
    counts = np.bincount(labels.astype(int), minlength=2)
    return {c: len(labels) / (2 * max(1, int(n))) for c, n in enumerate(counts)}


def database(settings: Settings) -> Casia | None:
    """CASIA-2 as the settings name it, or None.

    Raises:
        ValueError: For CASIA-2 without ``--scale paper`` and ``--data-dir``.
    """
    if settings.dataset != "casia2":
        return None
    if settings.data_dir is None or settings.scale != "paper":
        raise ValueError(
            "--dataset casia2 needs --scale paper and --data-dir with its folders Au and Tp. "
            f"Received: {settings.scale}, {settings.data_dir}"
        )
    kept = stages.KEPT / f"casia2-{settings.seed}-{commit()}"
    return Casia(pictures(settings.data_dir), SCALES["paper"], settings.seed, kept)


def _accuracy(truth: np.ndarray, given: np.ndarray) -> float:
    return 100 * float(((given >= 0.5) == truth).mean())


def _balanced_accuracy(truth: np.ndarray, given: np.ndarray) -> float:
    right = (given >= 0.5) == truth
    return 50 * float(right[truth == 1].mean() + right[truth == 0].mean())


def _auc(truth: np.ndarray, given: np.ndarray) -> float:
    return 100 * auc(given[truth == 0], given[truth == 1])


COLUMNS = {
    "accuracy": (_accuracy, False),
    "JPEG only: balanced accuracy": (_balanced_accuracy, True),
    "JPEG only: AUC": (_auc, True),
}
"""What is measured, and whether of JPEG files alone."""
