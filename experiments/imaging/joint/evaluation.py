"""Held-out patches of the joint models, and what each model makes of them behind each channel; computed once."""

import dataclasses
from collections.abc import Callable, Sequence
from functools import cached_property, lru_cache
from pathlib import Path

import keras
import numpy as np

import zoo.weights
from zoo.datasets.camera import CAMERAS
from zoo.experiments.imaging import data
from zoo.experiments.imaging.developing.pretrained import PLAIN
from zoo.experiments.imaging.developing.training import NETWORKS
from zoo.experiments.imaging.joint.real_channel import Files, RealChannel, saved_versions
from zoo.experiments.imaging.joint.scales import OWN, JointRun, JointScale, check_scale, trained_at
from zoo.experiments.imaging.joint.training import build, pictures_of, validation_patches
from zoo.experiments.imaging.real_cameras import PAPERS, USUAL, in_folder, needed
from zoo.experiments.run.cached_method import cached_method
from zoo.experiments.run.cells import Cell, DataUnavailable, Settings
from zoo.imaging.joint.workflow import ImagingWorkflow
from zoo.imaging.metrics import PAPER_SSIM_RANGE, psnr, ssim
from zoo.metrics import Estimate, bootstrap_mean
from zoo.saved_training import SavedState

TRAINED_CHANNEL = None
"""Stands for the channel that a model was trained through."""
Channel = RealChannel | Files | None


def label_of(channel: Channel) -> str:
    """For tables."""
    return "as trained" if channel is TRAINED_CHANNEL else channel.label


@dataclasses.dataclass(frozen=True)
class Scale:
    """How much is measured: ``each`` patches of every test picture, as large as in training."""

    pictures: int
    each: int


SCALES = {
    "smoke": Scale(3, 2),
    "laptop": Scale(60, 10),
    "photographs": Scale(60, 10),
    "gpu": Scale(60, 10),
    "paper": Scale(30, 100),
}
FIDELITIES = ("PSNR", "SSIM", "SSIM, range 1", "PSNR lost")
"""Metrics of developed pictures alone, which need the NIP and no FAN."""
BASELINE_SCENES = 200
"""Scenes of the training that a simpler method is fitted on, at most."""


