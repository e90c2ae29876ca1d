r"""Joint training of camera network and FAN (Korus and Memon 2019, sections 4 and 5.2): modes F and F+N.

Paper: for each of four cameras, UNet and DNet (INet gains little) pre-trained; F, and F+N at ten values of lambda from
1e-4 to 1 (Table S1; section 5.2 speaks of eleven, perhaps with F); ten repetitions with another draw of the FAN; 1,001
epochs of 6 batches of 20 RAW patches of 128x128 planes, each in five versions; Adam 1e-4, 15 % less every 100 epochs
(authors' code: from epoch 0 on).

Command:  zoo pretrain imaging joint                       all trainings of `laptop`, after those of the networks
          python -m zoo.experiments.imaging.joint.training --network unet --weight 0.1     one of them; no --weight: F
          zoo pretrain imaging joint --scale photographs --dataset open_photographs [--data-dir DIR]  (`gpu`: longer)
          python -m zoo.experiments.imaging.joint.training --network unet --weight 0.1 --margin 16 --codec libjpeg \
              --scale photographs --dataset open_photographs --nip unet.keras      one of them, from a network of yours
          zoo pretrain imaging joint --scale paper --data-dir CAMERAS     the paper's cameras that are there, after
              their networks; CAMERAS: see `real_cameras.py`
          python -m zoo.experiments.imaging.joint.training --network dnet --weight 0.25 --repetition 3 --scale paper \
              --data-dir CAMERAS --camera nikon_d90 --nip dnet.keras     one of its 880 trainings
Expected: Tables 4 and S1, see zoo/imaging/README.md
Time:     at `laptop` UNet, F: 17 minutes, F+N: 25, with a margin 35, as weights.json has them, beside other work;
          `smoke` seconds; `paper` not measured

At `laptop` F and all F+N of a network share their beginning (`JointScale.parts`): the FAN first learns alone. Then F
goes on alone; F+N go on together with the NIP, first all at a small lambda, then each at its own. So every one of them
gets the same number of FAN updates.
"""

import argparse
import dataclasses
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

import keras
import numpy as np

import zoo.weights
from zoo.datasets.camera import CAMERAS
from zoo.datasets.developed import Developed, DevelopedPatches, fixed_patches
from zoo.experiments.cli.numbers import real, whole
from zoo.experiments.imaging import data
from zoo.experiments.imaging.data import CAMERA
from zoo.experiments.imaging.developing import training
from zoo.experiments.imaging.developing.pretrained import PLAIN
from zoo.experiments.imaging.joint.scales import CODECS, OWN, JointRun, JointScale, check_scale
from zoo.experiments.imaging.real_cameras import PAPERS, in_folder
from zoo.experiments.run.environment import device
from zoo.experiments.train import fitting
from zoo.experiments.train.precision import precision
from zoo.imaging.joint.channel import DistributionChannel
from zoo.imaging.joint.fan import FAN
from zoo.imaging.joint.workflow import ImagingWorkflow, paper_rate
from zoo.layers import DifferentiableJPEG


def plain_nip(
    network: str,
    folder: Path,
    camera: str = CAMERA,
    file: Path | None = None,
    policy: str = "float32",
    scenes: str = "generated",
) -> keras.Model:
    """The camera's pre-trained NIP, not clipped: from ``file``, else ``folder``, else what is stored.

    ``folder/<network>.keras`` and the stored ones, trained on ``scenes`` (``JointScale.scenes``), are of the camera
    "birch"; those of others are in ``folder/<camera>``.

    Raises:
        ValueError: For an unknown network, or where there are no such weights.
    """
    if network not in training.NETWORKS:
        raise ValueError(f"network must be one of {', '.join(training.NETWORKS)}. Received: {network!r}")
    own = _nips(folder, camera) / f"{network}.keras"
    stored = PLAIN[scenes][network]
    known = camera == CAMERA and stored in zoo.weights.names()
    source = file if file is not None else own if own.is_file() else stored if known else None
    if source is None:
        raise ValueError(
            f"The {network} of the camera {camera!r} must be trained first: zoo pretrain imaging [joint] for a "
            f"synthetic one, zoo imaging fit RAW_DIR for yours; or give --nip. Received: {own}"
        )
    with precision("float32" if network == "inet" else policy):
        nip = training.NETWORKS[network](clip=False)
    if Path(source).suffix == ".keras":
        nip.set_weights(keras.models.load_model(source, compile=False).get_weights())
    else:
        zoo.weights.load_into(nip, source)
    return nip


def _nips(folder: Path, camera: str) -> Path:
    return folder if camera == CAMERA else folder / camera


Pictures = tuple[list[Developed], list[Developed]]
"""Training and validation pictures of one camera."""


