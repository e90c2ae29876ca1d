"""Pixel AUC of the heatmap on splices of differently processed parts (not in the paper).

Command:  zoo reproduce imaging splices [--dataset open_photographs] [--weights runs/imaging-...]
Expected: runs/tables/laptop/imaging_splices.csv
Time:     not measured undisturbed

A test picture is developed by the camera of a pair, whole, and manipulated, whole; the parts inside and outside of a
square at a random place are then taken from two versions: a manipulated square in a native picture, or a native one in
a manipulated picture. The splice goes through a channel and to `zoo imaging detect`, whose heatmap says how manipulated
each place looks. The AUC of a picture says how often a manipulated pixel has a higher value than a native one; 50 is
chance. Controls: the heatmap of the native picture with the same squares, and the FAN trained alone.

Below: how many patches of pictures that nobody manipulated are called manipulated, for the camera of the pair, the same
camera with the standard pipeline, and other cameras with that pipeline. The detector knows one camera; what it says of
another is to be read with this.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property, partial

import keras
import numpy as np
from sklearn.metrics import roc_auc_score

from zoo import tiles
from zoo.datasets import keyed
from zoo.datasets.camera import CAMERAS
from zoo.datasets.developed import Developed
from zoo.experiments.imaging.joint.evaluation import (
    TRAINED_CHANNEL,
    Channel,
    JointEvaluation,
    joint_evaluation,
    label_of,
)
from zoo.experiments.imaging.joint.real_channel import CHANNELS, saved_versions
from zoo.experiments.imaging.joint.scales import MARGIN, JointRun
from zoo.experiments.run.cached_method import cached_method
from zoo.experiments.run.cells import Cell, Settings, Table
from zoo.imaging.developing.picture import to_8_bits
from zoo.imaging.joint.detector import ManipulationDetector
from zoo.imaging.joint.manipulations import CLASSES
from zoo.metrics import Estimate, bootstrap_mean

PICTURES = {"smoke": 2, "laptop": 30, "photographs": 60, "gpu": 60, "paper": 30}
SHARE = 0.4
"""Side of the square, of the picture's shorter side: its area is an eighth to a sixth."""
STEP = 4
"""Every fourth pixel of every fourth row counts: a heatmap is smooth."""
COMPARED = (TRAINED_CHANNEL, CHANNELS[0])
AUC, CALLED = "pixel AUC", "native patches called manipulated"
CONTROL = "control: nothing manipulated"
STANDARD = "standard pipeline"


