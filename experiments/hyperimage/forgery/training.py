"""Training for forgery on generated splices (Chandakkar and Li 2017, pages 6 and 7; Table 4 and Figure 3).

Command:  zoo pretrain hyperimage forgery --scale photographs --dataset open_photographs [--install]
          zoo pretrain hyperimage forgery          (`laptop`, on generated scenes)
Expected: the stored weights `hyperimage-forgery-*`; their numbers are Table 3's, see zoo/hyperimage/README.md
Time:     seconds for `smoke`; `zoo/hyperimage/weights.json` has that of `photographs`, on a core that computes in
          bfloat16. The baseline, which is not stored, takes 20 minutes more. Images and hyper-images need 4 GB of disk
          and 11 GB of memory.

Hosts and donors are generated scenes, or photographs to train on; those of the tables are never seen. On a laptop the
networks have a quarter of the paper's filters (`width`): the full ranking network costs 16 times as much. They start
scaled to data there, see `stages.scale_to_data`, and at `laptop` the second stage's rate is .0015. At `photographs` the
second stage has the paper's start and rate. Its ranking network has a rate of .001: at the paper's, .005, it ended in a
constant in its second epoch (validation losses 2.65 and 3.00, the margin; tried at commit cab97ef).

At `photographs` host and donor were each saved as JPEG before, at qualities of their own, as pictures that one finds
are. The authentic twin is made from the same saved host: both classes are compressed as often, and neither format nor
size says anything. What a splice has more is a region whose blocks lie elsewhere and were coded at another quality.
"""

import dataclasses
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import keras
import numpy as np

from zoo.datasets import keyed, splices
from zoo.datasets.embedded import generate_scene
from zoo.datasets.labelled import GrowingArray, Labelled
from zoo.datasets.photographs import Photograph
from zoo.datasets.ranked_pairs import RankedPairs
from zoo.datasets.splices import Splice
from zoo.experiments.hyperimage import stages
from zoo.experiments.hyperimage.stages import scale_to_data, train_stage
from zoo.experiments.train.precision import FASTEST, precision
from zoo.hyperimage import ForgeryChannel, ForgeryEndToEnd, ForgeryStageTwo, RankingHinge, RankingNet, Recipe, TwoStage
from zoo.hyperimage.contour import POINTS, contour_points, patches_at
from zoo.hyperimage.detector import FORGERY_LARGEST, TRAINING_MEAN, preprocessing, to_end_to_end
from zoo.hyperimage.grid import fit_inside

CHANNEL, SECOND = "hyperimage-forgery-channel.photographs", "hyperimage-forgery-stage-two.photographs"
END_TO_END = "hyperimage-forgery-end-to-end.photographs"
STORED = dict.fromkeys((CHANNEL, SECOND, END_TO_END), "splices and copy-moves of generated scenes")


@dataclasses.dataclass(frozen=True)
class Scale:
    """How much is trained: generated hosts, splices of each, and the networks' share of the paper's filters."""

    scenes: int
    validation: int
    splices: int
    width: float
    first: Recipe
    second: Recipe
    end_to_end: Recipe
    size: tuple[int, int] = (256, 384)
    from_data: bool = False
    """Whether the first stage and the baseline start from ``stages.scale_to_data`` instead of Glorot's draw."""
    second_from_data: bool = False
    """The same for the second stage."""
    earlier: tuple[int, ...] = ()
    """JPEG qualities that hosts and donors were saved with before, see ``splices.make``."""
    points: int = POINTS
    """Points along each region's outline whose patches the first stage is trained on."""
    baseline_every: int = 1
    """Of so many splices, one is kept for the end-to-end baseline, an epoch of which takes the longest."""
    precision: str = "float32"
    """In which the first stage computes, see ``zoo.experiments.train.precision``; the others compute in float32."""


EARLIER = (60, 70, 80, 90, 95)
"""JPEG qualities of which one is drawn for what a photograph was saved with before it was spliced."""
RANKING = RankingHinge()
CROSS_ENTROPY = "binary_crossentropy"
SCALES = {
    "smoke": Scale(
        3,
        2,
        1,
        0.0625,
        Recipe(1, 1, RANKING, batch_size=8),
        Recipe(1, 1, CROSS_ENTROPY, batch_size=4),
        Recipe(1, 1, CROSS_ENTROPY, batch_size=2),
        (96, 128),
        True,
        True,
    ),
    "laptop": Scale(
        80,
        16,
        3,
        0.25,
        Recipe(10, 5, RANKING, plateau=3, batch_size=32),
        Recipe(40, 12, CROSS_ENTROPY, learning_rate=0.0015, plateau=5, batch_size=16),
        Recipe(10, 5, CROSS_ENTROPY, plateau=3, batch_size=16),
        from_data=True,
        second_from_data=True,
    ),
    "photographs": Scale(
        1100,
        74,
        6,
        0.25,
        Recipe(16, 4, RANKING, learning_rate=0.001, plateau=2, batch_size=16),
        Recipe(40, 12, CROSS_ENTROPY, plateau=5, batch_size=16),
        Recipe(4, 2, CROSS_ENTROPY, plateau=1, batch_size=16),
        from_data=True,
        earlier=EARLIER,
        points=5,
        baseline_every=9,
        precision=FASTEST,
    ),
    "paper": Scale(
        2000,
        500,
        3,
        1.0,
        Recipe(80, 20, RANKING),
        Recipe(200, 40, CROSS_ENTROPY),
        Recipe(80, 20, CROSS_ENTROPY, batch_size=32),
    ),
}


