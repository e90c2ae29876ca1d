"""Which joint models are trained at each scale, and how long (Korus and Memon 2019, section 5.2)."""

import dataclasses
from functools import cache

from zoo.experiments.imaging.data import CAMERA
from zoo.experiments.imaging.real_cameras import JOINT, PAPERS
from zoo.experiments.run.scales import scale_of
from zoo.experiments.train.precision import FASTEST

LAMBDAS = (1e-4, 5e-4, 1e-3, 5e-3, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0)
"""The paper's values (Table S1)."""
MARGIN = 16
"""Planes; as deep as padding reaches in DNet, and not as deep as in UNet's coarse levels."""
OWN = "own"
"""What the camera of a folder of RAW files is called."""
CODECS = ("dJPEG", "libjpeg", "none")
"""The channel in training: the paper's, with its smooth model of JPEG; with libjpeg itself and a soft gradient; or no
channel at all (section 5.1), where RAW patches are half as large so that the FAN sees as many pixels."""


@dataclasses.dataclass(frozen=True)
class JointRun:
    """One training: which camera, network and lambda (None for mode F), which repetition, which codec.

    ``margin`` is how many planes on each side of a patch the network develops that the FAN does not see.
    """

    network: str
    weight: float | None = None
    camera: str = CAMERA
    repetition: int = 0
    codec: str = "dJPEG"
    margin: int = 0

    @property
    def name(self) -> str:
        """Name of its files: camera, network, F or lambda, codec and margin if not the paper's, repetition."""
        weight = "F" if self.weight is None else f"{self.weight:g}"
        codec = [] if self.codec == "dJPEG" else [self.codec]
        margin = [f"margin{self.margin}"] if self.margin else []
        return "-".join([self.camera, self.network, weight, *codec, *margin, str(self.repetition)])

    @property
    def trained(self) -> str:
        """What tables call the model as it was trained, in their column ``weights``."""
        return f"trained:{self.name}.keras"

    def stored(self, scenes: str) -> tuple[str, str]:
        """Return the names of the stored NIP and FAN that were trained on ``scenes``, see ``JointScale.scenes``.

        In mode F the NIP is the plain one, which has a name of its own.
        """
        which = ("F" if self.weight is None else f"{self.weight:g}") + (f"-margin{self.margin}" if self.margin else "")
        nip, fan = f"{self.network}-joint-{which}-{self.camera}", f"fan-{self.network}-{which}-{self.camera}"
        return f"{nip}.{scenes}", f"{fan}.{scenes}"

    @property
    def label(self) -> str:
        """For tables: network, then ``variant``."""
        return f"{self.network}, {self.variant}"

    @property
    def variant(self) -> str:
        """For a network's plot: F or lambda, codec and margin where they are not the paper's."""
        words = ["F" if self.weight is None else f"lambda {self.weight:g}"]
        words += [f"margin {self.margin}"] * (self.margin > 0)
        return ", ".join(words + [self.codec] * (self.codec != "dJPEG"))

    def command(self, scale: str) -> str:
        """What trains it at a scale: with all others of that scale, or alone and after the plain network."""
        if self in check_scale(scale).runs():
            words = ["zoo pretrain imaging joint"]
        else:
            words = [f"python -m zoo.experiments.imaging.joint.training --network {self.network}"]
            words += [] if self.weight is None else [f"--weight {self.weight:g}"]
            words += [] if self.camera == OWN else [f"--camera {self.camera}"]
            words += [f"--repetition {self.repetition}"] if self.repetition else []
            words += [] if self.codec == "dJPEG" else [f"--codec {self.codec}"]
            words += [f"--margin {self.margin}"] if self.margin else []
        words += [] if scale == "laptop" else [f"--scale {scale}"]
        if self.camera == OWN:
            words += ["--data-dir RAW_DIR"]
        elif self.camera in PAPERS:
            words += ["--data-dir CAMERAS"]
        elif check_scale(scale).varied:
            words += ["--dataset open_photographs"]
        return " ".join(words)