class Splices:
    """The test pictures of one pair of camera network and FAN, spliced, and the heatmaps of the FAN."""

    def __init__(self, evaluation: JointEvaluation, run: JointRun) -> None:
        self.evaluation, self.run = evaluation, run

    @cached_property
    def detector(self) -> ManipulationDetector:
        """The detector with the FAN of the pair."""
        detector = ManipulationDetector(None, self.evaluation.training.patch)
        detector.model.set_weights(self.evaluation.workflow(self.run).fan.get_weights())
        return detector

    def localisation(self, outside: int, inside: int, channel: Channel) -> Estimate:
        """Mean pixel AUC in percent where the square is of class ``inside`` and the rest of class ``outside``."""
        found = []
        for number, versions in enumerate(self.versions(channel)):
            mask = square(versions[0].shape[:2], self.evaluation.settings.seed, number)
            spliced = np.where(mask[..., None], versions[inside], versions[outside])
            manipulated = ~mask if outside else mask  # the control: as if the square were
            heatmap = self.detector.heatmap(self._sent(spliced, channel))[::STEP, ::STEP]
            half = manipulated[::2, ::2][::STEP, ::STEP]
            found.append(100 * roc_auc_score(half.ravel(), heatmap.ravel()))
        return self._mean(found)

    def called_manipulated(self, camera: str | None, channel: Channel) -> Estimate:
        """Share of patches called manipulated, in percent, of native pictures: of the pair, or a camera as it is."""
        if camera is None:
            pictures = [versions[0] for versions in self.versions(channel)]
        else:
            pictures = [self._native(picture.target / 65535, channel) for picture in self._of(camera)]
        found = [self.detector.patches(self._sent(picture, channel))[1].argmax(1) != 0 for picture in pictures]
        return self._mean([100 * float(called.mean()) for called in found])

    def _of(self, camera: str) -> list[Developed]:
        if camera == self.evaluation.camera:
            return self.evaluation.pictures[: self.count]
        return joint_evaluation(self.evaluation.settings, camera).pictures[: self.count]

    @property
    def count(self) -> int:
        """How many pictures are spliced."""
        return PICTURES[self.evaluation.settings.scale]

    def versions(self, channel: Channel) -> Iterator[list[np.ndarray]]:
        """Yield the five versions of each whole picture, (height, width, 3): float32, or uint8 before a real channel.

        They are made again for every cell: those of 30 pictures of 12 megapixels would take 22 GB.
        """
        workflow = self.evaluation.workflow(self.run)
        for rgb in self.developed():
            versions = workflow.versions(rgb) if channel is TRAINED_CHANNEL else saved_versions(workflow, rgb)
            yield [np.asarray(version)[0] for version in versions]

    @cached_method()
    def developed(self) -> list[np.ndarray]:
        """Return each whole picture as the pair's camera develops it, float32 (1, height, width, 3)."""
        nip = self.evaluation.workflow(self.run).nip
        return [_developed(nip, picture)[None] for picture in self.evaluation.pictures[: self.count]]

    @staticmethod
    def _native(rgb: np.ndarray, channel: Channel) -> np.ndarray:
        height, width = (n // 16 * 16 for n in rgb.shape[:2])
        rgb = rgb[:height, :width].astype(np.float32)
        return rgb if channel is TRAINED_CHANNEL else to_8_bits(rgb)

    def _sent(self, picture: np.ndarray, channel: Channel) -> np.ndarray:
        """Return a picture after a channel, uint8 (height / 2, width / 2, 3)."""
        if channel is not TRAINED_CHANNEL:
            return channel.send(picture[None])[0]
        return to_8_bits(np.asarray(self.evaluation.workflow(self.run).channel(picture[None]))[0].clip(0, 1))

    def _mean(self, values: list[float]) -> Estimate:
        sources = [picture.source for picture in self.evaluation.pictures[: self.count]]
        return bootstrap_mean(np.array(values), sources, seed=self.evaluation.settings.seed)


def _developed(nip: keras.Model, picture: Developed) -> np.ndarray:
    """A whole picture by a network, cut to what the channel's blocks divide: float32 [0, 1], (height, width, 3)."""
    height, width = (n // 8 * 8 for n in picture.planes.shape[:2])
    planes = tiles.pad(picture.planes[:height, :width] / np.float32(65535), 16, 16)
    return np.clip(np.asarray(nip(planes[None]), np.float32)[0, : 2 * height, : 2 * width], 0, 1)


def square(shape: tuple[int, ...], seed: int, number: int) -> np.ndarray:
    """Where picture ``number`` is of the other class, bool (height, width): a square at a place drawn from the seed."""
    side, rng = int(SHARE * min(shape)), keyed.generator(seed, number, 0x5B1)
    top, left = (int(rng.integers(length - side + 1)) for length in shape)
    inside = np.zeros(shape, bool)
    inside[top : top + side, left : left + side] = True
    return inside


def cells(settings: Settings) -> Iterator[Cell]:
    """Splices by manipulation, pair and channel; then what is said of pictures that nobody manipulated."""
    evaluation = joint_evaluation(settings)
    network = evaluation.training.networks[0]
    pair = JointRun(network, 0.1, evaluation.camera, margin=MARGIN)
    runs = (evaluation.training.run(network, camera=evaluation.camera), pair, replace(pair, codec="libjpeg"))
    others = () if evaluation.raw is not None else tuple(CAMERAS)
    for run in runs:
        here = Splices(evaluation, run)
        kinds = {f"{name} in native": (0, k) for k, name in enumerate(CLASSES) if k}
        kinds |= {f"native in {name}": (k, 0) for k, name in enumerate(CLASSES) if k} | {CONTROL: (0, 0)}
        for (kind, (outside, inside)), channel in ((kind, channel) for kind in kinds.items() for channel in COMPARED):
            measure = partial(here.localisation, outside, inside, channel)
            yield evaluation.cell([run], f"{run.label}: {kind}", label_of(channel), AUC, None, measure)
        for camera, channel in ((camera, channel) for camera in (None, *others) for channel in COMPARED):
            whose = "its own camera" if camera is None else f"{camera}, {STANDARD}"
            measure = partial(here.called_manipulated, camera, channel)
            yield evaluation.cell([run], f"{run.label}: {whose}", label_of(channel), CALLED, None, measure)


TABLE = Table("imaging", "splices", cells, units="%")
