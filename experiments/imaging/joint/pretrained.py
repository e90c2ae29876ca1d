"""Store a jointly trained camera network and its FANs as small files with checksum and provenance."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import keras
import numpy as np

import zoo.weights
from zoo.experiments.imaging.data import synthetic
from zoo.experiments.imaging.developing.pretrained import DESCRIBED, PLAIN, UNSEEN, bits
from zoo.experiments.imaging.developing.training import NETWORKS
from zoo.experiments.imaging.joint.evaluation import progress
from zoo.experiments.imaging.joint.scales import MARGIN, JointRun, JointScale, check_scale
from zoo.experiments.imaging.joint.training import Pictures, build, train_all, validation_patches
from zoo.experiments.train import install_weights
from zoo.experiments.train.install_weights import Trained
from zoo.imaging.joint.workflow import ImagingWorkflow


def kept(scale: JointScale) -> list[JointRun]:
    """What is stored of a scale: of the first network F, whose NIP is the plain one, and F+N at lambda .1.

    F+N both as the paper trains it and with a margin, which alone is of use inside a picture and alone in the package.
    """
    first = scale.networks[0]
    found = [scale.run(first), scale.run(first, 0.1), JointRun(first, 0.1, margin=MARGIN)]
    return list(dict.fromkeys(found))  # at some scales every F+N has a margin


def store(run: JointRun, scale: JointScale, folder: Path, command: str, data: str, local: str | None) -> None:
    """Pack and store the model of ``run`` that ``train_all`` left in ``folder``, see ``install_weights.store``.

    Packing costs accuracy of the FAN, over patches of 16 scenes that no training draws.
    """
    trained = keras.models.load_model(folder / "joint" / f"{run.name}.keras", compile=False)
    pictures = synthetic("test", 16, scale.side, UNSEEN, run.camera)
    planes, _ = validation_patches(pictures, scale.patch + 2 * run.margin, 4, UNSEEN)
    workflow = build(run, NETWORKS[run.network](clip=False), "float32", 0)
    workflow.nip.set_weights(trained.nip.get_weights())
    workflow.fan.set_weights(trained.fan.get_weights())
    whole = _accuracy(workflow, planes)
    history = [entry for _, entry in progress(run, scale, folder / "joint")]
    nip, fan = run.stored(scale.scenes)
    # The first layer makes filters of its kernel that are differences: 8 bits would disturb their zero sum.
    networks = [Trained(fan, workflow.fan, history, {"residual": 32})]
    if run.weight is not None:
        own = bits(run.network, workflow.nip)
        networks.append(Trained(nip, workflow.nip, history, own, DESCRIBED[run.network]))
    elif PLAIN[scale.scenes][run.network] in zoo.weights.names():  # the FAN will be used with the plain NIP as stored
        zoo.weights.load_into(workflow.nip, PLAIN[scale.scenes][run.network])

    def said(_: float, packed: float) -> str:
        return f"packing costs {100 * (whole - packed):.1f} points of accuracy"

    measure = partial(_accuracy, workflow, planes)
    install_weights.store("imaging", folder, networks, measure, said, command, data, local)


def _accuracy(workflow: ImagingWorkflow, planes: np.ndarray) -> float:
    found = workflow.predict(planes, batch_size=8, verbose=0)["probabilities"]
    return float((found.argmax(-1) == np.arange(workflow.classes)).mean())


def run(
    scale_name: str,
    folder: Path,
    seed: int,
    command: str,
    local: str | None,
    dataset: str = "generated scenes",
    photographs: Callable[[str], Pictures | None] = lambda camera: None,
) -> None:
    """Train all joint models of a scale, pack what is kept and store it.

    ``command`` and ``local`` are those of ``install_weights.install``; ``photographs`` as for ``train_all``, called
    ``dataset`` in the weights' provenance.
    """
    scale = check_scale(scale_name)
    train_all(scale_name, folder, seed, photographs)
    for one in kept(scale):
        store(one, scale, folder, command, f"{dataset}, synthetic camera", local)