@dataclasses.dataclass(frozen=True)
class JointScale:
    """How much is trained and on what; an epoch is ``steps`` batches of ``batch`` RAW patches in five versions."""

    networks: tuple[str, ...]
    lambdas: tuple[float, ...]
    cameras: tuple[str, ...]
    repetitions: int
    training: int
    """Pictures to train on."""
    validation: int
    """Pictures for the progress curves."""
    side: int
    """Pixels of a generated scene's side."""
    patch: int
    """Side of a RAW patch in planes; the FAN sees as many pixels."""
    batch: int
    steps: int
    start_epochs: int
    epochs: int
    every: int
    """Epochs from one validation, and saved state, to the next."""
    rate: float | None
    """Peak of a cosine decay over ``epochs``; None for the paper's schedule."""
    precision: str = "float32"
    validation_patches: int = 1
    """Number of validation patches of each picture."""
    libjpeg: tuple[float, ...] = ()
    """Values of lambda with which the first network is also trained through libjpeg, next to an F through libjpeg."""
    inside: tuple[float, ...] = ()
    """Values of lambda that the first network is trained with for what lies inside a photograph, with ``MARGIN``."""
    without_channel: bool = False
    """Whether the first network's F is trained without a channel, too."""
    fan_loss: str = "double_softmax"
    search_weight: float = 0.01
    """lambda of F+N's first ``search_epochs``, in which the networks find something that survives the channel."""
    search_epochs: int = 0
    margin: int = 0
    """Margin of every F+N in pixels; those of ``inside`` always have ``MARGIN``."""
    varied: bool = False
    """Whether scenes are photographs in drawn light and generated ones (``varied_scenes``)."""

    @property
    def scenes(self) -> str:
        """The training data in the names of stored weights: ``"photographs"`` or ``"generated"``."""
        return "photographs" if self.varied else "generated"

    def run(
        self,
        network: str,
        weight: float | None = None,
        camera: str = CAMERA,
        repetition: int = 0,
        codec: str = CODECS[0],
    ) -> JointRun:
        """A training of this scale; F has no margin, because the plain network leaves no marks to hide."""
        return JointRun(network, weight, camera, repetition, codec, 0 if weight is None else self.margin)

    def parts(self, run: JointRun) -> list[tuple[str, JointRun, int]]:
        """The trainings that one after the other make ``run``: name of the files, what is trained, epochs.

        All but the last are shared by the runs of a network, and F has as many epochs as F+N.
        """
        alone, found, left = dataclasses.replace(run, weight=None), [], self.epochs
        if self.start_epochs and run.codec != "none":
            first = dataclasses.replace(alone, margin=0)  # an untrained NIP has no traces at the border to hide
            found.append((f"{first.name}-start", first, self.start_epochs))
        if self.search_epochs and run.weight is not None:
            search = dataclasses.replace(run, weight=self.search_weight)
            found.append((f"{alone.name}-search", search, self.search_epochs))
            left -= self.search_epochs
        return [*found, (run.name, run, left)]

    def labelled(self, camera: str) -> dict[str, JointRun]:
        """F and every F+N of one camera, by label: "unet, lambda 0.1, margin 16, libjpeg" -> run."""
        first = [run for run in self.runs() if (run.camera, run.repetition) == (self.cameras[0], 0)]
        return {run.label: dataclasses.replace(run, camera=camera) for run in first if run.codec != "none"}

    def runs(self) -> list[JointRun]:
        """All trainings of this scale."""
        found = [
            self.run(network, weight, camera, repetition)
            for camera in self.cameras
            for network in self.networks
            for weight in (None, *self.lambdas)
            for repetition in range(self.repetitions)
        ]
        first = self.run(self.networks[0], camera=self.cameras[0])
        found += [dataclasses.replace(first, codec="none")] * self.without_channel
        through = (None, *self.libjpeg) if self.libjpeg else ()
        found += [self.run(first.network, weight, first.camera, codec="libjpeg") for weight in through]
        return found + [dataclasses.replace(first, weight=weight, margin=MARGIN) for weight in self.inside]


