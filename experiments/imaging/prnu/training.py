"""Train a UNet to develop short exposures to what long ones look like, for Table 3 (Chen et al., CVPR 2018).

Command:  zoo pretrain imaging low-light [--scale laptop]
Then:     zoo reproduce imaging table-3 --weights runs/imaging-laptop-0
Expected: runs/tables/laptop/imaging_table_3.csv, row "UNet (short)"
Time:     as the UNet of ``training.py`` at the same scale

Both exposures of a scene come from the body of Table 3, the long one developed by the classical pipeline; planes of the
short one are multiplied by the ratio, as Chen et al. do, and white-balanced, which theirs are not. Scenes are those of
no table. The rate is Chen et al.'s, 1e-4, and three quarters of the epochs: at the 5e-4 of the UNet for ordinary light
the loss was seen to rise a millionfold in the sixth epoch.
"""

import dataclasses
from functools import partial
from pathlib import Path

import numpy as np

from zoo.datasets import keyed
from zoo.datasets.camera import CAMERAS, Body, as_raw, expose
from zoo.datasets.developed import Developed, fixed_patches
from zoo.datasets.embedded import generate_linear_scene
from zoo.experiments.imaging.developing import training
from zoo.experiments.imaging.developing.pretrained import DESCRIBED, bits, mean_psnr
from zoo.experiments.imaging.prnu.pipelines import CAMERA, EXPOSURE, LOW_LIGHT
from zoo.experiments.train import fitting, install_weights
from zoo.experiments.train.install_weights import Trained
from zoo.imaging import UNet
from zoo.imaging.developing import pipeline
from zoo.saved_training import saved_log

_ROLES = {"train": 0, "validation": 1}
_SCENES = 0x10E5
_LEVELS = 65535


def pairs(role: str, count: int, side: int, seed: int = 0) -> list[Developed]:
    """Planes of short exposures, brightened, and pictures of long ones of the same scenes; ``role`` train, validation.

    Raises:
        ValueError: For another role.
    """
    if role not in _ROLES:
        raise ValueError(f"role must be one of {', '.join(_ROLES)}. Received: {role!r}")
    body, made = Body(CAMERAS[CAMERA], serial=1), []
    for number in range(count):
        key = (_SCENES, _ROLES[role], number)
        scene = generate_linear_scene(keyed.generator(seed, *key), side, side)
        long, short = (
            as_raw(expose(scene * np.float32(light), body, keyed.generator(seed, *key, n)), body)
            for n, light in enumerate((1, EXPOSURE))
        )
        bright = np.minimum(short.planes * np.array(short.balance_of_planes, np.float32) / EXPOSURE, 1)
        planes, target = (np.rint(values * _LEVELS).astype(np.uint16) for values in (bright, pipeline.develop(long)))
        source = f"low-light-{role}-{seed}-{number}"
        made.append(Developed(planes, target, source, long.camera_matrix, long.cfa))
    return made


def run(scale_name: str, folder: Path, seed: int, command: str, local: str | None) -> None:
    """Train in ``folder/low-light``, and pack into ``folder``, where ``zoo reproduce imaging table-3 --weights`` looks.

    ``command`` and ``local`` as for ``install_weights.install``.

    Raises:
        ValueError: For an unknown scale, or a folder with a training of another.
    """
    scale = training.check(scale_name, ["unet"])
    states = folder / "low-light"
    fitting.check_same(states, "unet", {"scale": scale_name, "seed": seed})
    recipe = scale.recipes["unet"]
    recipe = dataclasses.replace(recipe, rate=1e-4, epochs=-(-recipe.epochs * 3 // 4))
    scale = dataclasses.replace(scale, recipes={"unet": recipe})
    pictures, validation = (
        pairs(role, count, scale.side, seed)
        for role, count in (("train", scale.training), ("validation", scale.validation))
    )
    side = min(scale.validation_side, scale.side // 2)
    fixed = fixed_patches(validation, side, seed)
    trained = training.train("unet", scale, pictures, fixed, states, seed)
    network = UNet()
    network.set_weights(trained.get_weights())
    networks = [Trained(LOW_LIGHT, network, saved_log(states / "unet"), bits("unet", network), DESCRIBED["unet"])]
    data = "generated low-light scenes, synthetic camera"
    measure = partial(mean_psnr, network, list(zip(*fixed, strict=True)))
    install_weights.store("imaging", folder, networks, measure, _said, command, data, local)


def _said(before: float, after: float) -> str:
    return f"{before:.1f} dB on validation scenes, packed {after:.1f}"
