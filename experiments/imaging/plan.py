"""What the imaging tables need at the paper's scale, for ``zoo plan``."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from zoo.experiments.imaging.data import raw_files
from zoo.experiments.imaging.developing import training
from zoo.experiments.imaging.joint.scales import MARGIN, SCALES, JointRun, JointScale
from zoo.experiments.imaging.joint.training import build
from zoo.experiments.imaging.real_cameras import JOINT, PAPERS, USUAL, in_folder
from zoo.experiments.run.planning import Needed, Plan, Work, counted_alone, of_calibration
from zoo.experiments.run.step_cost import Step

PIXELS = 14e6
"""Of a photograph of the paper's cameras, in the middle."""
PHOTOGRAPH = PIXELS * 8 / 1e9
"""Gigabytes of a developed photograph, planes and target in 16 bits, as it is kept on disk."""


def plan(table: str, scale: str) -> Plan:
    """Data and trainings of any table that the paper has, and of ours.

    Raises:
        ValueError: For another table.
    """
    joint = SCALES[scale]
    of_joint = _runs(joint)
    if table in of_joint:
        return _joint_plan(table, of_joint[table], joint, scale)
    others: dict[str, Callable[[], Plan]] = {
        "table_1": lambda: _fitted(scale),
        "table_2": lambda: counted_alone("nothing is measured"),
        "table_3": _low_light,
        "figure_3": lambda: counted_alone(_SCENES),
        "figure_4": lambda: counted_alone(_SCENES),
        "figure_5": lambda: _prnu(scale),
        "figure_s1": lambda: counted_alone("bodies of four synthetic models take 150 photographs each, as in figure-5"),
        "identification": lambda: counted_alone("a synthetic body takes 90 photographs, and seven bodies 30 each"),
        "false_alarms": lambda: counted_alone("24 synthetic bodies take 46 photographs each, every pair is compared"),
        "silence": lambda: counted_alone("12 synthetic bodies take 23 photographs each"),
        "calibrated": lambda: of_calibration(5),
    }
    if table not in others:
        known = ", ".join(sorted({*of_joint, *others}))
        raise ValueError(f"There is a plan of {known} of imaging. Received: {table}")
    return others[table]()


_SCENES = "30 generated scenes of 512x512 pixels go through each pipeline of four synthetic cameras"


def _runs(joint: JointScale) -> dict[str, list[JointRun]]:
    """The trainings that each table of joint models takes, of the camera ``USUAL`` where it shows one."""
    planned = joint.runs()
    usual = [run for run in planned if run.camera == USUAL]
    network = joint.networks[0]
    alone = JointRun(network, None, USUAL)
    with_margin = JointRun(network, 0.1, USUAL, margin=MARGIN)
    return {
        "table_4": [
            *(JointRun(network, weight, USUAL) for weight in (None, 0.25, 0.1, 0.05)),
            *(JointRun(network, weight, USUAL, codec="libjpeg") for weight in (None, 0.1)),
            replace(alone, codec="none"),
        ],
        "table_s1": planned,
        "figure_9": planned,
        "figure_7": [],
        "figure_8": list(joint.labelled(USUAL).values()),
        "figure_10": [JointRun(name, weight, USUAL) for name in joint.networks for weight in (None, 0.1)],
        "figure_s4": [run for run in usual if run.network == "dnet"],
        "figure_s5": [run for run in usual if run.network == "unet"],
        "inside": list(joint.labelled(USUAL).values()),
        "splices": [alone, with_margin, replace(with_margin, codec="libjpeg")],
    }


def _joint_plan(table: str, runs: list[JointRun], joint: JointScale, scale: str) -> Plan:
    cameras = {run.camera for run in runs} or {USUAL}
    kinds = Counter((run.network, _mode(run)) for run in runs)
    networks = dict.fromkeys(network for network, _ in kinds)
    every = f"zoo pretrain imaging joint --scale {scale} --data-dir CAMERAS trains all of Table S1"
    one = "python -m zoo.experiments.imaging.joint.training one"
    checked = joint.validation * joint.validation_patches
    trained = f"validation on {checked} patches every {joint.every} epochs, and "
    held = ("3,000 patches, and what two models make of them", _TEST)
    if table == "splices":
        held = ("30 whole pictures as a network develops them, float32", 30 * PIXELS * 3 * 4 / 1e9)
    return Plan(
        needed=(_CAMERAS,),
        works=(
            *(_developing(network, len(cameras), scale) for network in networks),
            *(
                Work(
                    f"{network} and FAN, {mode}",
                    count,
                    joint.epochs * joint.steps,
                    joint.batch,
                    f"{__name__}:{network}_{_STEPS[mode]}",
                )
                for (network, mode), count in kinds.items()
            ),
        ),
        disk=(
            ("developed photographs, 150 of each camera", 150 * len(cameras) * PHOTOGRAPH),
            ("those to test on, in the folder of temporary files", 30 * len(cameras) * PHOTOGRAPH),
        ),
        memory=(held,),
        trained_by="" if not runs else every if len(runs) == len(joint.runs()) else f"{every}; {one}",
        left_out=trained * bool(runs) + "the tests of the table: forward passes",
    )