def pictures_of(
    scale: JointScale, camera: str, raw: Path | None, seed: int, kept: Path | None = None
) -> tuple[list[Developed], list[Developed]]:
    """Training and validation pictures: a synthetic camera's, or those of a folder of RAW files; ``kept`` as there."""
    if raw is not None:
        return data.folder(raw, "train", scale.training, kept), data.folder(raw, "validation", scale.validation, kept)
    return (
        data.synthetic("train", scale.training, scale.side, seed, camera),
        data.synthetic("validation", scale.validation, scale.side, seed, camera),
    )


def validation_patches(
    pictures: Sequence[Developed], patch: int, each: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """``each`` patches of every picture, not flat (section 5.2), always the same; picture by picture in each round."""
    rounds = [fixed_patches(pictures, patch, seed + n) for n in range(each)]
    return np.concatenate([x for x, _ in rounds]), np.concatenate([y for _, y in rounds])


def train(
    run: JointRun,
    scale: JointScale,
    folder: Path,
    pictures: tuple[list[Developed], list[Developed]],
    seed: int = 0,
    nip: Path | None = None,
    last: str | None = None,
) -> ImagingWorkflow:
    """Train ``run``, or what is left of it; ``folder/joint/<name>.keras`` and ``.json`` hold state and progress.

    ``last`` is the name of a part of the run to end with, see ``JointScale.parts``; None for the whole.

    Raises:
        ValueError: Where there is no pre-trained NIP, or the codec is unknown.
    """
    if run.codec not in CODECS:
        raise ValueError(f"codec must be one of {', '.join(CODECS)}. Received: {run.codec!r}")
    workflow: ImagingWorkflow | None = None
    for number, (name, part, epochs) in enumerate(scale.parts(run)):
        workflow = _fitted(part, name, scale, epochs, folder, pictures, seed + number, nip, workflow)
        if name == last:
            break
    return cast(ImagingWorkflow, workflow)  # there is at least one part


def _fitted(
    run: JointRun,
    name: str,
    scale: JointScale,
    epochs: int,
    folder: Path,
    pictures: tuple[list[Developed], list[Developed]],
    seed: int,
    nip: Path | None,
    begin: ImagingWorkflow | None,
) -> ImagingWorkflow:
    print(f"zoo: {name}, {epochs} epochs of {scale.steps} steps", file=sys.stderr)
    drawn_from, validation = pictures
    # Each repetition draws new weights of the FAN, and new batches.
    drawn = 1000 * seed + run.repetition
    patch = (scale.patch // 2 if run.codec == "none" else scale.patch) + 2 * run.margin
    batches = DevelopedPatches(drawn_from, scale.steps, scale.batch, patch, drawn)
    fixed = validation_patches(validation, patch, scale.validation_patches, 1234)
    rate = (
        keras.callbacks.LearningRateScheduler(paper_rate) if scale.rate is None else fitting.cosine(scale.rate, epochs)
    )
    plain = plain_nip(run.network, folder, run.camera, nip, scale.precision, scale.scenes)
    workflow = build(run, plain, scale.precision, drawn, scale.fan_loss)
    if begin is not None:
        workflow.fan.set_weights(begin.fan.get_weights())
        workflow.nip.set_weights(begin.nip.get_weights())
    return fitting.fit(
        workflow,
        batches,
        epochs,
        folder / "joint",
        name,
        [rate],
        scale.every,
        validation_data=fixed,
        validation_batch_size=scale.batch,
    )


def build(run: JointRun, nip: keras.Model, policy: str, seed: int, fan_loss: str = "double_softmax") -> ImagingWorkflow:
    """The workflow of ``run`` with a new FAN, compiled."""
    keras.utils.set_random_seed(seed)
    with precision(policy):
        fan = FAN((None, None, 3))
    channel = DistributionChannel(name="channel")
    if run.codec == "libjpeg":
        channel = DistributionChannel(codec=DifferentiableJPEG(50, gradient="soft", name="libjpeg"), name="channel")
    elif run.codec == "none":
        channel = keras.layers.Identity(name="channel")
    workflow = ImagingWorkflow(
        nip,
        fan,
        channel=channel,
        mode="F" if run.weight is None else "F+N",
        nip_weight=0.0 if run.weight is None else run.weight,
        fan_loss=fan_loss,
        margin=2 * run.margin,
    )
    # On a CPU, XLA's convolutions are several times slower than oneDNN's.
    workflow.compile(keras.optimizers.Adam(1e-4, epsilon=1e-8), jit_compile=not device().startswith("CPU"))
    # Otherwise TensorFlow traces the first step twice, once to create the optimiser's variables.
    workflow.optimizer.build(workflow.trainable_variables)
    return workflow


def train_all(
    scale_name: str,
    folder: Path,
    seed: int = 0,
    photographs: Callable[[str], Pictures | None] = lambda camera: None,
    cameras: Sequence[str] | None = None,
) -> dict[JointRun, ImagingWorkflow]:
    """All trainings of a scale, after the NIPs of all its cameras but "birch"; resumes in ``folder``.

    ``photographs(camera)`` gives training and validation pictures in place of generated scenes; None for the latter.
    With ``cameras`` only these are trained.

    Raises:
        ValueError: For an unknown scale, or where a pre-trained NIP is missing.
    """
    scale = check_scale(scale_name)
    trained = {}
    for camera in scale.cameras if cameras is None else cameras:
        if camera != CAMERA:
            train_nips(scale_name, folder, camera, scale.networks, seed, photographs(camera))
        pictures = photographs(camera) or pictures_of(scale, camera, None, seed)
        for run in scale.runs():
            if run.camera == camera:
                trained[run] = train(run, scale, folder, pictures, seed)
    return trained


def train_nips(
    scale: str, folder: Path, camera: str, networks: Sequence[str], seed: int = 0, pictures: Pictures | None = None
) -> None:
    """Train the plain networks of a synthetic camera, on generated scenes where there are no ``pictures``.

    Raises:
        ValueError: For an unknown scale or network.
    """
    recipes = training.check(scale, networks)
    developed = pictures or training.synthetic_pictures(recipes, seed, camera)
    training.pretrain(scale, _nips(folder, camera), seed, networks, developed)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Train one joint model of Tables 4 and S1.")
    parser.add_argument("--network", required=True, choices=list(training.NETWORKS))
    parser.add_argument("--weight", type=real(0, 1e6), help="lambda; without it the FAN alone is trained (mode F)")
    parser.add_argument(
        "--camera",
        choices=[*CAMERAS, *PAPERS],
        help=f"a synthetic camera (default: {CAMERA}), or one in a folder of the paper's cameras",
    )
    parser.add_argument("--repetition", type=whole(0, 10**6), default=0)
    parser.add_argument("--codec", choices=CODECS, default=CODECS[0])
    parser.add_argument(
        "--margin",
        type=whole(0, 512),
        default=0,
        help="width in planes of the border that is developed but not seen by the FAN",
    )
    parser.add_argument("--scale", default="laptop")
    parser.add_argument(
        "--precision", choices=("float32", "mixed_bfloat16"), help="for training (default: as the scale)"
    )
    parser.add_argument(
        "--dataset", choices=data.DATASETS, default=data.DATASETS[0], help="scenes for the synthetic camera"
    )
    parser.add_argument(
        "--data-dir",
        type=Path,
        help="RAW files of your camera, or a folder of the paper's cameras, instead of a synthetic camera; "
        "with --dataset, the folder of its photographs",
    )
    parser.add_argument("--nip", type=Path, help="weights of the pre-trained camera network")
    parser.add_argument(
        "--folder", type=Path, help="folder for the trained model (default: runs/imaging-<scale>-<seed>)"
    )
    parser.add_argument("--seed", type=whole(0, 2**31 - 1), default=0)
    return parser


def main() -> None:
    """Train one cell, as the arguments say."""
    options = _parser().parse_args()
    try:
        scale = check_scale(options.scale)
        if options.precision is not None:
            scale = dataclasses.replace(scale, precision=options.precision)
        folder = options.folder or Path("runs") / data.run_name(options.dataset, options.scale, options.seed)
        own = options.data_dir is not None and options.dataset == data.DATASETS[0]
        raw, here = options.data_dir, in_folder(options.data_dir) if own else {}
        if options.camera in PAPERS or here:
            if options.camera not in here:
                raise ValueError(
                    f"--camera must be one of those in --data-dir ({', '.join(here) or 'none'}). "
                    f"Received: {options.camera}"
                )
            raw = here[options.camera]
        elif own and options.camera is not None:
            raise ValueError(f"--data-dir and --camera exclude each other. Received: {options.camera}")
        camera = options.camera or (OWN if own else CAMERA)
        run = JointRun(options.network, options.weight, camera, options.repetition, options.codec, options.margin)
        plain_nip(run.network, folder, camera, options.nip, scenes=scale.scenes)  # fail before the slow part
        if own:
            pictures = pictures_of(scale, run.camera, raw, options.seed, folder / "pictures")
        else:
            found = data.training_photographs(options, scale.training, scale.validation, camera, scale.varied)
            pictures = found or pictures_of(scale, camera, None, options.seed)
        what = {"files": [p.source for p in pictures[0]], "scale": options.scale, "seed": options.seed}
        what |= {} if options.precision is None else {"precision": options.precision}
        fitting.check_same(folder / "joint", camera, what)
        train(run, scale, folder, pictures, options.seed, options.nip)
    except (ValueError, OSError) as error:
        print(f"zoo: {' '.join(str(error).split())}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
