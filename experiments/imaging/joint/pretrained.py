"""Store a jointly trained camera and its analysts as small files with checksum and provenance."""

from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np

import zoo.weights
from zoo.experiments.imaging import data
from zoo.experiments.imaging.developing.pretrained import NAMES, UNSEEN, bits
from zoo.experiments.imaging.developing.training import NETWORKS
from zoo.experiments.imaging.joint.evaluation import progress
from zoo.experiments.imaging.joint.scales import MARGIN, JointRun, JointScale, check_scale
from zoo.experiments.imaging.joint.training import Pictures, build, train_all, validation_patches
from zoo.experiments.train import install_weights
from zoo.imaging.family import FAMILY
from zoo.imaging.joint.workflow import ImagingWorkflow

SEEN = "generated scenes, synthetic camera"


def kept(scale: JointScale) -> list[JointRun]:
    """What is stored of a scale: of the first network F, whose NIP is the plain one, and F+N at lambda .1.

    F+N both as the paper trains it and with a margin, which alone is of use inside a picture and alone in the package.
    """
    first = scale.networks[0]
    found = [scale.run(first), scale.run(first, 0.1), JointRun(first, 0.1, margin=MARGIN)]
    return list(dict.fromkeys(found))  # at some scales every F+N has a margin


def pack(run: JointRun, scale: JointScale, folder: Path) -> dict[Path, float]:
    """Pack the model of ``run`` into ``folder``, for ``zoo imaging detect --weights`` and installation.

    Returns the files and what packing costs: by how much the FAN's accuracy falls, over patches of 16 scenes that no
    training draws.
    """
    trained = keras.models.load_model(folder / "joint" / f"{run.name}.keras", compile=False)
    pictures = data.synthetic("test", 16, scale.side, UNSEEN, run.camera)
    planes, _ = validation_patches(pictures, scale.patch + 2 * run.margin, 4, UNSEEN)
    nip_path, fan_path = (folder / f"{name}.npz" for name in run.stored)
    whole, packed = (build(run, NETWORKS[run.network](clip=False), "float32", 0) for _ in range(2))
    whole.nip.set_weights(trained.nip.get_weights())
    whole.fan.set_weights(trained.fan.get_weights())
    if run.weight is None and NAMES[run.network] in zoo.weights.names():  # it will meet the plain NIP as it is stored
        zoo.weights.load_into(packed.nip, NAMES[run.network])
    else:
        packed.nip.set_weights(trained.nip.get_weights())
    written = [fan_path]
    # The filters that the first layer makes of its kernel are differences: 8 bits would disturb their zero sum.
    zoo.weights.pack(whole.fan, fan_path, {"residual": 32})
    zoo.weights.unpack(packed.fan, fan_path)
    if run.weight is not None:
        written.append(nip_path)
        zoo.weights.pack(whole.nip, nip_path, bits(run.network, whole.nip))
        zoo.weights.unpack(packed.nip, nip_path)
    cost = _accuracy(whole, planes) - _accuracy(packed, planes)
    return dict.fromkeys(written, cost)


def _accuracy(workflow: ImagingWorkflow, planes: np.ndarray) -> float:
    found = [np.asarray(workflow(planes[i : i + 8])["probabilities"]) for i in range(0, len(planes), 8)]
    return float((np.concatenate(found).argmax(-1) == np.arange(workflow.classes)).mean())


def run(
    scale_name: str,
    folder: Path,
    seed: int,
    command: str,
    local: str | None,
    dataset: str = "generated scenes",
    photographs: Callable[[str], Pictures | None] = lambda camera: None,
) -> None:
    """Train all joint models of a scale, pack what is kept and store it; says what was written.

    With ``local`` None, what the package does not list goes to the local store. ``command`` and ``local`` are otherwise
    those of ``install_weights.install``; ``photographs`` as for ``train_all``, called ``dataset`` in the weights'
    provenance.
    """
    scale = check_scale(scale_name)
    train_all(scale_name, folder, seed, photographs)
    for one in kept(scale):
        history = [entry for _, entry in progress(one, scale, folder / "joint")]
        for path, cost in pack(one, scale, folder).items():
            print(f"written: {path} (packing costs {100 * cost:.1f} points of accuracy)")
            described = "8, residual 32" if path.name.startswith("fan") else "8, fine levels 16"
            tag = local if path.stem in FAMILY.stored else local or install_weights.training_tag(scale_name)
            install_weights.install("imaging", path, history, described, command, f"{dataset}, synthetic camera", tag)
