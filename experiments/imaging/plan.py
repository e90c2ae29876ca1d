"""What the imaging tables need at the paper's scale, for ``zoo plan``."""

from collections import Counter
from functools import partial
from pathlib import Path

import numpy as np

from zoo.experiments.imaging.developing import training
from zoo.experiments.imaging.joint.scales import SCALES, JointRun
from zoo.experiments.imaging.joint.training import build
from zoo.experiments.imaging.real_cameras import JOINT, PAPERS, USUAL, in_folder
from zoo.experiments.run.planning import Needed, Plan, Work
from zoo.experiments.run.step_cost import Step

PHOTOGRAPH = 0.11
"""Gigabytes of a developed photograph of 14 megapixels, planes and target in 16 bits, as it is kept on disk."""


def plan(table: str, scale: str) -> Plan:
    """Data and trainings of Tables 1, 3, 4 and S1.

    Raises:
        ValueError: For another table.
    """
    if table == "table_1":
        return Plan(
            needed=(_CAMERAS, _OWN),
            works=tuple(_developing(name, len(PAPERS), scale) for name in training.NETWORKS),
            disk=(("developed photographs, 150 of each camera", 150 * len(PAPERS) * PHOTOGRAPH),),
            memory=(("30 photographs to test on, of 36 megapixels, before their middles are cut out", 8.6),),
            trained_by="zoo imaging fit CAMERAS/... --network NAME --scale paper -o FITS/CAMERA, for each",
            left_out="developing each photograph once, some seconds",
        )
    if table == "table_3":
        return Plan(
            needed=(
                Needed("sid", "See-in-the-Dark's Sony part: 120 scenes, long and short exposures", 25, _dark),
                Needed("Sony/model.ckpt", "its authors' network, 31 MB: --weights", 0.03),
            ),
            left_out="all of it: nothing is trained, 240 RAW files are developed by LibRaw and the network",
        )
    if table not in ("table_4", "table_s1"):
        raise ValueError(f"There is a plan of table_1, table_3, table_4, table_s1 of imaging. Received: {table}")
    joint = SCALES[scale]
    runs = joint.runs()
    if table == "table_4":
        lambdas, network = (None, 0.25, 0.1, 0.05), joint.networks[0]
        first = [JointRun(network, weight, USUAL) for weight in lambdas]
        libjpeg = [JointRun(network, weight, USUAL, codec="libjpeg") for weight in (None, 0.1)]
        runs = [*first, *libjpeg, JointRun(network, None, USUAL, codec="none")]
    cameras = {run.camera for run in runs}
    kinds = Counter((run.network, "F" if run.weight is None else "F+N") for run in runs)
    networks = dict.fromkeys(network for network, _ in kinds)
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
                    f"{__name__}:{network}_{'f' if mode == 'F' else 'fn'}",
                )
                for (network, mode), count in kinds.items()
            ),
        ),
        disk=(("developed photographs, 150 of each camera", 150 * len(cameras) * PHOTOGRAPH),),
        memory=(
            ("30 photographs to test on", 30 * PHOTOGRAPH),
            ("3,000 patches, and what two models make of them", _TEST),
        ),
        trained_by=f"zoo pretrain imaging joint --scale {scale} --data-dir CAMERAS"
        + (" trains all of Table S1; python -m zoo.experiments.imaging.joint.training one" * (table == "table_4")),
        left_out=f"validation on {joint.validation * joint.validation_patches} patches every {joint.every} epochs, and "
        "the tests of the table: forward passes",
    )


def _developing(network: str, cameras: int, scale: str) -> Work:
    settings = training.SCALES[scale]
    recipe = settings.recipes[network]
    what = f"{network} alone, one for each camera"
    return Work(what, cameras, recipe.epochs * recipe.steps, settings.batch, f"{__name__}:{network}", at_most=True)


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


def _joint(network: str, weight: float | None, batch: int) -> Step:
    nip, side = training.NETWORKS[network](clip=False), SCALES["paper"].patch
    workflow = build(JointRun(network, weight, USUAL), nip, "float32", 0)
    # The channel halves the pictures, of two pixels a plane.
    networks = {network: (nip, (side, side, 4), 1), "FAN": (workflow.fan, (side, side, 3), workflow.classes)}
    return Step(partial(workflow.train_on_batch, *_patches(batch, side)), networks)


def _patches(batch: int, side: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.random((batch, side, side, 4), np.float32), rng.random((batch, 2 * side, 2 * side, 3), np.float32)


inet, unet, dnet = (partial(_alone, network) for network in ("inet", "unet", "dnet"))
"""An update of a network alone."""
unet_f, unet_fn, dnet_f, dnet_fn = (partial(_joint, n, weight) for n in ("unet", "dnet") for weight in (None, 0.1))
"""An update of the FAN behind a network, and of both."""