class JointEvaluation:
    """The test patches of one camera and the joint models on them.

    The camera is a synthetic one, that of a folder of RAW files, ``OWN``, or one of the paper's in a folder of cameras
    (``real_cameras``). At `paper` it is the latter, and no synthetic one stands for it: without its folder cells are
    ``data-unavailable``.

    Raises:
        ValueError: For an unknown scale, or data that are not RAW files.
    """

    def __init__(self, settings: Settings, camera: str = data.CAMERA) -> None:
        self.trained_at = trained_at(settings.scale, settings.dataset)
        self.training: JointScale = check_scale(self.trained_at)
        self.camera, self.raw = place_of(settings, camera)
        self.settings, self.scale = settings, SCALES[settings.scale]
        scenes = data.DATASETS[self.training.varied]
        self.folder = Path("runs") / data.run_name(scenes, self.trained_at, settings.seed)
        self.folder = self.folder if settings.weights is None else settings.weights
        # Pictures and networks are large, and are used one after the other.

    @cached_property
    def pictures(self) -> list:
        """Pictures that no training has seen.

        Raises:
            DataUnavailable: Where the camera's photographs are not here.
        """
        if self.unavailable:
            raise DataUnavailable(self.unavailable)
        if self.raw is not None:
            return data.folder(self.raw, "test", self.scale.pictures)
        if self.settings.dataset != "embedded":
            dataset, folder = self.settings.dataset, self.settings.data_dir
            return data.photographed(None, self.camera, dataset, folder, count=self.scale.pictures)
        return data.synthetic("test", self.scale.pictures, self.training.side, self.settings.seed, self.camera)

    @property
    def unavailable(self) -> str:
        """What photographs one of the paper's cameras needs; empty where they are here."""
        return needed(self.camera) if self.camera in PAPERS and self.raw is None else ""

    @cached_property
    def training_pictures(self) -> list:
        """Some of those that the joint models were trained on; at `laptop` all."""
        settings, count = self.settings, min(self.training.training, BASELINE_SCENES)
        if self.training.varied and self.raw is None and settings.dataset != "embedded":
            return data.varied_pictures(settings.dataset, settings.data_dir, count, 0, self.camera, settings.seed)[0]
        scale = dataclasses.replace(self.training, training=count)
        return pictures_of(scale, self.camera, self.raw, settings.seed)[0]

    @cached_property
    def patches(self) -> tuple[np.ndarray, np.ndarray]:
        """RAW patches (n, p + 2 m, p + 2 m, 4) and targets (n, 2 p, 2 p, 3), by the paper's rule against flat ones.

        m is the scale's margin: what surrounds a patch of p planes, as it was in the training.
        """
        margin = self.training.margin
        planes, targets = validation_patches(self.pictures, self.training.patch + 2 * margin, self.scale.each, 10**6)
        return planes, _inside(targets, margin)

    @property
    def sources(self) -> list[str]:
        """The picture that each patch comes from."""
        return [picture.source for picture in self.pictures] * self.scale.each

    def weights(self, run: JointRun) -> str | None:
        """Where the model of ``run`` is: ``trained:`` or ``stored:`` and its name, or None for nowhere.

        One whose training has not come to its end is nowhere. The stored ones are of the synthetic camera, and of
        `laptop` and `photographs`: neither for a user's RAW files nor for `paper`.
        """
        path = self.folder / "joint" / f"{run.name}.keras"
        if path.is_file():
            return run.trained if is_finished(run, self.training, path.parent) else None
        known, (nip, fan) = zoo.weights.names(), run.stored(self.training.scenes)
        both = fan in known and (self._plain(run) if run.weight is None else nip) in known
        return f"stored:{fan}" if both and self._may_be_stored(run) else None

    def nip_weights(self, run: JointRun) -> str | None:
        """Where the NIP of ``run`` is, as ``weights``; that of mode F is the plain one, which is stored without a FAN.

        See ``weights`` for what is stored.
        """
        found = self.weights(run)
        if (
            found is None
            and run.weight is None
            and self._may_be_stored(run)
            and self._plain(run) in zoo.weights.names()
        ):
            return f"stored:{self._plain(run)}"
        return found

    def _may_be_stored(self, run: JointRun) -> bool:
        first = run.repetition == 0 and run.codec == "dJPEG" and self.settings.weights is None
        return first and self.camera in CAMERAS and self.settings.scale != "paper"

    def _plain(self, run: JointRun) -> str:
        return PLAIN[self.training.scenes][run.network]

    def cell(
        self,
        runs: Sequence[JointRun],
        row: str,
        column: str,
        metric: str,
        paper: float | None,
        measure: Callable[[], Estimate],
    ) -> Cell:
        """A cell that needs the models of all ``runs``, or their NIPs; ``not-run`` where one is nowhere.

        Of one of the paper's cameras at the paper's scale a number is comparable with the paper's.
        """
        if self.unavailable:
            return Cell(row, column, metric, paper, status="data-unavailable", why=f"needs {self.unavailable}")
        comparable = self.camera in PAPERS and self.settings.scale == "paper" and paper is not None
        found = []
        for run in runs:
            weights = self.nip_weights(run) if metric in FIDELITIES else self.weights(run)
            if weights is None:
                needs = " ".join(run.trained for run in runs)
                why = absent(run, self.trained_at)
                return Cell(row, column, metric, paper, status="not-run", why=why, needs=needs)
            found.append(weights)
        return Cell(row, column, metric, paper, measure, comparable=comparable, weights=" ".join(found))

    def per_patch_accuracy(self, run: JointRun, channel: Channel = TRAINED_CHANNEL) -> np.ndarray:
        """Share of the five versions of each patch that are told rightly, (n,)."""
        probabilities = self.probabilities(run, channel)
        return (probabilities.argmax(-1) == np.arange(probabilities.shape[1])).mean(1)

    def mean(self, values: np.ndarray) -> Estimate:
        """Mean over patches, its interval over pictures."""
        return bootstrap_mean(values, self.sources, seed=self.settings.seed)

    def confusion(self, run: JointRun, predicted: int, true: int) -> Estimate:
        """Share in percent of class ``true`` that is called ``predicted``."""
        return self.mean(100.0 * (self.probabilities(run, TRAINED_CHANNEL)[:, true].argmax(-1) == predicted))

    @cached_method(maxsize=2)
    def workflow(self, run: JointRun) -> ImagingWorkflow:
        """The model of ``run`` with its weights, in float32.

        Raises:
            DataUnavailable: Where it is nowhere.
        """
        where = self.weights(run)
        if where is None:
            raise DataUnavailable(absent(run, self.trained_at))
        workflow = build(run, NETWORKS[run.network](clip=False), "float32", 0)
        if where == run.trained:  # it may be in bfloat16; evaluation is in float32
            trained = keras.models.load_model(self.folder / "joint" / f"{run.name}.keras", compile=False)
            workflow.nip.set_weights(trained.nip.get_weights())
            workflow.fan.set_weights(trained.fan.get_weights())
            return workflow
        nip, fan = run.stored(self.training.scenes)
        zoo.weights.load_into(workflow.nip, self._plain(run) if run.weight is None else nip)
        zoo.weights.load_into(workflow.fan, fan)
        return workflow

    def nip(self, run: JointRun) -> keras.Model:
        """The NIP of ``run`` with its weights, in float32.

        Raises:
            DataUnavailable: Where it is nowhere.
        """
        if self.weights(run) is None and self.nip_weights(run) is not None:
            return NETWORKS[run.network](clip=False, weights=self._plain(run))
        return self.workflow(run).nip

    @cached_method(maxsize=2)
    def developed(self, run: JointRun) -> np.ndarray:
        """Return the developed patches, clipped, float32 (n, 2p, 2p, 3)."""
        return self.develop(run, self.patches[0])

    def develop(self, run: JointRun, planes: np.ndarray) -> np.ndarray:
        """Return patches with the scale's margin as the NIP of ``run`` develops them, without the margin, clipped."""
        nip = self.nip(run)
        height, width = (2 * (n - 2 * self.training.margin) for n in planes.shape[1:3])
        found = np.empty((len(planes), height, width, 3), np.float32)  # gigabytes at `paper`, so no second copy
        for i in range(0, len(planes), 16):
            found[i : i + 16] = _inside(np.asarray(nip(planes[i : i + 16]), np.float32), self.training.margin)
        return np.clip(found, 0, 1, out=found)

    @cached_method()
    def probabilities(self, run: JointRun, channel: Channel) -> np.ndarray:
        """What the FAN says: (patches, true class, class)."""
        workflow, rgb = self.workflow(run), self.developed(run)
        if run.codec == "none":  # the FAN gets as many pixels as with a channel
            rgb = rgb[:, : self.training.patch, : self.training.patch]
        parts = (received(workflow, rgb[i : i + 16], channel) for i in range(0, len(rgb), 16))
        return np.concatenate([np.stack([np.asarray(workflow.fan(v)) for v in part], 1) for part in parts])

    @cached_method()
    def fidelity(self, run: JointRun, metric: str) -> np.ndarray:
        """PSNR or SSIM of each patch to its target, (n,)."""
        return fidelity(self.patches[1], self.developed(run), metric)