_STEPS = {"F": "f", "F+N": "fn", "F+N with a margin": "fn_margin"}


def _mode(run: JointRun) -> str:
    return "F" if run.weight is None else "F+N with a margin" if run.margin else "F+N"


def _fitted(scale: str) -> Plan:
    return Plan(
        needed=(_CAMERAS, _OWN),
        works=tuple(_developing(name, len(PAPERS), scale) for name in training.NETWORKS),
        disk=(
            ("developed photographs, 150 of each camera", 150 * len(PAPERS) * PHOTOGRAPH),
            ("30 photographs of 36 megapixels to test on, in the folder of temporary files", 8.6),
        ),
        trained_by="zoo imaging fit CAMERAS/... --network NAME --scale paper -o FITS/CAMERA, for each",
        left_out="developing each photograph once, some seconds",
    )


def _prnu(scale: str) -> Plan:
    return Plan(
        needed=(Needed("camera", "150 RAW files of a Nikon D90, of RAISE, or of a camera of yours", 1.7, _raw_files),),
        works=tuple(_developing(name, 1, scale) for name in training.NETWORKS),
        disk=(("developed photographs, 150", 150 * PHOTOGRAPH),),
        trained_by="zoo imaging fit CAMERA --network NAME --scale paper -o FITS, for each",
        left_out="developing 150 photographs by six pipelines, residuals, and maps of 30 pictures under 36 models",
    )


def _low_light() -> Plan:
    return Plan(
        needed=(
            Needed("sid", "See-in-the-Dark's Sony part: 120 scenes, long and short exposures", 25, _dark),
            Needed("Sony/model.ckpt", "its authors' network, 31 MB: --weights", 0.03),
        ),
        left_out="all of it: nothing is trained, 240 RAW files are developed by LibRaw and the network",
    )


def _developing(network: str, cameras: int, scale: str) -> Work:
    settings = training.SCALES[scale]
    recipe = settings.recipes[network]
    what = f"{network} alone, one for each camera"
    return Work(what, cameras, recipe.epochs * recipe.steps, settings.batch, f"{__name__}:{network}", at_most=True)


def _raw_files(folder: Path | None) -> int:
    found = [] if folder is None else raw_files(folder)
    if not found:
        raise ValueError(f"A folder with RAW files of one camera is needed. Received: {folder}")
    return len(found)


def _cameras(folder: Path | None) -> int:
    found = {} if folder is None else in_folder(folder)
    if not found:
        raise ValueError(f"A folder of cameras is needed, with {', '.join(JOINT)} or others. Received: {folder}")
    return len(found)


def _dark(folder: Path | None) -> int:
    from zoo.datasets.sid.sid_dataset_builder import find_pairs

    scenes = {short.scene for short, _ in find_pairs(folder, short=True)} if folder is not None else set()
    if not scenes:
        raise ValueError(f"See-in-the-Dark's folders long and short are needed. Received: {folder}")
    return len(scenes)


_CAMERAS = Needed("cameras", "FiveK and RAISE as TFDS prepared them, 150 photographs of each camera", 400, _cameras)
_TEST = 3000 * 4 * (128**2 * 4 + 3 * 256**2 * 3) / 1e9
_OWN = Needed("Nikon D5100, D750 and D810", "150 photographs of each, the authors' own", 15)


def _alone(network: str, batch: int) -> Step:
    model = training.NETWORKS[network](clip=False)
    model.compile("adam", training.squared_error_255)
    side = training.SCALES["paper"].patch
    return Step(partial(model.train_on_batch, *_patches(batch, side)), {network: (model, (side, side, 4), 1)})


def _joint(network: str, weight: float | None, batch: int, margin: int = 0) -> Step:
    nip, side = training.NETWORKS[network](clip=False), SCALES["paper"].patch
    workflow = build(JointRun(network, weight, USUAL, margin=margin), nip, "float32", 0)
    whole = side + 2 * margin
    # The channel halves the pictures, whose sides are twice those of the planes.
    networks = {network: (nip, (whole, whole, 4), 1), "FAN": (workflow.fan, (side, side, 3), workflow.classes)}
    return Step(partial(workflow.train_on_batch, *_patches(batch, whole)), networks)


def _patches(batch: int, side: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.random((batch, side, side, 4), np.float32), rng.random((batch, 2 * side, 2 * side, 3), np.float32)


inet, unet, dnet = (partial(_alone, network) for network in ("inet", "unet", "dnet"))
"""An update of a network alone."""
unet_f, unet_fn, dnet_f, dnet_fn = (partial(_joint, n, weight) for n in ("unet", "dnet") for weight in (None, 0.1))
"""An update of the FAN behind a network, and of both."""
unet_fn_margin = partial(_joint, "unet", 0.1, margin=MARGIN)
"""An update of both on patches with a margin."""