def examples(scale: Scale, part: str, seed: int, pictures: Sequence[Photograph] = ()) -> Iterator[Splice]:
    """Splices and, one in three, copy-moves, for ``"train"`` or ``"validation"``; which depends on the seed.

    Hosts and donors are generated scenes, or ``pictures``: as many splices then, in as many photographs as there are.
    A photograph is made as small as the tables make it. Where no other scene is at hand, copy-moves take the place of
    splices.
    """
    count, own = (scale.scenes, 2 * seed) if part == "train" else (scale.validation, 2 * seed + 1)
    if pictures:
        yield from _in_photographs(pictures, count * scale.splices, own, scale.earlier)
        return
    scenes = (generate_scene(keyed.generator(own, 6, i), *scale.size) for i in range(count + 1))
    donor = next(scenes)
    for index, host in enumerate(scenes):
        for n in range(scale.splices):
            rng = keyed.generator(own, 7, index, n)
            yield splices.make(rng, host, None if n % 3 == 2 else donor, scale.earlier)
        donor = host


def _in_photographs(
    pictures: Sequence[Photograph], count: int, seed: int, earlier: tuple[int, ...]
) -> Iterator[Splice]:
    made = 0
    donor: np.ndarray | None = None
    scene = ""
    for index, each in stages.budget(len(pictures), count, seed):
        host = fit_inside(pictures[index].load(), FORGERY_LARGEST)
        for n in range(each):
            other = donor if scene != pictures[index].scene and made % 3 != 2 else None
            yield splices.make(keyed.generator(seed, 7, index, n), host, other, earlier)
            made += 1
        donor, scene = host, pictures[index].scene


def contour_pairs(found: list[Splice], count: int = POINTS) -> tuple[np.ndarray, np.ndarray]:
    """Patches at ``count`` points along each region's outline, in the authentic and in the tampered image: uint8."""
    authentic, tampered = [], []
    for splice in found:
        points = contour_points(splice.mask, count)
        if len(points):
            authentic.append(patches_at(splice.authentic, points))
            tampered.append(patches_at(splice.tampered, points))
    return np.concatenate(authentic), np.concatenate(tampered)


def network(
    width: float | None,
    channel: str | None = None,
    second: str | None = None,
    mean: Sequence[float] | np.ndarray = TRAINING_MEAN,
) -> TwoStage:
    """Both stages behind the subtraction of the training ``mean``, with weights where given; takes RGB in [0, 255].

    ``width`` None is that of the weights.
    """
    return TwoStage(
        ForgeryChannel(width=width, weights=channel), ForgeryStageTwo(width=width, weights=second), preprocessing(mean)
    )


def train(
    scale: Scale,
    folder: Path,
    seed: int = 0,
    pictures: Sequence[Photograph] = (),
    validation: Sequence[Photograph] = (),
) -> TwoStage:
    """Train ranking, the second stage and the end-to-end baseline in ``folder``; returns the first two.

    Hosts and donors are generated scenes, or photographs: ``pictures`` to train on, ``validation`` to validate on.
    """
    keras.utils.set_random_seed(seed)
    with precision(scale.precision):  # the second stage costs little, and stays in float32
        channel = ForgeryChannel(width=scale.width)
    both = TwoStage(channel, ForgeryStageTwo(width=scale.width), preprocessing())
    sources = {"train": pictures, "validation": validation}
    parts = {part: list(examples(scale, part, seed, source)) for part, source in sources.items()}

    def ranking(saved: Path) -> keras.callbacks.History:
        mean, size = np.array(TRAINING_MEAN, np.float32), scale.first.batch_size
        pairs, held_out = (
            RankedPairs(*contour_pairs(found, scale.points), mean, batch_size=size, seed=seed)
            for found in parts.values()
        )
        if scale.from_data:
            scale_to_data(both.first, pairs[0][0][0])
        return stages.fit_first(both, pairs, held_out, scale.first, RankingNet(both.first), saved)

    train_stage(folder, CHANNEL, both.first, ranking)
    place = folder / "images"  # gigabytes; an interrupted training leaves them, and the next one overwrites them

    def second(saved: Path) -> keras.callbacks.History:
        batches = {}
        for part, found in parts.items():
            hyper = GrowingArray(place / f"hyper-{part}.float16")
            for image in _both_classes(found):
                hyper.append(both.hyper_images([image]))
            batches[part] = Labelled(hyper.array(), _labels(found), scale.second.batch_size, seed)
        if scale.second_from_data:
            scale_to_data(both.second, batches["train"].examples[:64])
        return stages.fit(both.second, batches["train"], batches["validation"], scale.second, saved=saved)

    train_stage(folder, SECOND, both.second, second)
    baseline = ForgeryEndToEnd(width=scale.width)

    def end_to_end(saved: Path) -> keras.callbacks.History:
        batches = {}
        for part, found in parts.items():
            found = found[:: scale.baseline_every]
            images = GrowingArray(place / f"{part}.float16")
            for splice in found:
                images.append(
                    np.stack([to_end_to_end(i) for i in (splice.authentic, splice.tampered)]).astype("float16")
                )
            batches[part] = Labelled(images.array(), _labels(found), scale.end_to_end.batch_size, seed)
        if scale.from_data:
            scale_to_data(baseline, batches["train"].examples[:16])
        return stages.fit(baseline, batches["train"], batches["validation"], scale.end_to_end, saved=saved)

    train_stage(folder, END_TO_END, baseline, end_to_end, {"fc1": 6})  # fc1 has most of the parameters: 6 bits
    shutil.rmtree(place, ignore_errors=True)
    return both


def _both_classes(found: list[Splice]) -> list[np.ndarray]:
    return [image for splice in found for image in (splice.authentic, splice.tampered)]


def _labels(found: list[Splice]) -> np.ndarray:
    """Return 1 for authentic and 0 for tampered, in the order of ``_both_classes``, float32 (2 n, 1)."""
    return np.tile(np.array([[1], [0]], np.float32), (len(found), 1))