def place_of(settings: Settings, camera: str) -> tuple[str, Path | None]:
    """The camera that a table asks for as ``camera``, and the folder of its RAW files, if there are some.

    In a folder of the paper's cameras a synthetic one's name stands for ``real_cameras.USUAL`` or the first that is
    there.
    """
    raw = data.raw_folder(settings)
    here = {} if raw is None else in_folder(raw)
    if here or (raw is None and settings.scale == "paper"):
        usual = USUAL if USUAL in here or not here else next(iter(here))
        camera = camera if camera in PAPERS else usual
        return camera, here.get(camera)
    return (camera, None) if raw is None else (OWN, raw)


def _inside(rgb: np.ndarray, margin: int) -> np.ndarray:
    """Pictures (n, height, width, 3) without ``margin`` planes, two pixels each, at every side."""
    height, width = rgb.shape[1:3]
    return rgb[:, 2 * margin : height - 2 * margin, 2 * margin : width - 2 * margin]


def is_finished(run: JointRun, scale: JointScale, folder: Path) -> bool:
    """Whether the last part of ``run``'s training has come to its end in ``folder``."""
    name, _, epochs = scale.parts(run)[-1]
    return SavedState(folder / name).done >= epochs


def absent(run: JointRun, scale: str) -> str:
    """Why a cell has no value whose model is nowhere, for ``Cell.why``; names the command that trains it."""
    return f"the model {run.name} is not stored here; `{run.command(scale)}` trains it, --weights names its folder"


def received(workflow: ImagingWorkflow, rgb: np.ndarray, channel: Channel) -> list[np.ndarray]:
    """The five versions of some pictures as the FAN gets them behind ``channel``, float32 in [0, 1]."""
    if channel is TRAINED_CHANNEL:
        return [np.asarray(workflow.channel(version)) for version in workflow.versions(rgb)]
    return [channel.send(v).astype(np.float32) / 255 for v in saved_versions(workflow, rgb)]


@lru_cache(maxsize=8)
def joint_evaluation(settings: Settings, camera: str = data.CAMERA) -> JointEvaluation:
    """The evaluation of ``settings``, one for all that ask: a table and its plot measure the same once."""
    return JointEvaluation(settings, camera)


def fidelity(targets: np.ndarray, images: np.ndarray, metric: str) -> np.ndarray:
    """``"PSNR"``, ``"SSIM"`` (data range 2, as the paper computed it) or ``"SSIM, range 1"`` of each picture, (n,)."""
    measures = {
        "PSNR": psnr,
        "SSIM": lambda target, image: ssim(target, image, PAPER_SSIM_RANGE),
        "SSIM, range 1": ssim,
    }
    return np.array([measures[metric](target, image) for target, image in zip(targets, images, strict=True)])


def progress(run: JointRun, scale: JointScale, folder: Path) -> list[tuple[int, dict]]:
    """Epoch, counted over all parts, and log of every validation of ``run``; empty where it has not come to its end."""
    if not is_finished(run, scale, folder):
        return []
    logs = [SavedState(folder / name).log for name, _, _ in scale.parts(run)]
    found: list[tuple[int, dict]] = []
    for log in logs:
        before = found[-1][0] if found else 0
        found += [(before + entry["epoch"], entry) for entry in log]
    return found