SCALES = {
    "smoke": JointScale(
        networks=("inet",),
        lambdas=(0.1,),
        cameras=(CAMERA,),
        repetitions=1,
        training=3,
        validation=2,
        side=96,
        patch=16,
        batch=2,
        steps=2,
        start_epochs=0,
        epochs=2,
        every=1,
        rate=1e-3,
        libjpeg=(0.1,),
        inside=(0.1,),
        without_channel=True,
    ),
    "laptop": JointScale(
        networks=("unet", "dnet"),
        lambdas=(0.25, 0.1, 0.05),
        cameras=(CAMERA,),
        repetitions=1,
        training=200,
        validation=30,
        side=512,
        patch=64,
        batch=8,
        steps=100,
        start_epochs=8,
        epochs=20,
        every=2,
        rate=2e-4,
        precision=FASTEST,
        # The doubled softmax was seen to saturate at 5e-4, and at 2e-4 to leave F+N where F is.
        fan_loss="cross_entropy",
        search_epochs=5,
        libjpeg=(0.1,),
        inside=(0.25, 0.1, 0.05),
        without_channel=True,
    ),
    "photographs": JointScale(
        networks=("unet", "inet"),
        lambdas=(0.25, 0.1),
        cameras=(CAMERA,),
        repetitions=1,
        training=1600,
        validation=30,
        side=512,
        patch=64,
        batch=8,
        steps=100,
        start_epochs=8,
        epochs=30,
        every=2,
        rate=2e-4,
        fan_loss="cross_entropy",
        search_epochs=5,
        libjpeg=(0.1,),
        margin=MARGIN,
        varied=True,
    ),
    "gpu": JointScale(
        networks=("unet", "dnet", "inet"),
        lambdas=(0.25, 0.1, 0.05, 0.01),
        cameras=(CAMERA,),
        repetitions=1,
        training=1600,
        validation=30,
        side=512,
        patch=96,  # with the margin as large as the smallest photographs allow
        batch=20,
        steps=100,
        start_epochs=16,
        epochs=80,
        every=4,
        rate=2e-4,
        fan_loss="cross_entropy",
        search_epochs=10,
        libjpeg=(0.1,),
        margin=MARGIN,
        varied=True,
    ),
    "paper": JointScale(
        networks=("unet", "dnet"),
        lambdas=LAMBDAS,
        cameras=JOINT,
        repetitions=10,
        training=120,
        validation=30,
        side=2048,
        patch=128,
        batch=20,
        steps=6,
        start_epochs=0,
        epochs=1001,
        every=50,
        rate=None,
        validation_patches=2,
    ),
}


def trained_at(scale: str, dataset: str) -> str:
    """Return the scale of the training whose models a table measures.

    It is the table's own, except that `laptop` trains only on generated scenes: on photographs the models of
    `photographs` are measured.
    """
    return "photographs" if (scale, dataset) == ("laptop", "open_photographs") else scale


@cache
def stands_for(dataset: str) -> dict[str, dict[str, str]]:
    """Return the stored weights that words of the column ``weights`` stand for: a note by name, by word.

    The table is one at `laptop` on ``dataset``, which says what a trained model was trained on. A stored FAN was
    measured with the NIP that it was trained with, and both were packed from the model as trained.
    """
    found: dict[str, dict[str, str]] = {}
    measured = SCALES[trained_at("laptop", dataset)].scenes
    for scale in SCALES.values():
        for run in (run for run in scale.runs() if (run.repetition, run.codec) == (0, CODECS[0])):
            nip, fan = run.stored(scale.scenes)
            found[fan] = found[f"stored:{fan}"] = {nip: f"with {fan}"}
            if scale.scenes == measured:
                found[run.trained] = dict.fromkeys((nip, fan), "before packing")
    return found


def check_scale(name: str) -> JointScale:
    """The scale called ``name``; raises ValueError for another."""
    return scale_of(SCALES, name)
